"""What a session goes on to do: the text that comes at the cursor, and the states that lie ahead."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from codestral_ls.bench.sessions import applied

if TYPE_CHECKING:
    from codestral_ls.bench.sessions import Session, Step

_WORD = re.compile(r"\w")
_FARTHEST = 400
"""Steps ahead of which a run of typing is looked at."""


@dataclass(frozen=True, slots=True)
class Ahead:
    """What a run of typing makes of the text at the cursor: `text` will stand there, in place of the `over`
    characters right of it now."""

    text: str
    over: int

    @property
    def is_known(self) -> bool:
        """Whether a word is still to come: closing brackets alone say nothing that an upstream could know."""
        return _WORD.search(self.text) is not None


class Future:
    """A session's steps, to look ahead in."""

    def __init__(self, session: Session) -> None:
        self._steps = session.steps
        self._reached = _states(session)

    def reached(self, index: int, file: str, text: str) -> int | None:
        """The nearest step, from `index` on, after which `file` holds `text`, all steps until then being in
        this file; None if there is none."""
        found = self._reached.get((file, hash(text)), [])
        at = bisect_right(found, index - 1)
        if at == len(found) or found[at] - index > _FARTHEST:
            return None
        between = self._steps[index : found[at] + 1]
        return found[at] if all(step.file == file for step in between) else None

    def ahead(self, index: int, file: str, text: str, cursor: int) -> Ahead:
        """What the steps from `index` on make of the text at the cursor, while they go on from where the one
        before left off. The run ends with an edit elsewhere, or one of text before the cursor."""
        run = _Run(text, cursor)
        for step in self._steps[index : index + _FARTHEST]:
            if step.edits and not (step.file == file and run.goes_on(step)):
                break
        return Ahead(run.text, run.end - cursor)


class Playhead:
    """Where the session is, for the upstream that answers from the future."""

    def __init__(self, future: Future) -> None:
        self._future = future
        self.move(0, "", "", 0)

    def move(self, upcoming: int, file: str, text: str, cursor: int) -> None:
        """The cursor is here, until the step `upcoming`."""
        self.upcoming, self.file, self.text, self.cursor = upcoming, file, text, cursor
        self.__dict__.pop("ahead", None)

    @cached_property
    def ahead(self) -> Ahead:
        return self._future.ahead(self.upcoming, self.file, self.text, self.cursor)

    @property
    def line(self) -> tuple[str, int]:
        return self.file, self.text.count("\n", 0, self.cursor)


class _Run:
    """Typing without a jump: each edit touches the place where the one before left the cursor."""

    def __init__(self, document: str, cursor: int) -> None:
        self._document = document
        self._start = cursor
        self._frontier = cursor
        self.end = cursor
        self.text = ""

    def goes_on(self, step: Step) -> bool:
        """Take in a step; False if it is not part of the run."""
        if len(step.edits) != 1 or step.cursor is None:
            return False
        edit = step.edits[0]
        start, end = edit.span.start - self._start, edit.span.end - self._start
        if start < 0 or not start <= self._frontier - self._start <= end:
            return False
        if end > len(self.text):
            # An edit that types over what the document has here: that belongs to the run from now on.
            more = end - len(self.text)
            self.text += self._document[self.end : self.end + more]
            self.end += more
        self.text = self.text[:start] + edit.text + self.text[end:]
        self._frontier = step.cursor
        return True


def _states(session: Session) -> dict[tuple[str, int], list[int]]:
    """By file and hash of its text: after which steps it held that text."""
    states: dict[tuple[str, int], list[int]] = defaultdict(list)
    texts = dict(session.before)
    for index, step in enumerate(session.steps):
        if step.edits:
            texts[step.file] = applied(texts[step.file], step.edits)
            states[step.file, hash(texts[step.file])].append(index)
    return states
