"""Types a source file as a person would: at recorded gaps between keys, with typing errors that are taken
back and lines that are written later, in an editor that indents and closes brackets by itself.
"""

from __future__ import annotations

import random
import re
from bisect import bisect_right
from collections import deque
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from codestral_ls.bench.sessions import Session, Step, applied
from codestral_ls.core.text import Edit, Span

if TYPE_CHECKING:
    from codestral_ls.bench.sessions import Origin

Before = Literal["word", "separator", "line"]

# Milliseconds between two keys, at the shares of `_SHARES`, by what the first of them wrote: measured from
# 900 pairs of keys, less than 5 s apart, in a VS Code recording of TypeScript.
_SHARES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 1.0)
_GAPS: dict[Before, tuple[int, ...]] = {
    "word": (20, 44, 68, 90, 134, 180, 268, 600),
    "separator": (30, 74, 112, 158, 293, 562, 1112, 2500),
    "line": (90, 133, 172, 226, 477, 2131, 3453, 5000),
}
_JUMP = 0.9
"""Seconds that it takes to find another place and go there."""

_NOTICED = 0.3
"""Seconds until a typing error is seen."""

_ERRORS = 0.02
"""Typing errors for each letter."""

_LATER, _LINES_BETWEEN = 0.04, 6
"""Share of the lines that are left out at first, and after how many more each is written."""

_CLOSERS = {"(": ")", "[": "]", "{": "}"}
_BRACKETS = re.compile(r"[()\[\]{}]")
_INDENT = re.compile(r"[ \t]*")
_OPENS = re.compile(r"[:({\[]\Z")


def type_file(name: str, text: str, seed: int) -> Session:
    """The session of somebody who writes this file from nothing; its line ends become line feeds. The same
    seed makes the same session."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    typist = _Typist(name, text, random.Random(seed))
    typist.write_all()
    return Session(name, {name: ""}, typist.steps, {name: text})


class _Typist:
    """`_auto` holds what the editor closed by itself right of the cursor, the innermost last; `_blank` is how
    much indentation it put on a line that may stay blank."""

    def __init__(self, file: str, text: str, lot: random.Random) -> None:
        self.steps: list[Step] = []
        self._file = file
        self._text = text
        self._lot = lot
        self._now = 0.0
        self._before: Before = "line"
        self._document, self._cursor = "", 0
        self._auto: list[str] = []
        self._blank = 0
        self._unit = "\t" if "\n\t" in text else " " * (4 if "\n    " in text else 2)

    def write_all(self) -> None:
        lines = self._text.splitlines(keepends=True)
        starts = [0]
        for line in lines:
            starts.append(starts[-1] + len(line))
        later = [n for n in range(1, len(lines) - 1) if _can_wait(lines, n) and self._lot.random() < _LATER]
        # Two in a row would leave the second without the line that it follows.
        later = later[:1] + [n for before, n in pairwise(later) if n > before + 1]
        self._waiting = deque((starts[n], lines[n].rstrip("\n")) for n in later)
        self._write("".join(line for n, line in enumerate(lines) if n not in later))
        while self._waiting:
            self._write_later()

    def _write(self, text: str) -> None:
        partners = _partners(text)
        closed: set[int] = set()
        at = 0
        while at < len(text):
            key = text[at]
            if key == "\n":
                at = self._line_end(text, at)
            elif at in partners and self._closes_itself():
                closed.add(partners[at])
                self._put(key + _CLOSERS[key], 1)
                self._auto.append(_CLOSERS[key])
                at += 1
            elif at in closed:
                self._over()
                at += 1
            else:
                self._key(key)
                at += 1
        self._unindent()

    def _line_end(self, text: str, at: int) -> int:
        """End a line, and come to the next one's first character. Returns where that is."""
        if self._auto and len(self._auto[-1]) > 1 and text.startswith(self._auto[-1], at):
            self._unindent()
            closed = self._auto.pop()
            self._go(self._cursor + len(closed))
            return at + len(closed)
        self._write_what_waits()
        head = self._document[self._document.rfind("\n", 0, self._cursor) + 1 : self._cursor]
        opens = _OPENS.search(head)
        base = _indent(head)
        indent = base + (self._unit if opens else "")
        opened = opens and self._auto and self._auto[-1] == _CLOSERS.get(head[-1:])
        behind = f"\n{base}" if opened else ""
        if opened:
            self._auto[-1] = behind + self._auto[-1]
        self._put(f"\n{indent}{behind}", 1 + len(indent), erase=self._blank)
        self._blank = len(indent)
        return self._indent(text, at + 1)

    def _indent(self, text: str, at: int) -> int:
        """Make the indentation right, unless the line is to be blank. Returns where its text begins."""
        wanted = _indent(text[at:])
        if text[at + len(wanted) : at + len(wanted) + 1] in ("\n", "") and not wanted:
            return at
        now = self._document[self._cursor - self._blank : self._cursor]
        if not wanted.startswith(now):
            self._unindent(len(wanted) if now.startswith(wanted) else 0)
            now = wanted if now.startswith(wanted) else ""
        if more := wanted[len(now) :]:
            self._put(more, len(more))
        self._blank = 0
        return at + len(wanted)

    def _unindent(self, kept: int = 0) -> None:
        if self._blank > kept:
            self._do(Edit(Span(self._cursor - self._blank + kept, self._cursor), ""), 0, "erased")
        self._blank = 0

    def _closes_itself(self) -> bool:
        """An editor closes a bracket where no text follows."""
        return self._document[self._cursor : self._cursor + 1] in ("", "\n", ")", "]", "}")

    def _over(self) -> None:
        """Type over a bracket that the editor has put there."""
        closed = self._auto.pop()
        if len(closed) > 1:
            self._do(Edit(Span(self._cursor, self._cursor + len(closed) - 1), ""), 0, "erased")
        self._do(Edit(Span(self._cursor, self._cursor + 1), closed[-1]), 1, "key")

    def _key(self, key: str) -> None:
        if key.isalpha() and self._lot.random() < _ERRORS:
            self._put(self._lot.choice("etaoinsr"), 1)
            self._now += _NOTICED
            self._do(Edit(Span(self._cursor - 1, self._cursor), ""), 0, "erased")
        self._put(key, 1)

    def _put(self, text: str, cursor: int, erase: int = 0) -> None:
        """Press a key that writes, and leave the cursor so far behind where the text begins."""
        self._do(Edit(Span(self._cursor - erase, self._cursor), text), cursor, "key")
        self._blank = 0

    def _do(self, edit: Edit, cursor: int, origin: Origin) -> None:
        self._now += self._gap()
        self._cursor = edit.span.start + cursor
        self._document = applied(self._document, (edit,))
        self.steps.append(Step(round(self._now, 3), self._file, (edit,), self._cursor, origin))
        last = edit.text[-1:]
        self._before = "word" if last.isalnum() else "line" if "\n" in edit.text else "separator"

    def _go(self, cursor: int, seconds: float = 0.0) -> None:
        self._now += seconds + self._gap()
        self._cursor = cursor
        self.steps.append(Step(round(self._now, 3), self._file, cursor=cursor))

    def _gap(self) -> float:
        """Seconds until the next key: drawn from the recorded ones."""
        share = self._lot.random()
        above = min(bisect_right(_SHARES, share), len(_SHARES) - 1)
        low, high = _SHARES[above - 1], _SHARES[above]
        gaps = _GAPS[self._before]
        return (gaps[above - 1] + (share - low) / (high - low) * (gaps[above] - gaps[above - 1])) / 1000

    def _write_what_waits(self) -> None:
        if not self._waiting or self._blank:
            return
        lines = self._document.count("\n", min(self._waiting[0][0], self._cursor), self._cursor)
        if lines >= _LINES_BETWEEN:
            self._write_later()

    def _write_later(self) -> None:
        """Go to where the first line that waits belongs, write it, and come back."""
        start, line = self._waiting.popleft()
        back, auto, self._auto = self._cursor, self._auto, []
        waiting, self._waiting = self._waiting, deque()
        self._go(start - 1, _JUMP)
        self._write(f"\n{line}")
        self._auto, self._waiting = auto, waiting
        self._go(back + len(line) + 1, _JUMP)


def _indent(line: str) -> str:
    found = _INDENT.match(line)
    return found[0] if found else ""


def _can_wait(lines: list[str], number: int) -> bool:
    """Whether a line stands in the middle of a block and is whole by itself."""
    near = lines[number - 1 : number + 2]
    line = lines[number]
    brackets = _BRACKETS.findall(line)
    balanced = len(_partners(line)) * 2 == len(brackets)
    same = all(part.strip() and _indent(part) == _indent(line) for part in near)
    return same and balanced and not _OPENS.search(line.rstrip())


def _partners(text: str) -> dict[int, int]:
    """For each bracket that opens, where it is closed; without those that do not match."""
    partners: dict[int, int] = {}
    opened: list[int] = []
    for found in _BRACKETS.finditer(text):
        if found[0] in _CLOSERS:
            opened.append(found.start())
        elif opened and _CLOSERS[text[opened[-1]]] == found[0]:
            partners[opened.pop()] = found.start()
    return partners
