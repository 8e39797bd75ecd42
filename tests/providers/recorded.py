"""A host that gives recorded answers."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager


def answer(status: int, content: object) -> bytes:
    body = json.dumps(content).encode()
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(body), body)


@asynccontextmanager
async def server(answers: dict[str, bytes]):
    """A host that gives each path's recorded answer, and keeps what it was asked."""
    asked: list[tuple[str, dict]] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = head.partition("content-length: ")[2].partition("\r")[0]
        body = await reader.readexactly(int(length or 0))
        path = head.split()[1]
        asked.append((path, json.loads(body or b"{}")))
        writer.write(answers.get(path, answer(404, {})))
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with listening:
        yield f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", asked
