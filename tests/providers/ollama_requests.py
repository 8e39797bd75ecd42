"""Requests to a stand-in for Ollama, as the tests of its client make them."""

from __future__ import annotations

from codestral_ls.core.model import Chunk, FimRequest
from codestral_ls.core.privacy import THIS_MACHINE, Reach, redact
from codestral_ls.providers.ollama import Ollama, connect
from tests.upstream.ollama import FakeOllama

TEXT = "total = sum(x, «é» 🎉)\nreturn total"
PREFIX, TYPED, SUFFIX = "def compute_total(items):\n", "    return ", "\n\nprint(1)\n"
REQUEST = FimRequest(redact(PREFIX), redact(TYPED), redact(SUFFIX), max_tokens=64)
QWEN = "qwen2.5-coder:7b"


def at(upstream: FakeOllama, model: str = QWEN, reach: Reach = THIS_MACHINE, **options: object) -> Ollama:
    return connect(model, reach, base_url=upstream.url, **options)


async def reply_to(upstream: FakeOllama, request=REQUEST, model: str = QWEN, **options) -> list[Chunk]:
    client = at(upstream, model, **options)
    try:
        return [chunk async for chunk in client.fim(request)]
    finally:
        await client.aclose()


def hole(prefix: str = PREFIX, typed: str = TYPED, suffix: str = SUFFIX, **more: object) -> FimRequest:
    return FimRequest(redact(prefix), redact(typed), redact(suffix), max_tokens=64, **more)
