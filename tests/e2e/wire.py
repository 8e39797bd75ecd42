"""A client with no library between it and the bytes."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PATIENCE = 20
"""Seconds until a test gives up; nothing should take nearly as long."""

Message = dict[str, Any]

SECRET = "top_secret_source"
"""What may stand in no log and no error."""


def frame(body: bytes) -> bytes:
    return b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


class Wire:
    """Frames to and from a server, over any pair of streams. `seen` holds what no one waited for."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self.seen: list[Message] = []

    def send(self, *messages: Message | bytes) -> None:
        """Write messages, or raw bodies, in one go."""
        bodies = (
            m if isinstance(m, bytes) else json.dumps({"jsonrpc": "2.0"} | m).encode() for m in messages
        )
        self.send_raw(b"".join(map(frame, bodies)))

    def send_raw(self, data: bytes) -> None:
        self._writer.write(data)

    def ask(self, message_id: int | str, method: str, params: object = None) -> None:
        self.send({"id": message_id, "method": method, "params": params})

    def tell(self, method: str, params: object = None) -> None:
        self.send({"method": method, "params": params})

    def close(self) -> None:
        """End the stream to the server."""
        self._writer.close()

    async def read(self) -> Message:
        """The next message, whatever it is. Raises IncompleteReadError at the end."""
        async with asyncio.timeout(PATIENCE):
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = re.fullmatch(rb"Content-Length: (\d+)\r\n\r\n", head)
            assert length, f"not a header: {head!r}"
            message: Message = json.loads(await self._reader.readexactly(int(length[1])))
            return message

    async def answer(self, message_id: int | str | None) -> Message:
        """The answer to a request."""
        while True:
            message = await self.read()
            if "method" not in message and message["id"] == message_id:
                return message
            self.seen.append(message)

    async def result(self, message_id: int | str, method: str, params: object = None) -> Any:
        self.ask(message_id, method, params)
        answer = await self.answer(message_id)
        assert "result" in answer, answer
        return answer["result"]

    async def asked(self, method: str) -> Message:
        """The next request or notification of the server with this method."""
        while True:
            message = next((m for m in self.seen if m.get("method") == method), None)
            if message:
                self.seen.remove(message)
                return message
            self.seen.append(await self.read())

    async def rest(self) -> list[Message]:
        """Everything until the server's stream ends, with what was seen before."""
        with contextlib.suppress(asyncio.IncompleteReadError):
            while True:
                self.seen.append(await self.read())
        return self.seen

    async def initialize(self, capabilities: Mapping[str, object] | None = None, **params: object) -> Message:
        given = {"processId": None, "rootUri": None, "capabilities": capabilities or {}, **params}
        result: Message = await self.result("initialize", "initialize", given)
        self.tell("initialized", {})
        return result

    async def sync(self) -> None:
        """Wait until all that was sent is taken in, and all that is said of it at once is in `seen`."""
        assert await self.result("sync", "workspace/executeCommand", {"command": "nothing"}) is None

    async def shut_down(self) -> None:
        await self.result("shutdown", "shutdown")
        self.tell("exit")

    def open(self, text: str, uri: str = "file:///w/a.py", version: int = 1) -> None:
        document = {"uri": uri, "languageId": "python", "version": version, "text": text}
        self.tell("textDocument/didOpen", {"textDocument": document})


def refused(answer: Message, code: int) -> None:
    """An error is a code and one sentence: no trace, no source code."""
    error = answer["error"]
    assert error["code"] == code
    assert set(error) == {"code", "message"}
    assert error["message"].endswith(".")
    assert "\n" not in error["message"]
    assert SECRET not in json.dumps(answer)


def place(line: int, character: int, uri: str = "file:///w/a.py", **context: object) -> Message:
    """Parameters of a completion request."""
    return {
        "textDocument": {"uri": uri},
        "position": {"line": line, "character": character},
        "context": {"triggerKind": 1, **context},
    }


class Process(Wire):
    """A server in a process of its own, and its standard error in a file."""

    def __init__(self, process: asyncio.subprocess.Process, stderr: Path) -> None:
        assert process.stdout
        assert process.stdin
        super().__init__(process.stdout, process.stdin)
        self.process = process
        self._stderr = stderr
        self._told_before = 0

    @classmethod
    async def start(cls, folder: Path, command: Sequence[str], env: Mapping[str, str]) -> Process:
        folder.mkdir(exist_ok=True)
        stderr = folder / "stderr"
        with stderr.open("wb") as stream:
            pipe = asyncio.subprocess.PIPE
            process = await asyncio.create_subprocess_exec(
                sys.executable, *command, stdin=pipe, stdout=pipe, stderr=stream, cwd=ROOT, env=env
            )
        return cls(process, stderr)

    @property
    def log(self) -> str:
        """What was logged since the start or the last `forget_log`."""
        return self._stderr.read_text()[self._told_before :]

    def forget_log(self) -> None:
        self._told_before += len(self.log)

    async def ended(self, within: float = 20.0) -> int:
        """The exit status. The product's own limit is 1.5 s, of a machine that is not busy otherwise."""
        async with asyncio.timeout(within):
            return await self.process.wait()

    async def stop(self) -> None:
        """End the process if a test did not."""
        self.close()
        if self.process.returncode is None:
            self.process.kill()
        await self.process.wait()
