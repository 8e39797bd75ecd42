"""The workspace's files by the names that a model knows them by, and none that it must not see.

A name is a path from the workspace's folder on, with slashes. Whatever leads out of it, is ignored, holds
secrets, or is no text file is answered as if it were not there: a model learns nothing by asking.
"""

from __future__ import annotations

import os
import re
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from codestral_ls.core.languages import language_of
from codestral_ls.core.text import Document
from codestral_ls.engine.safe_read import Unreadable, read
from codestral_ls.engine.walk import is_of_repository
from codestral_ls.engine.workspace import path_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codestral_ls.engine.workspace import Workspace

MOST_BYTES = 512 * 1024
"""A file larger than this is not source that a person has written."""

_OUTSIDE = re.compile(r"[/\\~]|[A-Za-z]:|.*://")
# To Windows a colon begins another stream of the same file, and a dot or a blank at the end is nothing.
_MEANS_MORE = re.compile(r":|[. ]\Z")
_LONGEST_NAME = 1_000

# The last makes any folder a repository, whose settings name programs that git starts there.
_OBEYED = frozenset(
    {
        *(".gitignore", ".codestralignore", ".codestral.toml", ".gitattributes", ".gitmodules"),
        *(".nvim.lua", ".nvimrc", ".exrc", ".vimrc", ".dir-locals.el", ".dir-locals-2.el"),
        "head",
    }
)
_OBEYED_FOLDERS = frozenset({".vscode", ".idea", ".helix", ".zed", ".fleet"})


class NotThere(Exception):
    """There is no such file, or none that may be seen. `message` says so to the model."""

    def __init__(self, name: str) -> None:
        self.message = f"There is no text file {_plain(name)!r} in the workspace."
        super().__init__(self.message)


class NotYours(NotThere):
    """A file that only the user changes."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.message = f"{_plain(name)!r} tells programs what to do: only the user changes it."


class Tree:
    """The workspace as it is when this is made: its folders, and its open documents at their versions.

    Of closed files the disk counts. Its methods read the disk: not for the event loop's thread.
    """

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.roots = _named(workspace.roots)
        self._opened: Mapping[Path, Document] = {
            path: document
            for document in workspace.documents
            if (path := real_path(document.uri)) is not None
        }

    def path(self, name: str) -> Path:
        """The real path that a name stands for, whether there is such a file or not. Raises `NotThere`."""
        text = name.removeprefix("./")
        parts = PurePosixPath(text).parts
        if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable() or _OUTSIDE.match(text):
            raise NotThere(name)
        if ".." in parts or "\\" in text or not parts or any(map(_MEANS_MORE.search, parts)):
            raise NotThere(name)
        top, inner = self._root(parts)
        given = top.joinpath(*inner)
        real = Path(os.path.realpath(given))
        if not self._is_open_to_models(given, real) or not _is_spelt_so(real, top):
            raise NotThere(name)
        return real

    def path_to_change(self, name: str) -> Path:
        """The same, for a file that a model may change or make. Raises `NotThere`, also for one that the
        user's programs obey: with it a model could lift its own limits, or have something run."""
        path = self.path(name)
        parts = self.name(path).lower().split("/")
        if parts[-1] in _OBEYED or not _OBEYED_FOLDERS.isdisjoint(parts):
            raise NotYours(name)
        return path

    def folder(self, name: str) -> list[Path]:
        """The real folders that a name stands for; all of the workspace's for an empty one. Raises
        `NotThere`."""
        if name.strip("./") == "":
            return list(self.roots.values())
        if len(self.roots) > 1 and name.strip("/") in self.roots:
            return [self.roots[name.strip("/")]]
        path = self.path(name)
        if not os.path.isdir(path) or self.workspace.ignores(path):
            raise NotThere(name)
        return [path]

    def name(self, path: Path) -> str:
        """What a model calls a real path inside the workspace."""
        root = max((each for each in self.roots.items() if path.is_relative_to(each[1])), key=_depth)
        inner = path.relative_to(root[1]).as_posix()
        return inner if len(self.roots) == 1 else f"{root[0]}/{inner}"

    def is_inside(self, path: Path) -> bool:
        """Whether a real path is in one of the workspace's folders."""
        return any(path.is_relative_to(root) for root in self.roots.values())

    def may_see(self, path: Path) -> bool:
        """Whether a model may be shown a real path, by its place and its name."""
        return str(path).isprintable() and self._is_open_to_models(path, path)

    def document(self, path: Path) -> Document:
        """The text at a real path that `path` gave or `may_see` allowed: an open document as it is, a file of
        the disk at version 0. Raises `NotThere`."""
        if opened := self._opened.get(path):
            if "\0" in opened.text:
                raise NotThere(self.name(path))
            return opened
        text = self.on_disk(path)
        if text is None:
            raise NotThere(self.name(path))
        return Document.of(path.as_uri(), language_of(path.name), 0, text)

    def version(self, path: Path) -> int | None:
        """The version of the open document there; None for a file that is not open."""
        opened = self._opened.get(path)
        return opened.version if opened else None

    @property
    def opened(self) -> Mapping[Path, Document]:
        """The open documents by their real paths."""
        return self._opened

    @staticmethod
    def on_disk(path: Path) -> str | None:
        """The text of a regular file; None where there is none, or it is no UTF-8. A mark at its beginning is
        left out, as editors do."""
        try:
            text = read(path, MOST_BYTES).decode("utf-8-sig")
        except (FileNotFoundError, NotADirectoryError, Unreadable, UnicodeDecodeError):
            return None
        return None if "\0" in text else text

    def _root(self, parts: tuple[str, ...]) -> tuple[Path, tuple[str, ...]]:
        """The folder of the workspace that a name begins in, and the rest of the name. Raises `NotThere`."""
        if len(self.roots) == 1:
            return next(iter(self.roots.values())), parts
        if parts[0] not in self.roots:
            raise NotThere("/".join(parts))
        return self.roots[parts[0]], parts[1:]

    def _is_open_to_models(self, given: Path, real: Path) -> bool:
        inside = [real.relative_to(root) for root in self.roots.values() if real.is_relative_to(root)]
        if not any(path.parts for path in inside) or any(map(is_of_repository, inside)):
            return False
        return self.workspace.why_excluded(given) is None


def real_path(uri: str) -> Path | None:
    """The real path of a document; None for one that is not of this disk."""
    if not uri.startswith("file:"):
        return None
    try:
        return Path(os.path.realpath(path_of(uri)))
    except ValueError:
        return None


def _is_spelt_so(path: Path, top: Path) -> bool:
    """Whether the disk spells a path below a folder so, as far as it is there. Where it takes `Secret` for
    `secret`, the ignore files' patterns do not."""
    there = (each for each in (path, *path.parents) if each.is_relative_to(top) and each != top)
    try:
        return all(each.name in os.listdir(each.parent) for each in there if os.path.lexists(each))
    except OSError:
        return False


def _named(roots: list[Path]) -> dict[str, Path]:
    """The workspace's real folders by their last names, numbered where two have the same. One that lies in
    another is a part of that."""
    found: dict[str, Path] = {}
    real = dict.fromkeys(Path(os.path.realpath(root)) for root in roots)
    for root in (each for each in real if not any(parent in real for parent in each.parents)):
        same = sum(known.name == root.name for known in found.values())
        found[f"{root.name}-{same + 1}" if same else root.name] = root
    return found


def _depth(item: tuple[str, Path]) -> int:
    return len(item[1].parts)


def _plain(name: str) -> str:
    return name if len(name) <= 200 else f"{name[:200]}…"
