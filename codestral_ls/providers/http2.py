"""Two things httpcore leaves undone on HTTP/2, without which early closing would do harm there.

It forgets a stream that is closed before its end, and does not tell the host: the host generates on, is paid
for it, and after a hundred such streams no new one can be opened ("Max outbound streams is 100, 100 open",
httpcore issue 1022). And a request cancelled while its frames are written loses them, which puts the header
compression of the whole connection out of step. On HTTP/1.1 httpcore closes the connection in both cases.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from typing import TYPE_CHECKING

from h2.errors import ErrorCodes
from h2.events import DataReceived
from h2.exceptions import ProtocolError
from httpcore import NetworkError, TimeoutException
from httpcore._async.http2 import AsyncHTTP2Connection

if TYPE_CHECKING:
    from collections.abc import Iterable

    from httpcore import Request

_FLUSH_SECONDS = 1.0

_forget = AsyncHTTP2Connection._response_closed
_write = AsyncHTTP2Connection._write_outgoing_data


@functools.cache
def mend_http2() -> None:
    """Teach httpcore's HTTP/2 connection both. It has no seam to do so for one client only."""
    AsyncHTTP2Connection._response_closed = _reset_and_forget  # type: ignore[method-assign]
    AsyncHTTP2Connection._write_outgoing_data = _write_whole  # type: ignore[method-assign]
    # At DEBUG it writes every header to the log, the key among them.
    logging.getLogger("hpack").setLevel(logging.INFO)


async def _write_whole(self: AsyncHTTP2Connection, request: Request) -> None:
    await asyncio.shield(_write(self, request))


async def _reset_and_forget(self: AsyncHTTP2Connection, stream_id: int) -> None:
    unread = list(self._events.get(stream_id, ()))
    await _forget(self, stream_id)
    if not self.is_available():
        return
    try:
        _give_up(self, stream_id, unread)
        async with self._write_lock:
            await self._network_stream.write(self._h2_state.data_to_send(), _FLUSH_SECONDS)
    except (ProtocolError, NetworkError, TimeoutException):
        self._connection_error = True


def _give_up(self: AsyncHTTP2Connection, stream_id: int, unread: Iterable[object]) -> None:
    h2 = self._h2_state
    for event in unread:
        # What came and was not read counts against the connection's window until it is acknowledged.
        if isinstance(event, DataReceived) and event.flow_controlled_length:
            h2.acknowledge_received_data(event.flow_controlled_length, stream_id)
    stream = h2.streams.get(stream_id)
    if stream is not None and not stream.closed:
        h2.reset_stream(stream_id, ErrorCodes.CANCEL)
