"""The product before a user, with the model of a host that the test holds in its hand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager, nullcontext
from pathlib import Path
from typing import Any

from codestral_ls.app import App
from codestral_ls.core.prompt import Site
from codestral_ls.core.text import Document
from codestral_ls.engine.ledger import Ledger
from codestral_ls.engine.status import Status
from codestral_ls.providers import Choice
from tests.stage import NO_DISK
from tests.support import parse_marked

FOLDER = "/home/user"
SOURCE = parse_marked("def largest(a, ä):\n    # known to the user alone\n    total = █\n    return total\n")


class Watched:
    """A model, and what it raised while it filled a hole."""

    def __init__(self, model: Any) -> None:
        self._model = model
        self.errors: list[Exception] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._model, name)

    async def fim(self, request: Any) -> AsyncIterator[Any]:
        try:
            async with aclosing(self._model.fim(request)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except Exception as error:
            self.errors.append(error)
            raise


class User:
    """Reads every status, and agrees to nothing."""

    def __init__(self) -> None:
        self.statuses: list[Status] = []

    def tell(self, status: Status) -> None:
        self.statuses.append(status)

    async def consent(self, question: str, yes: str) -> bool:
        return False

    def progress(self, title: str) -> Any:
        return nullcontext(lambda *_: None)


class Desk:
    """The product on a clock that stands still; `connect` makes the model, anew with the settings."""

    def __init__(self, folder: Path, connect: Callable[[], Any]) -> None:
        self.now = 1000.0
        self.user = User()
        self._connect = connect
        self._models: list[Watched] = []
        file = folder / "config.toml"
        file.write_text(NO_DISK, encoding="utf-8")
        self.app = App(
            self.user,
            config_file=file,
            environ={},
            choose=self._choose,
            clock=lambda: self.now,
            ledger=Ledger(None, lambda: self.now),
        )

    @property
    def errors(self) -> list[Exception]:
        return [error for model in self._models for error in model.errors]

    @property
    def told(self) -> list[str]:
        return [status.message for status in self.user.statuses if status.message]

    async def read_settings(self) -> None:
        """Read the settings, and connect."""
        self.app.configure()
        self.app.start()
        await self.app.connected()

    async def suggested(self, name: str) -> str | None:
        """What is suggested in a file of that name while somebody types there."""
        document = Document.of(f"file://{FOLDER}/{name}.py", "python", 1, SOURCE.text)
        assert self.app.completer
        async with asyncio.timeout(20):
            shown = await self.app.completer.complete(Site(document, SOURCE.cursor), "automatic")
        return shown.text if shown else None

    async def _choose(self, *_: object) -> Choice:
        return Choice(self._connected, "a test brought it")

    def _connected(self) -> Any:
        self._models.append(Watched(self._connect()))
        return self._models[-1]


@asynccontextmanager
async def sitting(folder: Path, connect: Callable[[], Any]) -> AsyncIterator[Desk]:
    """A desk at which all is well, and nothing is left of it afterwards."""
    desk = Desk(folder, connect)
    await desk.read_settings()
    assert desk.user.statuses[-1].state == "ready", desk.told
    desk.user.statuses.clear()
    try:
        yield desk
    finally:
        await desk.app.aclose()
