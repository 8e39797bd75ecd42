"""A small HTTP/1.1 server for measurements and tests: exact about time and about how each request ended.

What a handler writes goes out as one segment at once, the head together with the first piece of the body.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self, cast

import h11
import msgspec

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from types import TracebackType

Outcome = Literal["complete", "cut", "reset", "abandoned"]
"""How a request ended. `abandoned`: the client went away first; `cut` and `reset` are our own doing."""


@dataclass(eq=False)
class Exchange:
    """A request, the means to answer it, and its record. Times are those of `time.perf_counter`, in seconds.

    `outcome` is None, and `ended` too, while it is being answered. `connection` counts from 1.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    connection: int
    arrived: float
    wire: _Connection = field(repr=False)
    outcome: Outcome | None = None
    ended: float | None = None
    written: int = 0
    _head: bytes = b""

    @property
    def json(self) -> dict[str, Any]:
        """The body, where it is a JSON object. Raises `msgspec.DecodeError`."""
        return msgspec.json.decode(self.body, type=dict[str, Any])

    def start(self, status: int, headers: Mapping[str, str]) -> None:
        """Set status and headers; they leave with the first piece of the body."""
        self._head = self.wire.frame(h11.Response(status_code=status, headers=list(headers.items())))

    def write(self, data: bytes, *, last: bool = False) -> None:
        """Send a piece of the body. With `last`, the end of the answer goes with it."""
        pieces = [self._head, self.wire.frame(h11.Data(data=data)) if data else b""]
        if last:
            pieces.append(self.wire.frame(h11.EndOfMessage()))
        self._head = b""
        self.written += len(data)
        self.wire.send(b"".join(pieces))
        if last:
            self.wire.end("complete")

    def cut(self) -> None:
        """Close the connection in the middle of the answer."""
        self.wire.end("cut")

    def reset(self) -> None:
        """Let the connection end as a crash would: with a TCP reset."""
        self.wire.end("reset")


class Server:
    """Serves `handler` on a port of this machine, and keeps a record of every request.

    An exception in a handler is raised when the server is left.
    """

    def __init__(self, handler: Callable[[Exchange], Awaitable[None]], port: int = 0) -> None:
        self.handler = handler
        self.exchanges: list[Exchange] = []
        self.connections = 0
        self.faults: list[BaseException] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.open: set[_Connection] = set()
        self._port = port
        self._changed: list[asyncio.Future[None]] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        """Wait until `condition` holds; it is looked at when a request arrives, ends, or its client goes."""
        while not condition():
            change = asyncio.get_running_loop().create_future()
            self._changed.append(change)
            await change

    def notify(self) -> None:
        changed, self._changed = self._changed, []
        for change in changed:
            if not change.done():
                change.set_result(None)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", self._port)
        self._port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for connection in list(self.open):
            connection.transport.abort()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        if self.faults and error is None:
            raise self.faults[0]


class _Connection(asyncio.Protocol):
    def __init__(self, server: Server) -> None:
        self.server = server
        self.transport: asyncio.Transport
        self._http = h11.Connection(h11.SERVER)
        self._request: h11.Request | None = None
        self._body = bytearray()
        self._exchange: Exchange | None = None
        self._task: asyncio.Task[None] | None = None
        self._number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.server.open.add(self)
        self.server.connections += 1
        self._number = self.server.connections

    def data_received(self, data: bytes) -> None:
        self._http.receive_data(data)
        self._read()

    def connection_lost(self, exc: Exception | None) -> None:
        self.server.open.discard(self)
        if self._exchange:
            self._record("abandoned")
            if self._task:
                self._task.cancel()

    def frame(self, event: h11.Event) -> bytes:
        return self._http.send(event) or b""

    def send(self, data: bytes) -> None:
        self.transport.write(data)

    def end(self, outcome: Outcome) -> None:
        self._record(outcome)
        if outcome == "reset":
            # With no time to linger, closing discards what was not sent and tells the peer by a reset.
            peer = cast("socket.socket", self.transport.get_extra_info("socket"))
            peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.transport.abort()
        elif outcome == "cut" or self._http.our_state is not h11.DONE:
            self.transport.close()
        else:
            self._http.start_next_cycle()
            self._read()

    def _read(self) -> None:
        try:
            while (event := self._http.next_event()) not in (h11.NEED_DATA, h11.PAUSED):
                self._take(event)
        except h11.RemoteProtocolError:
            self.transport.write(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n")
            self.transport.close()

    def _take(self, event: object) -> None:
        match event:
            case h11.Request():
                self._request, self._body = event, bytearray()
            case h11.Data():
                self._body += event.data
            case h11.EndOfMessage():
                self._answer()
            case h11.ConnectionClosed():
                self.transport.close()

    def _answer(self) -> None:
        request = cast("h11.Request", self._request)
        self._exchange = Exchange(
            method=request.method.decode(),
            path=request.target.decode(),
            headers={name.decode(): value.decode("latin-1") for name, value in request.headers},
            body=bytes(self._body),
            connection=self._number,
            arrived=time.perf_counter(),
            wire=self,
        )
        self.server.exchanges.append(self._exchange)
        self.server.notify()
        self._task = asyncio.ensure_future(self._handle(self._exchange))
        self.server.tasks.add(self._task)
        self._task.add_done_callback(self.server.tasks.discard)

    async def _handle(self, exchange: Exchange) -> None:
        try:
            await self.server.handler(exchange)
        except Exception as fault:  # noqa: BLE001 - whatever a test's handler does wrong, the test must hear of it.
            self.server.faults.append(fault)
            self.transport.abort()

    def _record(self, outcome: Outcome) -> None:
        if self._exchange:
            self._exchange.outcome, self._exchange.ended = outcome, time.perf_counter()
            self._exchange = None
            self.server.notify()
