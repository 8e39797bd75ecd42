"""From the code in a reply to the new text of a span: what is wrong with it is put right, or it is refused.

The whole of it is `REPAIRS`: lines in, lines out, each one a rule that can be read and tested alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codestral_ls.core.elision import elision, filled
from codestral_ls.core.hole import Hole, in_style, indent_unit, leading, look_around
from codestral_ls.core.languages import grammar_of
from codestral_ls.core.lexis import opener
from codestral_ls.core.patch import hunks, patched
from codestral_ls.core.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TAG = re.compile(r"</?(?:span|file)(?: [^<>]*)?>|</s>|<\|(?:im_end|endoftext|eot_id|end)\|>|\[/?INST\]")
_TELLING = re.compile(r"\w{4}")
_MARGIN = re.compile(r"\S")


@dataclass(frozen=True, slots=True, repr=False)
class Place:
    """Where code shall stand: the span's old lines, and the lines above and below it that the model has seen.

    `indent` is the document's unit of indentation, empty if unknown.
    """

    old: tuple[str, ...]
    above: tuple[str, ...]
    below: tuple[str, ...]
    language: str
    indent: str


def repaired(code: str, place: Place) -> str:
    """The span's new text, with line feeds. Raises `Refused`."""
    lines = code.split("\n")
    for repair in REPAIRS:
        lines = repair(lines, place)
        if not any(map(str.strip, lines)):
            raise Refused("empty")
    return "\n".join(_between_blank_lines(lines, place))


def drop_tags(lines: list[str], place: Place) -> list[str]:
    """Marks of the question, and tokens that a model says to itself, are no code."""
    known = {line.strip() for line in place.old}
    return [line for line in lines if not _TAG.fullmatch(line.strip()) or line.strip() in known]


def apply_patch(lines: list[str], place: Place) -> list[str]:
    """A patch instead of the new text is applied to the old one."""
    found = hunks("\n".join(lines), place.old)
    return lines if found is None else patched(found, place.old)


def strip_blank_lines(lines: list[str], place: Place) -> list[str]:
    """At both ends."""
    rows = [row for row, line in enumerate(lines) if line.strip()]
    return lines[rows[0] : rows[-1] + 1] if rows else []


def cut_surroundings(lines: list[str], place: Place) -> list[str]:
    """Lines from above and below the span that were repeated with it, as in a whole file, are left out.

    Refused where such lines are there, but not all as they were.
    """
    lines = lines[_echo_above(lines, place) :]
    lines = lines[: len(lines) - _echo(lines[::-1], place.below, place.old[::-1])]
    if _repeats(lines, place.above, place.old) or _repeats(lines[::-1], place.below[::-1], place.old):
        raise Refused("elsewhere")
    return lines


def indent_as_before(lines: list[str], place: Place) -> list[str]:
    """The document's unit of indentation; and the first line as deep as the old first line."""
    text = "\n".join(_rescaled(lines, place))
    hole = Hole("", "", place.language, "multi", indent=place.indent)
    lines = in_style(text, look_around(hole)).split("\n")
    base = _indent_of(place.old)
    first = leading(lines[0])
    if first == base or not any(line.strip() for line in place.old):
        return lines
    if _only_first_is_off(lines, place, base):
        return [base + lines[0].lstrip(), *lines[1:]]
    return [_shifted(line, first, base, place) for line in lines]


def fill_gaps(lines: list[str], place: Place) -> list[str]:
    """What was left out is taken from the old text."""
    return filled(lines, place.old, place.language)


REPAIRS: tuple[Callable[[list[str], Place], list[str]], ...] = (
    drop_tags,
    strip_blank_lines,
    apply_patch,
    cut_surroundings,
    strip_blank_lines,
    indent_as_before,
    fill_gaps,
)
"""Every rule, in order."""


def _between_blank_lines(lines: list[str], place: Place) -> list[str]:
    """The blank lines with which the old text begins and ends stay; a new file ends with a line end."""
    rows = [row for row, line in enumerate(place.old) if line.strip()]
    if not rows:
        return [*lines, ""]
    return [*place.old[: rows[0]], *lines, *place.old[rows[-1] + 1 :]]


def _visible(lines: Sequence[str]) -> list[str]:
    return [line.strip() for line in lines if line.strip()]


def _echo_above(lines: list[str], place: Place) -> int:
    """How many lines at the head repeat what stands above the span."""
    first = next((line.strip() for line in place.old if line.strip()), "")
    rows = [row for row, line in enumerate(lines) if line.strip() == first]
    if len(rows) == 1 and _TELLING.search(first) and _are_from_above(lines[: rows[0]], lines[rows[0]], place):
        return rows[0]
    return _echo(lines, place.above[::-1], place.old)


def _are_from_above(ahead: list[str], first: str, place: Place) -> bool:
    """Whether lines are the file's head or the class around; a line or two as deep as the span may be new."""
    seen, known = _visible(ahead), set(_visible(place.above))
    around = len(seen) > 2 or any(len(leading(line)) < len(leading(first)) for line in ahead if line.strip())
    return around and all(line in known or elision(line, place.language) == "sure" for line in seen)


def _echo(lines: Sequence[str], around: Sequence[str], old: Sequence[str]) -> int:
    """How many lines at the head are those that stand beside the span; `around` begins with the nearest.

    A single brace proves nothing, and what the old text begins with as well is no echo.
    """
    known, wanted, own = _visible(around)[::-1], _visible(lines), _visible(old)
    for size in range(min(len(known), len(wanted)), 0, -1):
        part = wanted[:size]
        if part == known[-size:] and part != own[:size] and any(map(_TELLING.search, part)):
            return _row_behind(lines, size)
    return 0


def _row_behind(lines: Sequence[str], count: int) -> int:
    """The row behind so many visible lines."""
    rows = [row for row, line in enumerate(lines) if line.strip()]
    return rows[count - 1] + 1


def _repeats(lines: Sequence[str], around: Sequence[str], old: Sequence[str]) -> bool:
    """Whether the two first lines stand together beside the span, and not in it."""
    head, known = _visible(lines)[:2], _visible(around)
    pairs = [known[at : at + 2] for at in range(len(known) - 1)]
    own = set(_visible(old))
    return len(head) == 2 and head in pairs and not own & set(head) and all(map(_TELLING.search, head))


def _indent_of(lines: Sequence[str]) -> str:
    return next((leading(line) for line in lines if line.strip()), "")


def _rescaled(lines: list[str], place: Place) -> list[str]:
    """Indentation by the document's number of blanks, where the reply has another one throughout."""
    unit = indent_unit(lines)
    wanted = place.indent
    known = set(place.old)
    if unit == wanted or not unit.strip("\t") or not wanted.strip("\t") or wanted == "\t" or unit == "\t":
        return lines
    if any(line in known for line in lines if leading(line)) or indent_unit(place.old) == unit:
        return lines
    return [_scaled(line, len(unit), wanted) for line in lines]


def _scaled(line: str, unit: int, wanted: str) -> str:
    levels, rest = divmod(len(leading(line)), unit)
    return wanted * levels + " " * rest + line.lstrip(" ")


def _only_first_is_off(lines: list[str], place: Place, base: str) -> bool:
    """Whether the model left out the blanks before the first line, while the others are where they belong."""
    second = next((line for line in lines[1:] if line.strip()), None)
    if second is None or len(leading(lines[0])) >= len(base):
        return False
    deeper = len(place.indent) if opener(grammar_of(place.language)).search(lines[0].strip()) else 0
    depth = len(leading(second))
    return depth - len(leading(lines[0])) != deeper and depth - len(base) == deeper


def _shifted(line: str, first: str, base: str, place: Place) -> str:
    """A line as much deeper or less deep as the first one has to be; what stood at the margin stays there."""
    if not line.strip():
        return line
    if len(base) >= len(first):
        at_margin = _MARGIN.match(line) and line in place.old and base
        return line if at_margin else base.removesuffix(first) + line
    surplus = len(first) - len(base)
    return line[min(surplus, len(leading(line))) :]
