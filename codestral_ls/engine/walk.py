"""The files of the workspace, folder by folder, without what the ignore files keep from every model."""

from __future__ import annotations

import os
from collections import deque
from itertools import islice
from pathlib import PurePath
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from codestral_ls.engine.workspace import Workspace

Kind = Literal["file", "folder", "other"]

MOST_FILES, MOST_FOLDERS, DEEPEST = 20_000, 4_000, 40

_REPOSITORY_FOLDERS = frozenset({".git", ".hg", ".svn", ".bzr", ".jj"})

_MADE = frozenset({"node_modules", "__pycache__", ".venv", ".tox"})
"""Folders of thousands of files that a program made."""


def is_of_repository(path: PurePath) -> bool:
    """Whether a path leads into a repository's own folder: what is in there is no source, may hold keys, and
    can make programs run."""
    return not _REPOSITORY_FOLDERS.isdisjoint(part.lower() for part in path.parts)


class Walk:
    """One pass over the files under some folders, real paths, in an order that is always the same.

    Links are not followed. `whole` is False once a limit, or `stop`, has ended it before the last file. Of
    ignored folders nothing comes; single files that are ignored may come, for whoever shows them to judge. It
    reads folders: not for the event loop's thread.
    """

    def __init__(self, workspace: Workspace, folders: list[Path], stop: Callable[[], bool]) -> None:
        self.whole = True
        self._workspace = workspace
        self._stop = stop
        self._waiting = deque((folder, 0) for folder in folders)
        self._left = MOST_FILES

    def files(self) -> Iterator[Path]:
        """The files nearest to the top come first."""
        for _ in range(MOST_FOLDERS):
            if not self._waiting:
                return
            folder, depth = self._waiting.popleft()
            for name, kind in _entries(folder):
                if self._left <= 0 or self._stop():
                    self.whole = False
                    return
                self._left -= 1
                path = folder / name
                if kind == "file":
                    yield path
                elif kind == "folder" and self._is_wanted(path, depth):
                    self._waiting.append((path, depth + 1))
        self.whole = self.whole and not self._waiting

    def _is_wanted(self, folder: Path, depth: int) -> bool:
        if is_of_repository(PurePath(folder.name)) or folder.name in _MADE:
            return False
        if depth >= DEEPEST:
            self.whole = False
            return False
        return not self._workspace.ignores(folder)


def _entries(folder: Path) -> list[tuple[str, Kind]]:
    """What is in a folder, by name; nothing where it cannot be read. A folder of more than `MOST_FILES` is
    read no further."""
    try:
        with os.scandir(folder) as entries:
            return sorted((entry.name, _kind(entry)) for entry in islice(entries, MOST_FILES + 1))
    except OSError:
        return []


def _kind(entry: os.DirEntry[str]) -> Kind:
    if entry.is_dir(follow_symlinks=False):
        return "folder"
    return "file" if entry.is_file(follow_symlinks=False) else "other"
