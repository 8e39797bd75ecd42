"""Chat models that say what a test tells them, and a refactorer over one of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass

from codestral_ls.core.applicable import Choice, Diagnostic, applicable
from codestral_ls.core.model import ChatRequest, Chunk, ModelError, Profile, Usage
from codestral_ls.core.text import Document, Span, apply_edits
from codestral_ls.engine.accounts import Accounts
from codestral_ls.engine.ledger import Ledger
from codestral_ls.engine.models import ChatModels
from codestral_ls.engine.refactor import Refactorer
from codestral_ls.engine.workspace import Workspace

Answer = str | Chunk | ModelError


class TalkingModel:
    """Answers each request with the next of its answers, and then always with the last; a text comes in
    pieces, with the usage at its end."""

    def __init__(self, *answers: Answer, **profile: object) -> None:
        self.profile = Profile(**{"identity": "talking", "label": "talking", **profile})
        self.requests: list[ChatRequest] = []
        self.running = 0
        self.is_closed = False
        self._answers = answers

    async def chat(self, request: ChatRequest) -> AsyncIterator[Chunk]:
        answer = self._answers[min(len(self.requests), len(self._answers) - 1)]
        self.requests.append(request)
        self.running += 1
        try:
            for chunk in _chunks(answer):
                yield chunk
        finally:
            self.running -= 1

    async def warm(self) -> None: ...

    async def aclose(self) -> None:
        self.is_closed = True


def _chunks(answer: Answer) -> Iterable[Chunk]:
    if isinstance(answer, ModelError):
        raise answer
    if isinstance(answer, Chunk):
        return [answer]
    pieces = [Chunk(answer[start : start + 7]) for start in range(0, len(answer), 7)]
    return [*pieces, Chunk("", "stop", Usage(100, 20))]


@dataclass(frozen=True)
class Desk:
    """A refactorer, and what is around it."""

    model: object
    workspace: Workspace
    models: ChatModels
    refactorer: Refactorer
    ledger: Ledger


@asynccontextmanager
async def desk(model: object, ledger_file=None, budget=None) -> AsyncIterator[Desk]:
    async def connect(_endpoint):
        return model

    async def nothing():
        return None

    ledger = Ledger(ledger_file, lambda: 1_800_000_000.0)
    workspace = Workspace()
    models = ChatModels(connect, nothing, Accounts(ledger, workspace, budget), lambda: 0.0)
    try:
        yield Desk(model, workspace, models, Refactorer(models, workspace), ledger)
    finally:
        await models.aclose()
        ledger.close()


def placed(marked: str, language: str = "python", uri: str = "file:///shop/cart.py") -> tuple[Document, Span]:
    """A document and a selection, from a text in which `█` is at the cursor or at both ends."""
    before, _, rest = marked.partition("█")
    selected, mark, after = rest.partition("█")
    selected, after = (selected, after) if mark else ("", rest)
    document = Document.of(uri, language, 3, before + selected + after)
    return document, Span(len(before), len(before) + len(selected))


def chosen(name: str, document: Document, selection: Span, problem: str = "") -> Choice:
    """The action of that name at a selection."""
    diagnostics = [Diagnostic(selection, problem, "ruff", "F821")] if problem else []
    return next(c for c in applicable(document, selection, diagnostics) if c.action.name == name)


def after(proposal, document: Document) -> str:
    """The text of the document with the proposal's edits applied."""
    [change] = proposal.changes
    assert change.uri == document.uri
    return apply_edits(document, reversed(change.edits), 0).text
