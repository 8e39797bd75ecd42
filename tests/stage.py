"""The real server in this process on the virtual clock, with everything in reach that a test may look at."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from codestral_ls.app import App
from codestral_ls.bench.client import Client
from codestral_ls.engine.ledger import Ledger
from codestral_ls.providers import Choice
from codestral_ls.server import Server, create_server

NO_DISK = "[cache]\ndisk = false\n"


class Recorder(Client):
    """A client that keeps what the server said, and hears it at once."""

    def __init__(self, server: Server) -> None:
        super().__init__(server.protocol.receive)
        self.said: list[dict[str, Any]] = []
        server.protocol.set_writer(self)

    def write(self, data: bytes) -> None:
        message = msgspec.json.decode(data.partition(b"\r\n\r\n")[2])
        self.said.append(message)
        self.take(message)

    def close(self) -> None: ...

    def told(self, method: str) -> list[Any]:
        """The parameters of the server's messages with this method."""
        return [message["params"] for message in self.said if message.get("method") == method]


@dataclass(frozen=True)
class Stage:
    app: App
    client: Recorder

    def open(self, uri: str, text: str) -> None:
        document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
        self.client.notify("textDocument/didOpen", {"textDocument": document})

    def change(self, uri: str, version: int, extent: Mapping[str, Any], text: str) -> None:
        identifier = {"uri": uri, "version": version}
        params = {"textDocument": identifier, "contentChanges": [{"range": extent, "text": text}]}
        self.client.notify("textDocument/didChange", params)

    def ask(self, uri: str, line: int, column: int, *, by_hand: bool = False) -> tuple[int, asyncio.Future]:
        """Ask for ghost text; returns the request's id and the answer to come."""
        params = {
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": column},
            "context": {"triggerKind": 1 if by_hand else 2},
        }
        return self.client.send("textDocument/inlineCompletion", params)

    def close(self, uri: str) -> None:
        self.client.notify("textDocument/didClose", {"textDocument": {"uri": uri}})


@asynccontextmanager
async def staged(
    folder: Path, model: Any = None, config: str = NO_DISK, ledger: Path | None = None
) -> AsyncIterator[Stage]:
    """A server that was initialized. Without a model it looks for one itself, with no key at hand."""
    file = folder / "config.toml"
    file.write_text(config, encoding="utf-8")
    now = asyncio.get_running_loop().time
    found = {"choose": _chooser(model)} if model else {}
    server = create_server(
        lambda editor: App(
            editor, config_file=file, environ={}, clock=now, ledger=Ledger(ledger, now), **found
        )
    )
    client = Recorder(server)
    await client.initialize()
    await asyncio.sleep(0)
    await server.app.connected()
    yield Stage(server.app, client)
    await client.request("shutdown", None)
    client.notify("exit", None)


def containers(root: object) -> Iterator[tuple[str, Any]]:
    """Every collection that objects of ours hold, however deep, by where it is held."""
    seen: set[int] = set()
    waiting: list[tuple[str, Any]] = [(type(root).__name__, root)]
    while waiting:
        path, thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, str | bytes):
            continue
        seen.add(id(thing))
        if type(thing).__module__.startswith("codestral_ls."):
            waiting += [(f"{path}.{name}", value) for name, value in _attributes(thing)]
        elif hasattr(thing, "__len__") and hasattr(thing, "__iter__"):
            yield path, thing
            held = thing.values() if isinstance(thing, Mapping) else thing
            waiting += [(f"{path}[]", value) for value in held]


def _attributes(thing: object) -> Iterator[tuple[str, Any]]:
    names = {*getattr(thing, "__dict__", ()), *getattr(type(thing), "__slots__", ())}
    return ((name, getattr(thing, name)) for name in names if hasattr(thing, name))


def _chooser(model: Any) -> Any:
    async def choose(*_: object) -> Choice:
        return Choice(lambda: model, "a test brought it")

    return choose
