"""The official SDK takes our stand-ins for real servers: answers parse, errors are the errors it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import openai
import pytest

from codestral_ls.bench.reply import Reply
from codestral_ls.core.model import ToolCall
from tests.upstream.chat import ChatReply
from tests.upstream.errors import ERRORS
from tests.upstream.mistral import grouped, split
from tests.upstream.openai import CODER, GROQ, INSTRUCT, OPENAI, RELAY, TGI, THINKING, VLLM, FakeOpenAI

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TEXT = "total = sum(x, «é» 🎉)\nreturn total"
MESSAGES = [{"role": "user", "content": "def f(x):"}]
CALLS = (
    ToolCall("abc123XYZ", "read_file", '{"path":"a.py"}'),
    ToolCall("def456XYZ", "read_file", '{"path":"b.py","lines":[1,2]}'),
)


@pytest.fixture
async def upstream() -> AsyncIterator[FakeOpenAI]:
    async with FakeOpenAI(VLLM, TEXT, key="the-key") as upstream:
        yield upstream


def client(upstream: FakeOpenAI, key: str = "the-key") -> openai.AsyncOpenAI:
    return openai.AsyncOpenAI(api_key=key, base_url=f"{upstream.url}/v1", max_retries=0)


async def chatted(sdk: openai.AsyncOpenAI, model: str = INSTRUCT, **more):
    async with sdk:
        stream = await sdk.chat.completions.create(model=model, messages=MESSAGES, stream=True, **more)
        return [chunk async for chunk in stream]


def said(chunks) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


async def test_complete(upstream):
    async with client(upstream) as sdk:
        reply = await sdk.completions.create(model=CODER, prompt="def f(x):")
    assert (reply.choices[0].text, reply.choices[0].finish_reason) == (TEXT, "stop")
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens


STREAMS = {
    "plain": Reply(TEXT),
    "two events in a write": Reply(TEXT, pack=grouped(2)),
    "three bytes in a write": Reply(TEXT, pack=split(3)),
    "CRLF": Reply(TEXT, newline="\r\n"),
    "comments": Reply(TEXT, comments=True),
    "text with the finish": Reply(TEXT, text_with_finish=True),
    "unknown keys": Reply(TEXT, extra={"service": "x"}),
    "empty": Reply(""),
}


@pytest.mark.parametrize("reply", STREAMS.values(), ids=STREAMS)
async def test_stream(upstream, reply):
    upstream.reply = reply
    async with client(upstream) as sdk:
        stream = await sdk.completions.create(model=CODER, prompt="def f(x):", stream=True)
        chunks = [chunk async for chunk in stream]
    assert "".join(chunk.choices[0].text for chunk in chunks) == reply.text
    assert (chunks[-1].choices[0].finish_reason, chunks[-1].usage) == ("stop", None)


@pytest.mark.parametrize("reply", STREAMS.values(), ids=STREAMS)
async def test_chat_stream(upstream, reply):
    upstream.reply = reply
    *chunks, last = await chatted(client(upstream), stream_options={"include_usage": True})
    assert said(chunks) == reply.text
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert (last.choices, last.usage.prompt_tokens > 0) == ([], True)


async def test_chat(upstream):
    async with client(upstream) as sdk:
        reply = await sdk.chat.completions.create(model=INSTRUCT, messages=MESSAGES, max_completion_tokens=3)
    assert (reply.choices[0].message.content, reply.choices[0].finish_reason) == ("total = sum", "length")


@pytest.mark.parametrize("pieces", [1, 4])
async def test_calls(upstream, pieces):
    upstream.reply = ChatReply("", calls=CALLS, pieces=pieces)
    async with client(upstream) as sdk:
        asked = {"model": INSTRUCT, "messages": MESSAGES}
        whole = await sdk.chat.completions.create(**asked)
        async with sdk.chat.completions.stream(**asked) as stream:
            streamed = await stream.get_final_completion()
    for reply in (whole, streamed):
        calls = [
            (call.id, call.function.name, call.function.arguments)
            for call in reply.choices[0].message.tool_calls
        ]
        assert calls == [(call.id, call.name, call.arguments) for call in CALLS]
        assert reply.choices[0].finish_reason == "tool_calls"


async def test_models(upstream):
    async with client(upstream) as sdk:
        assert [card.id async for card in sdk.models.list()] == [CODER, INSTRUCT]


async def test_wrong_key(upstream):
    with pytest.raises(openai.AuthenticationError):
        await chatted(client(upstream, "wrong"))


REFUSED = {
    "suffix at vLLM": (VLLM, {"suffix": "x"}, openai.BadRequestError),
    "an empty suffix at vLLM": (VLLM, {"suffix": ""}, openai.BadRequestError),
    "suffix at TGI": (TGI, {"suffix": "x"}, openai.UnprocessableEntityError),
    "five stops at OpenAI": (OPENAI, {"stop": list("abcde")}, openai.BadRequestError),
    "usage at Groq": (GROQ, {"stream_options": {"include_usage": True}}, openai.BadRequestError),
    "completions at a relay": (RELAY, {}, openai.NotFoundError),
    "completions of a chat model": (THINKING, {}, openai.NotFoundError),
    "another model": (VLLM, {"model": "gone"}, openai.NotFoundError),
}


@pytest.mark.parametrize(("kind", "asked", "error"), REFUSED.values(), ids=REFUSED)
async def test_refused(kind, asked, error):
    async with FakeOpenAI(kind, TEXT) as upstream, client(upstream) as sdk:
        with pytest.raises(error):
            await sdk.completions.create(**{"model": kind.models[0], "prompt": "x", "stream": True, **asked})


async def test_no_suffix_is_none(upstream):
    async with client(upstream) as sdk:
        assert (await sdk.completions.create(model=CODER, prompt="x", suffix=None)).choices[0].text == TEXT


@pytest.mark.parametrize(
    ("name", "error"), [("rate limit", openai.RateLimitError), ("html", openai.InternalServerError)]
)
async def test_failures(upstream, name, error):
    upstream.reply = ERRORS[name]
    with pytest.raises(error):
        await chatted(client(upstream))


@pytest.mark.parametrize("ending", ["cut", "reset"])
async def test_cut_off(upstream, ending):
    upstream.reply = Reply(TEXT, ending=ending, sent=2)
    with pytest.raises((openai.APIConnectionError, httpx.TransportError)):
        await chatted(client(upstream))
