"""How a reply begins: with the cursor's line anew, with blanks too many, or at the wrong indentation."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codestral_ls.core.hole import in_style, leading
from codestral_ls.core.scope import dedent

if TYPE_CHECKING:
    from collections.abc import Callable

    from codestral_ls.core.hole import Around

MOST_BLANK_LINES = 3
"""A reply that begins with more blank lines than this has nothing to say."""

_BLANK_LINES = re.compile(r"\A(?:[ \t]*\n)+")
_NON_WORD = re.compile(r"\W")
_OPENS_BLOCK = re.compile(r"(?:[:({\[]|=>|->|\b(?:do|then|else|begin))\s*$")

# An echo of the cursor's line is believed from this length on.
_SHORTEST_ECHO = 6


def strip_echo_of_line(text: str, around: Around) -> str:
    """P3: the model began the cursor's line anew."""
    head = around.head.strip()
    if len(head) < _SHORTEST_ECHO or not _NON_WORD.search(head):
        return text
    body = text.lstrip(" \t")
    return body[len(head) :] if body.startswith(head) else text


def strip_second_blank(text: str, around: Around) -> str:
    """P4a: one blank between two words is enough."""
    return text.lstrip(" \t") if not around.starts_line and around.head.endswith((" ", "\t")) else text


def strip_blank_lines(text: str, around: Around) -> str:
    """P4c: the cursor's line is blank already. The line that is left has its own indentation."""
    found = _BLANK_LINES.match(text)
    if found is None or not around.starts_line:
        return text
    body = text[found.end() :]
    if found[0].count("\n") > MOST_BLANK_LINES:
        return ""
    if around.width(body) >= around.base:
        return around.blanks(around.width(body) - around.base) + body.lstrip(" \t")
    return body.lstrip(" \t") if dedent(body.lstrip(" \t"), around) else text


def strip_second_indentation(text: str, around: Around) -> str:
    """P4b: no deeper than the line above allows. Models repeat the indentation or begin with a blank."""
    blanks = leading(text)
    if not blanks or not around.starts_line or text.startswith("\n", len(blanks)):
        return text
    body, width = text[len(blanks) :], around.width(text)
    if not around.base:
        starts_odd = width == 1 and not body.startswith("*") and _width_above(around) % 2 == 0
        return body if starts_odd else text
    room = _deepest(around) - around.base
    return around.blanks(max(room, 0)) + body if width > room else text


def shift_dedented(text: str, around: Around) -> str:
    """P4d: what follows an `else` written too deep is too deep by as much."""
    columns = dedent(text, around)
    first, *others = text.split("\n")
    inner = next((around.width(line) for line in others if line.strip()), 0)
    if not columns or inner <= around.base:
        return text
    return "\n".join([first, *(_shifted(line, columns, around) for line in others)])


def replaced_left(text: str, around: Around) -> int:
    """P4d: how many blanks left of the cursor are too many for what the text begins with."""
    columns = dedent(text, around)
    if not columns:
        return 0
    kept = next(
        end for end in range(len(around.head) + 1) if around.width(around.head[:end]) >= around.base - columns
    )
    return len(around.head) - kept


OPENING: tuple[Callable[[str, Around], str], ...] = (
    strip_echo_of_line,
    in_style,
    strip_second_blank,
    strip_blank_lines,
    strip_second_indentation,
    shift_dedented,
)
"""The filters that look at how a reply begins."""


def _width_above(around: Around) -> int:
    return around.width(around.above[-1]) if around.above else 0


def _deepest(around: Around) -> int:
    """How deep the cursor's blank line may become: inside what the line above opens, or, where the cursor
    does not stand at a level of indentation, as deep as that line."""
    above = _width_above(around)
    if around.above and _OPENS_BLOCK.search(around.above[-1]):
        return above + around.tab
    return above if around.base % around.tab else around.base


def _shifted(line: str, columns: int, around: Around) -> str:
    return around.blanks(max(around.width(line) - columns, 0)) + line.lstrip(" \t") if line.strip() else line
