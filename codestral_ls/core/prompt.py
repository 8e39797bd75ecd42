"""From a place in a document to a request: the window that is sent, and how much the model may answer."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Literal

from codestral_ls.core.model import FimRequest
from codestral_ls.core.privacy import redact, redact_window
from codestral_ls.core.text import line_feeds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codestral_ls.core.model import Snippet
    from codestral_ls.core.text import Document

Mode = Literal["single", "multi"]
Trigger = Literal["invoked", "automatic"]

_LINE_END = re.compile(r"\r\n?|\n")
_WORD = re.compile(r"\w")

# Shorter prompts say more about the markers in them than about the text.
_COUNTABLE_TOKENS = 64

# Shares of the prefix budget: how much of it a new window takes, below how much it is moved up again, and how
# much a definition may cost to be the place where it begins.
_START_SHARE, _LEAST_SHARE, _SNAP_SHARE = 0.75, 0.3, 0.3
_WORDS_COMPARED = 150
_CLOSERS = ")]};,"
# This share is kept free for the cursor's line, so that a window does not move while a line is typed.
_LINE_SHARE = 0.05
# By so many characters a window's start is known again.
_HEAD = 80


@dataclass(frozen=True, slots=True)
class Site:
    """A place in a document where text is wanted."""

    document: Document
    offset: int

    @property
    def position(self) -> tuple[int, int]:
        return self.document.position_at(self.offset)

    @property
    def line_head(self) -> str:
        """The cursor's line, left of the cursor."""
        line, column = self.position
        return self.document.line(line)[:column]

    @property
    def line_rest(self) -> str:
        """The cursor's line, right of the cursor, without its end."""
        line, column = self.position
        return self.document.line(line)[column:].rstrip("\r\n")


@dataclass(frozen=True, slots=True)
class Budget:
    """How many characters may be sent."""

    prefix: int
    suffix: int


@dataclass(frozen=True, slots=True)
class TokenScale:
    """Characters per token: 3 is safe for source code (tokenisers of code models make 3.3 to 4), until the
    host's own counts say better."""

    measured: float = 3.0

    def characters(self, tokens: int) -> int:
        """What fits into so many tokens; in steps, so that prompts do not change with each reply."""
        return int(tokens * (self.measured * 4 // 1) / 4)

    def after(self, characters: int, tokens: int) -> TokenScale:
        """The scale after a prompt of so many characters was counted as so many tokens."""
        if tokens < _COUNTABLE_TOKENS:
            return self
        ratio = min(max(characters / tokens, 1.0), 4.5)
        return TokenScale(0.8 * self.measured + 0.2 * ratio)


@dataclass(frozen=True, slots=True)
class Window:
    """What the model sees of the document, with line feeds only. `typed` is the cursor's line before it."""

    prefix: str
    typed: str
    suffix: str


@dataclass(frozen=True, slots=True)
class Start:
    """Where a window began, known again by the text there."""

    offset: int
    head: str

    @classmethod
    def of(cls, document: Document, offset: int) -> Start:
        return cls(offset, document.slice(offset, offset + _HEAD))

    def holds(self, document: Document) -> bool:
        return self == Start.of(document, self.offset)


def window_start(
    site: Site, budget: Budget, definitions: Sequence[int] = (), previous: Start | None = None
) -> int:
    """The offset at which the prefix begins.

    Where it began the last time, as long as that is near enough: a prompt that begins as the one before it
    costs a tenth at the provider and no time on this machine. A new start is a line, or a definition (one of
    the ascending line numbers `definitions`) where that costs little, with room to type on before it moves.
    """
    line, column = site.position
    line_start = site.offset - column
    free = budget.prefix - min(column, budget.prefix)
    most = min(free, int(budget.prefix * (1 - _LINE_SHARE)))
    if line_start <= most:
        return 0
    if previous and previous.holds(site.document):
        distance = line_start - previous.offset
        if most * _LEAST_SHARE <= distance <= most:
            return previous.offset
    return _new_start(site, line, line_start, int(free * _START_SHARE), definitions)


def window(site: Site, budget: Budget, start: int) -> Window:
    """Cut the text around the cursor to the budget.

    The suffix begins at the next line, for the provider's cache as well, unless the rest of the cursor's line
    says something; and it is never empty: models do worse on an empty suffix.
    """
    _, column = site.position
    line_start = site.offset - column
    typed = site.document.slice(max(line_start, site.offset - budget.prefix), site.offset)
    rest = site.line_rest
    suffix_start = site.offset if _WORD.search(rest) else site.offset + len(rest)
    suffix_end = suffix_start + budget.suffix
    suffix = site.document.slice(suffix_start, suffix_end)
    return Window(
        prefix=line_feeds(site.document.slice(min(start, line_start), line_start)),
        typed=line_feeds(typed),
        suffix=line_feeds(suffix if suffix_end >= site.document.length else _whole_lines(suffix)) or "\n",
    )


def steady_suffix(suffix: str, previous: str | None) -> str:
    """The suffix that was sent before, where only blanks differ, or closing brackets on lines of their own,
    which editors add and take away: a model that reads the suffix first would have to read everything anew
    for such a line."""
    if previous is None or previous.partition("\n")[0].split() != suffix.partition("\n")[0].split():
        return suffix
    return previous if _gist(previous) == _gist(suffix) else suffix


def _gist(suffix: str) -> list[str]:
    words = (word for word in suffix.split() if word.strip(_CLOSERS))
    return list(islice(words, _WORDS_COMPARED))


def build_fim(view: Window, mode: Mode, max_tokens: int, cache_key: str = "") -> FimRequest:
    """The request for a window. What looks like a key is blanked out on the way."""
    prefix, typed, suffix = redact_window(view.prefix, view.typed, view.suffix)
    stops_at_line_end = mode == "single" and bool(view.typed.strip())
    return FimRequest(
        prefix=prefix,
        typed=typed,
        suffix=suffix,
        max_tokens=max_tokens,
        stop=("\n",) if stops_at_line_end else (),
        cache_key=cache_key,
    )


def fitted(request: FimRequest, budget: Budget) -> FimRequest:
    """The request for a model that may be sent less than the one it was built for. What is nearest to the
    hole stays; lines stay whole, and so do snippets, which have what the prefix leaves."""
    typed = request.typed[max(len(request.typed) - budget.prefix, 0) :]
    prefix = _last_lines(request.prefix, budget.prefix - len(typed))
    suffix = request.suffix
    if len(suffix) > budget.suffix:
        suffix = redact(_whole_lines(suffix[: budget.suffix]) or "\n")
    return replace(
        request,
        prefix=redact(prefix),
        typed=redact(typed),
        suffix=suffix,
        snippets=_last_snippets(request.snippets, budget.prefix - len(typed) - len(prefix)),
    )


def _last_lines(text: str, room: int) -> str:
    """The last whole lines that fit."""
    if len(text) <= room:
        return text
    start = text.find("\n", len(text) - room - 1) + 1
    return text[start:] if start else ""


def _last_snippets(snippets: Sequence[Snippet], room: int) -> tuple[Snippet, ...]:
    kept: list[Snippet] = []
    for snippet in reversed(snippets):
        room -= len(snippet.path) + len(snippet.text)
        if room < 0:
            break
        kept.insert(0, snippet)
    return tuple(kept)


def _new_start(site: Site, line: int, line_start: int, room: int, definitions: Sequence[int]) -> int:
    text = site.document.slice(line_start - room - 1, line_start)
    first_end = _LINE_END.search(text)
    if first_end is None:
        return line_start
    start = line_start - len(text) + first_end.end()
    first_line = line - len(_LINE_END.findall(text)) + 1
    index = bisect_left(definitions, first_line)
    if index < len(definitions) and definitions[index] < line:
        definition = site.document.line_start(definitions[index])
        if definition - start <= room * _SNAP_SHARE:
            return definition
    return start


def _whole_lines(text: str) -> str:
    """Without the last line, which is cut, unless it is the only one."""
    last = max(text.rfind("\n"), text.rfind("\r"))
    return text[: last + 1] if last > 0 else text
