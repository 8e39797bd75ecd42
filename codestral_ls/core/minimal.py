"""The smallest edits from an old text to a new one, so that what did not change stays byte for byte.

Whole lines are compared first, then the words within lines that resemble each other. Both comparisons look
for the longest common subsequence bit by bit, which costs a few milliseconds for 5000 lines against 5000;
what would need more than `MOST_CELLS` comparisons is replaced in one piece.
"""

from __future__ import annotations

import re
from itertools import accumulate, chain
from typing import TYPE_CHECKING

from rapidfuzz import fuzz
from rapidfuzz.distance import LCSseq

from codestral_ls.core.hole import leading
from codestral_ls.core.text import Edit, Span, line_feeds, split_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

Change = tuple[int, int, int, int]
"""Items `first:last` of the old sequence become items `first:last` of the new one."""

MOST_CELLS = 100_000_000
_MOST_PAIRS = 10_000

# Lines less alike than this have nothing to do with each other: their common words are chance.
_ALIKE = 60

_LAST_END = re.compile(r"(?:\r\n|\r|\n)\Z")
_TOKEN = re.compile(r"\r\n|\r|\n|[ \t]+|\w+|.", re.DOTALL)


def smallest_edits(old: str, new: str, eol: str = "\n", at: int = 0) -> tuple[Edit, ...]:
    """Sorted edits that do not touch each other and turn `old`, which begins at offset `at`, into `new`.

    Lines that stay keep their ends, whatever they are; new lines end in `eol`. No edit parts a `\\r\\n`.
    """
    before, after = split_lines(old), split_lines(line_feeds(new))
    starts = list(accumulate(map(len, before), initial=0))
    edits: list[Edit] = []
    for first, last, fresh, end in _changes([line_feeds(line) for line in before], after):
        edits += _block_edits(before[first:last], after[fresh:end], starts[first])
    found = [Edit(edit.span, edit.text.replace("\n", eol)) for edit in _joined(edits, old)]
    if line_feeds(apply_to(old, found)) != line_feeds(new):
        # Lone carriage returns among other line ends: two ends became neighbours, and one.
        found = [Edit(Span(0, len(old)), line_feeds(new).replace("\n", eol))]
    return tuple(Edit(Span(edit.span.start + at, edit.span.end + at), edit.text) for edit in found)


def apply_to(text: str, edits: Iterable[Edit]) -> str:
    """The text after sorted edits, all of which mean offsets of the text as it is."""
    pieces, at = [], 0
    for edit in edits:
        pieces += [text[at : edit.span.start], edit.text]
        at = edit.span.end
    return "".join([*pieces, text[at:]])


def _changes(old: Sequence[str], new: Sequence[str]) -> list[Change]:
    """What differs, in order, between what both have in common."""
    head = next(
        (i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new))
    )
    rest = min(len(old), len(new)) - head
    pairs = zip(reversed(old), reversed(new), strict=False)
    tail = min(next((i for i, (a, b) in enumerate(pairs) if a != b), rest), rest)
    left, right = old[head : len(old) - tail], new[head : len(new) - tail]
    if not left and not right:
        return []
    if len(left) * len(right) > MOST_CELLS:
        return [(head, head + len(left), head, head + len(right))]
    return _joined_changes(
        (head + code.src_start, head + code.src_end, head + code.dest_start, head + code.dest_end)
        for code in LCSseq.opcodes(*_numbered(left, right))
        if code.tag != "equal"
    )


def _common(old: Sequence[str], new: Sequence[str]) -> int:
    """How many items both begin with."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((at for at, (left, right) in pairs if left != right), min(len(old), len(new)))


def _numbered(left: Sequence[str], right: Sequence[str]) -> tuple[list[int], list[int]]:
    numbers: dict[str, int] = {}
    first, second = ([numbers.setdefault(item, len(numbers)) for item in items] for items in (left, right))
    return first, second


def _joined_changes(changes: Iterable[Change]) -> list[Change]:
    """A deletion and the insertion behind it are one change."""
    joined: list[Change] = []
    for change in changes:
        if joined and joined[-1][1] == change[0] and joined[-1][3] == change[2]:
            change = (joined[-1][0], change[1], joined.pop()[2], change[3])
        joined.append(change)
    return joined


def _block_edits(old: Sequence[str], new: Sequence[str], at: int) -> Iterator[Edit]:
    """Edits for lines of which none is the same: within those alike, and of whole lines between them."""
    starts = list(accumulate(map(len, old), initial=at))
    left = right = 0
    for row, fresh in chain(_pairs(old, new), [(len(old), len(new))]):
        if row > left or fresh > right:
            yield _lines_edit("".join(old[left:row]), "".join(new[right:fresh]), starts[left])
        if row < len(old):
            yield from _word_edits(old[row], new[fresh], starts[row])
        left, right = row + 1, fresh + 1


def _lines_edit(old: str, new: str, at: int) -> Edit:
    """Replace lines, but for the last one's end and the first one's indentation, where they stay."""
    end = _LAST_END.search(old) if new.endswith("\n") else None
    behind = len(end[0]) if end else 0
    ahead = _common(leading(old), leading(new))
    return Edit(Span(at + ahead, at + len(old) - behind), new[ahead : len(new) - (behind > 0)])


def _pairs(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int]]:
    """Lines that became one another, in order."""
    if len(old) == len(new):
        yield from ((row, row) for row in range(len(old)) if _alike(old[row], new[row]))
    elif len(old) * len(new) <= _MOST_PAIRS:
        row = 0
        for fresh, line in enumerate(new):
            found = next((n for n in range(row, len(old)) if _alike(old[n], line)), None)
            if found is not None:
                yield found, fresh
                row = found + 1


def _alike(old: str, new: str) -> bool:
    return fuzz.ratio(old.strip(), new.strip(), score_cutoff=_ALIKE) > 0


def _word_edits(old: str, new: str, at: int) -> Iterator[Edit]:
    before, after = _TOKEN.findall(old), _TOKEN.findall(new)
    starts = list(accumulate(map(len, before), initial=at))
    for first, last, fresh, end in _changes([line_feeds(token) for token in before], after):
        yield Edit(Span(starts[first], starts[last]), "".join(after[fresh:end]))


def _joined(edits: Iterable[Edit], old: str) -> list[Edit]:
    """Edits that touch, or have only blanks of a line between them, are one."""
    joined: list[Edit] = []
    for edit in edits:
        if joined and not (gap := old[joined[-1].span.end : edit.span.start]).strip(" \t"):
            last = joined.pop()
            edit = Edit(Span(last.span.start, edit.span.end), last.text + gap + edit.text)
        joined.append(edit)
    return joined
