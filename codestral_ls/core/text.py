"""Documents as values: editing one makes a new one that shares nearly everything with the old.

The lines are kept in chunks of at most `CHUNK_LINES`, with the offset and the line number at which each chunk
begins. A keystroke copies one chunk and shifts those numbers, whatever the size of the file; a request simply
keeps the document it was made for. Offsets and columns count code points.
"""

from __future__ import annotations

import io
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from itertools import accumulate, chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

CHUNK_LINES = 128

Chunk = tuple[str, ...]
"""Some consecutive lines, with their ends; never empty."""


@dataclass(frozen=True, slots=True)
class Span:
    """A half-open range of offsets."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace the text of `span` by `text`."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Document:
    """An open document at one version. Values never change: `apply_edits` makes a new one.

    `offsets` and `rows` tell where each chunk begins, and after the last one where the text ends.
    """

    uri: str
    language: str
    version: int
    chunks: tuple[Chunk, ...]
    offsets: tuple[int, ...]
    rows: tuple[int, ...]

    @classmethod
    def of(cls, uri: str, language: str, version: int, text: str) -> Document:
        """Make a document from its whole text."""
        chunks = _chunked(split_lines(text))
        return cls(uri, language, version, chunks, _starts(map(_length, chunks)), _starts(map(len, chunks)))

    @property
    def text(self) -> str:
        """The whole text. It costs time in proportion to the file: not for the completion path."""
        return "".join(chain.from_iterable(self.chunks))

    @property
    def length(self) -> int:
        return self.offsets[-1]

    @property
    def line_count(self) -> int:
        """Lines as LSP counts them: behind a final line end there is one more, empty line."""
        return self.rows[-1] + self._ends_open

    def line(self, index: int) -> str:
        """Line `index` with its end; the empty string for the line behind a final line end.

        Raises IndexError beyond that.
        """
        if not 0 <= index < self.line_count:
            raise IndexError(index)
        if index == self.rows[-1]:
            return ""
        number = bisect_right(self.rows, index) - 1
        return self.chunks[number][index - self.rows[number]]

    def lines(self, start: int, end: int) -> list[str]:
        """Lines `start` to `end` (exclusive) with their ends, clamped to the document."""
        start, end = max(start, 0), min(end, self.line_count)
        if start >= end:
            return []
        first, last = bisect_right(self.rows, start) - 1, bisect_left(self.rows, end)
        before = self.rows[first]
        found = list(chain.from_iterable(self.chunks[first:last]))[start - before : end - before]
        return [*found, ""] if end > self.rows[-1] else found

    def offset_at(self, line: int, column: int) -> int:
        """The offset of a position. A column beyond the line stops before the line's end, a line beyond the
        document at the document's end."""
        if line < 0:
            return 0
        if line >= self.line_count:
            return self.length
        return self.line_start(line) + min(max(column, 0), len(without_end(self.line(line))))

    def line_start(self, line: int) -> int:
        """The offset at which line `line` begins, clamped to the document."""
        if line >= self.rows[-1]:
            return self.length
        number = bisect_right(self.rows, max(line, 0)) - 1
        return self.offsets[number] + _length(self.chunks[number][: max(line, 0) - self.rows[number]])

    def position_at(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, which is clamped to the document."""
        offset = max(offset, 0)
        if offset >= self.length:
            last = self.line_count - 1
            return last, len(self.line(last))
        number = bisect_right(self.offsets, offset) - 1
        starts = _starts(map(len, self.chunks[number]), self.offsets[number])
        row = bisect_right(starts, offset) - 1
        return self.rows[number] + row, offset - starts[row]

    def slice(self, start: int, end: int) -> str:
        """The text between two offsets, clamped to the document. It costs what it copies."""
        start, end = max(start, 0), min(end, self.length)
        if start >= end:
            return ""
        first, last = bisect_right(self.offsets, start) - 1, bisect_left(self.offsets, end)
        before = self.offsets[first]
        return "".join(chain.from_iterable(self.chunks[first:last]))[start - before : end - before]

    def __eq__(self, other: object) -> bool:
        """Equal text at the same version, however it is divided into chunks."""
        if not isinstance(other, Document):
            return NotImplemented
        return self._key == other._key and self.text == other.text

    def __hash__(self) -> int:
        return hash(self._key)

    def __repr__(self) -> str:
        """Without the text: source code must not get into logs."""
        return f"Document({self.uri!r}, {self.language!r}, {self.version}, {self.line_count} lines)"

    @property
    def _key(self) -> tuple[str, str, int, int]:
        return self.uri, self.language, self.version, self.length

    @property
    def _ends_open(self) -> bool:
        return not self.chunks or self.chunks[-1][-1].endswith(("\n", "\r"))


def split_lines(text: str) -> list[str]:
    r"""Lines with their ends, as LSP counts them (`\n`, `\r\n`, `\r`), without the empty one behind a final
    line end. `str.splitlines` would also split at form feeds, U+2028 and others."""
    return list(io.StringIO(text, newline=""))


def line_feeds(text: str) -> str:
    r"""The text with `\n` for every `\r\n` and `\r`."""
    return text.replace("\r\n", "\n").replace("\r", "\n")


def without_end(line: str) -> str:
    """The line without its line end."""
    return line.rstrip("\r\n")


def apply_edits(document: Document, edits: Iterable[Edit], version: int) -> Document:
    """Apply edits one after the other, each to the result of the one before. Spans must lie in the text."""
    for edit in edits:
        document = _apply(document, edit)
    return replace(document, version=version)


def _apply(document: Document, edit: Edit) -> Document:
    first, last = _touched(document, edit.span)
    before = document.offsets[first]
    old = "".join(chain.from_iterable(document.chunks[first:last]))
    lines = split_lines(old[: edit.span.start - before] + edit.text + old[edit.span.end - before :])
    chunks = _chunked(lines)
    return replace(
        document,
        chunks=document.chunks[:first] + chunks + document.chunks[last:],
        offsets=_spliced(document.offsets, first, last, map(_length, chunks)),
        rows=_spliced(document.rows, first, last, map(len, chunks)),
    )


def _touched(document: Document, span: Span) -> tuple[int, int]:
    """The chunks to make anew (first, behind the last) from the character before the edit on: a lone carriage
    return there and a line feed at the head of the new text become one line end. A small neighbour is taken
    in, so that long editing does not leave ever more, ever smaller chunks."""
    rows, count = document.rows, len(document.chunks)
    first = bisect_right(document.offsets, max(span.start - 1, 0)) - 1
    last = min(bisect_right(document.offsets, span.end), count)
    if last < count and rows[last + 1] - rows[first] <= CHUNK_LINES:
        return first, last + 1
    if first > 0 and rows[last] - rows[first - 1] <= CHUNK_LINES:
        return first - 1, last
    return first, last


def _chunked(lines: list[str]) -> tuple[Chunk, ...]:
    """Even pieces of at most `CHUNK_LINES` lines: uneven ones would shed a one-line chunk at every Enter."""
    pieces = -(-len(lines) // CHUNK_LINES)
    size = -(-len(lines) // pieces) if pieces else 1
    return tuple(tuple(lines[start : start + size]) for start in range(0, len(lines), size))


def _length(lines: Iterable[str]) -> int:
    return sum(map(len, lines))


def _starts(sizes: Iterable[int], first: int = 0) -> tuple[int, ...]:
    return tuple(accumulate(sizes, initial=first))


def _spliced(starts: tuple[int, ...], first: int, last: int, sizes: Iterable[int]) -> tuple[int, ...]:
    """Starts after the chunks `first` to `last` were replaced by others of these sizes."""
    fresh = _starts(sizes, starts[first])
    shift = fresh[-1] - starts[last]
    return (*starts[:first], *fresh, *[start + shift for start in starts[last + 1 :]])
