"""The wiring, as its shells see it."""

from __future__ import annotations

from contextlib import nullcontext

from codestral_ls.app import App
from codestral_ls.engine.ledger import Ledger
from codestral_ls.engine.status import Status


class Listener:
    """A user who only listens."""

    def __init__(self):
        self.told: list[Status] = []

    def tell(self, status):
        self.told.append(status)

    async def consent(self, question, yes):
        return False

    def progress(self, title):
        return nullcontext(lambda done, total: None)


async def test_a_fault_while_connecting_is_told(tmp_path, caplog):
    async def choose(endpoint, environ):
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
