"""The wiring, as its shells see it."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext

import pytest

from codestral_ls.app import App
from codestral_ls.engine.ledger import Ledger
from codestral_ls.engine.status import Status
from codestral_ls.providers import Choice
from tests.engine.scripted import ScriptedModel


class Listener:
    """A user who only listens."""

    def __init__(self):
        self.told: list[Status] = []
        self.warned: list[str] = []

    def tell(self, status):
        self.told.append(status)

    def warn(self, message):
        self.warned.append(message)

    async def consent(self, question, yes):
        return False

    def progress(self, title):
        return nullcontext(lambda done, total: None)


async def test_a_fault_while_connecting_is_told(tmp_path, caplog):
    async def choose(endpoint, environ, reach):
        raise KeyError("source code")

    user = Listener()
    config = tmp_path / "config.toml"
    config.touch()
    app = App(user, config_file=config, choose=choose, ledger=Ledger(None, lambda: 0.0))
    app.configure()
    app.start()
    await app.connected()
    assert [status.state for status in user.told] == ["error"]
    assert "test_app" not in user.told[0].message
    assert "Connecting failed: KeyError" in caplog.text
    assert "source code" not in caplog.text
    await app.aclose()


UNCLEAR = {
    "a file that is not there": (None, {}, "There is no such file"),
    "a file that is no TOML": ("[completion\n", {}, "not valid TOML"),
    "a provider that does not exist": ('[completion]\nprovider = "embeded"\n', {}, "completion.provider"),
    "an address that is none": ("[completion]\nbase_url = 5\n", {}, "completion.base_url"),
    "patterns that are none": ('[privacy]\nignore = "secret/"\n', {}, "privacy.ignore"),
    "an editor's provider": ("", {"completion": {"provider": "local"}}, "completion.provider"),
}


@pytest.mark.parametrize(("content", "editor", "sentence"), UNCLEAR.values(), ids=UNCLEAR)
async def test_nothing_is_sent_while_it_is_unclear_where_to(tmp_path, content, editor, sentence):
    """A key is set: `auto` would send the code to its host, against what the user may have written."""
    config = tmp_path / "config.toml"
    if content is not None:
        config.write_text(content)
    user = Listener()
    environ = {"MISTRAL_API_KEY": "key", "CODESTRAL_LS_STATE": str(tmp_path)}
    app = App(user, config_file=config, environ=environ)
    app.configure([editor])
    app.start()
    await app.connected()
    assert app.completer is None
    assert sentence in app.status.message
    assert app.status.state == "error"
    await app.aclose()


async def chosen(endpoint, environ, reach):
    return Choice(ScriptedModel, "a test says so")


async def test_a_repositorys_nonsense_does_not_stop_completion(tmp_path):
    (tmp_path / ".codestral.toml").write_text('[completion]\nprovider = "nonsense"\n')
    (tmp_path / "config.toml").write_text("[cache]\ndisk = false\n")
    environ = {"MISTRAL_API_KEY": "key", "CODESTRAL_LS_STATE": str(tmp_path)}
    app = App(Listener(), config_file=tmp_path / "config.toml", environ=environ, choose=chosen)
    app.workspace.set_roots([tmp_path])
    assert app.configure()
    app.start()
    await app.connected()
    assert app.completer is not None
    await app.aclose()


async def test_a_budget_that_cannot_be_counted_is_told(tmp_path):
    """The limit may be set before or after the model is there."""

    async def choose(endpoint, environ, reach):
        return Choice(lambda: ScriptedModel(model="other", host="relay.example"), "a test says so")

    user = Listener()
    (tmp_path / "config.toml").write_text("[cache]\ndisk = false\n")
    app = App(user, config_file=tmp_path / "config.toml", choose=choose, ledger=Ledger(None, lambda: 0.0))
    app.configure([{"budget": {"monthly_eur": 5}}])
    app.start()
    await app.connected()
    app.configure([{"budget": {"daily_usd": 1}}])
    counted = (
        "What scripted costs is not known, so budget.{} cannot count it: give its price in budget.prices."
    )
    assert user.warned == [counted.format("monthly_eur"), counted.format("daily_usd")]
    await app.aclose()


@pytest.mark.parametrize("scheme", ["http", "https"])
async def test_it_ends_while_it_connects_to_a_host_that_says_nothing(tmp_path, scheme):
    """The host sees the end of the connection, also of one whose TLS has only begun."""
    came, left = asyncio.Event(), asyncio.Event()

    async def meet(reader, writer):
        assert await reader.read(1)
        came.set()
        await reader.read()
        left.set()
        writer.close()

    async with await asyncio.start_server(meet, "127.0.0.1", 0) as host:
        address = f"{scheme}://127.0.0.1:{host.sockets[0].getsockname()[1]}"
        told = {"completion": {"provider": "mistral", "base_url": address, "api_key_env": "OWN"}}
        (tmp_path / "config.toml").write_text("[cache]\ndisk = false\n")
        ledger, environ = Ledger(None, lambda: 0.0), {"OWN": "key", "CODESTRAL_LS_STATE": str(tmp_path)}
        app = App(Listener(), config_file=tmp_path / "config.toml", environ=environ, ledger=ledger)
        app.configure([told])
        app.start()
        async with asyncio.timeout(10):
            await came.wait()
            await app.aclose()
            await left.wait()
