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

Kind = Literal["asked", "shown", "accepted", "partial", "typed", "rejected", "ignored", "retained"]

MAX_BYTES = 10_000_000
"""A file larger than this becomes `ledger.1.jsonl`, in place of the one before."""


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event. `time` is in seconds since the epoch, `milliseconds` from a request to its end; for "shown",
    how long the suggestion was in sight. `length` is what a model answered, what was shown or what was
    accepted, in characters. "retained" has the seconds since acceptance in `after`. `outcome` is how a
    request ended, or "menu" for what was accepted there."""

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
    after: int | None = None
    similarity: float | None = None


class Ledger:
    """Appends records to a file; without a file it keeps nothing."""

    def __init__(self, file: Path | None, now: Callable[[], float]) -> None:
        self._file = file
        self._now = now
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="codestral-ls-ledger")

    def record(self, kind: Kind, suggestion: str, **figures: object) -> None:
        """Note an event. Returns at once."""
        self.measure(kind, suggestion, dict, **figures)

    def measure(
        self, kind: Kind, suggestion: str, measured: Callable[[], dict[str, object]], **figures: object
    ) -> None:
        """Note an event with figures that take a while: the ledger's thread asks for them."""
        if self._file is None:
            return
        known = {"time": self._now(), "kind": kind, "suggestion": suggestion, **figures}
        record = msgspec.convert(known, Record)
        with contextlib.suppress(RuntimeError):  # It was closed: the last record of a session is no loss.
            self._thread.submit(self._append, record, measured)

    def close(self) -> None:
        self._thread.shutdown(wait=True)

    def _append(self, record: Record, measured: Callable[[], dict[str, object]]) -> None:
        if (file := self._file) is None:
            return
        record = msgspec.structs.replace(record, **measured())
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_room(file)
            with file.open("ab") as stream:
                stream.write(msgspec.json.encode(record) + b"\n")
        except OSError as error:
            self._file = None
            logger.warning("The ledger cannot be written: %s.", type(error).__name__)


def older(file: Path) -> Path:
    """Where the records go that `file` had no room for."""
    return file.with_suffix(f".1{file.suffix}")


def _make_room(file: Path) -> None:
    """Several servers write one ledger: one of them moves it."""
    if _size(file) <= MAX_BYTES:
        return
    import filelock

    with contextlib.suppress(filelock.Timeout), filelock.FileLock(file.with_suffix(".lock"), timeout=0):
        if _size(file) > MAX_BYTES:
            file.replace(older(file))


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # Not written yet, or moved this moment by another server.
        return 0
