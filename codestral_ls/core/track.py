"""Where a piece of text is after the edits of its document."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from codestral_ls.core.text import Edit, Span, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codestral_ls.core.text import Document

# Comparing lines takes time in proportion to the product of both counts: 3 ms at this many.
MAX_LINES = 2000


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
    """The same edit as several small ones, line by line, the last in the text first, so that all spans are
    those of the document before. Many an editor sends a formatter's work as one edit, around lines that stay.
    """
    edit = minimal(edit, before)
    old, new = split_lines(before.slice(edit.span.start, edit.span.end)), split_lines(edit.text)
    if min(len(old), len(new)) < 2 or len(old) + len(new) > MAX_LINES:
        return [edit]
    return list(_line_edits(edit.span.start, old, new))[::-1]


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


def _line_edits(start: int, old: list[str], new: list[str]) -> Iterator[Edit]:
    from rapidfuzz.distance import Levenshtein

    starts = tuple(accumulate(map(len, old), initial=start))
    for step in Levenshtein.opcodes(old, new):
        first, last, lines = step.src_start, step.src_end, new[step.dest_start : step.dest_end]
        if step.tag == "replace":
            for number, line in enumerate(lines, first):
                yield _stripped(Edit(Span(starts[number], starts[number + 1]), line), old[number])
        elif step.tag != "equal":
            yield Edit(Span(starts[first], starts[last]), "".join(lines))


def _stripped(edit: Edit, old: str) -> Edit:
    new = edit.text
    head = agreement(old, new)
    tail = agreement(old[head:][::-1], new[head:][::-1])
    span = Span(edit.span.start + head, edit.span.end - tail)
    return Edit(span, new[head : len(new) - tail])
