"""The hole in a document that a reply shall fill, and the document's style of indentation and line ends."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

from codestral_ls.core.brackets import unterminated
from codestral_ls.core.text import line_feeds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codestral_ls.core.model import Finish
    from codestral_ls.core.prompt import Mode

TAB_WIDTH = 4
"""Columns of a tab where the document does not say."""

_LEADING = re.compile(r"[ \t]*")
_LINE_END = re.compile(r"\r\n?|\n")

# Further lines are not compared with a reply, which is shorter.
_LINES_COMPARED = 60

# A tab is syntax there, whatever else the document is indented with.
_TABS_ARE_SYNTAX = frozenset({"makefile", "make"})


@dataclass(frozen=True, slots=True)
class Hole:
    r"""A place where text is wanted, as polishing sees it.

    `prefix` and `suffix` are the text around the cursor, a few thousand characters of it. `eol` and `indent`
    are the document's line end and unit of indentation (`""`: unknown, a reply keeps its own). `finish` tells
    how the reply ended; `None` means that the stream was cut off.
    """

    prefix: str
    suffix: str
    language: str
    mode: Mode
    eol: str = "\n"
    indent: str = "    "
    finish: Finish | None = "stop"
    max_lines: int = 12


@dataclass(frozen=True, slots=True)
class Around:
    """A hole taken apart, with line feeds only. `head` and `rest` are the cursor's line left and right of it.

    `above` and `following` are the nearest lines that are not blank, in the document's order. `opened` is
    what begins the string or comment in which the cursor stands, such as `'`, or empty.
    """

    hole: Hole
    prefix: str
    head: str
    rest: str
    above: tuple[str, ...]
    following: tuple[str, ...]
    below: str
    tab: int
    opened: str

    @property
    def starts_line(self) -> bool:
        """True where nothing but blanks stands left of the cursor."""
        return not self.head.strip()

    @property
    def base(self) -> int:
        """Visual width of the cursor line's indentation."""
        return self.width(self.head)

    def width(self, line: str) -> int:
        """Visual width of a line's indentation."""
        return len(leading(line).expandtabs(self.tab))

    def blanks(self, width: int) -> str:
        """Indentation of this visual width, in the document's style."""
        if self.hole.indent == "\t":
            return "\t" * (width // self.tab) + " " * (width % self.tab)
        return " " * width


@lru_cache(maxsize=8)
def look_around(hole: Hole) -> Around:
    """Take a hole apart. Remembered, because a stream asks again with every chunk."""
    prefix, suffix = line_feeds(hole.prefix), line_feeds(hole.suffix)
    before, _, head = prefix.rpartition("\n")
    rest, _, below = suffix.partition("\n")
    return Around(
        hole=hole,
        prefix=prefix,
        head=head,
        rest=rest.rstrip(),
        above=_visible(before.split("\n"))[-_LINES_COMPARED:],
        following=_visible(below.split("\n"))[:_LINES_COMPARED],
        below=below,
        tab=len(hole.indent) if hole.indent.strip("\t") else TAB_WIDTH,
        opened=unterminated(prefix, hole.language),
    )


def leading(line: str) -> str:
    """The blanks that a line begins with."""
    found = _LEADING.match(line)
    return found[0] if found else ""


def line_end(text: str) -> str:
    r"""The most frequent line end of a text: `\n`, `\r\n` or `\r`; `\n` where there is none."""
    counts = Counter(_LINE_END.findall(text))
    return max(counts, key=lambda end: (counts[end], end == "\n")) if counts else "\n"


def indent_unit(lines: Iterable[str]) -> str:
    """A tab or as many spaces as one level of indentation has; empty where no line tells.

    Spaces are counted by how often the indentation of neighbouring lines differs by that much. A single space
    is alignment, as in a block comment.
    """
    heads = [leading(line) for line in lines if line.strip()]
    tabs = sum(head.startswith("\t") for head in heads)
    widths = [len(head) for head in heads if "\t" not in head]
    steps = Counter(abs(after - before) for before, after in pairwise([0, *widths]))
    likely = [step for step in steps if 2 <= step <= 8]
    if tabs > sum(width > 1 for width in widths):
        return "\t"
    return " " * max(likely, key=lambda step: (steps[step], -step)) if likely else ""


def in_style(text: str, around: Around) -> str:
    """The text with every line's indentation in the document's style.

    A document indented by tabs may align with spaces behind them, so there only lines change that begin with
    a space.
    """
    indent = around.hole.indent
    foreign = "\n " if indent == "\t" else "\t"
    if not indent or foreign not in text or around.hole.language in _TABS_ARE_SYNTAX:
        return text
    first, *others = text.split("\n")
    step = _step(others) if indent == "\t" else len(indent)
    first = _restyled(first, indent, step) if around.starts_line and first.startswith("\t") else first
    return "\n".join([first, *(_restyled(line, indent, step) for line in others)])


def _restyled(line: str, indent: str, step: int) -> str:
    blanks = leading(line)
    if indent != "\t":
        return blanks.expandtabs(step) + line[len(blanks) :] if "\t" in blanks else line
    if not blanks.startswith(" "):
        return line
    levels, spaces = divmod(len(blanks.expandtabs(step)), step)
    return "\t" * levels + " " * spaces + line[len(blanks) :]


def _step(lines: Iterable[str]) -> int:
    """How many spaces a reply means by one level; its first indented line tells."""
    first = next((len(leading(line)) for line in lines if line.startswith("  ") and line.strip()), TAB_WIDTH)
    return 2 if first % TAB_WIDTH == 2 else TAB_WIDTH


def _visible(lines: Iterable[str]) -> tuple[str, ...]:
    return tuple(line.rstrip() for line in lines if line.strip())
