"""Replies seen before: the newest in memory, older ones on disk. Both hold what the model said, unpolished.

The memory knows a place by the text around it and answers at once. The disk knows a whole request, by a hash;
it is SQLite and may wait for another process, so it is only ever asked from a thread, and never for long.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import os
import sqlite3
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import diskcache
import msgspec
import platformdirs
from diskcache.core import MODE_RAW

from codestral_ls.core.suggestion import Reply

if TYPE_CHECKING:
    from collections.abc import Callable

    from codestral_ls.core.model import FimRequest
    from codestral_ls.core.prompt import Mode, Site
    from codestral_ls.core.suggestion import Known, Suggestion

logger = logging.getLogger(__name__)

MEMORY_ENTRIES = 500
MEMORY_SECONDS = 600.0
LOOK_BACK = 400
"""So many characters may have been typed since a suggestion was made."""
TAIL = 120
"""Characters before a place by which it is known again."""
DISK_PATIENCE = 0.005
"""Seconds that a request waits for the disk before it goes to the model."""

# Part of every key on disk: a new value makes the old replies unreachable.
_FORMAT = 1

_Broken = (sqlite3.Error, OSError, diskcache.Timeout)


class PrefixIndex:
    """What the model said, found where it was said and wherever its own text leads from there.

    An entry is found by the text before its place and not by an offset, so that edits elsewhere, an undo and
    formatting do not lose it. A look-up costs the same in every file: `LOOK_BACK` slices of one short text.
    """

    def __init__(self, clock: Callable[[], float], entries: int = MEMORY_ENTRIES) -> None:
        self._clock = clock
        self._entries = entries
        self._known: OrderedDict[tuple[str, str], tuple[float, Known]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def has(self, site: Site) -> bool:
        """Whether there is an entry made at this very place."""
        before = site.document.slice(site.offset - TAIL, site.offset)
        return (site.document.uri, before) in self._known

    def put(self, known: Known) -> None:
        key = known.place.uri, known.place.before[-TAIL:]
        self._known[key] = self._clock() + MEMORY_SECONDS, known
        self._known.move_to_end(key)
        if len(self._known) > self._entries:
            self._known.popitem(last=False)

    def find(self, site: Site) -> tuple[Known, Suggestion | None] | None:
        """The entry nearest before the site that still leads to it, and what is left of it there."""
        uri, offset = site.document.uri, site.offset
        text = site.document.slice(offset - LOOK_BACK - TAIL, offset)
        for typed in range(min(LOOK_BACK, len(text)) + 1):
            end = len(text) - typed
            expires, known = self._known.get((uri, text[max(end - TAIL, 0) : end]), _NOTHING)
            if known is None or expires < self._clock():
                continue
            suggestion = known.after(text[end:], site, "memory")
            if suggestion or (not typed and known.place.is_unchanged_behind(site)):
                return known, suggestion
        return None

    def forget(self, uri: str) -> None:
        """Drop what belongs to a document that was closed."""
        for key in [key for key in self._known if key[0] == uri]:
            del self._known[key]


_NOTHING: tuple[float, None] = (0.0, None)


class DiskTier:
    """Replies by request, across restarts. A folder that cannot be used is logged once, then left alone."""

    def __init__(self, folder: Path, size_mb: int, days: int) -> None:
        self._folder = folder
        self._size = size_mb * 1024 * 1024
        self._seconds = days * 86_400
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="codestral-ls-disk")
        self._store: diskcache.Cache | None = None
        self._usable = True

    def warm(self) -> None:
        """Open the folder now, in the disk's own thread, so that no request has to."""
        self._thread.submit(self._get, "")

    async def get(self, key: str) -> Reply | None:
        """The reply to a request, if the disk has it and says so in time."""
        loop = asyncio.get_running_loop()
        look_up = loop.run_in_executor(self._thread, self._get, key)
        done, _ = await asyncio.wait((look_up,), timeout=DISK_PATIENCE)
        return look_up.result() if done else None

    def put(self, key: str, reply: Reply) -> None:
        """Store a reply, later, in the disk's own thread."""
        with contextlib.suppress(RuntimeError):  # It was closed: a last reply is not worth a failure.
            self._thread.submit(self._put, key, reply)

    def close(self) -> None:
        self._thread.submit(self._close)
        self._thread.shutdown(wait=True)

    def _get(self, key: str) -> Reply | None:
        try:
            data = self._opened().get(key) if self._usable else None
            return msgspec.json.decode(data, type=Reply) if isinstance(data, bytes) else None
        except (*_Broken, msgspec.DecodeError) as error:
            self._give_up(error)
            return None

    def _put(self, key: str, reply: Reply) -> None:
        try:
            if self._usable:
                self._opened().set(key, msgspec.json.encode(reply), expire=self._seconds)
        except _Broken as error:
            self._give_up(error)

    def _opened(self) -> diskcache.Cache:
        if self._store is None:
            self._store = open_store(self._folder, self._size)
        return self._store

    def _give_up(self, error: Exception) -> None:
        self._usable = False
        logger.warning("The completion cache on disk is not used: %s.", type(error).__name__)

    def _close(self) -> None:
        if self._store is not None:
            with contextlib.suppress(*_Broken):
                self._store.close()


class _PlainDisk(diskcache.Disk):  # type: ignore[misc]
    """Values as they are, never pickled and never in files of their own.

    diskcache unpickles what a row says is a pickle, even through its `JSONDisk`, so that whoever can write
    the cache could run code here.
    """

    def get(self, key: object, raw: bool) -> object:
        return super().get(key, raw) if raw else None

    def fetch(self, mode: int, filename: str | None, value: object, read: bool) -> object:
        return super().fetch(mode, filename, value, read) if mode == MODE_RAW else None


def open_store(folder: Path, size: int) -> diskcache.Cache:
    """Open the cache's folder, for its owner only, with values as plain bytes.

    Raises OSError or sqlite3.Error.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if os.name == "posix":
        folder.chmod(0o700)
    return diskcache.Cache(str(folder), disk=_PlainDisk, size_limit=size, disk_min_file_size=1 << 30)


def cache_folder() -> Path:
    """Where replies are kept: below CODESTRAL_LS_CACHE where that is set, else the user's cache folder."""
    base = os.environ.get("CODESTRAL_LS_CACHE")
    return (Path(base) if base else platformdirs.user_cache_path("codestral-ls")) / "completions"


def disk_key(identity: str, request: FimRequest, mode: Mode) -> str:
    """A hash of all that decides a reply. The text itself cannot be read from it."""
    text = (request.prefix, request.typed, request.suffix, request.snippets)
    parts = (_FORMAT, identity, mode, *text, request.max_tokens, request.temperature, request.seed)
    return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()
