"""Names looked for by a process of our own, which is given up and killed where it takes too long."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from codestral_ls.core.occurrences import Occurrence

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import Iterable

    from codestral_ls.core.occurrences import Role

_MODULE = "codestral_ls.engine.parse_child"
_LONGEST_ANSWER = 1 << 20
_SECONDS_FOR_ONE = 3.0
_MOST_DEATHS = 3


class Parsing:
    """A process for the time of a search: `async with Parsing() as parsing`. Leaving it kills the process."""

    def __init__(self) -> None:
        self._process: Process | None = None
        self._deaths = 0

    async def __aenter__(self) -> Parsing:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._end()

    async def occurrences(self, language: str, text: str, name: str) -> tuple[Occurrence, ...] | None:
        """Every place of a name; None where the text cannot be parsed, or not soon, or safely."""
        if self._deaths >= _MOST_DEATHS:
            return None
        question = json.dumps([language, text, name]).encode() + b"\n"
        try:
            async with asyncio.timeout(_SECONDS_FOR_ONE):
                return _read(json.loads(await self._answer(question)))
        except (TimeoutError, OSError, ValueError):  # It hangs, has died, or says no JSON.
            self._deaths += 1
            await self._end()
            return None

    async def _answer(self, question: bytes) -> bytes:
        if self._process is None:
            self._process = await asyncio.create_subprocess_exec(
                # With -P the folder that we run in, which may be a stranger's, stays off the path.
                *(sys.executable, "-P", "-m", _MODULE),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
                limit=_LONGEST_ANSWER,
            )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(question)
        await self._process.stdin.drain()
        return await self._process.stdout.readline()

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()


def _read(answer: Iterable[tuple[int, int, Role]] | None) -> tuple[Occurrence, ...] | None:
    if answer is None:
        return None
    return tuple(Occurrence(*found) for found in answer)
