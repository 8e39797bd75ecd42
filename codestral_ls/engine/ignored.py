"""Which files of the disk are kept from every model, by the ignore files on the way to them.

A repository's ignore file can only add protection: what it lifts is what it, or one above it, ignored. Where
one is there and cannot be read, nothing below it is sent, since nobody knows what it protects.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import TYPE_CHECKING

from codestral_ls.core.exclusion import Exclusion, by_files
from codestral_ls.core.ignore import PatternFile, parse
from codestral_ls.engine.safe_read import Unreadable, read

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codestral_ls.core.ignore import Pattern

GITIGNORE, CODESTRALIGNORE = ".gitignore", ".codestralignore"
NAMES = (GITIGNORE, CODESTRALIGNORE)

MAX_BYTES = 64 * 1024
MAX_PATTERNS = 2000
"""More in one file take too long to match. A long `.gitignore` has two hundred."""

MAX_ON_THE_WAY, DEEPEST = 5_000, 80
"""So many patterns in all the files on the way to one, and so many folders. A document is judged as it is
opened, on the event loop: a repository of a hundred folders, each with a long ignore file, took a minute."""

MAX_KNOWN = 20_000
"""Places that are remembered of a walk through a large project."""

Known = dict[Path, tuple["Pattern", ...]]
"""The patterns of the ignore files that were looked for; none of those that are not there."""


def why_excluded(
    path: Path, roots: Sequence[Path], names: Sequence[str], known: Known, *, is_folder: bool = False
) -> Exclusion | None:
    """Why the ignore files of these names keep a file, or a whole folder, from every model, or None.

    They are looked for in each folder from the top of the repository, or of the workspace, down to the file,
    unless they are `known`.
    """
    top = _top(path, roots)
    parts = path.relative_to(top).parts
    folders = [top.joinpath(*parts[:depth]) for depth in range(len(parts))]
    try:
        chains = [list(_chain(name, folders, known)) for name in names]
    except Unreadable as why:
        return Exclusion(f"{why}, so nobody knows what it protects")
    judged = (by_files(chain, parts, is_folder=is_folder) for chain in chains)
    return next(filter(None, judged), None)


def _chain(name: str, folders: Sequence[Path], known: Known) -> Iterator[PatternFile]:
    """The ignore files of one name, the weakest first. Raises Unreadable with the file's path in it."""
    places = [(depth, folder / name) for depth, folder in enumerate(folders)]
    if places and name == GITIGNORE:
        # In a worktree `.git` is a file that names another place, where a stranger's must not lead us.
        places.insert(0, (0, folders[0] / ".git" / "info" / "exclude"))
    count = 0
    for depth, place in places:
        # They may be forgotten at any time: a document is opened while a thread looks for files.
        patterns = known.get(place)
        if patterns is None:
            if len(known) >= MAX_KNOWN:
                known.clear()
            patterns = known[place] = _patterns(place)
        count += len(patterns)
        if count > MAX_ON_THE_WAY:
            raise Unreadable(f"There are too many patterns in the files {name} on the way to it")
        if patterns:
            yield PatternFile(str(place), patterns, depth)


def _patterns(path: Path) -> tuple[Pattern, ...]:
    """Raises Unreadable."""
    try:
        patterns = _parsed(read(path, MAX_BYTES))
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except Unreadable as why:
        raise Unreadable(f"{path} cannot be used ({str(why)[:1].lower()}{str(why)[1:]})") from None
    if len(patterns) > MAX_PATTERNS:
        raise Unreadable(f"{path} cannot be used (it has more than {MAX_PATTERNS:,} patterns)")
    return patterns


@functools.lru_cache(maxsize=64)
def _parsed(content: bytes) -> tuple[Pattern, ...]:
    return parse(content.decode("utf-8-sig", "replace").split("\n"))


def _top(path: Path, roots: Sequence[Path]) -> Path:
    """The folder where to begin: that of the repository around the outermost root, or else the root.

    Not the home folder, though: a repository of a user's own settings often ignores everything.
    """
    start = min((root for root in roots if path.is_relative_to(root)), key=_depth, default=path.parent)
    home = Path(os.path.expanduser("~"))
    for folder in (start, *start.parents):
        if folder != home and os.path.lexists(folder / ".git"):
            return folder
    return start


def _depth(path: Path) -> int:
    return len(path.parts)
