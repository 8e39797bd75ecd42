"""From a key's press to ghost text on the screen of a real VS Code, with a model that answers at once."""

from __future__ import annotations

import shlex
import statistics
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.editors.vscode import relay
from tests.editors.vscode.code_server import SCRIPTS
from tests.editors.vscode.conftest import at_work

if TYPE_CHECKING:
    import pytest
    from playwright.sync_api import Browser

ROUNDS = 30
NAMES = [f"value_{number}" for number in range(ROUNDS)]
TEXT = "".join(f"def get_{name}(box):\n    \n\n\n" for name in NAMES)


def test_from_key_to_screen(chromium: Browser, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, not asserted: a machine that is busy with other things must not fail a test."""
    times, shown = tmp_path / "times", []
    with at_work(tmp_path, chromium, {"codestral.server.path": str(timed(tmp_path, times))}) as session:
        window = session.window
        window.open("speed.py", TEXT)
        for number, name in enumerate(NAMES):
            wanted = f"eturn box.{name}"
            session.upstream.reply = wanted
            window.place(4 * number + 2, 5)
            window.page.evaluate("wanted => probe.watch(wanted)", wanted)
            window.press("r")
            shown.append(window.until_page("() => window.shown_after", None, window.ghost))
            window.press("Escape")
    answered = [float(line) for line in times.read_text(encoding="utf-8").splitlines()]
    with capsys.disabled():
        print(f"\nVS Code, key to screen: {figures(shown)}; of it our server: {figures(answered)}")


def timed(place: Path, times: Path) -> Path:
    """A program that does as our server does, and notes how long it takes."""
    server, program = SCRIPTS / "codestral-ls", place / "codestral-ls"
    relayed = shlex.join([sys.executable, str(relay.__file__), str(times), str(server)])
    serving = f'if [ "$1" = serve ]; then exec {relayed} "$@"; fi'
    program.write_text(f'#!/bin/sh\n{serving}\nexec {shlex.quote(str(server))} "$@"\n', encoding="utf-8")
    program.chmod(0o755)
    return program


def figures(times: list[float]) -> str:
    tenth = statistics.quantiles(times, n=10)[-1]
    return f"median {statistics.median(times):.0f} ms, p90 {tenth:.0f} ms of {len(times)}"
