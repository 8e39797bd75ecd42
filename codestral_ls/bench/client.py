"""A bare LSP client over a server process's standard streams: no types, nothing between clock and pipe."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from typing import IO, TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping, Sequence

CAPABILITIES = {
    "textDocument": {
        "inlineCompletion": {},
        "codeAction": {
            "codeActionLiteralSupport": {"codeActionKind": {"valueSet": []}},
            "dataSupport": True,
            "resolveSupport": {"properties": ["edit"]},
        },
    },
    "general": {"positionEncodings": ["utf-16"]},
}
"""Those of an editor with ghost text, and with code actions that are computed when they are chosen."""

_ENDED = -32099
"""An error code of ours, from the range that JSON-RPC leaves to implementations."""

_LEAVING = 5.0
"""Seconds that a server gets to end by itself."""

LIMIT = 64 * 1024 * 1024


class Refused(Exception):
    """The server answered with an error: its code and message."""


class Client:
    """Sends requests and notifications; answers of the server's own requests are null.

    `write` takes the body of a message; those of the server go to `take`.
    """

    def __init__(self, write: Callable[[bytes], object]) -> None:
        self._write = write
        self.abilities: Mapping[str, Any] = {}
        self._ids = count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._ended = False
        self._states: list[str] = []
        self._changed = asyncio.Event()

    async def initialize(self) -> None:
        """Begin the session, without a workspace. Raises `Refused`."""
        params = {"processId": None, "rootUri": None, "capabilities": CAPABILITIES}
        self.abilities = (await self.request("initialize", params))["capabilities"]
        self.notify("initialized", {})

    def notify(self, method: str, params: object) -> None:
        self._send({"method": method, "params": params})

    async def request(self, method: str, params: object) -> Any:  # noqa: ANN401  # The result is JSON.
        """The result. Raises `Refused` for an error."""
        _, answer = self.send(method, params)
        return await answer

    def send(self, method: str, params: object) -> tuple[int, asyncio.Future[Any]]:
        """Send a request and return its id, by which it may be cancelled, and its answer to come."""
        number = next(self._ids)
        answer = self._waiting[number] = asyncio.get_running_loop().create_future()
        self._send({"id": number, "method": method, "params": params})
        if self._ended:
            self.end()
        return number, answer

    async def until(self, state: str) -> None:
        """Wait for a `codestral/status` with this state."""
        while state not in self._states:
            self._changed.clear()
            await self._changed.wait()

    def end(self) -> None:
        """The server's stream has ended: nothing will be answered any more."""
        self._ended = True
        for answer in self._waiting.values():
            answer.set_exception(Refused(_ENDED, "the server has ended"))
        self._waiting.clear()

    def take(self, message: dict[str, Any]) -> None:
        if message.get("method") == "codestral/status":
            self._states.append(message["params"]["state"])
            self._changed.set()
        elif "method" in message and "id" in message:
            asked = message.get("params") or {}
            nothing = [None] * len(asked["items"]) if "configuration" in message["method"] else None
            self._send({"id": message["id"], "result": nothing})
        elif answer := self._waiting.pop(message.get("id", 0), None):
            if "error" in message:
                answer.set_exception(Refused(message["error"]["code"], message["error"]["message"]))
            else:
                answer.set_result(message["result"])

    def _send(self, message: Mapping[str, object]) -> None:
        self._write(msgspec.json.encode({"jsonrpc": "2.0", **message}))


@asynccontextmanager
async def running_server(
    environ: Mapping[str, str], *arguments: str, stderr: int | IO[bytes] | None = None
) -> AsyncIterator[Client]:
    """Our own server in a process of its own, initialized as an editor with ghost text would."""
    command = (sys.executable, "-m", "codestral_ls", "serve", *arguments)
    async with running(command, environ, stderr) as client:
        yield client


@asynccontextmanager
async def running(
    command: Sequence[str], environ: Mapping[str, str], stderr: int | IO[bytes] | None = None
) -> AsyncIterator[Client]:
    """A language server over its standard streams, initialized. Raises OSError where it cannot be started."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *command, stdin=pipe, stdout=pipe, stderr=stderr, env=dict(environ), limit=LIMIT
    )
    assert process.stdin is not None
    assert process.stdout is not None
    client = Client(partial(_frame, process.stdin))
    reading = asyncio.create_task(_read(process.stdout, client))
    try:
        await client.initialize()
        yield client
        await client.request("shutdown", None)
        client.notify("exit", None)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_LEAVING):
                await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await reading


def _frame(stream: asyncio.StreamWriter, body: bytes) -> None:
    stream.write(b"Content-Length: %d\r\n\r\n%b" % (len(body), body))


async def _read(stream: asyncio.StreamReader, client: Client) -> None:
    """Hand over messages until the server closes its end."""
    while header := await stream.readline():
        length = int(header.split(b":")[1])
        while (await stream.readline()).strip():
            pass
        client.take(msgspec.json.decode(await stream.readexactly(length)))
    client.end()
