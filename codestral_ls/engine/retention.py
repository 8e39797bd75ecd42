"""What is left of accepted text after a while: the one measure of a suggestion that flatters nobody."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from codestral_ls.core.track import moved, pieces

if TYPE_CHECKING:
    from collections.abc import Callable

    from codestral_ls.core.text import Document, Span
    from codestral_ls.core.track import Change
    from codestral_ls.engine.ledger import Ledger

AFTER = (30, 120, 300, 600)
"""Seconds after acceptance."""

# Each costs up to 0.6 µs a keystroke. The oldest gives way.
MOST = 50
# What a user writes into an accepted text may be long.
LONGEST = 10_000


class Timer(Protocol):
    """What the event loop's `call_later` returns."""

    def cancel(self) -> None: ...


if TYPE_CHECKING:
    CallLater = Callable[[float, Callable[[], object]], Timer]


@dataclass(eq=False, slots=True)
class Kept:
    """An accepted text, and where it is now."""

    uri: str
    suggestion: str
    model: str
    text: str
    span: Span
    timer: Timer | None = None


class Retention:
    """Follows accepted texts, and notes how similar what stands there is to them."""

    def __init__(
        self, ledger: Ledger, document_of: Callable[[str], Document | None], call_later: CallLater | None
    ) -> None:
        self._ledger = ledger
        self._document_of = document_of
        self._call_later = call_later
        self._kept: deque[Kept] = deque()

    def keep(self, kept: Kept) -> None:
        """Follow a text from now on."""
        while len(self._kept) >= MOST:
            _stop(self._kept.popleft())
        self._kept.append(kept)
        self._wait(kept, 0)

    def changed(self, change: Change) -> None:
        uri, edit = change.before.uri, change.edit
        edits = None
        for kept in self._kept:
            if kept.uri != uri or kept.span.end <= edit.span.start:
                continue
            if edits is None:
                edits = pieces(edit, change.before)
            for piece in edits:
                kept.span = moved(kept.span, piece)

    def closed(self, uri: str) -> None:
        """A document was closed: nobody knows what becomes of it."""
        for kept in self._kept:
            if kept.uri == uri:
                _stop(kept)
        self._kept = deque(kept for kept in self._kept if kept.uri != uri)

    def close(self) -> None:
        for kept in self._kept:
            _stop(kept)
        self._kept.clear()

    def _wait(self, kept: Kept, index: int) -> None:
        call_later = self._call_later or asyncio.get_running_loop().call_later
        seconds = AFTER[index] - (AFTER[index - 1] if index else 0)
        kept.timer = call_later(seconds, partial(self._look, kept, index))

    def _look(self, kept: Kept, index: int) -> None:
        if document := self._document_of(kept.uri):
            end = min(kept.span.end, kept.span.start + LONGEST)
            figures = partial(_figures, kept.text, document.slice(kept.span.start, end))
            self._ledger.measure("retained", kept.suggestion, figures, model=kept.model, after=AFTER[index])
        if index + 1 < len(AFTER):
            self._wait(kept, index + 1)
        else:
            self._kept.remove(kept)


def _figures(text: str, now: str) -> dict[str, object]:
    """The normalised indel similarity: the share of both texts that is their longest common subsequence."""
    from rapidfuzz.distance import Indel

    return {"similarity": round(Indel.normalized_similarity(text, now), 3)}


def _stop(kept: Kept) -> None:
    if kept.timer:
        kept.timer.cancel()
