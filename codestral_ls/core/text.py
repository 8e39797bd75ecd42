"""Documents as values: editing one makes a new one that shares nearly everything with the old.

The lines are kept in chunks, so that a keystroke copies one chunk (at most `CHUNK_LINES` lines) and the tuple
of chunks, whatever the size of the file, and a request may simply keep the document it was made for.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

CHUNK_LINES = 128

# LSP ends lines at \n, \r\n and \r only; str.splitlines also splits at form feeds, U+2028 and others.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+\Z")


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


@dataclass(frozen=True, slots=True)
class Chunk:
    """Some consecutive lines with their ends, and how many code points they hold."""

    lines: tuple[str, ...]
    length: int


@dataclass(frozen=True, slots=True)
class Document:
    """An open document at one version. Values never change: `apply_edits` makes a new one."""

    uri: str
    language: str
    version: int
    chunks: tuple[Chunk, ...]
    length: int = field(compare=False)
    line_count: int = field(compare=False)

    @classmethod
    def of(cls, uri: str, language: str, version: int, text: str) -> Document:
        """Make a document from its whole text."""
        return _of_chunks(uri, language, version, _chunked(split_lines(text)))

    @property
    def text(self) -> str:
        """The whole text. It costs time in proportion to the file: not for the completion path."""
        return "".join(line for chunk in self.chunks for line in chunk.lines)

    def line(self, index: int) -> str:
        """Line `index` with its end; the empty string for the line behind a final line end.

        Raises IndexError beyond that.
        """
        if not 0 <= index < self.line_count:
            raise IndexError(index)
        number, row, _ = self._chunk_of_line(index)
        if number == len(self.chunks):
            return ""
        return self.chunks[number].lines[row]

    def lines(self, start: int, end: int) -> Iterator[str]:
        """Lines `start` to `end` (exclusive), clamped to the document."""
        return (self.line(index) for index in range(max(0, start), min(end, self.line_count)))

    def offset_at(self, line: int, column: int) -> int:
        """The offset of a position. A column beyond the line stops before the line's end, a line beyond the
        document at the document's end."""
        if line < 0:
            return 0
        if line >= self.line_count:
            return self.length
        text = self.line(line)
        return self.line_start(line) + min(max(column, 0), len(without_end(text)))

    def line_start(self, line: int) -> int:
        """The offset at which line `line` begins."""
        number, row, before = self._chunk_of_line(line)
        if number == len(self.chunks):
            return self.length
        return before + sum(map(len, self.chunks[number].lines[:row]))

    def position_at(self, offset: int) -> tuple[int, int]:
        """Line and column of an offset, which is clamped to the document."""
        offset = min(max(offset, 0), self.length)
        first_line, before = 0, 0
        for chunk in self.chunks:
            if offset < before + chunk.length:
                for row, text in enumerate(chunk.lines):
                    if offset < before + len(text):
                        return first_line + row, offset - before
                    before += len(text)
            before += chunk.length
            first_line += len(chunk.lines)
        return self._end_position()

    def slice(self, start: int, end: int) -> str:
        """The text between two offsets, clamped to the document. It costs what it copies."""
        start, end = max(start, 0), min(end, self.length)
        parts: list[str] = []
        before = 0
        for chunk in self.chunks:
            if before >= end:
                break
            after = before + chunk.length
            if start < after:
                parts.append("".join(chunk.lines)[max(start - before, 0) : end - before])
            before = after
        return "".join(parts)

    def _chunk_of_line(self, index: int) -> tuple[int, int, int]:
        """Chunk number, row in it, and the offset at which the chunk begins."""
        before = 0
        for number, chunk in enumerate(self.chunks):
            if index < len(chunk.lines):
                return number, index, before
            index -= len(chunk.lines)
            before += chunk.length
        return len(self.chunks), index, before

    def _end_position(self) -> tuple[int, int]:
        last = self.line_count - 1
        return last, len(self.line(last))


def split_lines(text: str) -> list[str]:
    """Lines with their ends, as LSP counts them, without the empty one behind a final line end."""
    return _LINE.findall(text)


def without_end(line: str) -> str:
    """The line without its line end."""
    return line.rstrip("\r\n")


def apply_edits(document: Document, edits: Iterable[Edit], version: int) -> Document:
    """Apply edits one after the other, each to the result of the one before."""
    for edit in edits:
        document = _apply(document, edit)
    return replace(document, version=version)


def _apply(document: Document, edit: Edit) -> Document:
    """Split anew the chunks that the edit touches, from the character before it on: a lone carriage return
    there and a line feed at the head of the new text become one line end."""
    first, before = _chunk_at(document.chunks, max(edit.span.start - 1, 0))
    last, _ = _chunk_at(document.chunks, edit.span.end)
    touched = "".join(line for chunk in document.chunks[first : last + 1] for line in chunk.lines)
    text = touched[: edit.span.start - before] + edit.text + touched[edit.span.end - before :]
    chunks = document.chunks[:first] + _chunked(split_lines(text)) + document.chunks[last + 1 :]
    return _of_chunks(document.uri, document.language, document.version, chunks)


def _chunk_at(chunks: tuple[Chunk, ...], offset: int) -> tuple[int, int]:
    """Number and start of the chunk that holds the character at `offset`; the last one at the text's end."""
    before = 0
    for number, chunk in enumerate(chunks):
        if offset < before + chunk.length or number == len(chunks) - 1:
            return number, before
        before += chunk.length
    return 0, 0


def _chunked(lines: list[str]) -> tuple[Chunk, ...]:
    """Even pieces of at most `CHUNK_LINES` lines: uneven ones would shed a one-line chunk at every Enter."""
    pieces = -(-len(lines) // CHUNK_LINES)
    size = -(-len(lines) // pieces) if pieces else 1
    parts = (tuple(lines[start : start + size]) for start in range(0, len(lines), size))
    return tuple(Chunk(part, sum(map(len, part))) for part in parts)


def _of_chunks(uri: str, language: str, version: int, chunks: tuple[Chunk, ...]) -> Document:
    ends_open = not chunks or chunks[-1].lines[-1].endswith(("\n", "\r"))
    return Document(
        uri=uri,
        language=language,
        version=version,
        chunks=chunks,
        length=sum(chunk.length for chunk in chunks),
        line_count=sum(len(chunk.lines) for chunk in chunks) + ends_open,
    )
