"""Servers in processes of their own, and in this one."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from codestral_ls.app import App as RealApp
from codestral_ls.language_server import Server
from codestral_ls.server import create_server
from codestral_ls.transport import read_messages
from tests.e2e.actions import TEXT, TILL
from tests.e2e.clients import Editor
from tests.e2e.scripted import App
from tests.e2e.wire import Process, Wire
from tests.upstream.mistral import FakeMistral

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


@asynccontextmanager
async def served(server: Server) -> AsyncIterator[socket.socket]:
    """A server in this process, by the socket of its editor, who hangs up at the end."""
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=theirs)
    server.protocol.set_writer(writer)
    reading = asyncio.create_task(read_messages(reader, server.protocol.receive))
    yield ours
    await reading
    await server.protocol.cancel_all()
    await server.aclose()
    writer.close()


@pytest.fixture
async def session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> AsyncIterator[Wire]:
    """The server with the scripted engine in this process, where what is tested does not depend on one."""
    monkeypatch.setenv("LEDGER", str(tmp_path / "ledger.jsonl"))
    caplog.set_level("DEBUG", "codestral_ls")
    async with served(create_server(App)) as ours:
        client = Wire(*await asyncio.open_connection(sock=ours))
        yield client
        client.close()


@pytest.fixture
async def upstream() -> AsyncIterator[FakeMistral]:
    async with FakeMistral("") as serving:
        yield serving


@pytest.fixture
async def editor(
    tmp_path: Path, upstream: FakeMistral, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Editor]:
    """An editor, not introduced yet, and the real server with all that is behind it."""
    for name in ("CACHE", "STATE"):
        monkeypatch.setenv(f"CODESTRAL_LS_{name}", str(tmp_path / name))
    config = tmp_path / "config.toml"
    config.write_text(
        f'[completion]\nprovider = "mistral"\nbase_url = "{upstream.api_url}"\napi_key_env = "THE_KEY"\n'
    )
    environ = {"THE_KEY": upstream.api_key, "CODESTRAL_LS_STATE": str(tmp_path / "STATE")}
    server = create_server(lambda user: RealApp(user, config_file=config, environ=environ))
    async with served(server) as ours:
        client = Editor(*await asyncio.open_connection(sock=ours))
        yield client
        client.close()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    """A folder with the files of `actions.py`."""
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "cart.py").write_bytes(TEXT.encode())
    (folder / "till.py").write_bytes(TILL.encode())
    return folder
