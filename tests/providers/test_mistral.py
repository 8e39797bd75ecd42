"""Codestral at Mistral, against a stand-in that the official SDK takes for the real host."""

from __future__ import annotations

import asyncio
import logging
import random

import pytest

from codestral_ls.bench.reply import Reply
from codestral_ls.core.model import (
    BadReply,
    BadRequest,
    Chunk,
    FimRequest,
    ModelError,
    RateLimited,
    Unauthorized,
    Unavailable,
    Usage,
)
from codestral_ls.core.privacy import Reach, redact
from codestral_ls.providers import mistral
from codestral_ls.providers.mistral import HOSTS, Mistral
from tests.upstream.errors import ERRORS, SECRET
from tests.upstream.mistral import FakeMistral, flaky, grouped, split

TEXT = "total = sum(x, «é» 🎉)\nreturn total"
PREFIX, TYPED = "def compute_total(items):\n", "    return "
REQUEST = FimRequest(redact(PREFIX), redact(TYPED), redact("\n\nprint(1)\n"), max_tokens=64)


def at_api(upstream: FakeMistral, **options: object) -> Mistral:
    url, key = upstream.api_url, upstream.api_key
    return Mistral(url, "codestral-latest", key, key_name="MISTRAL_API_KEY", reach=Reach(), **options)


async def reply_to(upstream: FakeMistral, request: FimRequest = REQUEST, **options: object) -> list[Chunk]:
    model = at_api(upstream, **options)
    try:
        return [chunk async for chunk in model.fim(request)]
    finally:
        await model.aclose()


async def collect(model: Mistral, chunks: list[Chunk]) -> None:
    """Into a list of the caller's, which has what came before an error."""
    async for chunk in model.fim(REQUEST):
        chunks.append(chunk)  # noqa: PERF401


STREAMS = {
    "plain": Reply(TEXT),
    "two events in a write": Reply(TEXT, pack=grouped(2)),
    "all in one write": Reply(TEXT, pack=grouped(100)),
    "one byte in a write": Reply(TEXT, pack=split(1)),
    "CR": Reply(TEXT, newline="\r"),
    "CRLF": Reply(TEXT, newline="\r\n"),
    "comments": Reply(TEXT, comments=True),
    "text in the last event": Reply(TEXT, text_with_finish=True),
    "unknown keys": Reply(TEXT, extra={"service": {"x": 1}}),
    "text in parts": Reply(TEXT, content=lambda text: [{"type": "text", "text": text}]),
    "empty": Reply(""),
    "empty, as null": Reply("", content=lambda text: text or None),
    "empty, as no parts": Reply("", content=lambda _: []),
}


@pytest.mark.parametrize("reply", STREAMS.values(), ids=STREAMS)
async def test_stream(reply):
    async with FakeMistral(reply) as upstream:
        chunks = await reply_to(upstream)
    assert "".join(chunk.text for chunk in chunks) == reply.text
    assert [chunk.finish for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].finish == "stop"
    assert all(chunk.text for chunk in chunks[:-1])


FINISHES = {"length": "length", "model_length": "length", "error": "error", "stop": "stop", "tired": "stop"}


@pytest.mark.parametrize(("said", "finish"), FINISHES.items(), ids=FINISHES)
async def test_finish(said, finish):
    async with FakeMistral(Reply(TEXT, finish=said)) as upstream:
        assert (await reply_to(upstream))[-1].finish == finish


USAGES = {
    "nothing cached": ({}, 0),
    "details": ({"prompt_tokens_details": {"cached_tokens": 64}}, 64),
    "one number": ({"num_cached_tokens": 128}, 128),
    "details of nothing": ({"prompt_tokens_details": None}, 0),
}


@pytest.mark.parametrize(("told", "cached"), USAGES.values(), ids=USAGES)
async def test_usage(told, cached):
    async with FakeMistral(Reply("a b", usage={"prompt_tokens": 200, **told})) as upstream:
        assert (await reply_to(upstream))[-1].usage == Usage(200, 3, cached)


CUT = {
    "no end mark": Reply(TEXT, ending="unmarked"),
    "closed": Reply(TEXT, ending="cut"),
    "closed after some": Reply(TEXT, ending="cut", sent=2),
    "silent": Reply(TEXT, ending="stall"),
}


@pytest.mark.parametrize("reply", CUT.values(), ids=CUT)
async def test_a_reply_that_is_cut_off_has_text_but_no_finish(reply):
    async with FakeMistral(reply) as upstream:
        model = at_api(upstream, timeout=0.2)
        chunks: list[Chunk] = []
        with pytest.raises(Unavailable):
            await collect(model, chunks)
        await model.aclose()
    assert TEXT.startswith("".join(chunk.text for chunk in chunks))
    assert chunks
    assert not any(chunk.finish for chunk in chunks)


def raw(*events: bytes) -> Reply:
    return Reply("", pack=lambda _: [b"".join(b"data: " + event + b"\n\n" for event in events)])


EVENTS = {
    "no JSON": (raw(b"{compute_total"), BadReply, "cannot be understood"),
    "another type": (raw(b'{"choices":[{"delta":{"content":5}}]}'), BadReply, "cannot be understood"),
    "a list": (raw(b"[1]"), BadReply, "cannot be understood"),
    "an error": (raw(b'{"error":{"message":"worker lost"}}'), Unavailable, "gave up.*: worker lost"),
    "an error that quotes": (
        raw(b'{"object":"error","message":"bad line: def compute_total(items):"}', b"[DONE]"),
        Unavailable,
        "gave up in the middle of its answer. Ask again",
    ),
}


@pytest.mark.parametrize(("reply", "kind", "sentence"), EVENTS.values(), ids=EVENTS)
async def test_event_that_is_no_chunk(reply, kind, sentence):
    async with FakeMistral(reply) as upstream:
        with pytest.raises(kind, match=sentence) as caught:
            await reply_to(upstream)
    assert "compute_total" not in caught.value.message


KINDS = {
    "unauthorized": Unauthorized,
    "unknown model": BadRequest,
    "extra field": BadRequest,
    "rate limit": RateLimited,
    "no allowance": Unauthorized,
    "capacity": Unavailable,
    "html": Unavailable,
}


@pytest.mark.parametrize(("name", "kind"), KINDS.items(), ids=KINDS)
async def test_error_answer(name, kind, caplog):
    caplog.set_level(logging.DEBUG)
    async with FakeMistral(ERRORS[name]) as upstream:
        with pytest.raises(ModelError) as caught:
            await reply_to(upstream)
    assert type(caught.value) is kind
    assert SECRET not in caught.value.message + caplog.text
    assert "correlation id 0" in caplog.text


@pytest.mark.parametrize(("host", "variable"), HOSTS.items(), ids=HOSTS)
def test_a_refused_key_names_the_other_host(host, variable):
    model = Mistral(f"https://{host}", "m", "k", key_name=variable, reach=Reach())
    other = "api.mistral.ai" if variable == "CODESTRAL_API_KEY" else "codestral.mistral.ai"
    assert f"Keys of {other} do not work there" in model._host.unauthorized
    assert model.profile.label == f"m at {host}"


async def test_refused_key():
    async with FakeMistral(TEXT) as upstream:
        url, key = upstream.codestral_url, upstream.api_key
        model = Mistral(url, "codestral-latest", key, key_name="SOME_VARIABLE", reach=Reach())
        with pytest.raises(Unauthorized, match="SOME_VARIABLE"):
            await anext(model.fim(REQUEST))
        await model.aclose()


async def test_warming_opens_the_connection_that_is_used():
    async with FakeMistral(TEXT) as upstream:
        model = at_api(upstream)
        await model.warm()
        await anext(model.fim(REQUEST))
        await model.aclose()
    assert [exchange.connection for exchange in upstream.exchanges] == [1, 1]


@pytest.mark.parametrize(
    ("variable", "refused"),
    [("MISTRAL_API_KEY", True), ("CODESTRAL_API_KEY", False)],
    ids=["api", "codestral"],
)
async def test_warming_tells_of_a_refused_key_where_it_is_proof(variable, refused, monkeypatch):
    monkeypatch.setattr(mistral, "HOSTS", {"127.0.0.1": variable})
    async with FakeMistral(TEXT) as upstream:
        model = Mistral(upstream.api_url, "codestral-latest", "wrong", key_name=variable, reach=Reach())
        if refused:
            with pytest.raises(Unauthorized):
                await model.warm()
        else:
            await model.warm()
        await model.aclose()


async def test_closing_the_reply_tells_the_host_at_once():
    async with FakeMistral(Reply(TEXT, ending="stall")) as upstream:
        model = at_api(upstream)
        reply = model.fim(REQUEST)
        await anext(reply)
        await reply.aclose()
        async with asyncio.timeout(5):
            await upstream.wait_for(lambda: upstream.requests[0].outcome == "abandoned")
        await model.aclose()


def test_the_key_is_not_shown():
    model = Mistral(
        "https://codestral.mistral.ai",
        "codestral-latest",
        "sk-secret",
        key_name="CODESTRAL_API_KEY",
        reach=Reach(),
    )
    assert repr(model) == "<Mistral codestral-latest at codestral.mistral.ai>"
    assert "sk-secret" not in repr(model.profile) + repr(model._host)


@pytest.mark.parametrize("seed", range(3))
async def test_whatever_the_host_does_a_reply_ends_or_says_why(seed):
    lot = random.Random(seed)
    async with FakeMistral(flaky(seed, TEXT, good=0.4)) as upstream:
        model = at_api(upstream, timeout=0.5)
        outcomes = await asyncio.gather(*(outcome(model, lot.choice([None, 0.0, 0.01])) for _ in range(60)))
        await model.aclose()
    assert set(outcomes) == {"finished", "told", "given up"}


async def outcome(model: Mistral, patience: float | None) -> str:
    chunks: list[Chunk] = []
    try:
        async with asyncio.timeout(patience):
            await collect(model, chunks)
    except TimeoutError:
        return "given up"
    except ModelError:
        return "finished, and then told" if any(chunk.finish for chunk in chunks) else "told"
    return "finished" if chunks[-1].finish else "neither"
