"""Our client of OpenAI's protocol and a real server: llama.cpp's, with SmolLM2 of 135 million weights."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

import pytest

from codestral_ls.core.model import BadRequest, ChatRequest, Chunk, FimRequest, Message
from codestral_ls.core.privacy import Reach, redact
from codestral_ls.providers import discovery, store
from codestral_ls.providers.discovery import probe
from codestral_ls.providers.openai import OpenAI, connect
from tests.providers.llama import PATIENT, generated, serve

NAME = "smollm2-135m"
PREFIX = "import os\n\nnames = ['a', 'b', 'c']\n\nfor index, name in enumerate(names):\n"
REQUEST = FimRequest(redact(PREFIX), redact("    print("), redact("\n"), 16, stop=("\n",))
QUESTION = ChatRequest((Message("user", redact("Say hello.")),), max_tokens=12)
ENDLESS = 3000


@pytest.fixture(scope="module")
def server():
    return serve(store.install(NAME))


def client(server, **settings) -> OpenAI:
    model = settings.pop("model", NAME)
    return connect(server.listening_address, Reach(), model=model, timeout=PATIENT, **settings)


async def replied(chunks) -> list[Chunk]:
    async with aclosing(chunks):
        return [chunk async for chunk in chunks]


async def test_prefix_only(server):
    async with aclosing(client(server, fim="template")) as model:
        chunks = await replied(model.fim(REQUEST))
    text = "".join(chunk.text for chunk in chunks)
    assert text
    assert "\n" not in text
    assert len(chunks) > 2
    assert chunks[-1].finish in ("stop", "length")
    assert chunks[-1].usage.prompt > 20
    assert chunks[-1].usage.completion > 0
    assert not model.profile.fills


async def test_what_stays_is_not_computed_again(server):
    async with aclosing(client(server, fim="template")) as model:
        [*_, last] = await replied(model.fim(REQUEST))
        [*_, last] = await replied(model.fim(REQUEST))
    assert last.usage.cached >= last.usage.prompt - 4


async def test_the_server_takes_a_suffix_and_does_not_look_at_it(server):
    """Why nobody may conclude from an answer that a hole was filled."""
    async with aclosing(client(server, fim="suffix")) as model:
        texts = [
            "".join(chunk.text for chunk in await replied(model.fim(request)))
            for request in (REQUEST, FimRequest(REQUEST.prefix, REQUEST.typed, redact("))))\n" * 9), 16))
        ]
    assert texts[1].startswith(texts[0])


async def test_chat(server):
    async with aclosing(client(server)) as model:
        await model.warm()
        chunks = await replied(model.chat(QUESTION))
    assert "".join(chunk.text for chunk in chunks).strip()
    assert chunks[-1].finish in ("stop", "length")
    assert chunks[-1].usage.completion > 0


async def test_a_question_about_the_hole(server):
    async with aclosing(client(server)) as model:
        chunks = await replied(model.fim(REQUEST))
    assert chunks[-1].finish in ("stop", "length")
    assert not any("```" in chunk.text for chunk in chunks)
    assert model.profile.degraded


async def test_a_schema_is_kept_to(server):
    schema = {
        "type": "object",
        "properties": {"n": {"enum": [7]}},
        "required": ["n"],
        "additionalProperties": False,
    }
    request = ChatRequest(QUESTION.messages, max_tokens=30, schema=schema)
    async with aclosing(client(server)) as model:
        chunks = await replied(model.chat(request))
    assert "".join("".join(chunk.text for chunk in chunks).split()) == '{"n":7}'


async def test_closing_a_reply_ends_its_generation(server):
    before = generated(server)
    long = FimRequest(REQUEST.prefix, REQUEST.typed, REQUEST.suffix, ENDLESS)
    talk = ChatRequest(QUESTION.messages, max_tokens=ENDLESS)
    async with aclosing(client(server, fim="template")) as model:
        for reply in (model.fim(long), model.chat(talk)):
            async with aclosing(reply):
                await anext(reply)
        async with asyncio.timeout(PATIENT):
            assert (await replied(model.fim(REQUEST)))[-1].finish
    assert generated(server) - before < ENDLESS // 10


async def test_the_server_is_found_by_its_list(server, monkeypatch):
    monkeypatch.setattr(discovery, "PROBE_SECONDS", PATIENT)
    found = await probe(server.listening_address, Reach())
    assert any(NAME in model.lower() for model in found.models)
    async with aclosing(client(server, model="")) as model:
        await model.warm()
    assert model.profile.model in found.models


async def test_a_prompt_that_is_too_long(server):
    long = FimRequest(redact("word " * 9000), redact(""), redact("\n"), 8)
    async with aclosing(client(server, fim="template")) as model:
        with pytest.raises(BadRequest, match="smaller budget"):
            await replied(model.fim(long))


CODER = "qwen2.5-coder-1.5b"
HOLES = {
    "a word": ("def area(width, height):\n    return width * height\n\n", "print(ar", "3, 4))\n", "ea("),
    "a line": ("names = ['a', 'b']\n", "for i, name in enum", "\n    print(i, name)\n", "erate(names):"),
    "what the suffix names": (
        "class Stack:\n    def __init__(self):\n        self.items = []\n\n    def push(self, item):\n",
        "        self.",
        "\n\n    def pop(self):\n        return self.items.pop()\n",
        "items.append(item)",
    ),
}


@pytest.mark.skipif(store.path_of(CODER) is None, reason=f"codestral-ls models install {CODER}: 1.1 GB")
async def test_our_template_fills_holes_in_the_middle_of_a_word():
    server = serve(store.path_of(CODER))
    async with aclosing(client(server, model=CODER)) as model:
        for prefix, typed, suffix, filled in HOLES.values():
            request = FimRequest(redact(prefix), redact(typed), redact(suffix), 16, stop=("\n",))
            chunks = await replied(model.fim(request))
            assert "".join(chunk.text for chunk in chunks) == filled
    assert (model.profile.fills, model.profile.degraded) == (True, "")
