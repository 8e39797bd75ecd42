"""How a real VS Code gets on when the server dies."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.editors.vscode.code_server import CodeServer
from tests.editors.vscode.conftest import Session

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
