"""How a real VS Code gets on when the server dies."""

from __future__ import annotations

import os
import signal

from tests.editors.vscode.conftest import Session

LINE = "answer = █\n"


def test_a_server_that_was_killed_comes_back(session: Session) -> None:
    window = session.window
    file = window.open("life.py", LINE)
    (killed,) = window.server.processes()
    with window.restarting():
        os.kill(killed, signal.SIGKILL)
    session.upstream.reply = "forty_two()"
    window.run("editor.action.inlineSuggest.trigger")
    window.until_ghost("forty_two()")
    window.photograph("back-again")
    window.press("Tab")
    window.save(file, "answer = forty_two()\n")
