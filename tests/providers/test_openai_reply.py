"""What is shown of the reply of a server of OpenAI's protocol, and when it ends."""

from __future__ import annotations

import asyncio
import dataclasses
import json

import pytest

from codestral_ls.bench.reply import Reply
from codestral_ls.bench.serve import Exchange, Server
from codestral_ls.core.model import (
    Chunk,
    Unavailable,
    Usage,
)
from codestral_ls.core.privacy import Reach
from codestral_ls.providers.openai import OpenAI, connect
from tests.providers.hole import REQUEST, TEXT, at, chunks_of, text_of
from tests.upstream.chat import ChatReply
from tests.upstream.openai import (
    CHAT_PATH,
    CODER,
    INSTRUCT,
    LM_STUDIO,
    OPENAI,
    RELAY,
    VLLM,
    FakeOpenAI,
)

STOPS = {
    "of the template": (f"{TEXT}<|file_sep|>other.py", (), TEXT),
    "of the request": (TEXT, ("\n",), "sum(x, «é» 🎉)"),
    "of the settings": (f"{TEXT} END more", (), f"{TEXT} "),
    "beyond the fourth": (f"{TEXT}<|fim_pad|><|fim_pad|>", ("a1", "a2", "a3", "a4"), TEXT),
    "a beginning of one": (f"{TEXT}<|fi", (), f"{TEXT}<|fi"),
}


@pytest.mark.parametrize("kind", [VLLM, LM_STUDIO], ids=["vllm", "lm studio"])
@pytest.mark.parametrize(("said", "stops", "shown"), STOPS.values(), ids=STOPS)
async def test_no_stop_is_shown(kind, said, stops, shown):
    async with FakeOpenAI(kind, said) as upstream:
        model = at(upstream, stop=("END",))
        chunks = await chunks_of(model, dataclasses.replace(REQUEST, stop=stops))
        await model.aclose()
    assert "".join(chunk.text for chunk in chunks) == shown
    assert [chunk.finish for chunk in chunks if chunk.finish] == ["stop"]
    assert len(upstream.bodies()[0]["stop"]) == 4


async def test_a_stop_that_the_host_does_not_know_ends_the_request():
    async with FakeOpenAI(OPENAI, Reply(f"{TEXT}<|fim_pad|>x", ending="stall")) as upstream:
        model = at(upstream, "gpt-4.1", fim="template", template="qwen2.5-coder")
        request = dataclasses.replace(REQUEST, stop=("a1", "a2", "a3", "a4"))
        assert (await chunks_of(model, request))[-1] == Chunk("", "stop")
        async with asyncio.timeout(5):
            await upstream.wait_for(lambda: upstream.requests[-1].outcome == "abandoned")
        await model.aclose()


STREAMS = {
    "text with the finish": (Reply(TEXT, text_with_finish=True), TEXT, "stop"),
    "no end mark": (Reply(TEXT, ending="unmarked"), TEXT, "stop"),
    "too long": (Reply(TEXT, finish="length"), TEXT, "length"),
    "nothing": (Reply(""), "", "stop"),
    "filtered": (Reply(TEXT, finish="content_filter"), TEXT, "error"),
    "CRLF": (Reply(TEXT, newline="\r\n"), TEXT, "stop"),
}


@pytest.mark.parametrize(("reply", "text", "finish"), STREAMS.values(), ids=STREAMS)
async def test_stream(reply, text, finish):
    async with FakeOpenAI(VLLM, reply) as upstream:
        model = at(upstream)
        chunks = await chunks_of(model)
        await model.aclose()
    assert "".join(chunk.text for chunk in chunks) == text
    assert [chunk.finish for chunk in chunks] == [None] * (len(chunks) - 1) + [finish]
    assert chunks[-1].usage is not None


CUT = {"closed": "cut", "reset": "reset", "silent": "stall"}


async def collect(model: OpenAI, chunks: list[Chunk]) -> None:
    """Into a list of the caller's, which has what came before an error."""
    async for chunk in model.fim(REQUEST):
        chunks.append(chunk)  # noqa: PERF401


@pytest.mark.parametrize("ending", CUT.values(), ids=CUT)
async def test_a_reply_that_is_cut_off_has_no_finish(ending):
    async with FakeOpenAI(VLLM, Reply(TEXT, ending=ending, sent=2)) as upstream:
        model = at(upstream, timeout=0.2)
        chunks: list[Chunk] = []
        with pytest.raises(Unavailable):
            await collect(model, chunks)
        await model.aclose()
    assert all(chunk.finish is None for chunk in chunks)
    # A reset may overtake what was sent before it.
    assert len(chunks) == 2 or ending == "reset"


CHATTER = {
    "thoughts in parts": (ChatReply(TEXT, thoughts="let me see"), TEXT),
    "reasoning": (ChatReply(TEXT, reasoning="let me see"), TEXT),
    "thoughts in the text": (f"<think>\nlet me see\n</think>\n{TEXT}", TEXT),
    "the hole's mark again": (f"{TEXT}<CURSOR>\n\nprint(1)", TEXT),
    "prose": (f"Here is the code:\n```python\n{TEXT}\n```\nIt sums.", TEXT),
}


@pytest.mark.parametrize(("reply", "shown"), CHATTER.values(), ids=CHATTER)
async def test_only_code_is_shown_of_what_a_chat_model_says(reply, shown):
    async with FakeOpenAI(RELAY, reply) as upstream:
        model = at(upstream, INSTRUCT)
        assert await text_of(model) == shown
        await model.aclose()
    assert upstream.bodies() == []


async def test_a_chat_model_is_stopped_by_us_at_the_line_end_of_the_code():
    async with FakeOpenAI(RELAY, Reply(f"```python\n{TEXT}", ending="stall")) as upstream:
        model = at(upstream, INSTRUCT)
        request = dataclasses.replace(REQUEST, stop=("\n",))
        assert await text_of(model, request) == TEXT.partition("\n")[0]
        async with asyncio.timeout(5):
            await upstream.wait_for(lambda: upstream.requests[-1].outcome == "abandoned")
        await model.aclose()
    assert "stop" not in upstream.bodies(CHAT_PATH)[0]


TOLD = [{"choices": [{"text": "x"}]}, {"choices": [{"text": "", "finish_reason": "length"}]}]
COUNTED = {"choices": [], "usage": {"prompt_tokens": 9, "completion_tokens": 1}}
SILENT = {
    "after its finish": (TOLD, Chunk("", "length")),
    "after its usage": ([*TOLD, COUNTED], Chunk("", "length", Usage(9, 1))),
}


@pytest.mark.parametrize(("events", "last"), SILENT.values(), ids=SILENT)
async def test_a_host_that_falls_silent_when_all_is_said_is_not_waited_for(events, last):
    """Its silence counts after a minute."""

    async def say(exchange: Exchange) -> None:
        exchange.start(200, {"content-type": "text/event-stream"})
        exchange.write(b"".join(b"data: %b\n\n" % json.dumps(event).encode() for event in events))
        await asyncio.Event().wait()

    async with Server(say) as upstream, asyncio.timeout(20):
        model = connect(upstream.url, Reach(), model=CODER, timeout=60)
        assert await chunks_of(model) == [Chunk("x"), last]
        await upstream.wait_for(lambda: upstream.exchanges[0].outcome == "abandoned")
        await model.aclose()


async def test_usage():
    counts = {"prompt_tokens": 200, "prompt_tokens_details": {"cached_tokens": 64}}
    async with FakeOpenAI(VLLM, Reply("a b", usage=counts)) as upstream:
        model = at(upstream)
        assert (await chunks_of(model))[-1].usage == Usage(200, 3, 64)
        await model.aclose()


async def test_closing_the_reply_tells_the_host_at_once():
    async with FakeOpenAI(VLLM, Reply(TEXT, ending="stall")) as upstream:
        model = at(upstream)
        reply = model.fim(REQUEST)
        await anext(reply)
        await reply.aclose()
        async with asyncio.timeout(5):
            await upstream.wait_for(lambda: upstream.requests[0].outcome == "abandoned")
        await model.aclose()
