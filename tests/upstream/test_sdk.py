"""The official SDK takes our stand-in for the real host: answers parse, errors are the errors it knows."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import pytest

from codestral_ls.bench.reply import Reply
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
