"""What is asked of Codestral at Mistral, which refuses every field that it does not know."""

from __future__ import annotations

import dataclasses

from codestral_ls.core.model import Snippet
from codestral_ls.core.privacy import redact
from tests.providers.test_mistral import PREFIX, REQUEST, TEXT, TYPED, at_api, reply_to
from tests.upstream.errors import invalid
from tests.upstream.mistral import FakeMistral


async def test_sends_the_fields_that_exist():
    async with FakeMistral(TEXT) as upstream:
        await reply_to(upstream, dataclasses.replace(REQUEST, stop=("\n\n",), seed=7, temperature=0.2))
    assert upstream.requests[0].json == {
        "model": "codestral-latest",
        "prompt": PREFIX + TYPED,
        "suffix": "\n\nprint(1)\n",
        "temperature": 0.2,
        "max_tokens": 64,
        "stop": ["\n\n"],
        "random_seed": 7,
        "stream": True,
    }
    assert upstream.requests[0].headers["accept"] == "text/event-stream"


async def test_sends_no_field_without_need_and_no_empty_suffix():
    async with FakeMistral(TEXT) as upstream:
        await reply_to(upstream, dataclasses.replace(REQUEST, suffix=redact("")))
    body = upstream.requests[0].json
    assert body["suffix"] == "\n"
    assert body.keys() == {"model", "prompt", "suffix", "temperature", "max_tokens", "stream"}


async def test_other_files_stand_before_the_prefix():
    files = tuple(Snippet(redact(f"lib/{name}.py"), redact(f"def {name}(): ...")) for name in "ab")
    async with FakeMistral(TEXT) as upstream:
        await reply_to(upstream, dataclasses.replace(REQUEST, snippets=files, path=redact("c.py")))
    body = upstream.requests[0].json
    blocks = "".join(f"+++++ lib/{name}.py\ndef {name}(): ...\n\n" for name in "ab")
    assert body["prompt"] == f"{blocks}+++++ c.py\n{PREFIX}{TYPED}"
    assert body["stop"] == ["\n+++++ "]


async def test_a_host_that_knows_no_cache_key_is_asked_without_it_from_then_on():
    fault = {"type": "extra_forbidden", "loc": ["body", "prompt_cache_key"], "msg": "Extra inputs …"}

    def reply(exchange):
        return invalid([fault], older=False) if "prompt_cache_key" in exchange.json else TEXT

    async with FakeMistral(reply) as upstream:
        model = at_api(upstream)
        request = dataclasses.replace(REQUEST, cache_key="a" * 32)
        texts = ["".join([chunk.text async for chunk in model.fim(request)]) for _ in range(2)]
        await model.aclose()
    assert texts == [TEXT, TEXT]
    assert ["prompt_cache_key" in request.json for request in upstream.requests] == [True, False, False]
