"""Blocks of code that are fenced by backticks or tildes, as CommonMark has them and as models write them."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Possessive: a line that is no fence would take time by the square of its length.
_OPENING = re.compile(r"(?P<indent>[ \t]*+(?:>[ ]?)*+)(?P<fence>`{3,}+|~{3,}+)[ \t]*+(?P<info>[^`\n]*+)")
_BACKTICKS = re.compile("`+")
_BARE = re.compile(r"[ \t]*+(?:>[ ]?)*+(?:`{3,}+|~{3,}+)[ \t]*+")


@dataclass(frozen=True, slots=True, repr=False)
class Block:
    """`info` is what stands behind the opening fence. The last block of a text may lack its closing fence."""

    info: str
    text: str
    closed: bool


def blocks(text: str) -> list[Block]:
    """Every block, in order.

    Against CommonMark a fence with a language inside of a block opens another one, which its own fence ends:
    models put blocks into blocks without a longer fence around.
    """
    found: list[Block] = []
    lines = text.split("\n")
    at = 0
    while at < len(lines):
        opening = _OPENING.fullmatch(lines[at])
        if opening is None:
            at += 1
            continue
        end = _end(lines, at + 1, opening["fence"])
        body = [_outdented(line, opening["indent"]) for line in lines[at + 1 : end]]
        found.append(Block(opening["info"].strip(), "\n".join(body), end < len(lines)))
        at = end + 1
    return found


def outermost(text: str) -> Block | None:
    """One block from the first opening fence to the last bare one, for text that holds fences itself."""
    lines = text.split("\n")
    openings = [row for row, line in enumerate(lines) if _OPENING.fullmatch(line)]
    if not openings:
        return None
    first = openings[0]
    ends = [row for row in openings if row > first and _BARE.fullmatch(lines[row])]
    opening = _OPENING.fullmatch(lines[first])
    info = opening["info"].strip() if opening else ""
    return Block(info, "\n".join(lines[first + 1 : ends[-1] if ends else len(lines)]), bool(ends))


def fence_for(*texts: str) -> str:
    """A fence that is longer than any in the texts."""
    runs = (len(run) for text in texts for run in _BACKTICKS.findall(text))
    return "`" * max(3, 1 + max(runs, default=0))


def has_fence(text: str) -> bool:
    """Whether a line of a text would open or close a block."""
    return any(map(_OPENING.fullmatch, text.split("\n")))


def _end(lines: list[str], first: int, fence: str) -> int:
    depth = 0
    for row in range(first, len(lines)):
        found = _OPENING.fullmatch(lines[row])
        if found is None or found["fence"][0] != fence[0] or len(found["fence"]) < len(fence):
            continue
        if found["info"].strip():
            depth += 1
        elif depth:
            depth -= 1
        else:
            return row
    return len(lines)


def _outdented(line: str, indent: str) -> str:
    """A line of a block without the indentation, or the quotation marks, of its fence."""
    if line.startswith(indent):
        return line[len(indent) :]
    return line.lstrip(" \t") if not line.strip() else line.removeprefix(indent.rstrip())
