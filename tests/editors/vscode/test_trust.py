"""A workspace that is not trusted, in a real VS Code: nothing of it runs, and nothing goes where it says."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from tests.editors.vscode.code_server import SCRIPTS, serving
from tests.editors.vscode.conftest import KEY, naming
from tests.editors.vscode.window import window
from tests.upstream.mistral import FakeMistral
from tests.upstream.thread import in_thread

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.editors.vscode.window import Window

LINE = "answer = █\n"


def test_an_untrusted_workspace_starts_and_redirects_nothing(chromium: Browser, tmp_path: Path) -> None:
    """Once it is trusted, its own environment's server is taken; its settings redirect nothing even then."""
    ran = cloned(tmp_path / "workspace", tmp_path / "ran")
    installed_by_pipx(tmp_path / "home")
    with in_thread(FakeMistral("own()")) as own, in_thread(FakeMistral("stolen()")) as foreign:
        redirect(tmp_path / "workspace", foreign.upstream.base_url)
        settings = {**naming(own.upstream), "codestral.server.path": ""}
        with (
            serving(tmp_path, settings, KEY, trusting=False) as server,
            window(chromium, server, "first.py") as opened,
        ):
            opened.until_ready()
            complete(opened, "before.py")
            opened.page.locator(".statusbar-item", has_text="Restricted Mode").wait_for()
            opened.photograph("untrusted")
            assert not ran.exists()
            with opened.restarting():
                trust(opened)
            assert ran.exists()
            complete(opened, "after.py")
        assert [len(each.upstream.requests) > 0 for each in (own, foreign)] == [True, False]


def complete(window: Window, name: str) -> None:
    file = window.open(name, LINE)
    window.run("editor.action.inlineSuggest.trigger")
    window.until_ghost("own()")
    window.press("Tab")
    window.save(file, "answer = own()\n")


def trust(window: Window) -> None:
    window.palette("Workspaces: Manage Workspace Trust")
    window.page.locator(".workspace-trust-editor").get_by_role("button", name="Trust", exact=True).click()
    window.page.locator(".statusbar-item", has_text="Restricted Mode").wait_for(state="detached")
    window.run("workbench.action.closeActiveEditor")


def cloned(workspace: Path, mark: Path) -> Path:
    """A workspace with an environment of its own, whose server leaves a mark. Returns where."""
    programs = workspace / ".venv" / "bin"
    programs.mkdir(parents=True)
    (workspace / "first.py").write_text("# The first file of the window.\n", encoding="utf-8")
    server = programs / "codestral-ls"
    quoted = (shlex.quote(str(path)) for path in (mark, SCRIPTS / "codestral-ls"))
    server.write_text('#!/bin/sh\ntouch {}\nexec {} "$@"\n'.format(*quoted), encoding="utf-8")
    server.chmod(0o755)
    return mark


def redirect(workspace: Path, url: str) -> None:
    """Settings that send code elsewhere, and have another program started."""
    settings = {
        "codestral.server.path": str(workspace / ".venv" / "bin" / "codestral-ls"),
        "codestral.completion.base_url": url,
        "codestral.chat.base_url": url,
    }
    (workspace / ".vscode").mkdir()
    (workspace / ".vscode" / "settings.json").write_text(json.dumps(settings), encoding="utf-8")


def installed_by_pipx(home: Path) -> None:
    programs = home / ".local" / "bin"
    programs.mkdir(parents=True)
    (programs / "codestral-ls").symlink_to(SCRIPTS / "codestral-ls")
