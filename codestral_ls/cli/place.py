"""FILE:LINE:COLUMN, as compilers print places: both numbers begin at 1 and count characters."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codestral_ls.cli.failure import Failure

if TYPE_CHECKING:
    from codestral_ls.core.prompt import Site
    from codestral_ls.core.text import Document, Span

_PLACE = re.compile(r"(?P<file>.+?)(?::(?P<line>\d{1,9}))?(?::(?P<column>\d{1,9}))?", re.DOTALL)

_MOST_BYTES = 4 * 65_536 * 1024
"""The largest `completion.max_file_kb`, each character in four bytes."""


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file; without `column` the line's end, without `line` the file's."""

    path: Path
    line: int | None = None
    column: int | None = None

    @classmethod
    def of(cls, text: str) -> Place:
        """What FILE, FILE:LINE or FILE:LINE:COLUMN means. A link is not followed."""
        found = _PLACE.fullmatch(text)
        if not found:
            raise Failure("A place is written FILE:LINE:COLUMN, for example cart.py:14:9.")
        line, column = found["line"], found["column"]
        return cls(Path(found["file"]), int(line) if line else None, int(column) if column else None)

    @property
    def whole(self) -> Path:
        """The path from the root of the disk."""
        return Path(os.path.abspath(self.path))

    @property
    def roots(self) -> list[Path]:
        """Where a workspace's settings may stand: here, if the file is below, and in its folder."""
        here, folder = Path.cwd(), self.whole.parent
        return [here, folder] if folder.is_relative_to(here) else [folder]


def site_of(place: Place) -> Site:
    """Read the file of a place. Raises `Failure` with what is wrong."""
    from codestral_ls.core.languages import language_of
    from codestral_ls.core.prompt import Site
    from codestral_ls.core.text import Document, without_end

    path = place.path
    document = Document.of(place.whole.as_uri(), language_of(path.name), 0, read_text(path))
    line = document.line_count if place.line is None else place.line
    if not 0 < line <= document.line_count:
        raise Failure(f"{path} has {document.line_count} lines, so there is no line {line} to complete.")
    width = len(without_end(document.line(line - 1)))
    column = width + 1 if place.column is None else place.column
    if not 0 < column <= width + 1:
        raise Failure(f"Line {line} of {path} ends at column {width + 1}, before column {column}.")
    return Site(document, document.offset_at(line - 1, column - 1))


def range_of(document: Document, span: Span) -> dict[str, dict[str, int]]:
    """Where a span begins and ends, counted like the commands' arguments."""
    places = {"start": document.position_at(span.start), "end": document.position_at(span.end)}
    return {name: {"line": line + 1, "column": column + 1} for name, (line, column) in places.items()}


def read_text(path: Path) -> str:
    """Raises `Failure` for what is no text that a person has written."""
    try:
        found = path.stat()
        # A device or a pipe may have no end.
        if not stat.S_ISREG(found.st_mode):
            raise Failure(f"{path} is not a regular file.")
        if found.st_size > _MOST_BYTES:
            raise Failure(f"{path} is larger than any file that is read.")
        data = path.read_bytes()
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}.") from None
    if b"\0" in data:
        raise Failure(f"{path} is not a text file: it holds NUL bytes.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Failure(f"{path} is not UTF-8 text: byte {error.start + 1} does not belong there.") from None
