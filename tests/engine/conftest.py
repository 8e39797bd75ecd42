from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from codestral_ls.core.model import ModelError, Unavailable
from codestral_ls.core.prompt import Site
from codestral_ls.core.text import Document, Edit, Span, apply_edits
from codestral_ls.engine.accounts import Accounts
from codestral_ls.engine.carrier import Carrier
from codestral_ls.engine.complete import Completer
from codestral_ls.engine.ledger import Ledger
from codestral_ls.engine.options import Options
from codestral_ls.engine.status import Status
from codestral_ls.engine.streak import Streaks
from codestral_ls.engine.workspace import Workspace
from tests.engine.editing import Editor
from tests.engine.scripted import ScriptedModel

URI = "file:///shop/cart.py"


class Rig:
    """A completer over scripted models, a clock that stands still, and the statuses that were told."""

    def __init__(self, model: ScriptedModel, *fallbacks: ScriptedModel, disk=None, **options: object) -> None:
        self.model = model
        self.now = 1000.0
        self.statuses: list[Status] = []
        self.workspace = Workspace()
        self.ledger = options.pop("ledger", None) or Ledger(None, lambda: self.now)
        self.accounts = Accounts(self.ledger, self.workspace)
        self.carrier = Carrier(
            model,
            disk=disk,
            accounts=self.accounts,
            clock=lambda: self.now,
            on_status=self.statuses.append,
            hedge_after=options.pop("hedge_after", 0.0),
            instead=options.pop("instead", ""),
            lot=lambda: 0.0,
        )
        self.fallbacks = fallbacks
        for fallback in fallbacks:
            self.carrier.add(fallback)
        self.reception = Streaks(lambda: self.now)
        self.completer = Completer(self.carrier, self.workspace, Options(**options), self.reception)

    @property
    def troubles(self) -> list[Status]:
        return [status for status in self.statuses if status.message]


def site(marked: str, uri: str = URI, language: str = "python") -> Site:
    """A site from a text with the cursor marked by █."""
    text = marked.replace("█", "", 1)
    return Site(Document.of(uri, language, 1, text), marked.index("█"))


def typed(before: Site, text: str) -> Site:
    """The site after typing on."""
    edit = Edit(Span(before.offset, before.offset), text)
    document = apply_edits(before.document, [edit], before.document.version + 1)
    return Site(document, before.offset + len(text))


@pytest.fixture
async def rig_of() -> AsyncIterator[Callable[..., Rig]]:
    rigs: list[Rig] = []

    def make(*models: ScriptedModel, **options: object) -> Rig:
        rigs.append(Rig(*(models or (ScriptedModel(),)), **options))
        return rigs[-1]

    yield make
    for rig in rigs:
        await rig.completer.aclose()
        rig.ledger.close()


@pytest.fixture
def rig_alone() -> Iterator[Callable[..., Rig]]:
    """As `rig_of`, for tests with an event loop of their own."""
    rigs: list[Rig] = []

    def make(*models: ScriptedModel, **options: object) -> Rig:
        rigs.append(Rig(*models, **options))
        return rigs[-1]

    yield make
    for rig in rigs:
        rig.ledger.close()


@pytest.fixture
def rig(rig_of) -> Rig:
    return rig_of()


@pytest.fixture
def editor_of(tmp_path):
    return lambda **values: Editor(tmp_path / "ledger.jsonl", **values)


SUM = site("def add(a, b):\n    total = █\n    return total\n")


def ask(rig: Rig, place, trigger="automatic") -> asyncio.Task:
    return asyncio.create_task(rig.completer.complete(place, trigger))


async def suggest(rig: Rig, place, text: str, trigger="automatic", logprob=None):
    """Ask, let the model answer this text in full, and return what is shown."""
    number = len(rig.model.calls)
    asked = ask(rig, place, trigger)
    call = await rig.model.call(number)
    call.say(text, logprob)
    call.end()
    return await asked


DOWN = Unavailable("The host is down.")


def pair(**second: object) -> tuple[ScriptedModel, ScriptedModel]:
    return ScriptedModel("first"), ScriptedModel("second", **second)


def place(number: int):
    return site("def add(a, b):\n    total = █\n", uri=f"file:///shop/{number}.py")


async def fails(rig: Rig, where, error: ModelError, trigger="automatic") -> asyncio.Task:
    """Ask, and let the first model fail."""
    number = len(rig.model.calls)
    asked = ask(rig, where, trigger)
    (await rig.model.call(number)).fail(error)
    return asked


async def second_answers(second, asked, text="a + b"):
    call = await second.call(sum(call.closed.is_set() for call in second.calls))
    call.end(text)
    suggestion = await asked
    assert (suggestion.text, suggestion.model) == (text, "second")
