"""Chat with hosts of OpenAI's protocol, Mistral among them: what is read of the reply."""

from __future__ import annotations

import asyncio
import dataclasses
from contextlib import aclosing, asynccontextmanager

import pytest

from codestral_ls.bench.reply import Reply
from codestral_ls.core.model import BadRequest, ChatRequest, Chunk, Message, ToolCall, Unavailable, Usage
from codestral_ls.core.privacy import Reach, redact
from codestral_ls.providers.mistral import Mistral
from codestral_ls.providers.openai import connect
from tests.providers.conversation import ASKED, CALLS, REQUEST, TOOL
from tests.upstream.chat import ChatReply
from tests.upstream.errors import ERRORS
from tests.upstream.mistral import FakeMistral
from tests.upstream.openai import GROQ, INSTRUCT, VLLM, FakeOpenAI

TEXT = "total = sum(x, «é» 🎉)\nreturn total"


@asynccontextmanager
async def mistral(reply):
    async with FakeMistral(reply) as upstream:
        url, key = upstream.api_url, upstream.api_key
        model = Mistral(url, "mistral-small-latest", key, key_name="the test", reach=Reach())
        async with aclosing(model):
            yield upstream, model


@asynccontextmanager
async def openai(reply):
    async with FakeOpenAI(VLLM, reply) as upstream:
        model = connect(upstream.url, Reach(), model=INSTRUCT)
        async with aclosing(model):
            yield upstream, model


HOSTS = pytest.mark.parametrize("host", [mistral, openai], ids=["mistral", "openai"])


async def reply_to(host, reply, request: ChatRequest = REQUEST) -> list[Chunk]:
    async with host(reply) as (_, model):
        return [chunk async for chunk in model.chat(request)]


BEGUN = {
    "text": (ChatReply(TEXT), TEXT),
    "nothing": (ChatReply(""), ""),
    "a part of it": (ChatReply("```"), "```"),
    "calls": (ChatReply("", calls=CALLS), ""),
}


@HOSTS
@pytest.mark.parametrize(("reply", "rest"), BEGUN.values(), ids=BEGUN)
async def test_a_reply_that_was_begun_is_gone_on_with(host, reply, rest):
    begun = Message("assistant", redact("```python\nx\n"))
    chunks = await reply_to(host, reply, dataclasses.replace(REQUEST, messages=(ASKED, begun)))
    assert "".join(chunk.text for chunk in chunks) == rest
    assert (chunks[-1].finish, chunks[-1].calls) == ("stop", reply.calls)


TEXTS = {
    "text": Reply(TEXT),
    "with the finish": Reply(TEXT, text_with_finish=True),
    "in parts": Reply(TEXT, content=lambda text: [{"type": "text", "text": text}]),
    "after thoughts": ChatReply(TEXT, thoughts="let me see"),
    "after reasoning": ChatReply(TEXT, reasoning="let me see"),
    "null": Reply("", content=lambda text: text or None),
}


@HOSTS
@pytest.mark.parametrize("reply", TEXTS.values(), ids=TEXTS)
async def test_text(host, reply):
    chunks = await reply_to(host, reply)
    assert "".join(chunk.text for chunk in chunks) == reply.text
    assert [chunk.finish for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]
    assert chunks[-1].usage


CALLING = {
    "each whole": ChatReply("", calls=CALLS),
    "in pieces": ChatReply("", calls=CALLS, pieces=4),
    "as objects": ChatReply("", calls=CALLS, objects=True),
    "after text": ChatReply(TEXT, calls=CALLS, pieces=3),
}


@HOSTS
@pytest.mark.parametrize("reply", CALLING.values(), ids=CALLING)
async def test_calls_are_whole_and_come_last(host, reply):
    chunks = await reply_to(host, reply, dataclasses.replace(REQUEST, tools=(TOOL,)))
    assert [chunk.calls for chunk in chunks[:-1]] == [()] * (len(chunks) - 1)
    assert (chunks[-1].calls, chunks[-1].finish) == (CALLS, "stop")
    assert "".join(chunk.text for chunk in chunks) == reply.text


def raw(*deltas: bytes) -> Reply:
    events = [b'data: {"choices":[{"delta":{"tool_calls":[' + delta + b"]}}]}\n\n" for delta in deltas]
    return Reply("", pack=lambda _: [b"".join((*events, b"data: [DONE]\n\n"))])


ODD_CALLS = {
    "no numbers": (
        raw(
            b'{"id":"a","function":{"name":"f","arguments":"{"}},{"function":{"arguments":"}"}}',
            b'{"id":"b","function":{"name":"g","arguments":"{}"}}',
        ),
        (ToolCall("a", "f", "{}"), ToolCall("b", "g", "{}")),
    ),
    "one number for all": (
        raw(
            b'{"index":0,"id":"a","function":{"name":"f","arguments":"{}"}}',
            b'{"index":0,"id":"b","function":{"name":"g","arguments":"{}"}}',
        ),
        (ToolCall("a", "f", "{}"), ToolCall("b", "g", "{}")),
    ),
    "turn by turn": (
        raw(
            b'{"index":0,"id":"a","function":{"name":"f"}},{"index":1,"id":"b","function":{"name":"g"}}',
            b'{"index":1,"function":{"arguments":"{1}"}},{"index":0,"function":{"arguments":"{0}"}}',
        ),
        (ToolCall("a", "f", "{0}"), ToolCall("b", "g", "{1}")),
    ),
    "name and id in each": (
        raw(
            b'{"index":0,"id":"a","function":{"name":"f","arguments":"{"}}',
            b'{"index":0,"id":"a","function":{"name":"f","arguments":"}"}}',
        ),
        (ToolCall("a", "f", "{}"),),
    ),
    "no ids": (
        raw(b'{"index":0,"id":"null","function":{"name":"f","arguments":null}}'),
        (ToolCall("call00000", "f", "{}"),),
    ),
}


@HOSTS
@pytest.mark.parametrize(("reply", "calls"), ODD_CALLS.values(), ids=ODD_CALLS)
async def test_calls_that_are_told_oddly(host, reply, calls):
    assert (await reply_to(host, reply))[-1].calls == calls


def counted(counts: bytes) -> Reply:
    return Reply("", pack=lambda _: [b"data: " + counts + b"\n\ndata: [DONE]\n\n"])


COUNTS = b'{"prompt_tokens":9,"completion_tokens":2}'
USAGES = {
    "beside the choices": counted(b'{"choices":[],"usage":' + COUNTS + b"}"),
    "in the choice": counted(b'{"choices":[{"delta":{},"usage":' + COUNTS + b"}]}"),
    "Groq's": counted(b'{"choices":[],"x_groq":{"usage":' + COUNTS + b"}}"),
    "llama.cpp's": counted(b'{"choices":[],"timings":{"prompt_n":9,"predicted_n":2,"cache_n":0}}'),
}


@HOSTS
@pytest.mark.parametrize("reply", USAGES.values(), ids=USAGES)
async def test_usage(host, reply):
    assert (await reply_to(host, reply))[-1].usage == Usage(9, 2)


CACHED = {
    "DeepSeek's": b'{"prompt_tokens":9,"completion_tokens":2,"prompt_cache_hit_tokens":4}',
    "Moonshot's": b'{"prompt_tokens":9,"completion_tokens":2,"cached_tokens":4}',
}


@pytest.mark.parametrize("counts", CACHED.values(), ids=CACHED)
async def test_cached_tokens(counts):
    [last] = await reply_to(openai, counted(b'{"choices":[],"usage":' + counts + b"}"))
    assert last.usage == Usage(9, 2, 4)


async def test_a_stop_is_not_in_the_text_where_the_host_does_not_know_it():
    request = dataclasses.replace(REQUEST, stop=("1", "2", "3", "4", "return"))
    chunks = await reply_to(openai, TEXT, request)
    assert "".join(chunk.text for chunk in chunks) == TEXT.partition("return")[0]


async def test_a_field_that_is_refused_is_left_out():
    async with FakeOpenAI(GROQ, TEXT) as upstream:
        model = connect(upstream.url, Reach(), model=INSTRUCT)
        assert "".join([chunk.text async for chunk in model.chat(REQUEST)]) == TEXT
        await model.aclose()


@HOSTS
async def test_cut_off(host):
    with pytest.raises(Unavailable):
        await reply_to(host, ChatReply(TEXT, ending="cut", sent=2))


@HOSTS
async def test_an_error_does_not_quote_the_conversation(host):
    with pytest.raises(BadRequest) as caught:
        await reply_to(host, ERRORS["unknown model"], REQUEST)
    assert "compute_total" not in caught.value.message


@HOSTS
async def test_closing_the_reply_tells_the_host_at_once(host):
    async with host(Reply(TEXT, ending="stall")) as (upstream, model):
        reply = model.chat(REQUEST)
        await anext(reply)
        await reply.aclose()
        async with asyncio.timeout(5):
            await upstream.wait_for(lambda: upstream.requests[0].outcome == "abandoned")
