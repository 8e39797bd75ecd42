"""SmolLM2 in a process of its own, and what it is asked."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager

import pytest

from codestral_ls.core.model import ChatRequest, Chunk, FimRequest, Message
from codestral_ls.core.privacy import redact
from codestral_ls.providers.embedded import Embedded

NAME = "smollm2-135m"
PREFIX = "import os\n\nnames = ['a', 'b', 'c']\n\nfor index, name in enumerate(names):\n"

# Far more than can be written within a test's patience.
ENDLESS = FimRequest(redact(PREFIX), redact(""), redact(""), max_tokens=3500)

on_one_loop = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def embedded(model: str = NAME):
    running = Embedded(model)
    try:
        yield running
    finally:
        await running.aclose()


def request(typed: str, prefix: str = PREFIX, max_tokens: int = 16) -> FimRequest:
    return FimRequest(redact(prefix), redact(typed), redact(""), max_tokens, stop=("\n",))


async def complete(model: Embedded, wanted: FimRequest) -> list[Chunk]:
    async with aclosing(model.fim(wanted)) as chunks:
        return [chunk async for chunk in chunks]


async def spoken(model: Embedded, *said: tuple[str, str], max_tokens: int = 1) -> list[Chunk]:
    """What is answered to a conversation."""
    messages = tuple(Message(role, redact(text)) for role, text in said)
    async with aclosing(model.chat(ChatRequest(messages, max_tokens))) as chunks:
        return [chunk async for chunk in chunks]


def talk(model: Embedded, max_tokens: int = 60) -> AbstractAsyncContextManager:
    """A conversation under way, which is closed at the end."""
    wanted = Message("user", redact("Count from 1 to 200."))
    return aclosing(model.chat(ChatRequest((wanted,), max_tokens)))
