"""What is on the screen: the suggestion that is shown, how it follows the typing, and who reads it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from codestral_ls.core.text import Edit, Span

if TYPE_CHECKING:
    import random
    from collections.abc import Iterator

    from codestral_ls.bench.future import Ahead

NOTICING_MEDIAN, NOTICING_SIGMA = 0.33, 0.5
"""Seconds that a suggestion is on the screen until its reader has taken it in: log-normal."""

FRAME = 1 / 60
"""Seconds. What is gone again within a frame of the screen was never seen."""

LEAST_ACCEPTED = 2
"""Characters that are worth the key which accepts them."""

_LINE_END = re.compile(r"(?=\r?\n)(?<!\r)")
_PAIRS = ("()", "[]", "{}", '""', "''", "``", "<>")
_FIRST_WORD = re.compile(r"\W*\w+|\W+")


@dataclass(slots=True)
class Keystroke:
    """A key that was pressed, at a time of the loop. `known`: the session goes on to write a word here.
    `shown` is when a suggestion was on the screen after it, if that was before the next event, and `right`
    whether that began with the truth, up to the end of its first word. `followed`: it was there already;
    `answered`: the server said something in time."""

    time: float
    known: bool
    shown: float | None = None
    right: bool = False
    followed: bool = False
    answered: bool = False


@dataclass(frozen=True, slots=True)
class Ghost:
    """A suggestion for a cursor: `rest` goes behind the cursor, in place of the text `over` there, and of the
    blanks from `start` on. `typed` tells how much of it was typed while it was shown."""

    item: dict[str, Any]
    start: int
    cursor: int
    over: str
    rest: str
    typed: int = 0

    @property
    def edit(self) -> Edit:
        return Edit(Span(self.start, self.cursor + len(self.over)), self.rest)

    def after(self, edit: Edit, cursor: int) -> Ghost | None:
        """What is left of it after an edit; None if that was something else than its own text. As in VS Code,
        a bracket that the editor closed by itself does not matter, nor one that is typed over."""
        new, (start, end) = edit.text, (edit.span.start, edit.span.end)
        if start != self.cursor or not new or not self.rest.startswith(new[:1]):
            return None
        if new in _PAIRS and cursor == start + 1 and new[1] in self.rest[1:]:
            return self._typed(1, new[1] + self.over)
        over = end - start
        if not self.rest.startswith(new) or len(new) == len(self.rest) or over > len(self.over):
            return None
        return self._typed(len(new), self.over[over:])

    def parts(self) -> Iterator[tuple[Edit, int]]:
        """What can be accepted of it, the longest first, all or some whole lines, and how many characters
        each writes."""
        if (whole := len(self.rest) - len(self.over)) >= LEAST_ACCEPTED:
            yield self.edit, whole
        if self.start < self.cursor:
            return
        for found in reversed(list(_LINE_END.finditer(self.rest))):
            if found.start() >= LEAST_ACCEPTED:
                here = Span(self.cursor, self.cursor)
                yield Edit(here, self.rest[: found.start()]), found.start()

    def continues(self, before: Ghost) -> bool:
        """Whether it looks as the one before it does, or only has more at its end. What the one before goes
        in place of and this one does not, stays behind this one."""
        return f"{self.rest}{before.over[len(self.over) :]}".startswith(before.rest)

    def _typed(self, count: int, over: str) -> Ghost:
        cursor = self.cursor + count
        return Ghost(self.item, cursor, cursor, over, self.rest[count:], self.typed + count)


def ghost_of(item: dict[str, Any], span: Span, new: str, text: str, cursor: int) -> Ghost | None:
    """An item as ghost text; None where VS Code would not show it: it must continue what is left of the
    cursor, unless only blanks stand there."""
    left, over = text[span.start : cursor], text[cursor : span.end]
    if new.startswith(left):
        ghost = Ghost(item, cursor, cursor, over, new[len(left) :])
    elif not left.strip():
        ghost = Ghost(item, span.start, cursor, over, new)
    else:
        return None
    return ghost if ghost.rest else None


@dataclass(slots=True)
class Screen:
    """Shows one suggestion at a time. `noticed` is when its reader will have taken it in."""

    lot: random.Random
    ghost: Ghost | None = None
    noticed: float | None = None
    flicker: int = 0
    keystrokes: list[Keystroke] = field(default_factory=list)
    _current: Keystroke | None = None
    _ahead: Ahead | None = None

    def clear(self) -> None:
        """The cursor went elsewhere, or something was changed that was not typed."""
        self.ghost = self.noticed = self._current = self._ahead = None

    def follow(self, edit: Edit, cursor: int) -> None:
        """The suggestion after an edit at the cursor."""
        self._current = None
        self.ghost = self.ghost.after(edit, cursor) if self.ghost else None
        if self.ghost is None:
            self.noticed = None

    def press(self, now: float, ahead: Ahead) -> None:
        """A key was pressed; the suggestion has followed it already."""
        self._current, self._ahead = Keystroke(now, ahead.is_known), ahead
        self.keystrokes.append(self._current)
        self._see(now)
        self._current.followed = self.ghost is not None

    def show(self, ghost: Ghost | None, now: float) -> bool:
        """The server's answer replaces what is shown. Returns whether it is another suggestion."""
        if self._current:
            self._current.answered = True
        before = self.ghost
        goes_on = before is not None and ghost is not None and ghost.continues(before)
        if before and before.typed and not goes_on:
            self.flicker += 1
        self.ghost = replace(ghost, typed=before.typed) if goes_on and ghost and before else ghost
        if not goes_on:
            self.noticed = (
                now + self.lot.lognormvariate(0.0, NOTICING_SIGMA) * NOTICING_MEDIAN if ghost else None
            )
        self._see(now)
        return ghost is not None and not goes_on

    def take_in(self) -> Ghost | None:
        """Its reader has read the suggestion, once."""
        self.noticed = None
        return self.ghost

    def _see(self, now: float) -> None:
        key = self._current
        if key is None:
            return
        if self.ghost is None:
            if key.shown is not None and now - key.time < FRAME:
                key.shown, key.right, key.followed = None, False, False
        elif key.shown is None:
            key.shown = now
        if self.ghost and self._ahead and (word := _FIRST_WORD.match(self.ghost.rest)):
            key.right = self._ahead.text.startswith(word[0])
