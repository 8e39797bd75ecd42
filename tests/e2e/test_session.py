"""How a session begins and ends: no process is left behind, and none ends too early."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

import pytest

from codestral_ls import transport
from tests.e2e.conftest import SCRIPTED, Start
from tests.e2e.wire import ROOT, Process, Wire, frame, place

INLINE = "textDocument/inlineCompletion"
Leave = Callable[[Process], Awaitable[None] | None]


@dataclass(frozen=True)
class End:
    """A way to end, what the document says that is being completed then, and the exit status."""

    leave: Leave
    status: int
    text: str = "hang"
    env: Mapping[str, str] = field(default_factory=dict)


# A thread is left and the engine does not close: either is enough to keep a process.
STUCK = {"STUCK": "1"}
ENDS = {
    "shutdown and exit": End(Process.shut_down, 0),
    "exit alone": End(lambda server: server.tell("exit"), 1),
    "the stream ends": End(Process.close, 1),
    "terminated": End(lambda server: server.process.terminate(), 1),
    "stuck, shutdown": End(Process.shut_down, 0, "thread", STUCK),
    "stuck, the stream ends": End(Process.close, 1, "thread", STUCK),
}


async def test_end(start: Start) -> None:
    """All at once, because a stuck one takes most of its two seconds."""
    servers = {name: await start(*SCRIPTED, **end.env) for name, end in ENDS.items()}
    for name, server in servers.items():
        await server.initialize()
        server.open(f"{ENDS[name].text}\nplain")
        server.ask(1, INLINE, place(0, 99))
        assert (await server.result(2, INLINE, place(1, 99)))["items"]
    statuses = await asyncio.gather(*(_leave(server, ENDS[name].leave) for name, server in servers.items()))
    assert dict(zip(ENDS, statuses, strict=True)) == {name: end.status for name, end in ENDS.items()}


async def _leave(server: Process, leave: Leave) -> int | None:
    """The exit status; None for a server that is still there two seconds after it was left."""
    if (leaving := leave(server)) is not None:
        await leaving
    try:
        return await server.ended()
    except TimeoutError:
        return None


async def test_shutdown_then_the_stream_ends(server: Process) -> None:
    await server.initialize()
    await server.result("bye", "shutdown")
    server.close()
    assert await server.ended() == 0


async def test_before_initialize(start: Start) -> None:
    one, other = [await start(*SCRIPTED) for _ in range(2)]
    one.tell("exit")
    other.close()
    assert [await one.ended(), await other.ended()] == [1, 1]


async def test_editor_dies_and_a_sibling_holds_the_pipe(server: Process) -> None:
    """We hold it here. The editor's process stays a zombie, as it does where its parent is busy."""
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as editor:
        await server.initialize(processId=editor.pid)
        assert await server.result(1, "workspace/executeCommand", {"command": "x"}) is None
        editor.kill()
        assert await server.ended() == 1


async def test_editor_that_cannot_be_seen(server: Process) -> None:
    """An editor outside our container: its process id says nothing."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    await server.initialize(processId=gone.pid)
    for number in range(3):
        assert await server.result(number, "workspace/executeCommand", {"command": "x"}) is None
    await server.shut_down()
    assert await server.ended() == 0


async def test_process_end_without_pidfd(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the system has no file descriptors for processes, it is asked again and again."""
    monkeypatch.delattr(os, "pidfd_open", raising=False)
    monkeypatch.setattr(transport, "_POLL", 0.01)
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "input()", stdin=asyncio.subprocess.PIPE
    )
    watch = asyncio.create_task(transport.process_end(process.pid))
    done, _ = await asyncio.wait((watch,), timeout=0.05)
    assert not done
    process.send_signal(signal.SIGKILL)
    await process.wait()
    async with asyncio.timeout(5):
        await watch


def test_editor_that_does_not_read(environment: dict[str, str]) -> None:
    """Answers beyond what a pipe holds stop neither the loop nor the end."""
    request = frame(b'{"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}')
    leave = frame(b'{"jsonrpc": "2.0", "method": "exit"}')
    pipe = subprocess.PIPE
    with subprocess.Popen(
        [sys.executable, *SCRIPTED],
        stdin=pipe,
        stdout=pipe,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        env=environment,
    ) as server:
        assert server.stdin
        server.stdin.write(request * 2000 + leave)
        server.stdin.flush()
        assert server.wait(10) == 1


async def test_tcp(start: Start) -> None:
    server = await start(*SCRIPTED, "--tcp")
    assert server.process.stdout
    said = (await server.process.stdout.readline()).decode()
    host, port = said.removeprefix("Listening on ").strip().split(":")
    assert host == "127.0.0.1"
    client = Wire(*await asyncio.open_connection(host, int(port)))
    await client.initialize()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(host, int(port))
    client.open("print")
    assert (await client.result(1, INLINE, place(0, 5)))["items"]
    await client.shut_down()
    assert await server.ended() == 0
    client.close()


async def test_tcp_client_leaves(start: Start) -> None:
    server = await start(*SCRIPTED, "--tcp")
    assert server.process.stdout
    port = int((await server.process.stdout.readline()).split(b":")[1])
    client = Wire(*await asyncio.open_connection("127.0.0.1", port))
    await client.initialize()
    client.close()
    assert await server.ended() == 1
