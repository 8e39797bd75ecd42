"""The first five minutes in a real VS Code: no server on the machine, no key, nothing set up."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from codestral_ls.providers import store
from tests.editors.vscode.code_server import serving
from tests.editors.vscode.conftest import pictured
from tests.editors.vscode.install import folder
from tests.editors.vscode.window import Window, window

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MODEL = "smollm2-135m"
"""The smaller of the embedded models, which is taken where it is the only one."""

NOWHERE = "127.0.0.1:9"
"""An address at which no server of models answers."""

INSTALLING = 120.0
"""Seconds for an environment of 360 MB, most of which comes from the package registry."""

CART = """names = ["apple", "pear", "plum"]

for index, name in enumerate(names):
    print(█
"""


PYTHON = ("bash", "-lc", "python3 -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 11))'")
"""Whether the Python that VS Code would find, which takes the search path of a login shell, can be used."""


@pytest.fixture
def newcomer(fresh: Window, request: pytest.FixtureRequest) -> Iterator[Window]:
    with pictured(fresh, request):
        yield fresh


@pytest.fixture(scope="module")
def fresh(chromium: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Window]:
    if subprocess.run(PYTHON, check=False, capture_output=True).returncode:
        pytest.skip("a login shell finds no Python 3.11 that can make environments")
    place = tmp_path_factory.mktemp("newcomer")
    (place / "workspace").mkdir()
    (place / "workspace" / "first.py").write_text("# The first file of the window.\n", encoding="utf-8")
    models = place / "codestral_ls_cache" / "models"
    models.mkdir(parents=True)
    weights = store.install(MODEL)
    (models / weights.name).symlink_to(weights)
    environ = {"OLLAMA_HOST": NOWHERE, "PIP_CACHE_DIR": str(folder() / "pip")}
    with (
        serving(place, {"codestral.server.path": ""}, environ) as server,
        window(chromium, server, "first.py") as opened,
    ):
        yield opened


def test_who_has_set_up_nothing_is_welcomed(newcomer: Window) -> None:
    page = newcomer.page.locator(".gettingStartedContainer")
    page.get_by_text("Start with Codestral").first.wait_for()
    page.get_by_role("button", name="Enter a key").wait_for()
    newcomer.photograph("walkthrough")
    page.get_by_role("button", name="Enter a key").click()
    newcomer.page.locator(".quick-input-widget").wait_for()
    newcomer.photograph("enter-key")
    newcomer.press("Escape")


def test_a_click_installs_the_server_which_completes_without_a_key(newcomer: Window) -> None:
    toasts = newcomer.page.locator(".notification-toast")
    newcomer.until(lambda: "Not running" in newcomer.state(), newcomer.state)
    toasts.get_by_text("was not found on this machine").wait_for()
    newcomer.photograph("no-server")
    toasts.get_by_role("button", name="Install").click()
    toasts.get_by_text("Installing codestral-ls: Fetching").wait_for()
    newcomer.photograph("installing")
    newcomer.until(lambda: "Ready" in newcomer.state(), newcomer.state, patience=INSTALLING)
    assert f"{MODEL} on this machine" in newcomer.state()
    file = newcomer.open("names.py", CART)
    newcomer.run("editor.action.inlineSuggest.trigger")
    ghost = newcomer.until(newcomer.ghost, "the model's ghost text")
    assert ghost.strip()
    newcomer.photograph("no-key")
    newcomer.press("Tab")
    newcomer.save(file, CART.replace("█", ghost))
