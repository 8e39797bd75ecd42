"""What is left of a text while a user types it, and an editor helps with indentation and brackets."""

from __future__ import annotations

import re

_CLOSERS = re.compile(r"[)\]}>\"'`]{1,4}")
_INDENT = re.compile(r"[ \t]*")


def follow(text: str, typed: str) -> str | None:
    """What of `text` is left after `typed`; None where `typed` is something else.

    After a line end the editor indents by itself, perhaps otherwise than the text: the line is the same line
    all the same, and the rest of the text moves along.
    """
    if text.startswith(typed):
        return text[len(typed) :]
    line_end = typed.rfind("\n") + 1
    if not line_end or typed[line_end:].strip(" \t") or not text.startswith(typed[:line_end]):
        return None
    rest = text[line_end:]
    wanted, given = _INDENT.match(rest), typed[line_end:]
    assert wanted is not None
    return _shifted(rest[wanted.end() :], wanted[0], given)


def closers_between(before: str, now: str) -> tuple[str, str] | None:
    """The closing brackets and quotes that stand right of the cursor now, ahead of what stood there before,
    and those that stood there ahead of it and are gone; None where the line changed in another way."""
    if now == before:
        return "", ""
    if now.endswith(before) and _CLOSERS.fullmatch(added := now.removesuffix(before)):
        return added, ""
    if before.endswith(now) and _CLOSERS.fullmatch(gone := before.removesuffix(now)):
        return "", gone
    return None


def over_closers(text: str, closers: str) -> tuple[str, int] | None:
    """How `text` goes before closers that an editor put there: what to insert, and how many to replace.

    None if nothing but them is left of it.
    """
    if closers and text.endswith(closers) and "\n" not in text:
        kept = text[: -len(closers)]
        return (kept, 0) if kept.strip() else None
    return text, len(closers) if holds(text, closers) else 0


def holds(text: str, closers: str) -> bool:
    """Whether a text has these brackets, in this order."""
    letters = iter(text)
    return all(closer in letters for closer in closers)


def _shifted(rest: str, wanted: str, given: str) -> str:
    """The rest of a text whose line begins with `given` instead of `wanted`: its further lines follow."""
    first, *more = rest.split("\n")
    moved = [given + line[len(wanted) :] if line.startswith(wanted) else line for line in more]
    return "\n".join((first, *moved))
