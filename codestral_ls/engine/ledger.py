"""What was asked, shown and accepted: counts, times and costs for the user's own eyes, on this machine only.

No source code and no file name goes in. One JSON object a line; a record is written by a thread, never by the
event loop.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections import defaultdict
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Literal, TypeVar

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

logger = logging.getLogger(__name__)

T = TypeVar("T")

Kind = Literal["asked", "shown", "accepted", "partial", "typed", "rejected", "ignored", "retained", "spent"]

Task = Literal["completion", "refactoring", "chat"]

MAX_BYTES = 10_000_000
"""A file larger than this becomes `ledger.1.jsonl`, in place of the one before."""

_MONTH = 32 * 86_400


class Record(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event. `time` is in seconds since the epoch, `milliseconds` from a request to its end; for "shown",
    how long the suggestion was in sight. `length` is what a model answered, what was shown or what was
    accepted, in characters. "retained" has the seconds since acceptance in `after`. `outcome` is how a
    request ended ("ok", "given up", or the error's class), or "menu" for what was accepted there. "spent" is
    what is kept of the requests of a day and model whose records had to go.

    `model` is the whole identity; `name` is what prices are known by, for a model at a `host`. Tokens are
    `estimated` where the host did not tell. `cost_usd` is missing where nobody knows the price. `project` is
    the last part of the workspace's path.
    """

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
    task: Task = "completion"
    project: str = ""
    host: str = ""
    name: str = ""
    cost_usd: float | None = None
    estimated: bool = False


class Ledger:
    """Appends records to `file`; without a file it keeps nothing. `now` is in seconds since the epoch."""

    def __init__(self, file: Path | None, now: Callable[[], float]) -> None:
        self.file = file
        self.now = now
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="codestral-ls-ledger")

    def record(self, kind: Kind, suggestion: str, **figures: object) -> None:
        """Note an event. Returns at once."""
        self.measure(kind, suggestion, dict, **figures)

    def measure(
        self, kind: Kind, suggestion: str, measured: Callable[[], dict[str, object]], **figures: object
    ) -> None:
        """Note an event with figures that take a while: the ledger's thread asks for them."""
        if self.file is None:
            return
        known = {"time": self.now(), "kind": kind, "suggestion": suggestion, **figures}
        record = msgspec.convert(known, Record)
        self.later(lambda: self._append(record, measured))

    def later(self, work: Callable[[], T]) -> Future[T] | None:
        """Do something in the ledger's thread, after what was recorded so far is written. None: it is closed,
        and the last record of a session is no loss."""
        with contextlib.suppress(RuntimeError):
            return self._thread.submit(work)
        return None

    def close(self) -> None:
        self._thread.shutdown(wait=True)

    def _append(self, record: Record, measured: Callable[[], dict[str, object]]) -> None:
        if (file := self.file) is None:
            return
        record = msgspec.structs.replace(record, **measured())
        try:
            file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            _make_room(file, self.now())
            with file.open("ab") as stream:
                stream.write(msgspec.json.encode(record) + b"\n")
        except OSError as error:
            self.file = None
            logger.warning("The ledger cannot be written: %s.", type(error).__name__)


class Reader:
    """The records of a ledger from a time on, one by one. Read again, it goes on where it had come to.

    `broken` counts the lines that are no records.
    """

    def __init__(self, file: Path, since: float = 0.0) -> None:
        self.broken = 0
        self._file = file
        self._since = since
        self._decode = msgspec.json.Decoder(Record).decode
        self._read_bytes: dict[int, int] = {}

    def __iter__(self) -> Iterator[Record]:
        """Raises OSError where a file is there and cannot be read."""
        for file in (older(self._file), self._file):
            with contextlib.suppress(FileNotFoundError):
                yield from self.rest(file)

    def rest(self, file: Path) -> Iterator[Record]:
        """Those of one of its files. Raises OSError where it cannot be read."""
        with file.open("rb") as lines:
            # By its number, since another server may give the file another name meanwhile.
            facts = os.fstat(lines.fileno())
            read = self._read_bytes.get(facts.st_ino, 0)
            if read > facts.st_size:  # A number is given again, to a file that begins anew.
                read = 0
            lines.seek(read)
            for line in lines:
                if not line.endswith(b"\n"):
                    break  # It is being written.
                self._read_bytes[facts.st_ino] = read = read + len(line)
                if record := self._decoded(line):
                    yield record

    def _decoded(self, line: bytes) -> Record | None:
        try:
            record = self._decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.broken += 1
            return None
        return record if record.time >= self._since else None


def older(file: Path) -> Path:
    """Where the records go that `file` had no room for."""
    return file.with_suffix(f".1{file.suffix}")


def _make_room(file: Path, now: float) -> None:
    """Several servers write one ledger: one of them moves it."""
    if _size(file) <= MAX_BYTES:
        return
    import filelock

    with contextlib.suppress(filelock.Timeout), filelock.FileLock(file.with_suffix(".lock"), timeout=0):
        if _size(file) > MAX_BYTES:
            spent = _spent(older(file), now - _MONTH)
            file.replace(older(file))
            with file.open("ab") as stream:
                stream.writelines(msgspec.json.encode(record) + b"\n" for record in spent)


def _spent(file: Path, since: float) -> list[Record]:
    """What is kept of a file that has to go: a busy month does not fit into two, and its budget must."""
    dollars: defaultdict[tuple[date, str, str], float] = defaultdict(float)
    with contextlib.suppress(FileNotFoundError):
        for record in Reader(file, since).rest(file):
            dollars[date.fromtimestamp(record.time), record.model, record.project] += record.cost_usd or 0.0
    return [
        Record(_noon(day), "spent", "", model, project=project, cost_usd=round(total, 9))
        for (day, model, project), total in dollars.items()
        if total
    ]


def _noon(day: date) -> float:
    return datetime.combine(day, time(12)).timestamp()


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:  # Not written yet, or moved this moment by another server.
        return 0
