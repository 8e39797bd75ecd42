"""A replay against our own server in this process, on a virtual clock: all that an editor would see, fast."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from codestral_ls.app import App
from codestral_ls.bench import clock
from codestral_ls.bench.client import Client
from codestral_ls.bench.future import Future, Playhead
from codestral_ls.bench.oracle import LATENCIES, Oracle, OracleModel
from codestral_ls.bench.player import Differs, Player, uri_of
from codestral_ls.bench.run import Run
from codestral_ls.engine.ledger import Ledger
from codestral_ls.providers import Choice
from codestral_ls.server import create_server

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codestral_ls.bench.sessions import Session
    from codestral_ls.core.config import Endpoint
    from codestral_ls.core.model import ChatModel
    from codestral_ls.core.privacy import Reach
    from codestral_ls.editor import Editor
    from codestral_ls.language_server import Server

LAST_TIMER = 660.0
"""Seconds after which all has come to rest: ten minutes after an acceptance, its text is looked at again."""

_CONFIG = "[cache]\ndisk = false\n"


@dataclass(frozen=True, slots=True)
class Setting:
    """What a replay depends on beside the session: the upstream's latency by name, the share of words at
    which it goes wrong, and the seed of all that is random."""

    upstream: str = "cloud"
    wrong: float = 0.1
    seed: int = 1

    def __str__(self) -> str:
        return f"upstream {self.upstream}, {self.wrong:.0%} of words wrong, seed {self.seed}"


def replay(session: Session, setting: Setting) -> Run:
    """Play a session. The same arguments give the same figures, but for `hits`, which are of real time.

    Raises `Differs` where the document in the server is not the session's at the end.
    """
    return clock.run(_replay(session, setting))


class _Writer:
    """Hands the server's messages to the client, as soon as they are written."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def write(self, data: bytes) -> None:
        self._client.take(msgspec.json.decode(data.partition(b"\r\n\r\n")[2]))

    def close(self) -> None: ...


async def _replay(session: Session, setting: Setting) -> Run:
    future = Future(session)
    playhead = Playhead(future)
    oracle = Oracle(playhead, setting.wrong, setting.seed)
    model = OracleModel(oracle, playhead, LATENCIES[setting.upstream], setting.seed)
    with tempfile.TemporaryDirectory(prefix="codestral-ls-replay-") as folder:
        config = Path(folder) / "config.toml"
        config.write_text(_CONFIG, encoding="utf-8")
        server = create_server(lambda editor: _app(editor, config, model))
        client = Client(server.protocol.receive)
        server.protocol.set_writer(_Writer(client))
        await client.initialize()
        await client.until("ready")
        before = asyncio.all_tasks()
        player = Player(session, future, playhead, client, setting.seed, model.calls)
        await player.play()
        await asyncio.sleep(LAST_TIMER)
        leaked = len(asyncio.all_tasks() - before)
        if wrong := list(_different(server, session)):
            raise Differs(
                f"After the replay {', '.join(wrong)} differs in the server from the session's end."
            )
        await client.request("shutdown", None)
        client.notify("exit", None)
    return Run(session, player.screen.keystrokes, player.screen.flicker, player.tally, model.calls, leaked)


def _app(editor: Editor, config: Path, model: ChatModel) -> App:
    async def choose(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach) -> Choice:
        return Choice(lambda: model, "it knows the session's future")

    now = asyncio.get_running_loop().time
    return App(editor, config_file=config, environ={}, choose=choose, clock=now, ledger=Ledger(None, now))


def _different(server: Server, session: Session) -> Iterator[str]:
    for file in {step.file for step in session.steps}:
        document = server.app.workspace.get(uri_of(file))
        if document is None or document.text != session.after[file]:
            yield file
