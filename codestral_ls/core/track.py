"""Where a piece of text is after the edits of its document."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from codestral_ls.core.text import Edit, Span, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from codestral_ls.core.text import Document

# Comparing takes time in proportion to the product of both counts.
MAX_PARTS = 2000
_WORD = re.compile(r"\w+|\W")


@dataclass(frozen=True, slots=True)
class Change:
    """An edit, and the document before and after it."""

    before: Document
    edit: Edit
    after: Document


def moved(span: Span, edit: Edit) -> Span:
    """Where a piece of text is after an edit. What is written inside of it, or in place of a part of it,
    belongs to it; what is written at its borders, or in place of more than it, does not."""
    start, end = edit.span.start, edit.span.end
    if span.end <= start:
        return span
    shift = len(edit.text) - (end - start)
    if end <= span.start:
        return Span(span.start + shift, span.end + shift)
    if span.start <= start:
        return Span(span.start, span.end + shift if end <= span.end else start)
    return Span(end + shift, max(span.end, end) + shift)


def minimal(edit: Edit, before: Document) -> Edit:
    """The same edit without what it replaces by itself: at its start first, then at its end."""
    start, end = edit.span.start, edit.span.end
    if start == end:
        return edit
    return _stripped(edit, before.slice(start, end))


def pieces(edit: Edit, before: Document) -> list[Edit]:
    """The same edit as several small ones, by lines and words, the last in the text first, so that all spans
    are those of the document before. Many an editor sends a formatter's work as one edit, around what stays.
    """
    edit = minimal(edit, before)
    old = before.slice(edit.span.start, edit.span.end)
    return list(_refined(edit, old, (split_lines, _WORD.findall)))[::-1]


def agreement(one: str, other: str) -> int:
    """The number of characters that two texts have in common at their start."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def _refined(edit: Edit, old: str, splits: tuple[Callable[[str], list[str]], ...]) -> Iterator[Edit]:
    """Edits of what differs between the parts of both texts, and of the parts' own parts."""
    if not (splits and old and edit.text):
        yield edit
        return
    before, after = splits[0](old), splits[0](edit.text)
    if len(before) + len(after) > MAX_PARTS:
        yield edit
        return
    from rapidfuzz.distance import Indel

    olds, news = _starts(before), _starts(after)
    one = other = 0
    for same in Indel.editops(before, after).as_matching_blocks():
        if (one, other) != (same.a, same.b):
            first, last = olds[one], olds[same.a]
            span = Span(edit.span.start + first, edit.span.start + last)
            change = Edit(span, edit.text[news[other] : news[same.b]])
            yield from _refined(change, old[first:last], splits[1:])
        one, other = same.a + same.size, same.b + same.size


def _starts(parts: list[str]) -> tuple[int, ...]:
    return tuple(accumulate(map(len, parts), initial=0))


def _stripped(edit: Edit, old: str) -> Edit:
    new = edit.text
    head = agreement(old, new)
    tail = agreement(old[head:][::-1], new[head:][::-1])
    span = Span(edit.span.start + head, edit.span.end - tail)
    return Edit(span, new[head : len(new) - tail])
