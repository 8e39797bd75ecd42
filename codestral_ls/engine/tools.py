"""What a model may do to the workspace: look things up, and propose changes; nothing else, whatever it reads.

All limits are here, in code. What is in a file is told to the model as data between fences, and cannot change
what a tool does.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from codestral_ls.core import calls
from codestral_ls.core.fences import fence_for
from codestral_ls.core.model import Tool
from codestral_ls.core.occurrences import is_name
from codestral_ls.core.privacy import redact
from codestral_ls.engine.overlay import NotDone
from codestral_ls.engine.tree import NotThere

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable
    from pathlib import Path

    from codestral_ls.core.model import ToolCall
    from codestral_ls.core.privacy import SafeText
    from codestral_ls.engine.overlay import Overlay
    from codestral_ls.engine.symbols import Found, Place, Symbols
    from codestral_ls.engine.tree import Tree

MOST_LISTED = 400

_LONGEST_ARGUMENT = 200
_SPENT = "No more of the workspace may be read."


class Spent(Exception):
    """The limit of what may be read is reached."""


class Toolbox:
    """One refactoring's tools, and what was read by them: at most `characters` in all, `result` at once.

    `spent` is True once the model has asked for more than that. `failed` are files of which the last change
    was not taken, `denied` those that it wanted to change and may not, or that are not there.
    """

    def __init__(
        self, tree: Tree, overlay: Overlay, symbols: Symbols, characters: int, result: int = 16_000
    ) -> None:
        self.spent = False
        self.failed: set[str] = set()
        self.denied: set[str] = set()
        self._tree = tree
        self._overlay = overlay
        self._symbols = symbols
        self._left = characters
        self._closed = False
        self._result = result
        self._answered: set[tuple[str, str]] = set()
        self._read: dict[str, set[int]] = {}

    @property
    def reads(self) -> tuple[str, ...]:
        """What the model was shown, for people: "path first–last", in order."""
        return tuple(f"{name} {_ranges(lines)}" for name, lines in sorted(self._read.items()) if lines)

    async def answer(self, call: ToolCall) -> SafeText:
        """The result of a call, or why there is none, for the model."""
        tool, path = TOOLS.get(call.name), ""
        if tool is None:
            return redact(f"There is no such tool. There are: {', '.join(TOOLS)}.")
        if (call.name, call.arguments) in self._answered:
            return redact("You have asked just this before. The answer is the same.")
        try:
            arguments = msgspec.json.decode(call.arguments, type=tool.arguments, strict=False)
            if isinstance(arguments, calls.ProposeEdit | calls.CreateFile):
                path = _plain(arguments.path)
            elif self._closed:
                raise Spent
            answer = await tool.work(self, arguments)
        except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError) as error:
            return redact(f"The arguments are not right: {error}")
        except (NotThere, NotDone) as why:
            if path:
                (self.denied if isinstance(why, NotThere) else self.failed).add(path)
            return redact(why.message)
        except Spent:
            self.spent = True
            return redact(_SPENT)
        if path:
            self.failed.discard(path)
            self._answered.clear()
        self._answered.add((call.name, call.arguments))
        return redact(answer)

    def close(self) -> None:
        """From now on changes may be proposed, and nothing may be read: `spent` tells of who tries."""
        self.spent, self._closed = False, True

    async def _read_file(self, asked: calls.ReadFile) -> str:
        name, text = await asyncio.to_thread(self._text, asked.path)
        lines = text.removesuffix("\n").split("\n")
        first = min(max(asked.first_line, 1), len(lines))
        wanted = lines[first - 1 : max(asked.last_line or len(lines), first)]
        shown = self._fitting(wanted)
        last = first + len(shown) - 1
        self._note(name, range(first, last + 1))
        rest = f" Read on from line {last + 1}." if len(shown) < len(wanted) else ""
        return _framed(f"{name}, lines {first} to {last} of {len(lines)}:", shown, rest)

    async def _find_symbol(self, asked: calls.FindSymbol) -> str:
        found = await self._places(asked.name)
        defined = [place for place in found.places if place.role == "definition"]
        head = "It is defined here:" if defined else "No definition was found. It stands here:"
        return self._told(head, defined or found.places, found)

    async def _find_references(self, asked: calls.FindReferences) -> str:
        found = await self._places(asked.name)
        used = [place for place in found.places if place.role != "definition"]
        return self._told("Lines that use the name, or tell of it in a comment or string:", used, found)

    async def _search(self, asked: calls.Search) -> str:
        if not asked.text.strip() or "\n" in asked.text or len(asked.text) > _LONGEST_ARGUMENT:
            raise NotDone("Search for a part of one line.")
        found = await self._symbols.search(asked.text)
        return self._told("Lines that hold it:", found.places, found)

    async def _list_files(self, asked: calls.ListFiles) -> str:
        folders = await asyncio.to_thread(self._tree.folder, asked.folder)
        listing = await self._symbols.files(folders, MOST_LISTED)
        names = sorted(self._tree.name(path) for path in listing.paths)
        return _framed("Files:", self._fitting(names), "" if listing.whole else " There are more.")

    async def _propose_edit(self, asked: calls.ProposeEdit) -> str:
        line = await asyncio.to_thread(self._overlay.replace, asked.path, asked.old, asked.new)
        return f"The change of {asked.path} at line {line} is noted."

    async def _create_file(self, asked: calls.CreateFile) -> str:
        await asyncio.to_thread(self._overlay.create, asked.path, asked.content)
        return f"The new file {asked.path} is noted."

    def _told(self, head: str, places: Iterable[Place], found: Found) -> str:
        told = [(place, f"{self._tree.name(place.path)}:{place.line + 1}: {place.text}") for place in places]
        if not told:
            return "Nothing was found."
        shown = self._fitting([line for _, line in told])
        for place, _ in told[: len(shown)]:
            self._note(self._tree.name(place.path), [place.line + 1])
        tail = "" if found.whole and len(shown) == len(told) else " There may be more."
        if found.unparsed:
            tail += f" Read as mere text: {self._names(found.unparsed)}."
        return _framed(head, shown, tail)

    def _names(self, paths: Iterable[Path]) -> str:
        return ", ".join(self._tree.name(path) for path in list(paths)[:10])

    def _fitting(self, lines: list[str]) -> list[str]:
        """As many lines as may be shown; of a first one that is too long, a part. Raises `Spent`."""
        room = min(self._result, self._left)
        if room <= 0:
            raise Spent
        shown: list[str] = []
        for line in lines:
            if len(line) >= room:
                shown += [] if shown else [line[:room]]
                room = 0
                break
            room -= len(line) + 1
            shown.append(line)
        self._left -= sum(map(len, shown)) + len(shown)
        return shown

    def _note(self, name: str, lines: Iterable[int]) -> None:
        self._read.setdefault(name, set()).update(lines)

    def _text(self, name: str) -> tuple[str, str]:
        text = self._overlay.read(name)
        return self._tree.name(self._tree.path(name)), text

    async def _places(self, name: str) -> Found:
        if not is_name(name) or len(name) > _LONGEST_ARGUMENT:
            raise NotDone("Give one name, without dots, blanks or brackets.")
        return await self._symbols.find(name)


@dataclass(frozen=True, slots=True)
class ToolRow:
    """A tool: what the model is told of it, its arguments, what it does, and whether it proposes changes."""

    description: str
    arguments: type[calls.Call]
    work: Callable[[Toolbox, Any], Awaitable[str]]
    writes: bool = False


TOOLS = {
    "read_file": ToolRow("Read a text file, or some of its lines.", calls.ReadFile, Toolbox._read_file),
    "find_symbol": ToolRow("Find where a name is defined.", calls.FindSymbol, Toolbox._find_symbol),
    "find_references": ToolRow("Find where a name is used.", calls.FindReferences, Toolbox._find_references),
    "search": ToolRow("Find lines by a part of their text.", calls.Search, Toolbox._search),
    "list_files": ToolRow(
        "List the files of a folder and of those below it.", calls.ListFiles, Toolbox._list_files
    ),
    "propose_edit": ToolRow(
        "Replace lines of a file. All changes are applied together at the end, or none.",
        calls.ProposeEdit,
        Toolbox._propose_edit,
        writes=True,
    ),
    "create_file": ToolRow("Make a new file.", calls.CreateFile, Toolbox._create_file, writes=True),
}
"""All tools by name."""


def offered(*, only_writing: bool = False) -> tuple[Tool, ...]:
    """The tools as a request names them."""
    rows = {name: row for name, row in TOOLS.items() if row.writes or not only_writing}
    return tuple(Tool(name, row.description, calls.schema(row.arguments)) for name, row in rows.items())


def _framed(head: str, lines: list[str], tail: str = "") -> str:
    text = "\n".join(lines)
    fence = fence_for(text)
    return f"{head}\n{fence}\n{text}\n{fence}\n{tail.strip()}".rstrip("\n")


def _plain(path: str) -> str:
    """A path for people, who may be shown anything in it."""
    return path[:_LONGEST_ARGUMENT] if path.isprintable() else ascii(path[:_LONGEST_ARGUMENT])


def _ranges(lines: set[int]) -> str:
    """Line numbers as ranges: "3–9, 12"."""
    found: list[list[int]] = []
    for line in sorted(lines):
        if found and found[-1][1] == line - 1:
            found[-1][1] = line
        else:
            found.append([line, line])
    return ", ".join(f"{first}–{last}" if last > first else str(first) for first, last in found)
