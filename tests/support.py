"""The language of our fixtures: a text with the cursor in it, perhaps a selection, perhaps several files.

def total(items):
    return █             the cursor
    return ⟦items⟧       a selection
//- shop/cart.py         a line that begins another file
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from codestral_ls.core.text import Span

README = Path(__file__).parents[1] / "README.md"

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


def check_between(file: Path, mark: str, wanted: str, *, update: bool) -> None:
    """Hold the text between `<!-- mark -->` and `<!-- /mark -->` to what the code says, or write it there."""
    begin, end = f"<!-- {mark} -->\n", f"\n<!-- /{mark} -->"
    before, begun, rest = file.read_text(encoding="utf-8").partition(begin)
    text, ended, after = rest.partition(end)
    assert begun, f"{file.name} has lost its mark {begin}"
    assert ended, f"{file.name} has lost its mark {end}"
    if update:
        file.write_text(f"{before}{begin}{wanted}{end}{after}", encoding="utf-8")
    else:
        assert text == wanted, "run pytest --update-fixtures and look at the difference"
