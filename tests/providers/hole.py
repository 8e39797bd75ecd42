"""A hole, and a server of OpenAI's protocol that is asked about it."""

from __future__ import annotations

from codestral_ls.core.model import Chunk, FimRequest
from codestral_ls.core.privacy import Reach, redact
from codestral_ls.providers.openai import OpenAI, connect
from tests.upstream.openai import CODER, FakeOpenAI

PREFIX, TYPED, SUFFIX = "def compute_total(items):\n", "    return ", "\n\nprint(1)\n"
REQUEST = FimRequest(redact(PREFIX), redact(TYPED), redact(SUFFIX), max_tokens=64)
TEXT = "sum(x, «é» 🎉)\nreturn total"


def at(upstream: FakeOpenAI, model: str = CODER, **options) -> OpenAI:
    return connect(upstream.url, Reach(), model=model, **options)


async def chunks_of(model: OpenAI, request: FimRequest = REQUEST) -> list[Chunk]:
    return [chunk async for chunk in model.fim(request)]


async def text_of(model: OpenAI, request: FimRequest = REQUEST) -> str:
    return "".join(chunk.text for chunk in await chunks_of(model, request))
