"""Where names are defined and used in the workspace, found when somebody asks.

The files are read in a thread, and those that hold the name are parsed in a process of its own. What is
searched, and shown, are redacted texts: who can search can guess a secret letter by letter.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, TypeVar

from codestral_ls.core.languages import language_of
from codestral_ls.core.occurrences import MOST_IN_A_FILE, Occurrence, has_name
from codestral_ls.core.privacy import redact
from codestral_ls.core.text import line_feeds
from codestral_ls.engine.parsing import Parsing
from codestral_ls.engine.walk import Walk

if TYPE_CHECKING:
    from pathlib import Path

    from codestral_ls.core.occurrences import Role
    from codestral_ls.core.privacy import SafeText
    from codestral_ls.engine.tree import Tree

MOST_CANDIDATES, MOST_CHARACTERS = 200, 8_000_000
"""Of the files that hold a name so many are looked into, and so much text at most."""

SECONDS = 10.0
"""A search takes no longer; what it has found by then counts."""

_LONGEST_LINE = 200

_Answer = TypeVar("_Answer")
_Texts = Callable[[], Mapping["Path", str]]


@dataclass(frozen=True, slots=True, repr=False)
class Place:
    """A line, counted from 0, what the name is there, and its text, redacted and cut where it is long."""

    path: Path
    line: int
    text: str
    role: Role


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """`unparsed` are files that hold the name and could only be read as text, `hidden` those that no model
    may see. `whole` is False where a limit has ended the search."""

    places: tuple[Place, ...] = ()
    unparsed: tuple[Path, ...] = ()
    hidden: tuple[Path, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class Listing:
    """Some files, and whether they are all."""

    paths: tuple[Path, ...]
    whole: bool


class Symbols(Protocol):
    """What is known of a workspace's names. Nothing raises for what is not there."""

    async def find(self, name: str) -> Found:
        """Every place at which a name stands."""
        ...

    async def search(self, text: str) -> Found:
        """The lines that hold a text, letter by letter."""
        ...

    async def files(self, folders: list[Path], most: int) -> Listing:
        """The files below some folders."""
        ...


class OnDemand:
    """`Symbols` without an index: each question reads the workspace anew.

    `texts` are those that stand for what is on disk, such as changed ones; open documents do so anyway.
    """

    def __init__(self, tree: Tree, texts: _Texts = dict, clock: Callable[[], float] = time.monotonic) -> None:
        self._tree = tree
        self._texts = texts
        self._clock = clock

    async def find(self, name: str) -> Found:
        found = await self._in_thread(lambda scan: scan.candidates(lambda text: has_name(text, name)))
        seen: list[Place] = []
        unparsed: list[Path] = []
        async with Parsing() as parsing:
            for path, text in found.texts:
                language = language_of(path.name)
                parsed = (
                    await parsing.occurrences(language, text, name) if self._clock() < found.end else None
                )
                if parsed is None:
                    unparsed.append(path)
                seen += _places(path, text, parsed if parsed is not None else _as_text(text, name))
        return Found(tuple(seen), tuple(unparsed), tuple(found.hidden), found.whole)

    async def search(self, text: str) -> Found:
        return await self._in_thread(lambda scan: scan.lines(text))

    async def files(self, folders: list[Path], most: int) -> Listing:
        return await self._in_thread(lambda scan: scan.listing(folders, most))

    async def _in_thread(self, work: Callable[[_Scan], _Answer]) -> _Answer:
        given_up = threading.Event()
        scan = _Scan(self._tree, dict(self._texts()), self._clock, given_up.is_set)
        try:
            return await asyncio.to_thread(work, scan)
        finally:
            given_up.set()


@dataclass(slots=True, repr=False)
class _Candidates:
    end: float
    texts: list[tuple[Path, SafeText]] = field(default_factory=list)
    hidden: list[Path] = field(default_factory=list)
    whole: bool = True


class _Scan:
    """One pass over the files, in a thread."""

    def __init__(
        self, tree: Tree, texts: Mapping[Path, str], clock: Callable[[], float], given_up: Callable[[], bool]
    ) -> None:
        self._tree = tree
        self._texts = texts
        self._end = clock() + SECONDS
        self._stop = lambda: given_up() or clock() > self._end

    def candidates(self, holds: Callable[[str], bool]) -> _Candidates:
        """The texts that hold something, as a model may see them, lines ending in line feeds."""
        found, size = _Candidates(self._end), 0
        walk = Walk(self._tree.workspace, list(self._tree.roots.values()), self._stop)
        for path in self._paths(walk):
            text = self._text(path)
            if text is None or not holds(text):
                continue
            if not self._tree.may_see(path):
                found.hidden.append(path)
                continue
            size += len(text)
            if len(found.texts) >= MOST_CANDIDATES or size > MOST_CHARACTERS:
                walk.whole = False
                break
            found.texts.append((path, redact(line_feeds(text))))
        found.whole = walk.whole
        return found

    def lines(self, wanted: str) -> Found:
        found = self.candidates(lambda text: wanted in text)
        seen = [
            place for path, text in found.texts for place in _places(path, text, _lines_with(text, wanted))
        ]
        return Found(tuple(seen), whole=found.whole)

    def listing(self, folders: list[Path], most: int) -> Listing:
        walk = Walk(self._tree.workspace, folders, self._stop)
        found: list[Path] = []
        for path in walk.files():
            if self._tree.may_see(path):
                found.append(path)
            if len(found) > most:
                return Listing(tuple(found[:most]), False)
        return Listing(tuple(found), walk.whole)

    def _paths(self, walk: Walk) -> Iterator[Path]:
        """Those that are open or changed first: they are what the user works on."""
        known = {**self._texts, **self._tree.opened}
        yield from (path for path in known if self._tree.is_inside(path))
        yield from (path for path in walk.files() if path not in known)

    def _text(self, path: Path) -> str | None:
        if path in self._texts:
            return self._texts[path]
        opened = self._tree.opened.get(path)
        return opened.text if opened else self._tree.on_disk(path)


def _as_text(text: str, name: str) -> list[Occurrence]:
    """A name's places in a text that nobody has parsed."""
    rows = (row for row, line in enumerate(text.split("\n")) if has_name(line, name))
    return [Occurrence(row, 0, "text") for row, _ in zip(rows, range(MOST_IN_A_FILE), strict=False)]


def _lines_with(text: str, wanted: str) -> list[Occurrence]:
    """The lines in which a text begins."""
    rows: list[int] = []
    at = text.find(wanted)
    while at >= 0 and len(rows) < MOST_IN_A_FILE:
        rows.append(text.count("\n", 0, at))
        end = text.find("\n", at)
        at = text.find(wanted, end) if end >= 0 else -1
    return [Occurrence(row, 0, "text") for row in rows]


def _places(path: Path, text: str, found: Iterable[Occurrence]) -> Iterator[Place]:
    """The lines, each once, with the most that can be said of it."""
    lines = text.split("\n")
    best: dict[int, Occurrence] = {}
    for each in found:
        if each.line not in best or best[each.line].role == "text":
            best[each.line] = each
    for each in best.values():
        line, start = lines[each.line], max(each.column - _LONGEST_LINE // 2, 0)
        shown = line if len(line) <= _LONGEST_LINE else line[start : start + _LONGEST_LINE]
        yield Place(path, each.line, shown.strip(), each.role)
