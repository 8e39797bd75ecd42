"""Replays in real time: a server in a process of its own, over stdio, with the oracle behind HTTP."""

from __future__ import annotations

import asyncio
import os
import shlex
import sys
import tempfile
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from codestral_ls.bench.client import running
from codestral_ls.bench.future import Future, Playhead
from codestral_ls.bench.host import Host
from codestral_ls.bench.oracle import LATENCIES, Oracle
from codestral_ls.bench.player import INLINE, MENU, Player
from codestral_ls.bench.run import Run

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from codestral_ls.bench.client import Client
    from codestral_ls.bench.sessions import Session
    from codestral_ls.bench.virtual import Setting

KEY = "CODESTRAL_LS_BENCH_KEY"

TABBY = "tabby-agent"
"""The peer whose settings are known: it wants an executable of this name, which the npm package has."""

_SETTLING = 3.0
"""Seconds that a peer gets to find its upstream: nothing tells when it has."""

_OURS = f"""\
[completion]
provider = "mistral"
base_url = "{{url}}"
api_key_env = "{KEY}"
[cache]
disk = false
"""
_TABBY_CONFIG = """\
[server]
endpoint = "{url}"
token = "bench"
[anonymousUsageTracking]
disable = true
"""


@dataclass(frozen=True, slots=True)
class Contender:
    """A server to play to: its name, its command, and files and variables it wants. In all of them `{url}` is
    where the upstream serves, and `{folder}` a folder of its own. `says_ready`: it tells by a status."""

    name: str
    command: tuple[str, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)
    says_ready: bool = False


def ourselves() -> Contender:
    places = {f"CODESTRAL_LS_{name}": f"{{folder}}/{name.lower()}" for name in ("CACHE", "STATE")}
    return Contender(
        "codestral-ls, live",
        (sys.executable, "-m", "codestral_ls", "serve"),
        {"config.toml": _OURS},
        {**places, "CODESTRAL_LS_CONFIG": "{folder}/config.toml", KEY: "bench"},
        says_ready=True,
    )


def peer(command: str) -> Contender:
    """Another server by its command line; `tabby-agent` alone is enough for that one."""
    if command != TABBY:
        return Contender(Path(shlex.split(command)[0]).name, tuple(shlex.split(command)))
    return Contender(
        TABBY,
        (TABBY, "--lsp", "--stdio"),
        {".tabby-client/agent/config.toml": _TABBY_CONFIG},
        {"HOME": "{folder}"},
    )


async def replay_live(session: Session, setting: Setting, contender: Contender) -> Run:
    """Play a session in real time. Raises `Differs`; OSError where the server cannot be started."""
    future = Future(session)
    playhead = Playhead(future)
    oracle = Oracle(playhead, setting.wrong, setting.seed)
    host = Host(oracle, playhead, LATENCIES[setting.upstream], setting.seed)
    async with host.server, _started(contender, host.server.url) as client:
        announced = client.abilities.get("inlineCompletionProvider")
        method = INLINE if announced not in (None, False) else MENU
        player = Player(session, future, playhead, client, setting.seed, host.calls, method)
        await player.play()
    seen = player.screen
    return Run(session, seen.keystrokes, seen.flicker, player.tally, host.calls, None, contender.name)


@asynccontextmanager
async def _started(contender: Contender, url: str) -> AsyncIterator[Client]:
    with tempfile.TemporaryDirectory(prefix="codestral-ls-live-", ignore_cleanup_errors=True) as folder:

        def filled(text: str) -> str:
            return text.replace("{url}", url).replace("{folder}", folder)

        for name, content in contender.files.items():
            _write(Path(folder, name), filled(content))
        environ = {**os.environ, **{name: filled(value) for name, value in contender.environ.items()}}
        command = [filled(word) for word in contender.command]
        async with running(command, environ, asyncio.subprocess.DEVNULL) as client:
            if contender.says_ready:
                await client.until("ready")
            else:
                await asyncio.sleep(_SETTLING)
            yield client


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
