"""What was asked, shown and accepted: counts and times for the user's own eyes, on this machine only.

No source code and no file name goes in. One JSON object a line; a record is written by a thread, never by the
event loop.
"""

from __future__ import annotations

import contextlib
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

logger = logging.getLogger(__name__)

Kind = Literal["asked", "shown", "accepted", "partial", "rejected"]


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event. `time` is in seconds since the epoch, `milliseconds` from the request to its end. `length`
    is what a model answered, in characters; for "partial", what was accepted, in UTF-16 units."""

    time: float
    kind: Kind
    suggestion: str
    model: str = ""
    length: int | None = None
    milliseconds: int | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    cached_tokens: int | None = None
    outcome: str = ""


class Ledger:
    """Appends records to a file; without a file it keeps nothing."""

    def __init__(self, file: Path | None, now: Callable[[], float]) -> None:
        self._file = file
        self._now = now
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="codestral-ls-ledger")

    def record(self, kind: Kind, suggestion: str, *, length: int | None = None, **figures: object) -> None:
        """Note an event. Returns at once."""
        if self._file is None:
            return
        record = msgspec.convert(
            {"time": self._now(), "kind": kind, "suggestion": suggestion, "length": length, **figures}, Record
        )
        with contextlib.suppress(RuntimeError):  # It was closed: the last record of a session is no loss.
            self._thread.submit(self._append, msgspec.json.encode(record) + b"\n")

    def close(self) -> None:
        self._thread.shutdown(wait=True)

    def _append(self, line: bytes) -> None:
        if (file := self._file) is None:
            return
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with file.open("ab") as stream:
                stream.write(line)
        except OSError as error:
            self._file = None
            logger.warning("The ledger cannot be written: %s.", type(error).__name__)
