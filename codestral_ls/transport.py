"""Bytes to and from an editor: frames, standard input and output, and whether it is still there."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import queue
import re
import sys
import threading
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

logger = logging.getLogger(__name__)

# Seconds to wait for an editor that does not read while we end.
_LAST_WORDS = 0.5
_POLL = 1.0
_READ = 1 << 16

_LENGTH = re.compile(rb"Content-Length:\s*(\d{1,10})\s*", re.IGNORECASE)


class Writer(Protocol):
    """Where frames go. `write` never blocks."""

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


async def read_messages(reader: asyncio.StreamReader, receive: Callable[[bytes], None]) -> None:
    """Hand over the body of each message, in order, until the stream ends."""
    while (body := await _next_body(reader)) is not None:
        receive(body)
        # A request's task looks at the document in its first step, which must come before the next message,
        # perhaps a change of that document. Where that is in the buffer already, only this lets it run.
        await asyncio.sleep(0)


async def _next_body(reader: asyncio.StreamReader) -> bytes | None:
    """The next body, or None at the end. Lines that are no header are skipped until one is found."""
    length: int | None = None
    while True:
        try:
            line = await reader.readline()
            if not line:
                return None
            if found := _LENGTH.fullmatch(line):
                length = int(found[1])
            elif length is not None and not line.strip():
                return await reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        except ValueError:  # More bytes without a line end than any header has.
            logger.warning("Skipped input that is not part of any message.")


def take_stdio() -> tuple[int, int]:
    """Take standard input and output for the protocol alone.

    Afterwards a `print`, also of a library or a child process, goes to standard error, and no child inherits
    the pipes: one that outlives us would keep the editor waiting for their end.
    """
    source, sink = os.dup(0), os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return source, sink


def read_pipe(fd: int) -> asyncio.StreamReader:
    """Read a file descriptor of any kind in a thread that does not keep the process alive.

    asyncio's own pipes cannot do it on Windows nor with files, and would make the descriptor non-blocking for
    whoever else has it.
    """
    reader = asyncio.StreamReader()
    loop = asyncio.get_running_loop()

    def feed() -> None:
        # The loop may be closed by now.
        with contextlib.suppress(RuntimeError):
            while data := _read(fd):
                loop.call_soon_threadsafe(reader.feed_data, data)
            loop.call_soon_threadsafe(reader.feed_eof)

    threading.Thread(target=feed, name="codestral-ls-stdin", daemon=True).start()
    return reader


def _read(fd: int) -> bytes:
    try:
        return os.read(fd, _READ)
    except OSError:
        return b""


class PipeWriter:
    """Writes to a file descriptor in a thread, so that an editor which does not read never stops the loop."""

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._frames: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._drain, name="codestral-ls-stdout", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        self._frames.put(data)

    def close(self) -> None:
        """Write what is left, if the editor still reads."""
        self._frames.put(None)
        self._thread.join(_LAST_WORDS)

    def _drain(self) -> None:
        # Once the editor stopped reading, its frames are dropped: the end of standard input follows.
        with contextlib.suppress(OSError):
            while (frame := self._frames.get()) is not None:
                rest = memoryview(frame)
                while rest:
                    rest = rest[os.write(self._fd, rest) :]


async def process_end(pid: int) -> None:
    """Return when a process has ended; never where that cannot be told.

    A process that does not exist is taken for one outside our container, which cannot be watched. On Windows
    the end of standard input has to do: there, asking for a process by a signal would end it.
    """
    if sys.platform == "win32" or not _exists(pid):
        await asyncio.Event().wait()
    try:
        fd = os.pidfd_open(pid)
    except (AttributeError, OSError):
        while _exists(pid):  # noqa: ASYNC110 - no system call tells.
            await asyncio.sleep(_POLL)
        return
    await _readable(fd)


async def _readable(fd: int) -> None:
    loop = asyncio.get_running_loop()
    ready = asyncio.Event()
    loop.add_reader(fd, ready.set)
    try:
        await ready.wait()
    finally:
        loop.remove_reader(fd)
        os.close(fd)


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:  # It is another user's.
        return True
    return True


def end_within(seconds: float, status: int) -> None:
    """See to it that the process ends, whatever a thread or a library is still waiting for."""
    timer = threading.Timer(seconds, os._exit, (status,))
    timer.daemon = True
    timer.start()
