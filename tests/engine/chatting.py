"""Conversations in a workspace of three documents, with a model that a test brings."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from codestral_ls.core.text import Document
from codestral_ls.engine.chat import Chat
from codestral_ls.engine.transcripts import Transcripts
from tests.engine.scripted import Call
from tests.engine.talking import TalkingModel, desk

CART = Document.of("file:///shop/cart.py", "python", 3, "a = 1\nb = 2\nc = 3\n")
TAX = Document.of("file:///shop/tax.py", "python", 1, "rate = 0.19\n")
SECRET = Document.of("file:///shop/.env", "dotenv", 1, "KEY=1\n")
NOBODY = "0" * 32
"""The name of no conversation."""


class WaitingModel(TalkingModel):
    """Says what a test tells it, when the test tells it."""

    def __init__(self) -> None:
        super().__init__("")
        self.calls: list[Call] = []

    async def chat(self, request):
        call = Call(request)
        self.calls.append(call)
        async for chunk in call.stream():
            yield chunk

    async def call(self, number):
        while len(self.calls) <= number:
            await asyncio.sleep(0)
        return self.calls[number]


@asynccontextmanager
async def talking(model, folder: Path, ledger: Path | None = None) -> AsyncIterator[Chat]:
    async with desk(model, ledger) as around:
        around.workspace.set_roots([Path("/shop")])
        around.workspace.open(CART)
        around.workspace.open(TAX)
        around.workspace.open(SECRET)
        yield Chat(around.models, around.workspace, Transcripts(folder / "chats"))


def texts(request):
    return [message.text for message in request.messages]
