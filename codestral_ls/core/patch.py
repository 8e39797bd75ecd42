"""Replies that are a patch: a unified diff, or blocks to search for and to replace."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codestral_ls.core.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Hunk = tuple[list[str], list[str]]
"""Lines as they are, lines as they shall be."""

_MOST_HUNKS = 200

_HEADER = re.compile(r"(?:@@.*|---( .*)?|\+\+\+( .*)?|diff --git .*|index [0-9a-f]+\.\..*|\\ No newline.*)")
_SEARCH, _MIDDLE, _REPLACE = (re.compile(mark) for mark in (r"<{5,} ?SEARCH.*", "={5,}", r">{5,} ?REPLACE.*"))


def hunks(text: str, old: Sequence[str]) -> list[Hunk] | None:
    """The hunks of a patch; None if the text is none. `old` are the lines that it would be applied to."""
    lines = text.split("\n")
    if any(map(_SEARCH.fullmatch, lines)):
        return _searches(lines)
    marked = [line for line in lines if line.startswith(("+", "-"))]
    headed = any(line.startswith("@@") for line in lines)
    # A list in YAML or Markdown has lines that begin like this as well.
    plain = not headed and any(line in old for line in marked)
    if not marked or plain or not all(_is_diff_line(line) for line in lines):
        return None
    signs = {line[0] for line in marked if not _HEADER.fullmatch(line)}
    return _diff(lines) if headed or signs == {"+", "-"} else None


def patched(found: list[Hunk], old: Sequence[str]) -> list[str]:
    """The lines after the hunks. Raises `Refused` where the lines of one are not there, or there twice."""
    lines = list(old)
    if len(found) > _MOST_HUNKS:
        raise Refused("diff")
    for before, after in found:
        at = _place(before, lines)
        lines[at : at + len(before)] = after
    return lines


def _is_diff_line(line: str) -> bool:
    return not line or line[0] in " +-" or bool(_HEADER.fullmatch(line))


def _diff(lines: list[str]) -> list[Hunk]:
    found: list[Hunk] = [([], [])]
    for line in lines:
        if _HEADER.fullmatch(line):
            found.append(([], []))
            continue
        before, after = found[-1]
        if line[:1] != "+":
            before.append(line[1:])
        if line[:1] != "-":
            after.append(line[1:])
    return [hunk for hunk in map(_stripped, found) if hunk[0] != hunk[1]]


def _stripped(hunk: Hunk) -> Hunk:
    """Without the empty context line that stands for the end of the text."""
    before, after = hunk
    while before and after and not before[-1] and not after[-1]:
        before, after = before[:-1], after[:-1]
    return before, after


def _searches(lines: list[str]) -> list[Hunk]:
    found: list[Hunk] = []
    part: list[str] | None = None
    for line in lines:
        if _SEARCH.fullmatch(line):
            found.append(([], []))
            part = found[-1][0]
        elif found and part is found[-1][0] and _MIDDLE.fullmatch(line):
            part = found[-1][1]
        elif _REPLACE.fullmatch(line):
            part = None
        elif part is not None:
            part.append(line)
    if part is not None:
        raise Refused("truncated")
    return found


def _place(before: list[str], lines: list[str]) -> int:
    """Where the lines stand, byte for byte, or else without regard to blanks at their ends."""
    forms: tuple[Callable[[str], str], ...] = (str, str.rstrip)
    for form in forms:
        wanted, there = [form(line) for line in before], [form(line) for line in lines]
        size = len(wanted)
        places = [at for at in range(len(there) - size + 1) if there[at : at + size] == wanted]
        if size and len(places) == 1:
            return places[0]
    raise Refused("diff")
