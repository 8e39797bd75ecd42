"""Conversations on disk, for users who want them kept: one JSON file each, in a folder of their own."""

from __future__ import annotations

import contextlib
import logging
import os
import re
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec

from codestral_ls.core.conversation import Conversation
from codestral_ls.engine.safe_read import Unreadable, read

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

MOST_FILES = 100
"""The oldest goes when there would be more."""

MOST_BYTES = 16_000_000

_ID = re.compile(r"[0-9a-f]{32}")


class Transcripts:
    """Its methods wait for the disk: not for the event loop's thread. A conversation's text was redacted
    before it was sent, and so it is here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, conversation: Conversation) -> None:
        """Write it in place of what there is, in whole or not at all. Raises OSError."""
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if os.name == "posix":
            self._folder.chmod(0o700)
        written = self._folder / f"{uuid4().hex}.tmp"
        try:
            with open(written, "xb", opener=_for_owner_only) as file:
                file.write(msgspec.json.encode(conversation))
            written.replace(self._file(conversation.id))
        finally:
            written.unlink(missing_ok=True)
        for old in self._files()[MOST_FILES:]:
            old.unlink(missing_ok=True)

    def load(self, conversation: str) -> Conversation | None:
        """None where there is none that can be read."""
        if not _ID.fullmatch(conversation):
            return None
        try:
            found = msgspec.json.decode(read(self._file(conversation), MOST_BYTES), type=Conversation)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except (Unreadable, msgspec.DecodeError) as error:
            logger.warning("A conversation on disk cannot be read: %s.", type(error).__name__)
            return None
        return found if found.id == conversation else None

    def all(self) -> list[Conversation]:
        """Every one that can be read, the newest first."""
        found = (self.load(file.stem) for file in self._files())
        return [conversation for conversation in found if conversation]

    def forget(self, conversation: str) -> bool:
        """Delete it. Returns whether it was there. Raises OSError."""
        if not _ID.fullmatch(conversation):
            return False
        try:
            self._file(conversation).unlink()
        except FileNotFoundError:
            return False
        return True

    def _file(self, conversation: str) -> Path:
        return self._folder / f"{conversation}.json"

    def _files(self) -> list[Path]:
        """The newest first."""
        found: list[tuple[float, Path]] = []
        with contextlib.suppress(FileNotFoundError):
            for file in self._folder.iterdir():
                if _ID.fullmatch(file.stem) and file.suffix == ".json":
                    with contextlib.suppress(FileNotFoundError):
                        found.append((file.stat().st_mtime, file))
        return [file for _, file in sorted(found, reverse=True)]


def _for_owner_only(name: str, flags: int) -> int:
    return os.open(name, flags, 0o600)
