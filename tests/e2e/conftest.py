"""Servers in processes of their own."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from pathlib import Path

import pytest

from tests.e2e.wire import Process

Start = Callable[..., Awaitable[Process]]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """Nothing of this machine's user: no keys, no settings, no caches."""
    kept = {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}
    (tmp_path / "config.toml").write_text("")
    return kept | {
        "CODESTRAL_LS_CONFIG": str(tmp_path / "config.toml"),
        "CODESTRAL_LS_CACHE": str(tmp_path / "cache"),
        "CODESTRAL_LS_STATE": str(tmp_path / "state"),
        "LEDGER": str(tmp_path / "ledger.jsonl"),
    }


@pytest.fixture
async def start(tmp_path: Path, environment: Mapping[str, str]) -> AsyncIterator[Start]:
    """Starts servers, and ends those that are left."""
    processes: list[Process] = []

    async def started(*command: str, **env: str) -> Process:
        processes.append(await Process.start(tmp_path, command, {**environment, **env}))
        return processes[-1]

    yield started
    for process in processes:
        await process.stop()


@pytest.fixture
async def server(start: Start) -> Process:
    """The server with the scripted engine."""
    return await start("-m", "tests.e2e.scripted")
