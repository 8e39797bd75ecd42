"""The chat models of an app: which are asked, and that one on this machine answers for real."""

from __future__ import annotations

import pytest

from codestral_ls.app import App
from codestral_ls.core.applicable import applicable
from codestral_ls.core.model import NotAllowed, Unauthorized
from codestral_ls.core.text import Document, Span
from codestral_ls.engine.ledger import Ledger
from codestral_ls.engine.question import Mention, Question
from codestral_ls.providers import Choice, child, embedded, store
from tests.engine.talking import TalkingModel
from tests.test_app import Listener

SMALL = "smollm2-135m"
WINDOW = 640
DOCUMENT = Document.of("file:///shop/cart.py", "python", 1, "def total(items):\n    return sum(items)\n")


def app_of(tmp_path, config: str = "", **rest: object) -> App:
    file = tmp_path / "config.toml"
    file.write_text("[cache]\ndisk = false\n" + config)
    environ = {"CODESTRAL_LS_STATE": str(tmp_path), **rest.pop("environ", {})}
    app = App(Listener(), config_file=file, environ=environ, ledger=Ledger(None, lambda: 0.0), **rest)
    app.configure()
    return app


@pytest.fixture
def small_window(monkeypatch):
    """The model, with a window that is soon full: each token of it takes milliseconds."""
    store.install(SMALL)
    for module in (child, embedded):
        monkeypatch.setattr(module, "CONTEXT_TOKENS", WINDOW)


def explain():
    return next(c for c in applicable(DOCUMENT, Span(0, 0)) if c.action.name == "explain")


async def test_a_model_on_this_machine_explains(tmp_path, small_window):
    """By the process that also completes: there is one of it."""
    app = app_of(tmp_path, f'[completion]\nprovider = "embedded"\nmodel = "{SMALL}"\n')
    app.start()
    await app.connected()
    stages = []
    proposal = await app.refactorer.propose(DOCUMENT, explain(), report=lambda stage, _: stages.append(stage))
    assert (await app.chat_models.talker("heavy")).model is app.model
    await app.aclose()
    assert len(proposal.text) > 20
    assert proposal.changes == ()
    assert proposal.bill.cost_usd == 0.0
    assert proposal.bill.usage.prompt > 50
    assert list(dict.fromkeys(stages)) == ["reading", "asking", "writing"]


async def test_a_model_on_this_machine_talks(tmp_path, small_window):
    """It is shown code, streams, is stopped by its window at the latest, and remembers what was said."""
    app = app_of(tmp_path, f'[completion]\nprovider = "embedded"\nmodel = "{SMALL}"\n')
    conversation, heard = app.chat.begin(), []
    long = Document.of("file:///shop/long.py", "python", 1, DOCUMENT.text * 2000)
    first = await app.chat.ask(Question("What does it do?", (Mention(long),)), conversation, heard.append)
    second = await app.chat.ask(Question("Say hello."), conversation)
    await app.aclose()
    assert "".join(heard) == first.text
    assert len(heard) > 5
    assert first.context[0].startswith("long.py 1–")
    assert first.bill.usage.prompt > WINDOW / 4
    assert first.bill.usage.prompt + first.bill.usage.completion <= WINDOW
    assert len(second.text) > 2


MODELS = {
    "Mistral's host": ({"MISTRAL_API_KEY": "k"}, "codestral-latest", "mistral-medium-latest"),
    "Codestral's host": ({"CODESTRAL_API_KEY": "k"}, "codestral-latest", "codestral-latest"),
}


@pytest.mark.parametrize(("environ", "quick", "heavy"), MODELS.values(), ids=MODELS)
async def test_a_key_says_which_models_there_are(tmp_path, environ, quick, heavy):
    """Nothing is sent: models are made without a request."""
    app = app_of(tmp_path, environ=environ)
    talkers = [await app.chat_models.talker(task) for task in ("quick", "heavy")]
    assert [talker.profile.model for talker in talkers] == [quick, heavy]
    assert talkers[0].profile.window == 128_000
    await app.aclose()


async def test_a_key_of_completion_does_not_go_to_another_address(tmp_path):
    config = '[completion]\nprovider = "mistral"\napi_key_env = "OWN"\n[chat]\nbase_url = "https://relay.example"\n'
    app = app_of(tmp_path, config, environ={"OWN": "k"})
    with pytest.raises(Unauthorized):
        await app.chat_models.talker("quick")
    await app.aclose()


async def test_nothing_is_sent_while_it_is_unclear_where_to(tmp_path):
    app = app_of(tmp_path, '[chat]\nprovider = "mistrall"\n', environ={"MISTRAL_API_KEY": "k"})
    with pytest.raises(NotAllowed, match=r"Nothing is sent until this is mended: .*chat\.provider"):
        await app.refactorer.propose(DOCUMENT, explain())
    await app.aclose()


async def test_refactoring_needs_no_completion(tmp_path):
    model = TalkingModel("It adds up.")

    async def choose(*_):
        return Choice(lambda: model, "a test says so")

    app = app_of(tmp_path, "[completion]\nenabled = false\n", choose=choose)
    app.start()
    proposal = await app.refactorer.propose(DOCUMENT, explain())
    assert proposal.text == "It adds up."
    app.configure([{"chat": {"language": "German"}}])
    await app.refactorer.propose(DOCUMENT, explain())
    assert "in German" in model.requests[-1].messages[1].text
    await app.aclose()
    assert model.is_closed


async def test_a_chat_model_whose_costs_nobody_knows_is_told(tmp_path):
    async def choose(*_):
        return Choice(lambda: TalkingModel("", model="other", host="relay.example"), "a test says so")

    app = app_of(tmp_path, "[budget]\ndaily_usd = 1\n", choose=choose)
    await app.chat_models.talker("quick")
    assert app._user.warned[0].startswith("What talking costs is not known")
    await app.aclose()
