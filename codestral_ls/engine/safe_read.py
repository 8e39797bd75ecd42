"""Reading a small file that a stranger may have put there."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class Unreadable(Exception):
    """Why a file is not read, as a sentence without its end; it quotes nothing from the file."""


def read(path: Path, most: int, *, follow: bool = False) -> bytes:
    """The content of a regular file of at most `most` bytes, which is no link unless `follow` is set.

    Raises FileNotFoundError, NotADirectoryError, or else Unreadable. It never waits.
    """
    try:
        if not follow and path.is_symlink():
            raise Unreadable("The file is a link")
        with open(path, "rb", opener=_opener(follow)) as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode):
                raise Unreadable("This is not a regular file")
            if found.st_size > most:
                raise _too_large(most)
            content = file.read(most + 1)
    except (FileNotFoundError, NotADirectoryError):
        raise
    except (OSError, ValueError) as error:  # A path from an editor may hold a null character: ValueError.
        reason = getattr(error, "strerror", None) or "its path is not valid"
        raise Unreadable(f"The file cannot be read ({reason})") from None
    if len(content) > most:
        raise _too_large(most)  # It grows, or the system cannot tell its size.
    return content


def _too_large(most: int) -> Unreadable:
    return Unreadable(f"The file is larger than {most // 1024} kB")


def _opener(follow: bool) -> Callable[[str, int], int]:
    def opener(name: str, flags: int) -> int:
        # Opening must not wait for a pipe's other end. Windows has neither flag, but `is_symlink` above.
        no_follow = 0 if follow else getattr(os, "O_NOFOLLOW", 0)
        return os.open(name, flags | no_follow | getattr(os, "O_NONBLOCK", 0))

    return opener
