"""How a session begins and ends: no process is left behind, and none ends too early."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable

import pytest

from codestral_ls import transport
from tests.e2e.conftest import Start
from tests.e2e.wire import ROOT, Process, Wire, frame, place

INLINE = "textDocument/inlineCompletion"
Leave = Callable[[Process], Awaitable[None] | None]
SCRIPTED = ("-m", "tests.e2e.scripted")


@pytest.mark.parametrize(
    ("shuts_down", "leaves_by", "status"),
    [
        pytest.param(True, "exit", 0, id="shutdown and exit"),
        pytest.param(False, "exit", 1, id="exit alone"),
        pytest.param(True, "close", 0, id="shutdown, then the stream ends"),
        pytest.param(False, "close", 1, id="the stream ends"),
        pytest.param(False, "SIGTERM", 1, id="terminated"),
    ],
)
async def test_end(server: Process, shuts_down: bool, leaves_by: str, status: int) -> None:
    await server.initialize()
    server.open("hang")
    server.ask(1, INLINE, place(0, 99))
    if shuts_down:
        await server.result("bye", "shutdown")
    leave = {
        "exit": lambda: server.tell("exit"),
        "close": server.close,
        "SIGTERM": server.process.terminate,
    }
    leave[leaves_by]()
    assert await server.ended() == status


@pytest.mark.parametrize(
    ("text", "env"),
    [
        pytest.param("thread", {}, id="a thread is left"),
        pytest.param("idle", {"STUCK": "1"}, id="the engine is stuck"),
    ],
)
@pytest.mark.parametrize("leave", [Process.close, Process.shut_down])
async def test_end_in_spite_of(start: Start, text: str, env: dict[str, str], leave: Leave) -> None:
    server = await start(*SCRIPTED, **env)
    await server.initialize()
    server.open(text)
    await server.result(1, INLINE, place(0, 99))
    if (leaving := leave(server)) is not None:
        await leaving
    await server.ended()


async def test_before_initialize(start: Start) -> None:
    for leave in ("exit", "close"):
        server = await start(*SCRIPTED)
        server.tell("exit") if leave == "exit" else server.close()
        assert await server.ended(5) == 1


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
