"""A VS Code that the scenarios share."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.editors.vscode.code_server import serving
from tests.editors.vscode.install import missing
from tests.editors.vscode.window import Window, browsing, window
from tests.upstream.mistral import FakeMistral
from tests.upstream.thread import Running, in_thread

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from codestral_ls.bench.upstream import Upstream


KEY: Mapping[str, str] = {"FAKE_KEY": FakeMistral.api_key}

QUIET_FILES = "**/*.quiet.py"


def naming(upstream: Upstream) -> dict[str, Any]:
    """Settings with which this model is asked, by the key that `KEY` puts into the environment."""
    return {
        "codestral.completion.provider": "mistral",
        "codestral.completion.base_url": upstream.base_url,
        "codestral.completion.api_key_env": "FAKE_KEY",
        "codestral.completion.candidates": 3,
    }


@dataclass(frozen=True)
class Session:
    """VS Code with our extension and a server that is ready, and the model that is asked."""

    window: Window
    running: Running

    @property
    def upstream(self) -> FakeMistral:
        assert isinstance(self.running.upstream, FakeMistral)
        return self.running.upstream

    def noted(self, kind: str) -> int:
        """How many records of this kind the server's ledger has."""
        file = self.window.server.state / "ledger.jsonl"
        return file.read_text(encoding="utf-8").count(f'"kind":"{kind}"') if file.exists() else 0


@contextmanager
def at_work(place: Path, chromium: Browser, more: Mapping[str, Any], sharpness: int = 1) -> Iterator[Session]:
    """A session with settings beside those that name the model; `sharpness` is the window's."""
    (place / "workspace").mkdir()
    (place / "workspace" / "first.py").write_text("# The first file of the window.\n", encoding="utf-8")
    with (
        in_thread(FakeMistral("")) as running,
        serving(place, {**naming(running.upstream), **more}, KEY) as server,
        window(chromium, server, "first.py", sharpness) as opened,
    ):
        opened.until_ready()
        yield Session(opened, running)


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    if why := missing():
        pytest.skip(why)
    with browsing() as started:
        yield started


@pytest.fixture(scope="package")
def shared(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with at_work(
        tmp_path_factory.mktemp("vscode"), chromium, {"codestral.disabledFiles": [QUIET_FILES]}
    ) as session:
        yield session


@pytest.fixture
def session(shared: Session, request: pytest.FixtureRequest) -> Iterator[Session]:
    """The shared one, with a model that has nothing to say."""
    shared.upstream.reply = ""
    shared.window.press("Escape")
    with pictured(shared.window, request):
        yield shared


@contextmanager
def pictured(window: Window, request: pytest.FixtureRequest) -> Iterator[None]:
    """Keep a picture of the window as it is when the test fails."""
    failed = request.session.testsfailed
    yield
    if request.session.testsfailed > failed:
        window.shoot(f"failed-{request.node.name}")
