"""From the code in a reply to the new text of a span: what is wrong with it is put right, or it is refused.

The whole of it is `REPAIRS`: lines in, lines out, each one a rule that can be read and tested alone.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

from codestral_ls.core.elision import elision, filled, is_comment
from codestral_ls.core.hole import Hole, in_style, indent_unit, leading, look_around
from codestral_ls.core.languages import grammar_of
from codestral_ls.core.lexis import opener
from codestral_ls.core.patch import hunks, patched
from codestral_ls.core.refusal import Refused
from codestral_ls.core.scope import PROSE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_TAG = re.compile(r"</?(?:span|file)(?: [^<>]*)?>|</s>|<\|(?:im_end|endoftext|eot_id|end)\|>|\[/?INST\]")
_TELLING = re.compile(r"\w{4}")
_CLOSER = re.compile(r"[\])};,]+|end")
_DECLARES = re.compile(
    r"(?:import|from|use|using|package|namespace|#include|require|def|class|function|func|fun|fn|struct|enum|trait|"
    r"impl|interface|type|module|export|public|private|protected|static|async|pub)\b.*\w{2}"
)
_FUNCTION = re.compile(
    r"\b(?:def|function|func|fun|fn|sub)\s+(\w+)|^\s*(?:\w+\s+)*(\w+)\([^()]*\)[^;=]*\{\s*$"
)
_CONTROL = frozenset(
    ["if", "for", "while", "switch", "catch", "with", "foreach", "match", "synchronized", "using"]
)
_PACKAGE = re.compile(r"package\s+[\w.]+;?")
_NEARLY_THE_SAME = 90
_MOST_PAIRS = 2_000_000
_WORD = re.compile(r"\w+")
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
    head = _echo_above(lines, place)
    inner = _without_closers(lines[head:]) if head else lines
    tail = _echo(inner[::-1], place.below, place.old[::-1])
    inner = inner[: len(inner) - tail]
    around, own = set(_visible((*place.above, *place.below))), set(_visible(place.old))
    fresh = [line for line in inner if line.strip() and line.strip() not in own]
    if any(line.strip() in around and _DECLARES.match(line.strip()) for line in fresh):
        raise Refused("elsewhere")
    if any(map(_PACKAGE.fullmatch, map(str.strip, fresh))) and any(map(_PACKAGE.fullmatch, around)):
        raise Refused("elsewhere")
    outermost = [line for line in fresh if len(leading(line)) <= len(_indent_of(inner))]
    changed = {line.strip() for line in outermost if line.strip() not in around}
    if (head or tail) and len(changed) * len(around) > _MOST_PAIRS:
        raise Refused("long")
    if (head or tail) and any(_is_changed(line, around, own) for line in changed):
        raise Refused("elsewhere")
    return inner


def refuse_a_part(lines: list[str], place: Place) -> list[str]:
    """Refused is a part of a block, such as one or two methods of a class, in the place of the whole."""
    depth = len(_indent_of(place.old))
    deeper = {line.strip() for line in place.old if len(leading(line)) > depth and _TELLING.search(line)}
    heads = {line.strip() for line in place.old if len(leading(line)) == depth and _TELLING.search(line)}
    if lines[0].strip() in deeper - heads and not heads.intersection(_visible(lines)):
        raise Refused("elided")
    defined, words = _defined(place.old), set(_WORD.findall("\n".join(lines)))
    lost = defined - words
    if len(lost) > 1 and 2 * len(lost) >= len(defined):
        raise Refused("elided")
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
    shifted = [_shifted(line, first, base, place) for line in lines]
    if _known(lines, place) > _known(shifted, place):
        # Most lines are where they were; the others are off.
        return [
            new if len(leading(line)) < len(base) else line for line, new in zip(lines, shifted, strict=True)
        ]
    return shifted


def fill_gaps(lines: list[str], place: Place) -> list[str]:
    """What was left out is taken from the old text. Comments alone are no code."""
    lines = filled(lines, place.old, place.language)
    new, old = (
        [is_comment(line, place.language) for line in part if line.strip()] for part in (lines, place.old)
    )
    if all(new) and not all(old) and place.language not in PROSE:
        raise Refused("prose")
    return lines


REPAIRS: tuple[Callable[[list[str], Place], list[str]], ...] = (
    drop_tags,
    strip_blank_lines,
    apply_patch,
    cut_surroundings,
    strip_blank_lines,
    refuse_a_part,
    indent_as_before,
    fill_gaps,
)
"""Every rule, in order."""


def _is_changed(line: str, around: set[str], own: set[str]) -> bool:
    """Whether a line is one of those around with a change in it, in a reply that repeats more of them."""
    nearest = process.extractOne(line, around, scorer=fuzz.ratio, score_cutoff=_NEARLY_THE_SAME)
    return nearest is not None and all(fuzz.ratio(line, other) < nearest[1] for other in own)


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
    around = len(seen) > 2 or any(
        len(leading(line)) < len(leading(first)) or _DECLARES.match(line.strip()) for line in ahead
    )
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


def _without_closers(lines: list[str]) -> list[str]:
    """Without the ends of what stands around, where its beginning was left out."""
    depth, end = len(_indent_of(lines)), len(lines)
    while end and (not lines[end - 1].strip() or _closes(lines[end - 1], depth)):
        end -= 1
    return lines[:end]


def _closes(line: str, depth: int) -> bool:
    return len(leading(line)) < depth and bool(_CLOSER.fullmatch(line.strip()))


def _defined(lines: Sequence[str]) -> set[str]:
    """Names of functions and methods that are defined, as far as the lines' looks tell."""
    found = {name for line in lines for names in _FUNCTION.findall(line) for name in names if name}
    return found - _CONTROL


def _indent_of(lines: Sequence[str]) -> str:
    return next((leading(line) for line in lines if line.strip()), "")


def _rescaled(lines: list[str], place: Place) -> list[str]:
    """Indentation by the document's number of blanks, where the reply has another one throughout."""
    unit, wanted = indent_unit(lines), place.indent
    if unit == wanted or not unit or not wanted or "\t" in unit + wanted or unit == indent_unit(place.old):
        return lines
    if _known([line for line in lines if leading(line)], place):
        return lines
    return [_scaled(line, len(unit), wanted) for line in lines]


def _scaled(line: str, unit: int, wanted: str) -> str:
    levels, rest = divmod(len(leading(line)), unit)
    return wanted * levels + " " * rest + line.lstrip(" ")


def _known(lines: list[str], place: Place) -> int:
    """How many lines stand in the old text just like this."""
    old = {line for line in place.old if _TELLING.search(line)}
    return sum(line in old for line in lines)


def _only_first_is_off(lines: list[str], place: Place, base: str) -> bool:
    """Whether the model left out the blanks before the first line, while the others are where they belong."""
    second = next((line for line in lines[1:] if line.strip()), None)
    if second is None or any(len(leading(line)) < len(base) for line in lines[1:] if line.strip()):
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
