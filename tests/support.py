"""The language of our fixtures: a text with the cursor in it, perhaps a selection, perhaps several files.

def total(items):
    return █             the cursor
    return ⟦items⟧       a selection
//- shop/cart.py         a line that begins another file
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from codestral_ls.core.text import Span

CURSOR = "█"

_MARK = re.compile(f"[{CURSOR}⟦⟧]")
_FILE = re.compile(r"^//- (\S+)[ \t]*\n", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Marked:
    """A text without its marks. The cursor of a selection is at its end, unless it is marked itself."""

    text: str
    offset: int | None = None
    selection: Span | None = None

    @property
    def cursor(self) -> int:
        """The offset of the cursor, where there must be one."""
        assert self.offset is not None, f"no {CURSOR} in {self.text!r}"
        return self.offset

    @property
    def before(self) -> str:
        return self.text[: self.cursor]

    @property
    def after(self) -> str:
        return self.text[self.cursor :]


def parse_marked(marked: str) -> Marked:
    """Take the marks out of a text. Raises `ValueError` where one comes twice or a selection stays open."""
    text = _MARK.sub("", marked)
    offsets: dict[str, int] = {}
    for number, found in enumerate(_MARK.finditer(marked)):
        if found[0] in offsets:
            raise ValueError(f"{found[0]} stands twice in {marked!r}")
        offsets[found[0]] = found.start() - number
    start, end = offsets.get("⟦"), offsets.get("⟧")
    if start is None and end is None:
        return Marked(text, offsets.get(CURSOR))
    if start is None or end is None or end < start:
        raise ValueError(f"⟦ and ⟧ do not match in {marked!r}")
    return Marked(text, offsets.get(CURSOR, end), Span(start, end))


def parse_files(marked: str) -> dict[str, Marked]:
    """Divide a fixture at its `//- path` lines. Raises `ValueError` for text before the first one."""
    head, *parts = _FILE.split(marked)
    if head.strip():
        raise ValueError(f"text before the first file: {head!r}")
    return {path: parse_marked(text) for path, text in zip(parts[::2], parts[1::2], strict=True)}
