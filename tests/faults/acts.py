"""Everything a host can do wrong, as acts of `Server`."""

from __future__ import annotations

import asyncio
import itertools
import json
import zlib
from typing import TYPE_CHECKING, Literal

from tests.faults.server import Act, Wire, answer, chunk, head

if TYPE_CHECKING:
    from collections.abc import Callable

    from codestral_ls.bench.reply import Plain

Phase = Literal[
    "connected",
    "in the request",
    "before the headers",
    "in the headers",
    "before the first event",
    "between events",
    "in an event",
    "before the end mark",
]
How = Literal["stalls", "closes", "resets", "half-closes", "ends"]

_ENDLESS = 10**9


def breaks(phase: Phase, how: How) -> Act:
    """Go on well up to a point, and then no more. "ends" is what looks like the proper end of the answer."""

    async def act(wire: Wire) -> None:
        if phase == "in the request":
            await wire.reader.readexactly(20)
        elif phase != "connected":
            await wire.request()
            await _begin(wire, phase)
        await _END[how](wire)

    return act


async def _begin(wire: Wire, phase: Phase) -> None:
    start = in_pieces(wire)
    if phase == "in the headers":
        await wire.send(start[: len(start) // 2])
    elif phase != "before the headers":
        await wire.send(start)
        if said := _said(wire, phase):
            await wire.send(chunk(said))


def _said(wire: Wire, phase: Phase) -> bytes:
    speech = wire.server.speech
    return {
        "before the first event": b"",
        "between events": speech.events[0],
        "in an event": speech.half_event,
        "before the end mark": b"".join((*speech.events, *speech.end[:-1])),
    }[phase]


async def _end(wire: Wire) -> None:
    await wire.send(chunk(b""))


_END: dict[How, Callable[[Wire], object]] = {
    "stalls": Wire.stall,
    "closes": Wire.close,
    "resets": Wire.reset,
    "half-closes": Wire.half_close,
    "ends": _end,
}


def says(raw: bytes, *, then: How = "ends") -> Act:
    """Answer these very bytes, whatever was asked. Here "ends" keeps the connection."""

    async def act(wire: Wire) -> None:
        await wire.request()
        await wire.send(raw)
        if then != "ends":
            await _END[then](wire)

    return act


def unasked(raw: bytes) -> Act:
    """Answer whatever comes, which need not be HTTP, and close."""

    async def act(wire: Wire) -> None:
        await wire.reader.read(65536)
        await wire.send(raw)
        await wire.close()

    return act


def plain(known: Plain) -> Act:
    """Answer as other tests have it."""
    body = known.body if isinstance(known.body, bytes) else json.dumps(known.body).encode()
    kind = "text/html" if body.startswith(b"<") else "application/json"
    return says(
        answer(known.status, body, kind, **{k.replace("-", "_"): v for k, v in known.headers.items()})
    )


def streams(make: Callable[[Wire], bytes], **fields: str) -> Act:
    """Begin a stream, and let this be its body."""

    async def act(wire: Wire) -> None:
        await wire.request()
        await wire.send(in_pieces(wire, **fields) + chunk(make(wire)) + chunk(b""))

    return act


def forever(start: Callable[[Wire], bytes], piece: Callable[[Wire], bytes]) -> Act:
    """Say the same again and again until the client has gone."""

    async def act(wire: Wire) -> None:
        await wire.request()
        await wire.send(start(wire))
        for _ in itertools.repeat(None, _ENDLESS):
            await wire.send(piece(wire))
            await asyncio.sleep(0)

    return act


def echoes(status: int) -> Act:
    """Refuse a request and repeat all of it, as some hosts do."""

    async def act(wire: Wire) -> None:
        body = await wire.request()
        await wire.send(answer(status, json.dumps({"message": body.decode()}).encode()))

    return act


def to(location: Callable[[Wire], str]) -> Act:
    """Send the client elsewhere."""

    async def act(wire: Wire) -> None:
        await wire.request()
        await wire.send(answer(307, b"", location=location(wire)))

    return act


def in_pieces(wire: Wire, **fields: str) -> bytes:
    """The head of a stream. Underscores in names of header fields stand for hyphens."""
    more = {name.replace("_", "-"): value for name, value in fields.items()}
    kind = {"content-type": wire.server.speech.kind, "transfer-encoding": "chunked"}
    return head(200, kind | more)


def compressed(data: bytes) -> bytes:
    squeeze = zlib.compressobj(wbits=31)
    return squeeze.compress(data) + squeeze.flush()


def bomb() -> tuple[bytes, bytes]:
    """The head of a gzip stream without an end, and a piece of it: 1 kB that becomes 1 MB."""
    squeeze = zlib.compressobj(9, wbits=31)
    block = (b" " * 999 + b"\n") * 1000
    first = squeeze.compress(block) + squeeze.flush(zlib.Z_FULL_FLUSH)
    return first, squeeze.compress(block) + squeeze.flush(zlib.Z_FULL_FLUSH)
