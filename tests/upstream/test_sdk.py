"""The official SDK takes our stand-in for the real host: answers parse, errors are the errors it knows."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

from codestral_ls.bench.reply import Reply
from codestral_ls.core.model import ToolCall
from tests.upstream.chat import ChatReply
from tests.upstream.errors import ERRORS
from tests.upstream.mistral import FakeMistral, grouped, split

with warnings.catch_warnings():
    # What the SDK's dependencies say while they are imported is not ours to mend.
    warnings.simplefilter("ignore")
    from mistralai.client import Mistral
    from mistralai.client.errors import HTTPValidationError, SDKError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TEXT = "total = sum(x, «é» 🎉)\nreturn total"
ASKED = {"model": "codestral-latest", "prompt": "def f(x):\n    ", "suffix": "\n"}


@pytest.fixture
async def upstream() -> AsyncIterator[FakeMistral]:
    async with FakeMistral(TEXT) as upstream:
        yield upstream


def client(upstream: FakeMistral, key: str = FakeMistral.api_key) -> Mistral:
    return Mistral(api_key=key, server_url=upstream.api_url)


async def streamed(sdk: Mistral, **more):
    async with sdk, await sdk.fim.stream_async(**ASKED, **more) as events:
        return [event.data async for event in events]


async def test_complete(upstream):
    async with client(upstream) as sdk:
        reply = await sdk.fim.complete_async(**ASKED)
    assert reply.choices[0].message.content == TEXT
    assert reply.choices[0].finish_reason == "stop"
    assert reply.usage.completion_tokens == reply.usage.total_tokens - reply.usage.prompt_tokens


PLAIN = Reply(TEXT)
STREAMS = {
    "plain": PLAIN,
    "two events in a write": Reply(TEXT, pack=grouped(2)),
    "all in one write": Reply(TEXT, pack=grouped(100)),
    "three bytes in a write": Reply(TEXT, pack=split(3)),
    "CRLF": Reply(TEXT, newline="\r\n"),
    "comments": Reply(TEXT, comments=True),
    "text in the last event": Reply(TEXT, text_with_finish=True),
    "no padding": Reply(TEXT, padding=False),
    "unknown keys": Reply(TEXT, extra={"service": "x"}),
    "empty": Reply(""),
}


@pytest.mark.parametrize("reply", STREAMS.values(), ids=STREAMS)
async def test_stream(upstream, reply):
    upstream.reply = reply
    chunks = await streamed(client(upstream))
    assert "".join(chunk.choices[0].delta.content for chunk in chunks) == reply.text
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.prompt_tokens > 0


LIMITS = {
    "stop text is not told": ({"stop": ["\n"]}, "total = sum(x, «é» 🎉)", "stop"),
    "max_tokens": ({"max_tokens": 3}, "total = sum", "length"),
    "min_tokens": ({"stop": "total", "min_tokens": 2}, "\n\n", "stop"),
}


@pytest.mark.parametrize(("asked", "text", "finish"), LIMITS.values(), ids=LIMITS)
async def test_limits(upstream, asked, text, finish):
    chunks = await streamed(client(upstream), **asked)
    assert "".join(chunk.choices[0].delta.content for chunk in chunks) == text
    assert chunks[-1].choices[0].finish_reason == finish


async def test_wrong_key(upstream):
    with pytest.raises(SDKError) as caught:
        await streamed(client(upstream, upstream.codestral_key))
    assert caught.value.status_code == 401


@pytest.mark.parametrize("refused", [{"temperature": 2.0}, {"max_tokens": -1}], ids=str)
async def test_invalid_value(upstream, refused):
    with pytest.raises(HTTPValidationError) as caught:
        await streamed(client(upstream), **refused)
    assert caught.value.data.detail[0].loc == ["body", next(iter(refused))]


@pytest.mark.parametrize(("name", "status"), [("rate limit", 429), ("capacity", 503), ("html", 502)])
async def test_failures(upstream, name, status):
    upstream.reply = ERRORS[name]
    with pytest.raises(SDKError) as caught:
        await streamed(client(upstream))
    assert caught.value.status_code == status
    assert caught.value.headers["x-ratelimit-limit-req-minute"] == "60"


CHATTED = {
    "model": "mistral-small-latest",
    "messages": [{"role": "system", "content": "You refactor."}, {"role": "user", "content": "def f(x):"}],
}
TOOL = {"type": "function", "function": {"name": "read_file", "parameters": {"type": "object"}}}
CALLS = (
    ToolCall("abc123XYZ", "read_file", '{"path":"a.py"}'),
    ToolCall("def456XYZ", "read_file", '{"path":"b.py"}'),
)


async def chatted(sdk: Mistral, **more):
    async with sdk, await sdk.chat.stream_async(**(CHATTED | more)) as events:
        return [event.data async for event in events]


@pytest.mark.parametrize("reply", STREAMS.values(), ids=STREAMS)
async def test_chat_stream(upstream, reply):
    upstream.reply = reply
    chunks = await chatted(client(upstream))
    assert "".join(chunk.choices[0].delta.content for chunk in chunks) == reply.text
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.prompt_tokens > 0


async def test_thoughts(upstream):
    upstream.reply = ChatReply(TEXT, thoughts="let me see")
    kinds = [type(chunk.choices[0].delta.content) for chunk in await chatted(client(upstream))]
    assert kinds[1:4] == [list, list, list]


ARGUMENTS = {
    "whole": (ChatReply("", calls=CALLS), [call.arguments for call in CALLS]),
    "as objects": (ChatReply("", calls=CALLS, objects=True), [{"path": "a.py"}, {"path": "b.py"}]),
}


@pytest.mark.parametrize(("reply", "arguments"), ARGUMENTS.values(), ids=ARGUMENTS)
async def test_calls(upstream, reply, arguments):
    upstream.reply = reply
    chunks = await chatted(client(upstream), tools=[TOOL])
    calls = [call for chunk in chunks for call in chunk.choices[0].delta.tool_calls or ()]
    assert [(call.index, call.id, call.function.name) for call in calls] == [
        (index, call.id, call.name) for index, call in enumerate(CALLS)
    ]
    assert [call.function.arguments for call in calls] == arguments
    assert chunks[-1].choices[0].finish_reason == "tool_calls"


async def test_a_whole_conversation(upstream):
    said = {
        "role": "assistant",
        "content": "",
        "tool_calls": [{"id": "abc123XYZ", "function": {"name": "read_file", "arguments": "{}"}}],
    }
    result = {"role": "tool", "content": "x = 1", "tool_call_id": "abc123XYZ"}
    begun = {"role": "assistant", "content": "```", "prefix": True}
    async with client(upstream) as sdk:
        reply = await sdk.chat.complete_async(
            model="codestral-latest",
            messages=[*CHATTED["messages"], said, result, begun],
            tools=[TOOL],
            prediction={"type": "content", "content": "x"},
            response_format={"type": "json_schema", "json_schema": {"name": "reply", "schema": {}}},
            prompt_cache_key="k",
        )
    assert reply.choices[0].message.content == f"```{TEXT}"


WRONG_CHATS = {
    "no tools": {"tools": []},
    "too hot": {"temperature": 2.0},
    "a call's id": {"messages": [{"role": "tool", "content": "x", "tool_call_id": "call_1"}]},
    "a beginning in the middle": {
        "messages": [{"role": "assistant", "content": "x", "prefix": True}, {"role": "user", "content": "x"}]
    },
}


@pytest.mark.parametrize("wrong", WRONG_CHATS.values(), ids=WRONG_CHATS)
async def test_wrong_chat(upstream, wrong):
    with pytest.raises(HTTPValidationError):
        await chatted(client(upstream), **wrong)
