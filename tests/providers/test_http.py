"""Connections: kept, closed at once with their stream, replaced when dead, told in words when they fail."""

from __future__ import annotations

import asyncio
import logging
import socket

import httpx
import pytest

from codestral_ls.bench.reply import Plain, Reply
from codestral_ls.bench.upstream import FIM_PATH, Upstream
from codestral_ls.core.model import (
    BadReply,
    BadRequest,
    ModelError,
    RateLimited,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from codestral_ls.core.privacy import Reach
from codestral_ls.providers.http import Host
from codestral_ls.providers.transport import to_model_error

BODY = {"model": "codestral-latest", "prompt": "x", "stream": True}
KEY = "sk-the-secret-key"


async def ask(host: Host, body: dict[str, object] | None = None) -> list[str]:
    return [data async for data in host.events(FIM_PATH, body or BODY)]


async def test_twenty_requests_use_one_connection():
    async with Upstream("return total") as upstream:
        host = Host(upstream.base_url, Reach(), KEY)
        await host.get("/v1/models")
        for _ in range(20):
            assert len(await ask(host)) == 4
        await host.aclose()
    assert upstream.connections == 1


@pytest.mark.parametrize("after", [0, 1], ids=["before the first byte", "in the middle"])
async def test_closing_the_stream_closes_the_connection(after):
    async with Upstream(Reply("a b c", ending="stall")) as upstream:
        host = Host(upstream.base_url, Reach(), KEY)
        events = host.events(FIM_PATH, BODY)
        if after:
            await anext(events)
            await events.aclose()
        else:
            upstream.latency = 60
            waiting = asyncio.ensure_future(anext(events))
            await upstream.wait_for(lambda: bool(upstream.requests))
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        async with asyncio.timeout(5):
            await upstream.wait_for(lambda: upstream.requests[0].outcome == "abandoned")
        await host.aclose()


async def test_a_dead_connection_is_replaced_once():
    """The host closes a kept connection while the next request is on its way."""
    async with Upstream("return total") as upstream:
        host = Host(upstream.base_url, Reach(), KEY)
        await ask(host)
        answers = iter([Reply("", ending="reset", sent=0, pack=lambda _: ()), "return total"])
        upstream.reply = lambda _: next(answers)
        assert len(await ask(host)) == 4
        await host.aclose()
    assert upstream.connections == 2


@pytest.mark.parametrize("ending", ["reset", "cut"])
async def test_a_new_connection_that_breaks_is_not_tried_again(ending):
    async with Upstream(Reply("", ending=ending, pack=lambda _: ())) as upstream:
        host = Host(upstream.base_url, Reach(), KEY)
        with pytest.raises(Unavailable):
            await ask(host)
        await host.aclose()
    assert len(upstream.requests) == 1


BROKEN = {
    "no end mark": (Reply("a b", ending="unmarked"), "was cut off before its end"),
    "connection closed": (Reply("a b", ending="cut"), "broke off before the answer was complete"),
    "connection reset": (Reply("a b", ending="reset"), "broke off before the answer was complete"),
    "silence": (Reply("a b", ending="stall"), "sent nothing for 0.2 s"),
    "silence from the start": (Reply("a b", latency=60), "sent nothing for 0.2 s"),
}


@pytest.mark.parametrize(("reply", "sentence"), BROKEN.values(), ids=BROKEN)
async def test_broken_stream(reply, sentence):
    async with Upstream(reply) as upstream:
        host = Host(upstream.base_url, Reach(), KEY, timeout=0.2)
        with pytest.raises(Unavailable, match=sentence):
            await ask(host)
        await host.aclose()


async def test_a_host_that_keeps_the_stream_open_after_its_end_is_left():
    async with Upstream(
        Reply("a", ending="stall", pack=lambda events: [*events, b"data: [DONE]\n\n"])
    ) as upstream:
        host = Host(upstream.base_url, Reach(), KEY)
        assert len(await ask(host)) == 2
        await upstream.wait_for(lambda: upstream.requests[0].outcome == "abandoned")
        await host.aclose()


async def test_error_answer_uses_the_clock_it_was_given():
    late = Plain(429, {}, {"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"})
    async with Upstream(late) as upstream:
        host = Host(upstream.base_url, Reach(), KEY, now=lambda: 90.0)
        with pytest.raises(RateLimited) as caught:
            await ask(host)
        await host.aclose()
    assert caught.value.retry_after == 10.0


async def test_only_the_head_of_an_error_body_is_read():
    async with Upstream(Plain(500, b"x" * 5_000_000)) as upstream:
        host = Host(upstream.base_url, Reach(), KEY)
        with pytest.raises(Unavailable):
            await ask(host)
        answer = await host.get("/nowhere")
        await host.aclose()
    assert len(answer.body) <= 64_000


@pytest.fixture
def closed_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield taken.getsockname()[1]


UNREACHABLE = {
    "nobody listens": ("http://127.0.0.1:{port}", Unavailable, "nothing answers there"),
    "unknown name": ("https://no-such-host.invalid", Unavailable, "its name"),
    "no scheme": ("localhost:{port}", BadRequest, "must begin with https://"),
    "no address": ("", BadRequest, "must begin with https://"),
    "no number as port": ("http://127.0.0.1:http", BadRequest, "cannot be understood"),
}


@pytest.mark.parametrize(("url", "kind", "sentence"), UNREACHABLE.values(), ids=UNREACHABLE)
async def test_unreachable(url, kind, sentence, closed_port, monkeypatch):
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.delenv(variable, raising=False)
    host = Host(url.format(port=closed_port), Reach(), KEY)
    with pytest.raises(kind, match=sentence):
        await ask(host)
    await host.aclose()


async def test_plain_http_where_tls_was_expected():
    async with Upstream("x") as upstream:
        host = Host(upstream.base_url.replace("http:", "https:"), Reach(), KEY)
        with pytest.raises(Unavailable, match="no secure connection"):
            await ask(host)
        await host.aclose()


FAILURES = {
    "connect timeout": (httpx.ConnectTimeout(""), Unreachable, "no connection within 3 s"),
    "certificate": (
        httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed"),
        Unavailable,
        "not trusted",
    ),
    "name": (httpx.ConnectError("[Errno -2] Name or service not known"), Unreachable, "its name is unknown"),
    "proxy": (httpx.ProxyError("407"), Unavailable, "The proxy"),
    "compression": (httpx.DecodingError(""), BadReply, "damaged"),
}


@pytest.mark.parametrize(("failure", "kind", "sentence"), FAILURES.values(), ids=FAILURES)
def test_transport_failure(failure, kind, sentence):
    error = to_model_error(failure, "the.host", 10)
    assert type(error) is kind
    assert sentence in error.message


@pytest.mark.parametrize("key", ["two words", "line\nbreak", "schlüssel", "nul\0"], ids=repr)
async def test_a_key_that_no_header_can_hold_is_not_quoted(key):
    host = Host("http://127.0.0.1:9", Reach(), key)
    with pytest.raises(Unauthorized) as caught:
        await ask(host)
    assert key not in caught.value.message
    assert caught.value.__cause__ is caught.value.__context__ is None
    await host.aclose()


async def test_the_key_is_nowhere(caplog):
    caplog.set_level(logging.DEBUG)
    echo = Plain(400, {"message": f"cannot use {KEY}"}, {"x-echo": KEY})
    async with Upstream(lambda _: echo) as upstream:
        host = Host(upstream.base_url, Reach(), KEY)
        with pytest.raises(ModelError) as caught:
            await ask(host)
        await host.aclose()
    assert upstream.requests[0].headers["authorization"] == f"Bearer {KEY}"
    assert all(KEY not in told for told in (repr(host), str(caught.value), repr(caught.value)))
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("codestral_ls")]
    assert ours
    assert all(KEY not in message for message in ours)


async def test_a_proxy_is_not_asked_for_this_machine(monkeypatch):
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    async with Upstream("x") as upstream:
        host = Host(upstream.base_url, Reach(), KEY)
        assert len(await ask(host)) == 3
        await host.aclose()
