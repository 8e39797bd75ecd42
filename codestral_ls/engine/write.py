"""Changes written to the files: all of them or none, and never over what was written there meanwhile."""

from __future__ import annotations

import errno
import os
import shutil
import tempfile
from codecs import BOM_UTF8
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from codestral_ls.core.refusal import Refused
from codestral_ls.engine.walk import is_of_repository
from codestral_ls.engine.workspace import path_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from codestral_ls.engine.proposal import FileChange


def write(changes: Sequence[FileChange], roots: Iterable[Path]) -> None:
    """Write every change, each file at once; mode, owner and line ends stay, and a link stays a link.

    Raises OSError where a file cannot be written (FileExistsError where a new one is there already,
    PermissionError where a link leads out of the folders `roots`) and `Refused` where one is no longer what
    the change was made for. Then no file is changed, and no folder made.
    """
    inside = [Path(os.path.realpath(root)) for root in roots]
    with ExitStack() as folders, ExitStack() as drafts, ExitStack() as undoing:
        ready = [(change, _target(change, inside)) for change in changes]
        for change, path in ready:
            if change.old is None:
                _make_folder(path.parent, folders)
        drafted = [drafts.enter_context(_draft(path, change.new_text)) for change, path in ready]
        for change, path in ready:
            _check(change, path)
        for (change, path), draft in zip(ready, drafted, strict=True):
            if change.old is None:
                path.touch(exist_ok=False)
                undoing.callback(path.unlink, missing_ok=True)
            _put(draft, path)
            if change.old is not None:
                undoing.callback(_restore, path, change.old.text)
        undoing.pop_all()
        folders.pop_all()


def _target(change: FileChange, roots: list[Path]) -> Path:
    """Where to write. Which way a link leads may have changed since the model was asked."""
    path = path_of(change.uri)
    # The last part of a new file's path is never followed: what is there is in the way.
    followed = path.parent if change.old is None else path
    real = Path(os.path.realpath(followed), *(() if followed is path else (path.name,)))
    inside = any(real.is_relative_to(root) for root in roots)
    if not inside or (is_of_repository(real) and not is_of_repository(path)):
        raise PermissionError(errno.EACCES, "a link leads elsewhere: name the file itself", str(path))
    return real


def _make_folder(folder: Path, undoing: ExitStack) -> None:
    """Make what is missing of a folder's path. Undone, what is empty goes again."""
    missing = [each for each in (folder, *folder.parents) if not each.exists()]
    for each in reversed(missing):
        with suppress(FileExistsError):  # Somebody else was faster: it is theirs.
            each.mkdir()
            undoing.callback(_remove_empty, each)


def _remove_empty(folder: Path) -> None:
    with suppress(OSError):
        folder.rmdir()


def _check(change: FileChange, path: Path) -> None:
    if change.old is None:
        return
    try:
        old = change.old.text
        same = path.read_bytes() == _mark(path, old) + old.encode("utf-8")
    except FileNotFoundError:
        same = False
    if not same:
        raise Refused("moved", path=path.name)
    # A rename asks for the folder's permission only.
    if not os.access(path, os.W_OK):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))


def _mark(path: Path, text: str) -> bytes:
    """The byte order mark that a file begins with, where its text was read without, as editors do."""
    try:
        with path.open("rb") as file:
            marked = file.read(len(BOM_UTF8)) == BOM_UTF8
    except FileNotFoundError:
        return b""
    return BOM_UTF8 if marked and not text.startswith("\ufeff") else b""


@contextmanager
def _draft(path: Path, text: str) -> Iterator[Path]:
    """The text in a file beside its place, on the disk for good; removed if it is still there."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:100]}.")
    try:
        with open(handle, "wb") as file:
            file.write(_mark(path, text) + text.encode("utf-8"))
            file.flush()
            os.fsync(file.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _put(draft: Path, path: Path) -> None:
    """Move a draft into its place, with all but the text of what is there."""
    if hasattr(os, "chown"):
        there = path.stat()
        with suppress(PermissionError):
            os.chown(draft, there.st_uid, there.st_gid)
    shutil.copystat(path, draft)
    os.utime(draft)
    os.replace(draft, path)


def _restore(path: Path, text: str) -> None:
    with _draft(path, text) as draft:
        _put(draft, path)
