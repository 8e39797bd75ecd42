"""The changes that a model proposes to files, kept beside them until all are known to be right."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codestral_ls.core.check import check_syntax
from codestral_ls.core.elision import elision
from codestral_ls.core.hole import line_end
from codestral_ls.core.languages import language_of
from codestral_ls.core.minimal import smallest_edits
from codestral_ls.core.privacy import redact
from codestral_ls.core.refusal import Refused
from codestral_ls.core.text import Document, Edit, Span, apply_edits, line_feeds
from codestral_ls.core.withheld import Withheld
from codestral_ls.engine.proposal import FileChange

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from codestral_ls.core.privacy import SafeText
    from codestral_ls.engine.tree import Tree

MOST_FILES, MOST_WRITTEN = 40, 400_000
"""So many files may be changed, and so many characters written, by one refactoring."""


class NotDone(Exception):
    """Why a change is not taken, as sentences for the model, which can do better."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@dataclass(slots=True, repr=False)
class _File:
    """`before` is None for a new file. `shown` is its text as a model may see it; `now`, with line feeds,
    that with the model's changes."""

    path: Path
    before: Document | None
    shown: str
    now: str


class Overlay:
    """The workspace's files with a model's changes. Nothing is written.

    A file stays as it was first seen: one that changes meanwhile is refused. Its methods read the disk: not
    for the event loop's thread. They raise `NotThere` and `NotDone`.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._files: dict[Path, _File] = {}
        self._seen: dict[Path, bytes] = {}
        self._written = 0

    @property
    def texts(self) -> Mapping[Path, str]:
        """The changed files' texts by their real paths."""
        return {path: file.now for path, file in self._files.items()}

    def read(self, name: str) -> SafeText:
        """A file's text with the changes so far, lines ending in line feeds."""
        return redact(self._file(name).now)

    def replace(self, name: str, old: str, new: str) -> int:
        """Put `new` in the place of `old`, which must stand in the file exactly once. Returns its line,
        counted from 1."""
        self._tree.path_to_change(name)
        file, old, new = self._file(name), line_feeds(old), line_feeds(new)
        shown = redact(file.now)
        at = shown.find(old)
        why = _why_not(name, shown.count(old) if old else 0, old, new)
        if not why and file.now[at : at + len(old)] != old:
            why = "This stretch holds what looks like a secret: change the lines around it."
        if why or (why := _left_out(old, new, language_of(file.path.name))):
            raise NotDone(why)
        self._write(len(new), file.path)
        file.now = file.now[:at] + new + file.now[at + len(old) :]
        self._files[file.path] = file
        return shown.count("\n", 0, at) + 1

    def create(self, name: str, content: str) -> None:
        """Propose a new file. Raises `NotDone` where there is something of that name."""
        path, text = self._tree.path_to_change(name), line_feeds(content)
        if path in self._files or path in self._tree.opened or os.path.lexists(path):
            raise NotDone(f"{name} is there already: change it with propose_edit.")
        around = next(parent for parent in path.parents if os.path.lexists(parent))
        if not os.path.isdir(around) or not text.strip() or "\0" in text:
            raise NotDone(f"{name} cannot be created.")
        if why := _left_out("", text, language_of(path.name)):
            raise NotDone(why)
        self._write(len(text), path)
        self._files[path] = _File(path, None, "", text if text.endswith("\n") else f"{text}\n")

    def changes(self) -> tuple[tuple[FileChange, ...], tuple[str, ...]]:
        """All changes, and the names of the files whose syntax could not be checked. Raises `Refused` where
        one of them is not right: then none is."""
        found = [made for file in self._files.values() if (made := self._change(file)) is not None]
        if not found:
            raise Refused("unchanged")
        return tuple(change for change, _ in found), tuple(name for _, name in found if name)

    def is_untouched(self, path: Path, line: str) -> bool:
        """Whether a line of a file, or a part of it, stood there before any change."""
        file = self._files.get(path)
        return file is None or line in file.shown

    def _file(self, name: str) -> _File:
        path = self._tree.path(name)
        if path in self._files:
            return self._files[path]
        document = self._tree.document(path)
        text = document.text
        digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
        if self._seen.setdefault(path, digest) != digest:
            raise NotDone(f"{name} was changed by somebody else since you read it: leave it as it is.")
        shown = redact(text)
        return _File(path, document, shown, line_feeds(shown))

    def _write(self, size: int, path: Path) -> None:
        self._written += size
        if self._written > MOST_WRITTEN or (path not in self._files and len(self._files) >= MOST_FILES):
            raise NotDone("These are too many changes for one refactoring.")

    def _change(self, file: _File) -> tuple[FileChange, str] | None:
        """A file's change, and its name if it could not be parsed; None if nothing changes."""
        name, version = self._tree.name(file.path), self._tree.version(file.path)
        if file.before is None:
            return self._new(file, name)
        if version is None and self._tree.on_disk(file.path) != file.before.text:
            raise Refused("moved", path=name)
        real = file.before.text
        withheld = Withheld(real, file.shown)
        edits = smallest_edits(file.shown, withheld.restored(file.now), line_end(real))
        if withheld.touched(edits, 0):
            raise Refused("secret")
        if not edits:
            return None
        after = apply_edits(file.before, reversed(edits), file.before.version)
        change = FileChange(file.before.uri, version, file.before, after.text, edits)
        return change, _unchecked(file.before, after, edits, name)

    def _new(self, file: _File, name: str) -> tuple[FileChange, str]:
        if os.path.lexists(file.path):
            raise Refused("moved", path=name)
        uri, language = file.path.as_uri(), language_of(file.path.name)
        empty, after = (Document.of(uri, language, 0, text) for text in ("", file.now))
        edits = (Edit(Span(0, 0), file.now),)
        return FileChange(uri, None, None, file.now), _unchecked(empty, after, edits, name)


def _unchecked(before: Document, after: Document, edits: tuple[Edit, ...], name: str) -> str:
    """The file's name if it could not be parsed, else nothing. Raises `Refused`."""
    check = check_syntax(before, after, edits)
    if check.verdict == "broken":
        raise Refused("syntax", None if check.line is None else check.line + 1, name)
    return name if check.verdict == "unchecked" else ""


def _why_not(name: str, count: int, old: str, new: str) -> str:
    if not old:
        return "The old text is empty: give the lines to be changed as they stand in the file."
    if old == new:
        return "The old and the new text are the same."
    if count == 0:
        return f"This text does not stand in {name}. Read the file again: every blank counts."
    return (
        "" if count == 1 else f"This text stands in {name} {count} times: give more of the lines around it."
    )


def _left_out(old: str, new: str, language: str) -> str:
    known = {line.strip() for line in old.split("\n")}
    if any(elision(line, language) == "sure" for line in new.split("\n") if line.strip() not in known):
        return "The new text leaves code out: write every line of it."
    return ""
