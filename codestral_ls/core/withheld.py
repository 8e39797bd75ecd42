"""What was redacted in a text that the model has seen: no blanked-out secret is written over a real one."""

from __future__ import annotations

import re
from collections import Counter
from itertools import groupby
from typing import TYPE_CHECKING

from codestral_ls.core.text import Span, line_feeds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codestral_ls.core.text import Edit

# A shorter blank is in other words as well.
_TELLING = 4

_WRITTEN = re.compile(r"x{16,}")
_RUN = re.compile(r"x{3,}|\N{REPLACEMENT CHARACTER}+")


class Withheld:
    """The stretches in which a shown text differs from the real one, which is as long."""

    def __init__(self, real: str, shown: str) -> None:
        """Raises `ValueError` if the lengths differ."""
        self._stretches = _stretches(real, shown)
        self._lines = _redacted_lines(real, shown)
        self._blanks = {shown[stretch.start : stretch.end] for stretch in self._stretches}
        self._has_runs = bool(_WRITTEN.search(real))

    def restored(self, code: str) -> str:
        """The model's code with redacted lines as they were shown: models miscount long runs of x."""
        if not self._lines:
            return code
        return "\n".join(self._line(line) for line in code.split("\n"))

    def touched(self, edits: Iterable[Edit], at: int) -> bool:
        """Whether an edit changes a stretch, or writes one elsewhere. The text begins at offset `at`."""
        return any(self._touches(edit, at) for edit in edits)

    def _touches(self, edit: Edit, at: int) -> bool:
        start, end = edit.span.start - at, edit.span.end - at
        if (_WRITTEN.search(edit.text) and not self._has_runs) or any(
            blank in edit.text for blank in self._blanks if len(blank) >= _TELLING
        ):
            return True
        return any(start < stretch.end and end > stretch.start for stretch in self._stretches)

    def _line(self, line: str) -> str:
        known = self._lines.get(_key(line))
        return line if known is None else line[: len(line) - len(line.lstrip())] + known


def _stretches(real: str, shown: str) -> list[Span]:
    found, at = [], 0
    for hidden, run in groupby(zip(real, shown, strict=True), lambda pair: pair[0] != pair[1]):
        size = len(list(run))
        if hidden:
            found.append(Span(at, at + size))
        at += size
    return found


def _redacted_lines(real: str, shown: str) -> dict[str, str]:
    """Each redacted line without its indentation, by what it is whatever the length of its runs.

    Lines that only their runs tell apart are not among them.
    """
    lines = zip(line_feeds(real).split("\n"), line_feeds(shown).split("\n"), strict=True)
    redacted = [second.strip() for first, second in lines if first != second]
    keys = [_key(line) for line in redacted]
    count = Counter(keys)
    return {key: line for key, line in zip(keys, redacted, strict=True) if count[key] == 1}


def _key(line: str) -> str:
    return _RUN.sub("x", line.strip())
