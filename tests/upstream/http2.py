"""An HTTP/2 host that streams for ever, to see what becomes of streams that are closed early.

It speaks HTTP/2 without TLS ("prior knowledge"); a client that may not speak HTTP/1.1 begins with it at once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Self, cast

import h2.config
import h2.connection
import h2.events

if TYPE_CHECKING:
    from collections.abc import Callable

EVENT = b'data: {"choices":[{"delta":{"content":"word "}}]}\n\n'
END = b'data: {"choices":[{"delta":{"content":""},"finish_reason":"stop"}]}\n\ndata: [DONE]\n\n'


class Http2Host:
    """Answers each request with `words` events and then, if `ends`, the end. `quiet` answers nothing at all.

    `reset` holds the streams that clients gave up, in order; `opened` counts all.
    """

    def __init__(self, *, words: int = 3, ends: bool = False, quiet: bool = False) -> None:
        self.words, self.ends, self.quiet = words, ends, quiet
        self.opened = 0
        self.connections = 0
        self.reset: list[int] = []
        self.open: set[asyncio.Transport] = set()
        self._changed = asyncio.Event()

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    async def wait_for(self, condition: Callable[[], bool]) -> None:
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def notify(self) -> None:
        self._changed.set()

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for transport in list(self.open):
            transport.abort()


class _Connection(asyncio.Protocol):
    def __init__(self, host: Http2Host) -> None:
        self._host = host
        self._h2 = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._host.open.add(self._transport)
        self._host.connections += 1
        self._h2.initiate_connection()
        self._flush()

    def data_received(self, data: bytes) -> None:
        for event in self._h2.receive_data(data):
            match event:
                case h2.events.DataReceived():
                    self._h2.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                case h2.events.StreamEnded():
                    self._answer(event.stream_id)
                case h2.events.StreamReset():
                    self._host.reset.append(event.stream_id)
        self._flush()
        self._host.notify()

    def connection_lost(self, exc: Exception | None) -> None:
        self._host.open.discard(self._transport)

    def _answer(self, stream: int) -> None:
        self._host.opened += 1
        if self._host.quiet:
            return
        self._h2.send_headers(stream, [(":status", "200"), ("content-type", "text/event-stream")])
        for _ in range(self._host.words):
            self._h2.send_data(stream, EVENT)
        if self._host.ends:
            self._h2.send_data(stream, END, end_stream=True)

    def _flush(self) -> None:
        self._transport.write(self._h2.data_to_send())
