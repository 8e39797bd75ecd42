"""Changes as a unified diff, for people at a terminal and for `patch`."""

from __future__ import annotations

import difflib
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from codestral_ls.cli.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codestral_ls.engine.proposal import FileChange

_STYLES = {"---": "bold", "+++": "bold", "@@ ": "cyan"}
_SIGNS = {"+": "green", "-": "red", "\\": "dim"}


def unified(changes: Iterable[FileChange]) -> str:
    """The diff of all changes. Below the working folder `git apply` and `patch -p1` take it."""
    return "".join(line for change in changes for line in _lines(change))


def show(diff: str) -> None:
    """In colour on a terminal; elsewhere as it is, byte for byte, in UTF-8."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        sys.stdout.flush()
        sys.stdout.buffer.write(diff.encode("utf-8"))
        return
    for line in io.StringIO(diff, newline="\n"):
        text = printable(line.rstrip("\r\n"))
        style = _STYLES.get(text[:3]) or _SIGNS.get(text[:1], "")
        console.print(text, style=style, markup=False, emoji=False)


def shown(uri: str) -> str:
    """The path of a file, from the working folder if it is below."""
    from codestral_ls.engine.workspace import path_of

    path, here = path_of(uri), Path.cwd()
    return (path.relative_to(here) if path.is_relative_to(here) else path).as_posix()


def _lines(change: FileChange) -> Iterator[str]:
    path = shown(change.uri)
    old, new = (path, path) if Path(path).is_absolute() else (f"a/{path}", f"b/{path}")
    before = change.old.text if change.old else ""
    compared = difflib.unified_diff(
        _split(before), _split(change.new_text), "/dev/null" if change.old is None else old, new
    )
    for line in compared:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _split(text: str) -> list[str]:
    """Lines as `patch` counts them: only a line feed ends one."""
    return list(io.StringIO(text, newline="\n"))
