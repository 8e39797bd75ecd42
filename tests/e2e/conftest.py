"""Servers in processes of their own, and in this one."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from codestral_ls.server import create_server
from codestral_ls.transport import read_messages
from tests.e2e.scripted import App
from tests.e2e.wire import Process, Wire

Start = Callable[..., Awaitable[Process]]
SCRIPTED = ("-m", "tests.e2e.scripted")


def environment_in(folder: Path) -> dict[str, str]:
    """Nothing of this machine's user: no keys, no settings, no caches."""
    kept = {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}
    (folder / "config.toml").write_text("")
    return kept | {
        "CODESTRAL_LS_CONFIG": str(folder / "config.toml"),
        "CODESTRAL_LS_CACHE": str(folder / "cache"),
        "CODESTRAL_LS_STATE": str(folder / "state"),
        "LEDGER": str(folder / "ledger.jsonl"),
    }


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return environment_in(tmp_path)


@pytest.fixture
async def start(tmp_path: Path, environment: Mapping[str, str]) -> AsyncIterator[Start]:
    """Starts servers, and ends those that are left."""
    processes: list[Process] = []
    folders = (tmp_path / f"server {number}" for number in range(99))

    async def started(*command: str, **env: str) -> Process:
        process = await Process.start(next(folders), command, {**environment, **env})
        processes.append(process)
        return process

    yield started
    for process in processes:
        await process.stop()


@pytest.fixture
async def server(start: Start) -> Process:
    """The server with the scripted engine, in a process of its own."""
    return await start(*SCRIPTED)


@pytest.fixture
async def session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Wire]:
    """The server with the scripted engine in this process, where what is tested does not depend on one."""
    monkeypatch.setenv("LEDGER", str(tmp_path / "ledger.jsonl"))
    caplog.set_level("DEBUG", "codestral_ls")
    ours, theirs = socket.socketpair()
    server = create_server(App)
    reader, writer = await asyncio.open_connection(sock=theirs)
    server.protocol.set_writer(writer)
    reading = asyncio.create_task(read_messages(reader, server.protocol.receive))
    client = Wire(*await asyncio.open_connection(sock=ours))
    yield client
    client.close()
    await reading
    await server.protocol.cancel_all()
    await server.aclose()
    writer.close()
