"""FILE:LINE:COLUMN, as compilers print places: both numbers begin at 1 and count characters."""

from __future__ import annotations

import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from codestral_ls.cli.failure import Failure

if TYPE_CHECKING:
    from codestral_ls.core.prompt import Site

_PLACE = re.compile(r"(?P<file>.+?):(?P<line>\d{1,9}):(?P<column>\d{1,9})", re.DOTALL)

_MOST_BYTES = 4 * 65_536 * 1024
"""The largest `completion.max_file_kb`, each character in four bytes."""


def site_of(place: str) -> tuple[Path, Site]:
    """Read the file of a place. Raises `Failure` with what is wrong."""
    from codestral_ls.core.languages import language_of
    from codestral_ls.core.prompt import Site
    from codestral_ls.core.text import Document, without_end

    found = _PLACE.fullmatch(place)
    if not found:
        raise Failure(f"{place!r} is no place in a file: write FILE:LINE:COLUMN, for example cart.py:14:9.")
    path = Path(found["file"])
    text = _read(path)
    line, column = int(found["line"]) - 1, int(found["column"]) - 1
    document = Document.of(path.resolve().as_uri(), language_of(path.name), 0, text)
    if not 0 <= line < document.line_count:
        raise Failure(f"{path} has {document.line_count} lines, so there is no line {line + 1} to complete.")
    width = len(without_end(document.line(line)))
    if not 0 <= column <= width:
        raise Failure(f"Line {line + 1} of {path} ends at column {width + 1}, before column {column + 1}.")
    return path.resolve(), Site(document, document.offset_at(line, column))


def _read(path: Path) -> str:
    try:
        found = path.stat()
        # A device or a pipe may have no end.
        if not stat.S_ISREG(found.st_mode):
            raise Failure(f"{path} is not a regular file.")
        if found.st_size > _MOST_BYTES:
            raise Failure(f"{path} is larger than any file that can be completed.")
        data = path.read_bytes()
    except OSError as error:
        raise Failure(f"{path} cannot be read: {error.strerror}.") from None
    if b"\0" in data:
        raise Failure(f"{path} is not a text file: it holds NUL bytes.")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Failure(f"{path} is not UTF-8 text: byte {error.start + 1} does not belong there.") from None
