"""A process of our own that serves a model, from its start to its end."""

from __future__ import annotations

import asyncio
import functools
import importlib.util
import json
import os
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from codestral_ls.core.model import BadRequest, Unavailable

if TYPE_CHECKING:
    from asyncio.subprocess import Process

CONTEXT_TOKENS = 4096

_PROGRAM = Path(__file__).with_name("embedded_child.py")
_LEAVE_SECONDS = 1.0
_MOST_THREADS = 4


@dataclass(frozen=True, slots=True)
class Child:
    """A running server: its process, its address, and the key that it wants."""

    process: Process
    url: str
    key: str = field(repr=False)

    @property
    def alive(self) -> bool:
        return self.process.returncode is None

    async def died(self, seconds: float) -> bool:
        """Whether it ends within so many seconds: a broken connection is seen before the end behind it."""
        try:
            async with asyncio.timeout(seconds):
                await self.process.wait()
        except TimeoutError:
            return False
        return True

    async def close(self) -> None:
        await end(self.process)


def check_extra() -> None:
    """Raises `BadRequest` where llama.cpp is not installed."""
    if importlib.util.find_spec("xllamacpp") is None:
        # Another Python's pip, often the only one on the path, would not do.
        install = f"{sys.executable} -m pip install 'codestral-ls[embedded]'"
        raise BadRequest(f"Models on this machine need llama.cpp. Run: {install}")


async def start(model: Path) -> Child:
    """Load a model in a process of its own. Raises `BadRequest` without llama.cpp, else `Unavailable`."""
    check_extra()
    key = secrets.token_urlsafe(32)
    # Not as a module of the package: with -P its folder, in which files have names of the standard library's,
    # stays off the path.
    process = await _started(sys.executable, "-P", str(_PROGRAM))
    try:
        return Child(process, await _address(process, model, key), key)
    except BaseException:
        await end(process)
        raise


async def end(process: Process) -> None:
    """Close its input, at which it leaves, and kill it if it does not."""
    assert process.stdin is not None
    process.stdin.close()
    try:
        async with asyncio.timeout(_LEAVE_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


async def _started(*command: str) -> Process:
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            env=_environment(),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
    except OSError as error:  # No memory for a process; or this Python was replaced by an upgrade.
        raise Unavailable(
            f"The model's process cannot be started ({error.strerror}). Restart the editor, or install anew."
        ) from error


async def _address(process: Process, model: Path, key: str) -> str:
    assert process.stdin is not None
    assert process.stdout is not None
    settings = {
        "model": str(model),
        "key": key,
        "context": CONTEXT_TOKENS,
        "threads": _threads(),
        "batch_threads": _cores(),
    }
    process.stdin.write(json.dumps(settings).encode() + b"\n")
    report = json.loads(await process.stdout.readline() or "{}")
    if "url" not in report:
        raise Unavailable(
            f"llama.cpp cannot load {model.name}. Check that it is a whole GGUF file and that memory is free."
        )
    return str(report["url"])


def _environment() -> dict[str, str]:
    """On two cores, threads that wait for each other must not spin: with another program at work, a prompt
    then takes four to six times as long. On more cores spinning makes generation faster."""
    return {**os.environ, "OMP_WAIT_POLICY": "passive"} if _threads() == 1 else dict(os.environ)


def _threads() -> int:
    """Threads for generation, which waits for memory and not for cores: four do as well as eight, and one
    core stays free, since all threads wait for the one that is interrupted."""
    return min(_MOST_THREADS, max(1, _cores() - 1))


@functools.cache
def _cores() -> int:
    """Physical cores: two threads on one core hinder each other."""
    siblings = Path("/sys/devices/system/cpu").glob("cpu[0-9]*/topology/thread_siblings_list")
    return len({file.read_text() for file in siblings}) or os.cpu_count() or 1
