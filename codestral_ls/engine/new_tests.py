"""Where the tests of a file go, and what those look like that the project has."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from itertools import count, islice
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from codestral_ls.core.model import BadRequest, Snippet
from codestral_ls.core.privacy import redact
from codestral_ls.core.text import split_lines
from codestral_ls.engine.safe_read import Unreadable, read
from codestral_ls.engine.walk import DEEPEST, is_of_repository
from codestral_ls.engine.workspace import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codestral_ls.core.text import Document
    from codestral_ls.engine.workspace import Workspace

MOST_FILES = 3_000
"""So many files are looked at for tests."""

MOST_BYTES = 256 * 1024
SAMPLE_CHARACTERS = 6_000


@dataclass(frozen=True, slots=True)
class Place:
    """Where the new file is to be. `shown` is its path for the model; `samples` are from a test of the
    project, if it has one, and `reads` says which lines of it."""

    path: Path
    shown: str
    samples: tuple[Snippet, ...] = ()
    reads: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Habit:
    """How test files are named in a language, the most usual first, and in which folder they are; without a
    folder they are beside the code."""

    names: tuple[str, ...]
    folder: str = ""


_SCRIPT = Habit(("{stem}.test{suffix}", "{stem}.spec{suffix}"))
_CLASS = Habit(("{stem}Test{suffix}", "{stem}Tests{suffix}", "{stem}Spec{suffix}"), "tests")

HABITS: Final[Mapping[str, Habit]] = {
    "python": Habit(("test_{stem}{suffix}", "{stem}_test{suffix}"), "tests"),
    "go": Habit(("{stem}_test{suffix}",)),
    "rust": Habit(("{stem}{suffix}", "test_{stem}{suffix}", "{stem}_test{suffix}"), "tests"),
    "javascript": _SCRIPT,
    "javascriptreact": _SCRIPT,
    "typescript": _SCRIPT,
    "typescriptreact": _SCRIPT,
    "java": _CLASS,
    "kotlin": _CLASS,
    "scala": _CLASS,
    "groovy": _CLASS,
    "csharp": Habit(("{stem}Tests{suffix}", "{stem}Test{suffix}"), "tests"),
    "php": _CLASS,
    "swift": Habit(("{stem}Tests{suffix}",), "Tests"),
    "ruby": Habit(("{stem}_spec{suffix}", "{stem}_test{suffix}", "test_{stem}{suffix}"), "spec"),
    "elixir": Habit(("{stem}_test.exs",), "test"),
    "dart": Habit(("{stem}_test{suffix}",), "test"),
    "lua": Habit(("{stem}_spec{suffix}",), "spec"),
}
_OTHER = Habit(("test_{stem}{suffix}", "{stem}_test{suffix}"), "tests")

_TEST_FOLDERS = frozenset({"test", "tests", "spec", "specs", "__tests__", "Tests"})
_NOT_LOOKED_AT = frozenset({"node_modules", "target", "build", "dist", "vendor", "venv", "__pycache__"})


def find_place(document: Document, workspace: Workspace) -> Place:
    """Where a file with tests of the document would be new, in the project's own way. It reads the disk.

    Raises `BadRequest` where the document is not a file of this disk, or the place is outside the workspace.
    """
    if urlsplit(document.uri).scheme != "file":
        raise BadRequest("Save the file first: its tests go beside it.")
    source = path_of(document.uri)
    root = next((root for root in workspace.roots if source.is_relative_to(root)), source.parent)
    habit = HABITS.get(document.language, _OTHER)
    tests = list(_tests(root, source, habit))
    nearest = min(tests, key=lambda test: _distance(test, source), default=None)
    path = _free(_wanted(source, root, habit, nearest))
    _check(path, root, workspace)
    shown = path.relative_to(root).as_posix()
    sample = _sample(nearest, root, workspace) if nearest else None
    return Place(path, shown, *sample) if sample else Place(path, shown)


def _check(path: Path, root: Path, workspace: Workspace) -> None:
    """Raises `BadRequest` where nothing may be made: a stranger's link may lead to the repository's hooks."""
    folder, top = Path(os.path.realpath(path.parent)), Path(os.path.realpath(root))
    if not folder.is_relative_to(top) or is_of_repository(folder.relative_to(top)):
        raise BadRequest(f"The tests would go into {path.parent.name}, which is a link that leads elsewhere.")
    if why := workspace.why_excluded(path):
        raise BadRequest(f"The tests would go to {path.name}, which is kept from the model: {why.reason}.")


def _tests(root: Path, source: Path, habit: Habit) -> Iterator[Path]:
    """The project's test files in the language of the source."""
    patterns = [_pattern(name, source.suffix) for name in habit.names]
    for path in islice(_files(root), MOST_FILES):
        named = any(pattern.fullmatch(path.name) for pattern in patterns)
        inside = not _TEST_FOLDERS.isdisjoint(path.relative_to(root).parts)
        if path != source and named and (inside or "{stem}{suffix}" not in habit.names):
            yield path


def _pattern(name: str, suffix: str) -> re.Pattern[str]:
    return re.compile(re.escape(name.replace("{suffix}", suffix)).replace(r"\{stem\}", r"\w[\w.-]*"))


def _files(root: Path) -> Iterator[Path]:
    """The files below a folder, those of a folder before those below it; no link is followed."""
    for folder, folders, names in os.walk(root):
        wanted = (name for name in folders if name[0] != "." and name not in _NOT_LOOKED_AT)
        # `os.walk` calls itself for each folder below, up to Python 3.11.
        folders[:] = sorted(wanted) if len(Path(folder).relative_to(root).parts) < DEEPEST else []
        yield from (Path(folder, name) for name in sorted(names))


def _distance(test: Path, source: Path) -> tuple[bool, int, str]:
    """Tests of the same thing first, then those that are near."""
    common = len(Path(os.path.commonpath((test, source))).parts)
    away = len(test.parts) + len(source.parts) - 2 * common
    return source.stem not in test.stem, away, str(test)


def _wanted(source: Path, root: Path, habit: Habit, nearest: Path | None) -> Path:
    names = [name.format(stem=source.stem, suffix=source.suffix) for name in habit.names]
    if nearest is None:
        return _folder(source, root, habit) / names[0]
    patterns = [_pattern(name, source.suffix) for name in habit.names]
    style = next(
        name for name, pattern in zip(names, patterns, strict=True) if pattern.fullmatch(nearest.name)
    )
    return _mirrored(source, root, nearest) / style


def _folder(source: Path, root: Path, habit: Habit) -> Path:
    """The usual folder, where there is no test yet."""
    parts = source.parent.parts
    if "main" in parts and "src" in parts:  # Maven's and Gradle's way.
        return Path(*("test" if part == "main" else part for part in parts))
    return root / habit.folder if habit.folder else source.parent


def _mirrored(source: Path, root: Path, nearest: Path) -> Path:
    """The folder among the project's tests that answers to the source's, as far as there is one."""
    inside = nearest.parent.relative_to(root).parts
    depth = next((depth for depth, part in enumerate(inside, 1) if part in _TEST_FOLDERS), 0)
    if not depth:  # It is beside its own code.
        return source.parent
    top = root.joinpath(*inside[:depth])
    folders = source.parent.relative_to(root).parts
    mirrors = (top.joinpath(*folders[start:]) for start in range(len(folders)))
    return next((mirror for mirror in mirrors if mirror.is_dir()), top)


def _free(path: Path) -> Path:
    """The path, or one with a number where there is something: no file is written over."""
    if not os.path.lexists(path):
        return path
    stem, dot, suffixes = path.name.partition(".")
    return next(
        new for n in count(2) if not os.path.lexists(new := path.with_name(f"{stem}_{n}{dot}{suffixes}"))
    )


def _sample(
    test: Path, root: Path, workspace: Workspace
) -> tuple[tuple[Snippet, ...], tuple[str, ...]] | None:
    """The beginning of a test file; None where nothing of it may be sent."""
    if workspace.why_excluded(test):
        return None
    try:
        content = read(test, MOST_BYTES).decode("utf-8")
    except (OSError, Unreadable, UnicodeDecodeError):
        return None
    text = "".join(_first_lines(redact(content)))
    shown = test.relative_to(root).as_posix()
    return (Snippet(redact(shown), redact(text)),), (f"{shown} 1–{text.count(chr(10)) + 1}",)


def _first_lines(text: str) -> Iterator[str]:
    size = 0
    for line in split_lines(text):
        size += len(line)
        if size > SAMPLE_CHARACTERS:
            return
        yield line
