"""Ollama's own client takes our stand-in for the real server: answers parse, errors are those it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import ollama
import pytest

from codestral_ls.bench.reply import Reply
from tests.upstream.mistral import grouped, split
from tests.upstream.ollama import FakeOllama
from tests.upstream.ollama_models import QWEN

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TEXT = "total = sum(x, «é» 🎉)\nreturn total"
MODEL = "qwen2.5-coder:7b"
HOLE = {"model": MODEL, "prompt": "def f(x):\n    ", "suffix": "\n"}


@pytest.fixture
async def upstream() -> AsyncIterator[FakeOllama]:
    async with FakeOllama(TEXT) as upstream:
        yield upstream


@pytest.fixture
async def client(upstream) -> AsyncIterator[ollama.AsyncClient]:
    client = ollama.AsyncClient(upstream.url, trust_env=False)
    yield client
    await client.close()


async def test_hole(upstream, client):
    reply = await client.generate(**HOLE)
    assert (reply.response, reply.done, reply.done_reason) == (TEXT, True, "stop")
    assert (reply.prompt_eval_count > 0, reply.eval_count > 0) == (True, True)
    assert upstream.prompts == ["<|fim_prefix|>def f(x):\n    <|fim_suffix|>\n<|fim_middle|>"]


STREAMS = {
    "plain": Reply(TEXT),
    "two lines in a write": Reply(TEXT, pack=grouped(2)),
    "three bytes in a write": Reply(TEXT, pack=split(3)),
    "empty": Reply(""),
}


@pytest.mark.parametrize("reply", STREAMS.values(), ids=STREAMS)
async def test_stream(upstream, client, reply):
    upstream.reply = reply
    parts = [part async for part in await client.generate(**HOLE, stream=True)]
    assert "".join(part.response for part in parts) == reply.text
    assert [part.done for part in parts] == [False] * (len(parts) - 1) + [True]


async def test_the_client_tells_whether_to_stream_and_the_server_streams_by_default(upstream, client):
    await client.generate(**HOLE)
    assert upstream.asked("/api/generate")[0].json["stream"] is False
    url = f"{upstream.url}/api/generate"
    async with httpx.AsyncClient(trust_env=False) as bare, bare.stream("POST", url, json=HOLE) as response:
        assert response.headers["content-type"] == "application/x-ndjson"
        assert len([line async for line in response.aiter_lines()]) > 2


async def test_without_a_suffix_the_prompt_is_taken_for_a_chat(upstream, client):
    await client.generate(MODEL, "def f(x):", suffix="")
    await client.generate(MODEL, "def f(x):", raw=True)
    assert upstream.prompts == ["<|im_start|>user\ndef f(x):<|im_end|>\n<|im_start|>assistant\n", "def f(x):"]


async def test_a_long_prompt_is_cut_in_silence(upstream, client):
    reply = await client.generate(MODEL, "word " * 600, suffix="\n", options={"num_ctx": 100})
    assert (reply.done_reason, reply.prompt_eval_count) == ("stop", 100)
    assert upstream.prompts[0].startswith("<|fim_prefix")
    assert upstream.prompts[0].count("word") < 100


async def test_loading_and_unloading(upstream, client):
    assert (await client.generate(MODEL)).done_reason == "load"
    assert (await client.generate(MODEL, options={"num_ctx": 2048})).done_reason == "load"
    assert [loaded.num_ctx for loaded in upstream.loads] == [4096, 2048]
    assert (await client.generate(MODEL, keep_alive=0)).done_reason == "unload"
    assert (await client.generate(MODEL, options={"num_ctx": 2048})).done_reason == "load"
    assert len(upstream.loads) == 3


REFUSED = {
    "no template for holes": ({**HOLE, "model": "llama3.1:8b"}, 400, "does not support insert"),
    "no such model": ({**HOLE, "model": "absent"}, 404, "model 'absent' not found"),
    "raw with a system text": ({**HOLE, "raw": True, "system": "x"}, 400, "raw mode does not support"),
    "a bare number as a text": ({**HOLE, "keep_alive": "-1"}, 400, "missing unit in duration"),
}


@pytest.mark.parametrize(("asked", "status", "words"), REFUSED.values(), ids=REFUSED)
async def test_refused(client, asked, status, words):
    with pytest.raises(ollama.ResponseError, match=words) as caught:
        await client.generate(**asked)
    assert caught.value.status_code == status


async def test_a_full_queue(upstream, client):
    upstream.settings.busy = True
    with pytest.raises(ollama.ResponseError, match="server busy, please try again") as caught:
        await client.generate(**HOLE)
    assert caught.value.status_code == 503


async def test_an_error_in_mid_stream_has_no_status(upstream, client):
    upstream.settings.error_after = 2
    parts = await client.generate(**HOLE, stream=True)
    assert [(await anext(parts)).response for _ in range(2)] == ["total", " ="]
    with pytest.raises(ollama.ResponseError, match="an error was encountered") as caught:
        await anext(parts)
    assert caught.value.status_code == -1


async def test_models(client):
    listed = {model.model: model for model in (await client.list()).models}
    assert listed[MODEL].details.parameter_size == "7.6B"
    shown = await client.show(MODEL)
    assert (shown.capabilities, shown.template) == (["completion", "tools", "insert"], QWEN)
    assert shown.modelinfo["x.context_length"] == 32_768
    assert "insert" not in (await client.show("llama3.1:8b")).capabilities


def read(path: str) -> str:
    """Read a file.

    Args:
      path: where it is
    """
    raise NotImplementedError


async def test_talk_with_tools(upstream, client):
    upstream.settings.calls = ({"function": {"name": "read", "arguments": {"path": "a.py"}}},)
    said = [{"role": "user", "content": "hi"}]
    reply = await client.chat(MODEL, said, tools=[read])
    [call] = reply.message.tool_calls
    assert (reply.message.content, call.function.name, call.function.arguments) == (
        TEXT,
        "read",
        {"path": "a.py"},
    )
    answer = {"role": "tool", "content": "x = 1", "tool_name": "read"}
    parts = [
        part
        async for part in await client.chat(MODEL, [*said, reply.message, answer], tools=[read], stream=True)
    ]
    assert "".join(part.message.content for part in parts) == TEXT
    assert sum(bool(part.message.tool_calls) for part in parts) == 1
    assert "<|tool|>x = 1" in upstream.prompts[1]
