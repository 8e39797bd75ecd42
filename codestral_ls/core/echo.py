"""What a reply repeats: itself, the lines around the cursor, or the rest of the cursor's line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codestral_ls.core.brackets import QUOTES, scan
from codestral_ls.core.scope import missing_closers

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from codestral_ls.core.hole import Around

_WORD = re.compile(r"\w")
_LETTERS = re.compile(r"[^\W\d_]{2}")
_ALPHANUMERIC = re.compile(r"[^\W_]")
_TOKEN = re.compile(r"\w+|[^\w\s]")
# A line that says so much that it is hardly written twice in a row: not `try:`, `/**` or `<div>`.
_TELLING = re.compile(r"\w.{6,}[^\s{(\[:,>]$")

# A line is compared with the next one letter by letter if it is longer than this, in characters.
_LONG = 12
_LIKE = 0.05
_LONGEST_PERIOD = 3
_LONGEST_LINE = 2000
_LONGEST_OVERLAP = 200


def collapse_repeated_lines(text: str, around: Around) -> str:
    """P10: lines that come three times in a row, alone or in twos or threes, stay once and end the text."""
    lines = text.split("\n")
    return "\n".join(lines[: repetition_end(lines, around)])


def repetition_end(lines: Sequence[str], around: Around) -> int | None:
    """Number of the line with which the first repetition sets in; None without one."""
    if len(lines) < 3:
        return None
    full = [_full(line, number, around) for number, line in enumerate(lines)]
    for end in range(3, len(lines) + 1):
        for period in range(1, min(end // 3, _LONGEST_PERIOD) + 1):
            last, middle, first = (full[end - times * period :][:period] for times in (1, 2, 3))
            if first == middle == last and any(map(_WORD.search, first)):
                return end - 2 * period
    return None


def stutters(line: str, times: int = 6) -> bool:
    """True where a line ends with a phrase over and over: `times` times, a longer one two thirds as often.

    A phrase without two letters together may be data, or a ruler.
    """
    line = line[-_LONGEST_LINE:]
    long = times * 2 // 3
    phrases = (line[-period:] for period in range(3, len(line) // long + 1))
    return any(
        line.endswith(phrase * (long if len(phrase) >= 10 else times)) and _LETTERS.search(phrase) is not None
        for phrase in phrases
    )


def repeats_below(lines: Sequence[str], around: Around) -> bool:
    """True where the first visible line, and what it says is telling, is the next one of the document."""
    first = next((number for number, line in enumerate(lines) if line.strip()), None)
    below = _next_lines(around)
    if first is None or not below:
        return False
    line = _full(lines[first], first, around)
    return bool(_TELLING.match(line.lstrip())) and _same(line, below[0], around)


def drop_line_below(text: str, around: Around) -> str:
    """P8c: nothing of a reply that begins with the next line, is the next lines, or nearly the next line."""
    lines = [_full(line, number, around) for number, line in enumerate(text.split("\n"))]
    visible, below = [line for line in lines if line.strip()], _next_lines(around)
    if not visible or not below:
        return text
    if repeats_below(text.split("\n"), around) or _all_same(visible, below, around):
        return ""
    return "" if len(visible) == 1 and _nearly_below(visible[0].strip(), below, around) else text


def drop_line_above(text: str, around: Around) -> str:
    """P11: nothing of a reply that is exactly the lines above. Rows that merely look alike are fine."""
    visible = [line.strip() for line in text.split("\n") if line.strip()]
    above = [line.strip() for line in around.above[-len(visible) :]] if visible else []
    on_own_line = around.starts_line or text.startswith("\n")
    return "" if on_own_line and visible == above and max(map(len, visible), default=0) > 4 else text


def cut_lines_that_follow(text: str, around: Around) -> str:
    """P8b: the last lines are the next ones of the document, or the rest of the cursor's line and those."""
    lines = text.split("\n")
    numbers = [number for number, line in enumerate(lines) if line.strip()]
    for size in range(min(len(numbers), len(around.following)), 0, -1):
        tail = [_full(lines[number], number, around) for number in numbers[-size:]]
        kept = "\n".join(lines[: numbers[-size]])
        if _all_same(tail, around.following, around) and kept.rstrip().endswith(around.rest):
            torn = not _WORD.search(around.rest + "".join(tail)) and _tears(_pairs(text, around), len(kept))
            return text if torn else kept
    return text


def cut_rest_of_line(text: str, around: Around) -> str:
    """P8a: a single line ends with what stands right of the cursor. Text of several lines keeps it, and
    `replaced_rest` says so."""
    overlap = 0 if "\n" in text else _overlap(text, around)
    return text.rstrip()[:-overlap] if overlap else text


def replaced_rest(text: str, around: Around) -> int:
    """P8a: how many characters right of the cursor the text already contains."""
    rest = around.rest
    if not rest or not text:
        return 0
    if "\n" in text and (overlap := _overlap(text, around)):
        return overlap
    ours, theirs = _closers(text, around), _closers(rest, around)
    kinds = [kind for kind, _ in ours]
    if not ours:
        return len(rest) if not theirs and text.startswith(rest) and _WORD.search(rest) else 0
    if kinds == [kind for kind, _ in theirs] and _is_within(rest, text):
        return len(rest)
    if kinds != [kind for kind, _ in theirs[: len(ours)]]:
        return 0
    end = theirs[len(ours) - 1][1] + 1
    return end if _is_within(rest[:end], text) else 0


def _overlap(text: str, around: Around) -> int:
    """Length of the longest end of the text that is the rest of the line, or a beginning of it without
    letters and digits."""
    rest, text = around.rest, text.rstrip()
    word = _ALPHANUMERIC.search(rest)
    partial = range(min(word.start() if word else len(rest), _LONGEST_OVERLAP), 0, -1)
    lengths = [size for size in (len(rest), *partial) if rest[:size].strip() and text.endswith(rest[:size])]
    if not lengths:
        return 0
    pairs = _pairs(text, around)
    torn = [size for size in lengths if _tears(pairs, len(text) - size)]
    return next((size for size in lengths if size not in torn or not _is_needed(rest[:size], around)), 0)


def _pairs(text: str, around: Around) -> tuple[tuple[int, int], ...]:
    """Brackets that the text opens and closes; the cursor being in a string, also those in it."""
    if around.opened in QUOTES:
        return scan(text, "plaintext").pairs
    return scan(text, around.hole.language, around.opened).pairs


def _tears(pairs: Iterable[tuple[int, int]], cut: int) -> bool:
    """True where a cut would part a bracket from the one that closes it."""
    return any(opener < cut <= closer for opener, closer in pairs)


def _is_needed(rest: str, around: Around) -> bool:
    """True where the brackets right of the cursor close what is open left of it."""
    if around.opened in QUOTES:
        return not _WORD.search(rest)
    closers = [kind for kind, _ in _closers(rest, around)]
    openers = [opener.kind for opener in missing_closers(around, len(around.rest))]
    return bool(closers) and openers[::-1][: len(closers)] == closers


def _closers(text: str, around: Around) -> list[tuple[str, int]]:
    """(kind, offset) of the quote and the brackets that close what is open at the cursor."""
    quote = around.opened if around.opened in QUOTES else ""
    found = scan(text, around.hole.language, around.opened).closers
    closers = [(closer.kind, closer.offset) for closer in found]
    end = re.search(rf"(?<!\\){quote}", text) if quote else None
    return [(quote, end.start()), *closers] if end else closers


def _is_within(rest: str, text: str) -> bool:
    """True where the words and signs of `rest` come in `text`, in order."""
    tokens = iter(_TOKEN.findall(text))
    return all(token in tokens for token in _TOKEN.findall(rest))


def _next_lines(around: Around) -> tuple[str, ...]:
    """The lines that come next: the cursor's own, where it stands in the indentation; none in a line."""
    if around.rest:
        return (around.head + around.rest.lstrip(), *around.following) if around.starts_line else ()
    return around.following


def _full(line: str, number: int, around: Around) -> str:
    return (around.head + line if number == 0 else line).rstrip()


def _same(line: str, other: str, around: Around) -> bool:
    return line.strip() == other.strip() and around.width(line) == around.width(other)


def _all_same(lines: Sequence[str], following: Sequence[str], around: Around) -> bool:
    return len(lines) <= len(following) and all(
        _same(line, other, around) for line, other in zip(lines, following, strict=False)
    )


def _nearly_below(line: str, following: Sequence[str], around: Around) -> bool:
    """True for a long line that differs from the next one in one place, unless the lines there all look
    alike, as the rows of a table do."""
    below = following[0].strip()
    if len(line) <= _LONG or not _are_close(line, below, _LIKE):
        return False
    neighbours = [other.strip() for other in (*around.above[-1:], *following[1:2])]
    return not any(_are_close(other, below, 0.4) for other in neighbours)


def _are_close(one: str, other: str, share: float) -> bool:
    """True where the texts differ in one place only, by one character or the given share of them."""
    longest = max(len(one), len(other))
    head = _common(one, other)
    tail = _common(one[head:][::-1], other[head:][::-1])
    return longest - head - tail <= max(1, longest * share)


def _common(one: str, other: str) -> int:
    """Length of the common beginning."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))
