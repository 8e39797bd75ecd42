"""A host that misbehaves: bytes and sockets without an HTTP library between, so that it can do wrong at every
point. It serves one connection after another by the act that is set; `well` is the act of a host that works.
"""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Literal, Self

if TYPE_CHECKING:
    from tests.faults.speech import Speech

Port = Literal["open", "closed", "deaf", "full"]
"""Whether it accepts connections; whether nobody listens, nobody accepts, or the queue is full as well."""


class Wire:
    """One connection. `asked` is the last request's path, `busy` whether an answer is owed."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, server: Server) -> None:
        self.reader, self.writer, self.server = reader, writer, server
        self.asked = ""
        self.busy = True
        self.over = False

    async def request(self) -> bytes:
        """Read a request; its body. Raises `IncompleteReadError` when the client has gone."""
        self._set_busy(False)
        head = await self.reader.readuntil(b"\r\n\r\n")
        self._set_busy(True)
        self.asked = head.split(b" ", 2)[1].decode()
        fields = dict(line.lower().split(": ", 1) for line in head.decode().split("\r\n")[1:] if line)
        return await self.reader.readexactly(int(fields.get("content-length", 0)))

    async def send(self, data: bytes) -> None:
        self.writer.write(data)
        self.server.sent += len(data)
        await self.writer.drain()

    async def stall(self) -> None:
        """Say nothing more, until the client goes away."""
        while await self.reader.read(65536):
            pass
        self.over = True

    async def close(self) -> None:
        self.over = True
        self.writer.close()

    async def half_close(self) -> None:
        """Say that nothing more comes, and go on listening."""
        self.writer.write_eof()
        await self.stall()

    async def reset(self) -> None:
        """End as a crash does. With no time to linger, closing tells the peer by a reset."""
        self.over = True
        peer = self.writer.get_extra_info("socket")
        peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.writer.transport.abort()

    def _set_busy(self, busy: bool) -> None:
        self.busy = busy
        self.server.changed.set()


Act = Callable[[Wire], Awaitable[None]]


class Server:
    """The host. It keeps its port over every fault; `sent` counts the bytes that it gave to the network."""

    def __init__(self, speech: Speech, tls: ssl.SSLContext | None = None) -> None:
        self.speech = speech
        self.act: Act = well
        self.tls = tls
        self.port = 0
        self._elsewhere = socket.create_server(("127.0.0.1", 0))
        self._elsewhere.setblocking(False)
        self.sent = 0
        self.connections = 0
        self.wires: set[Wire] = set()
        self.changed = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._listener: asyncio.Server | None = None
        self._mute: list[socket.socket] = []

    async def become(self, act: Act, port: Port = "open", tls: ssl.SSLContext | None = None) -> None:
        """Drop everyone, and serve whoever comes from now on by this act."""
        await self._leave()
        self.act, self.tls = act, tls
        if port == "open":
            self._listener = await asyncio.start_server(self._met, "127.0.0.1", self.port, ssl=tls)
            self.port = self._listener.sockets[0].getsockname()[1]
        elif port != "closed":
            self._mute = _mute_sockets(self.port, full=port == "full")

    @property
    def elsewhere(self) -> str:
        """Another address of this machine, where nobody should go."""
        return f"http://127.0.0.1:{self._elsewhere.getsockname()[1]}/"

    @property
    def was_left_for_elsewhere(self) -> bool:
        try:
            self._elsewhere.accept()[0].close()
        except BlockingIOError:
            return False
        return True

    async def quiet(self) -> None:
        """Wait until it owes nobody an answer: whoever it left without one has gone away."""
        while any(wire.busy for wire in self.wires):
            self.changed.clear()
            await self.changed.wait()

    async def __aenter__(self) -> Self:
        await self.become(self.act, tls=self.tls)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._leave()
        self._elsewhere.close()

    def _met(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(Wire(reader, writer, self)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, wire: Wire) -> None:
        self.connections += 1
        self.wires.add(wire)
        try:
            while not wire.over:
                await self.act(wire)
        except (ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            wire.writer.close()
            with suppress(ConnectionError, ssl.SSLError, TimeoutError):
                await wire.writer.wait_closed()
            self.wires.discard(wire)
            self.changed.set()

    async def _leave(self) -> None:
        if self._listener:
            self._listener.close()
            self._listener = None
        for mute in self._mute:
            mute.close()
        self._mute.clear()
        for wire in list(self.wires):
            wire.writer.transport.abort()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


async def well(wire: Wire) -> None:
    """Answer as a host does that works."""
    body = await wire.request()
    speech = wire.server.speech
    if b'"stream":true' in body:
        await wire.send(head(200, {"content-type": speech.kind, "transfer-encoding": "chunked"}))
        await wire.send(chunk(speech.whole) + chunk(b""))
    else:
        aside = next(said for path, said in speech.asides.items() if wire.asked.endswith(path))
        await wire.send(answer(200, json.dumps(aside).encode()))


def head(status: int, fields: dict[str, str]) -> bytes:
    lines = [f"HTTP/1.1 {status} Because", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join((*lines, "", "")).encode()


def answer(status: int, body: bytes, kind: str = "application/json", **fields: str) -> bytes:
    """An answer in one piece. Underscores in names of header fields stand for hyphens."""
    more = {name.replace("_", "-"): value for name, value in fields.items()}
    return head(status, {"content-type": kind, "content-length": str(len(body)), **more}) + body


def chunk(data: bytes) -> bytes:
    """A piece of a body of unknown length; an empty one ends it."""
    return b"%x\r\n%b\r\n" % (len(data), data)


def _mute_sockets(port: int, *, full: bool) -> list[socket.socket]:
    """A socket that listens and is never asked who came; if `full`, with others that wait there already."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(0 if full else 16)
    waiting = [socket.socket() for _ in range(4 if full else 0)]
    for other in waiting:
        other.setblocking(False)
        with suppress(BlockingIOError):
            other.connect(("127.0.0.1", port))
    return [listener, *waiting]
