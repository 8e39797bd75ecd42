"""On HTTP/2 an early close must reset its stream and nothing else: the host stops, the connection stays."""

from __future__ import annotations

import asyncio
import logging

import pytest

from codestral_ls.core.model import FimRequest
from codestral_ls.core.privacy import Reach, redact
from codestral_ls.providers.mistral import Mistral
from tests.upstream.http2 import Http2Host

REQUEST = FimRequest(redact("def f(x):\n"), redact("    return "), redact("\n"), max_tokens=64)
KEY = "sk-the-secret-key"
MORE_THAN_A_CONNECTION_HOLDS = 120


def model_at(host: Http2Host) -> Mistral:
    return Mistral(host.base_url, "codestral-latest", KEY, key_name="the test", reach=Reach(), http1=False)


async def test_streams_closed_early_are_reset_and_the_connection_goes_on():
    async with Http2Host() as host:
        model = model_at(host)
        for _ in range(MORE_THAN_A_CONNECTION_HOLDS):
            reply = model.fim(REQUEST)
            assert (await anext(reply)).text == "word "
            await reply.aclose()
        await host.wait_for(lambda: len(host.reset) == MORE_THAN_A_CONNECTION_HOLDS)
        await model.aclose()
    assert host.connections == 1


async def test_requests_cancelled_before_the_first_byte_are_reset():
    async with Http2Host(quiet=True) as host:
        model = model_at(host)
        for number in range(1, MORE_THAN_A_CONNECTION_HOLDS):
            waiting = asyncio.ensure_future(anext(model.fim(REQUEST)))
            await host.wait_for(lambda number=number: host.opened == number)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            await host.wait_for(lambda number=number: len(host.reset) == number)
        await model.aclose()
    assert host.connections == 1


async def test_a_request_cancelled_at_any_step_leaves_the_connection_whole():
    async with Http2Host(ends=True) as host:
        model = model_at(host)
        for steps in range(80):
            request = asyncio.ensure_future(anext(model.fim(REQUEST)))
            for _ in range(steps % 40):
                await asyncio.sleep(0)
            request.cancel()
            await asyncio.gather(request, return_exceptions=True)
            assert "".join([chunk.text async for chunk in model.fim(REQUEST)]) == "word word word "
        await model.aclose()
    assert host.connections == 1


async def test_a_whole_reply_resets_nothing():
    async with Http2Host(ends=True) as host:
        model = model_at(host)
        for _ in range(3):
            assert [chunk async for chunk in model.fim(REQUEST)][-1].finish == "stop"
        await model.aclose()
    assert (host.reset, host.connections) == ([], 1)


async def test_the_key_is_in_no_log(caplog):
    caplog.set_level(logging.DEBUG)
    async with Http2Host(ends=True) as host:
        model = model_at(host)
        _ = [chunk async for chunk in model.fim(REQUEST)]
        await model.aclose()
    assert KEY not in caplog.text
