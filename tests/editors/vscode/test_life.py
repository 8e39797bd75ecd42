"""How a real VS Code gets on when the server dies, and when nothing has been set up."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

from tests.editors.vscode.code_server import CodeServer, serving
from tests.editors.vscode.conftest import Session
from tests.editors.vscode.window import window

if TYPE_CHECKING:
    from playwright.sync_api import Browser

LINE = "answer = █\n"


def servers(server: CodeServer) -> set[int]:
    """The processes of our server that a window of this code-server has started."""
    return {int(folder.name) for folder in Path("/proc").glob("[0-9]*") if _is_ours(folder, server)}


def _is_ours(folder: Path, server: CodeServer) -> bool:
    try:
        command, environ = ((folder / name).read_bytes() for name in ("cmdline", "environ"))
    except OSError:
        return False  # It is somebody else's, or has just ended.
    return b"codestral-ls\0serve" in command and f"={server.state}\0".encode() in environ


def test_a_server_that_was_killed_comes_back(session: Session) -> None:
    window = session.window
    file = window.open("life.py", LINE)
    (killed,) = servers(window.server)
    os.kill(killed, signal.SIGKILL)
    window.until(lambda: "Ready" not in window.state(), "the news of it")
    window.until(lambda: servers(window.server) - {killed}, "another server")
    window.until_ready()
    session.upstream.reply = "forty_two()"
    window.run("editor.action.inlineSuggest.trigger")
    window.until_ghost("forty_two()")
    window.photograph("back-again")
    window.press("Tab")
    window.save(file, "answer = forty_two()\n")


def test_who_has_set_up_nothing_is_welcomed(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "first.py").write_text("answer = 42\n", encoding="utf-8")
    with (
        serving(tmp_path, {"codestral.completion.enabled": False}, {}) as server,
        window(chromium, server, "first.py") as opened,
    ):
        opened.until(lambda: "Switched off" in opened.state(), opened.state)
        page = opened.page.locator(".gettingStartedContainer")
        page.get_by_text("Start with Codestral").first.wait_for()
        page.get_by_role("button", name="Enter a key").wait_for()
        opened.photograph("walkthrough")
        page.get_by_role("button", name="Enter a key").click()
        opened.page.locator(".quick-input-widget").wait_for()
        opened.photograph("enter-key")
