"""LSP positions in UTF-16 units, as the other side counts: on purpose not by the product's own arithmetic."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codestral_ls.core.text import Span

Position = dict[str, int]

_LINE_END = re.compile(r"\r\n|\r|\n")


def position_of(text: str, offset: int) -> Position:
    """The position of an offset in code points."""
    head = text[:offset]
    start = max(head.rfind("\n"), head.rfind("\r")) + 1
    lone = head.count("\r") - head.count("\r\n") if "\r" in head else 0
    return {"line": head.count("\n") + lone, "character": len(head[start:].encode("utf-16-le")) // 2}


def range_of(text: str, span: Span) -> dict[str, Position]:
    return {"start": position_of(text, span.start), "end": position_of(text, span.end)}


def offset_of(text: str, position: Mapping[str, int]) -> int:
    """The offset, in code points, of a position in the text."""
    start = 0
    for _ in range(position["line"]):
        found = _LINE_END.search(text, start)
        if found is None:
            return len(text)
        start = found.end()
    end = _LINE_END.search(text, start)
    line = text[start : end.start() if end else len(text)]
    head = line.encode("utf-16-le")[: 2 * position["character"]]
    return start + len(head.decode("utf-16-le", "ignore"))
