"""The chain that the settings make: which models, in which order, fetched when, and what is told."""

from __future__ import annotations

import asyncio

import pytest

from codestral_ls.app import App
from codestral_ls.core.model import BadRequest, FimRequest, ModelError, Unauthorized, Unavailable
from codestral_ls.core.privacy import redact
from codestral_ls.engine.ledger import Ledger
from codestral_ls.engine.status import Status
from codestral_ls.providers import Choice
from codestral_ls.providers.catalog import MODELS
from codestral_ls.providers.embedded import profile_of
from codestral_ls.weights import Absent
from tests.engine.conftest import SUM
from tests.engine.scripted import ScriptedModel
from tests.test_app import Listener

REQUEST = FimRequest(redact("a"), redact(""), redact("b"), 1)
SMALL = MODELS[0].name
NO_KEY = Unauthorized("There is no key.")


class Stage:
    """An app whose models are scripted, by the name of their provider, or errors, or not installed."""

    def __init__(self, folder, fallback, models, consents=False, more=""):
        self.made: dict[str, ScriptedModel] = {}
        self.chosen: list[str] = []
        self.fetched: list[str] = []
        self.user = Listener()
        self.user.questions = []
        self.user.consent = self._consent
        self._consents = consents
        self._models = models
        config = folder / "config.toml"
        config.write_text(
            f"[completion]\nprovider = 'mistral'\nfallback = {fallback!r}\n[cache]\ndisk = false\n{more}"
        )
        self.app = App(
            self.user, config_file=config, environ={}, choose=self._choose, ledger=Ledger(None, lambda: 0.0)
        )

    async def connect(self):
        assert not self.app.configure()
        self.app.start()
        await self.app.connected()

    def install(self, name, *_):
        self.fetched.append(name)
        if isinstance(self._models["install"], ModelError):
            raise self._models["install"]

    async def _consent(self, question, yes):
        self.user.questions.append(question)
        return self._consents

    async def _choose(self, endpoint, environ, reach):
        name = endpoint.provider
        self.chosen.append(name)
        found = self._models[name]
        if isinstance(found, ModelError):
            raise found
        missing = SMALL if name == "embedded" and "installed" not in self._models else None
        return Choice(lambda: self._make(name, found), "a test says so", missing)

    def _make(self, name, label):
        where = {"host": "api.mistral.ai", "model": "codestral-latest"} if name == "mistral" else {}
        return self.made.setdefault(name, ScriptedModel(label, **where))


@pytest.fixture
async def stage_of(tmp_path, monkeypatch):
    stages = []

    def make(fallback, models, **options):
        stages.append(stage := Stage(tmp_path, fallback, models, **options))
        monkeypatch.setattr("codestral_ls.weights.install", stage.install)
        return stage

    yield make
    for stage in stages:
        await stage.app.aclose()


READY = Status("ready", "", "codestral")
INSTEAD = Status("ready", "There is no key. qwen answers meanwhile.", "qwen")
NONE = Status("error", "There is no key.", "")
GONE = Unavailable("No server runs.")
LEFT_OUT = ["A model of completion.fallback is left out: No server runs."]

CHAINS = {
    "none": ([], {"mistral": "codestral"}, READY, []),
    "one": (["ollama/qwen"], {"mistral": "codestral", "ollama": "qwen"}, READY, []),
    "one that cannot be had": (["ollama"], {"mistral": "codestral", "ollama": GONE}, READY, LEFT_OUT),
    "the first cannot be had": (["ollama"], {"mistral": NO_KEY, "ollama": "qwen"}, INSTEAD, []),
    "the first two cannot": (
        ["llamacpp", "ollama"],
        {"mistral": NO_KEY, "llamacpp": GONE, "ollama": "qwen"},
        INSTEAD,
        LEFT_OUT,
    ),
    "nothing can be had": (["ollama"], {"mistral": NO_KEY, "ollama": GONE}, NONE, []),
}


@pytest.mark.parametrize(("fallback", "models", "status", "warned"), CHAINS.values(), ids=CHAINS)
async def test_chain(stage_of, fallback, models, status, warned):
    stage = stage_of(fallback, models)
    await stage.connect()
    assert stage.app.status == status
    assert stage.user.warned == warned
    assert stage.chosen == ["mistral", *(entry.partition("/")[0] for entry in fallback)]


async def test_what_may_come_later_is_looked_for_again(stage_of, monkeypatch):
    monkeypatch.setattr("codestral_ls.app.RETRY_SECONDS", 0.02)
    models = {"mistral": GONE}
    stage = stage_of([], models)
    await stage.connect()
    assert stage.app.status == Status("warning", "No server runs.", "")
    models["mistral"] = "codestral"
    await until(lambda: stage.app.status == READY)
    assert [status.message for status in stage.user.told].count("No server runs.") == 1


BUDGET = "[budget]\ndaily_usd = 1.0\n"
SPARES = {
    "a model on this machine, for the time after": ([], {"embedded": "small", "installed": True}, 2),
    "none that is not here, and nobody is asked": ([], {"embedded": "small"}, 1),
    "none that cannot be had, and nobody is told": ([], {"embedded": GONE}, 1),
    "none beside one that costs nothing": (["ollama"], {"ollama": "qwen"}, 2),
}


@pytest.mark.parametrize(("fallback", "models", "count"), SPARES.values(), ids=SPARES)
async def test_a_budget_brings_a_model_that_costs_nothing(stage_of, fallback, models, count):
    stage = stage_of(fallback, {"mistral": "codestral"} | models, more=BUDGET)
    await stage.connect()
    assert len(stage.made) == count
    assert (stage.user.warned, stage.user.questions) == ([], [])


async def test_the_same_model_twice_is_once(stage_of):
    stage = stage_of(["ollama", "llamacpp"], {"mistral": "one", "ollama": "one", "llamacpp": "one"})
    await stage.connect()
    asked = asyncio.create_task(stage.app.completer.complete(SUM, "automatic"))
    (await stage.made["mistral"].call(0)).fail(GONE)
    assert await asked is None
    assert [len(model.calls) for model in stage.made.values()] == [1, 0, 0]


async def first_fails(stage):
    """Ask for something, and let the first model fail."""
    model = stage.made["mistral"]
    number = len(model.calls)
    asked = asyncio.create_task(stage.app.completer.complete(SUM, "invoked"))
    (await model.call(number)).fail(BadRequest("Not this one."))
    return asked


async def test_weights_of_a_fallback_are_fetched_when_it_is_needed(stage_of):
    models = {"mistral": "codestral", "embedded": SMALL, "install": None}
    stage = stage_of(["embedded"], models, consents=True)
    await stage.connect()
    assert (stage.user.questions, stage.fetched) == ([], [])
    assert await (await first_fails(stage)) is None
    await until(lambda: "embedded" in stage.made)
    assert stage.fetched == [SMALL]
    assert len(stage.user.questions) == 1
    assert SMALL in stage.user.questions[0]


async def test_what_was_absent_answers_once_it_is_here(stage_of):
    stage = stage_of([], {"mistral": "codestral", "install": None}, consents=True)
    model = ScriptedModel(SMALL)
    absent = Absent(profile_of(SMALL), stage.user, lambda: model)
    stage.user.consent = stage._consent
    with pytest.raises(Unavailable, match="not here yet"):
        await anext(absent.fim(REQUEST))
    await until(lambda: absent._model)
    chunks = absent.fim(REQUEST)
    reading = asyncio.create_task(anext(chunks))
    call = await model.call(0)
    call.say("a + b")
    assert (await reading).text == "a + b"
    await chunks.aclose()
    assert call.closed.is_set()
    await absent.aclose()


REFUSALS = {
    "the user does not want them": (False, None, []),
    "they cannot be fetched": (True, Unavailable("No network."), [SMALL]),
}


@pytest.mark.parametrize(("consents", "outcome", "fetched"), REFUSALS.values(), ids=REFUSALS)
async def test_without_weights_the_chain_is_as_if_it_ended_before(stage_of, consents, outcome, fetched):
    models = {"mistral": "codestral", "embedded": SMALL, "install": outcome}
    stage = stage_of(["embedded"], models, consents=consents)
    await stage.connect()
    for _ in range(3):
        assert await (await first_fails(stage)) is None
    assert stage.fetched == fetched
    assert len(stage.user.questions) == 1
    assert "embedded" not in stage.made
    assert stage.app.status.message == "Not this one."


async def until(condition) -> None:
    """Turn the loop until it holds: a thread fetches."""
    while not condition():
        await asyncio.sleep(0)
