"""From a place in a document to a request: the window that is sent, and how much the model may answer."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from codestral_ls.core.model import FimRequest
from codestral_ls.core.privacy import redact

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codestral_ls.core.text import Document

Mode = Literal["single", "multi"]
Trigger = Literal["invoked", "automatic"]

_LINE_END = re.compile(r"\r\n?|\n")
_WORD = re.compile(r"\w")

# Shorter prompts say more about the markers in them than about the text.
_COUNTABLE_TOKENS = 64

# A definition may cost at most this share of the prefix budget to be the place where the window begins.
_SNAP_SHARE = 0.4


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


def window(site: Site, budget: Budget, definitions: Sequence[int] = ()) -> Window:
    """Cut the text around the cursor to the budget.

    The prefix begins at a line, and at a definition (one of the ascending line numbers `definitions`) where
    that costs little: such a window makes more sense to a model, and stays the same while one types below it,
    so that the provider's prompt cache holds. The suffix begins at the next line for the same reason, unless
    the rest of the cursor's line says something, and is never empty: models do worse on an empty suffix.
    """
    line, column = site.position
    line_start = site.offset - column
    typed = site.document.slice(max(line_start, site.offset - budget.prefix), site.offset)
    start = _prefix_start(site, line, line_start, budget.prefix - len(typed), definitions)
    rest = site.line_rest
    suffix_start = site.offset if _WORD.search(rest) else site.offset + len(rest)
    suffix_end = suffix_start + budget.suffix
    suffix = site.document.slice(suffix_start, suffix_end)
    return Window(
        prefix=_line_feeds(site.document.slice(start, line_start)),
        typed=_line_feeds(typed),
        suffix=_line_feeds(suffix if suffix_end >= site.document.length else _whole_lines(suffix)) or "\n",
    )


def build_fim(view: Window, mode: Mode, max_tokens: int) -> FimRequest:
    """The request for a window. What looks like a key is blanked out on the way."""
    stops_at_line_end = mode == "single" and bool(view.typed.strip())
    return FimRequest(
        prefix=redact(view.prefix),
        typed=redact(view.typed),
        suffix=redact(view.suffix),
        max_tokens=max_tokens,
        stop=("\n",) if stops_at_line_end else (),
    )


def _prefix_start(site: Site, line: int, line_start: int, room: int, definitions: Sequence[int]) -> int:
    if line_start <= room:
        return 0
    text = site.document.slice(line_start - max(room, 0) - 1, line_start)
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


def _line_feeds(text: str) -> str:
    return _LINE_END.sub("\n", text) if "\r" in text else text
