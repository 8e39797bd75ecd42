"""A server that crashes again and again, or never answers: what a real VS Code's user is told, and can do."""

from __future__ import annotations

import shlex
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from tests.editors.vscode.code_server import SCRIPTS, serving
from tests.editors.vscode.window import window

if TYPE_CHECKING:
    from playwright.sync_api import Browser

MISSING = "ModuleNotFoundError: No module named 'pygls'"
STARTS = 5
"""So many are tried before it is given up."""


def test_it_is_given_up_with_a_reason_and_started_again_by_hand(chromium: Browser, tmp_path: Path) -> None:
    (tmp_path / "workspace").mkdir()
    (tmp_path / "workspace" / "first.py").write_text("answer = 42\n", encoding="utf-8")
    program = Program(tmp_path)
    program.serve(f"echo {shlex.quote(MISSING)} >&2; exit 1")
    settings = {"codestral.server.path": str(program.path), "codestral.completion.provider": "mistral"}
    with serving(tmp_path, settings, {}) as server, window(chromium, server, "first.py") as opened:
        for count in range(1, STARTS + 1):
            opened.until(lambda: program.starts >= count, f"start {count}")  # noqa: B023
        opened.until(lambda: MISSING in opened.state(), opened.state)
        opened.photograph("crashed")
        program.serve("exec sleep 60")
        opened.page.locator(".notification-toast").get_by_role("button", name="Restart").click()
        opened.until(lambda: program.starts == STARTS + 1, "another start")
        program.serve(f'exec {shlex.quote(str(SCRIPTS / "codestral-ls"))} "$@"')
        opened.palette("Codestral: Restart the Server")
        opened.until(lambda: "MISTRAL_API_KEY" in opened.state(), opened.state)
        assert program.starts == STARTS + 2


class Program:
    """One that has our server's version, and does something else instead of serving."""

    def __init__(self, place: Path) -> None:
        self.path, self._log = place / "codestral-ls", place / "starts"

    def serve(self, command: str) -> None:
        lines = [
            "#!/bin/sh",
            f'[ "$1" = --version ] && exec echo codestral-ls {version("codestral-ls")}',
            f"echo >> {shlex.quote(str(self._log))}",
            command,
        ]
        fresh = self.path.with_suffix(".new")
        fresh.write_text("\n".join(lines) + "\n", encoding="utf-8")
        fresh.chmod(0o755)
        fresh.replace(self.path)

    @property
    def starts(self) -> int:
        return self._log.read_text(encoding="utf-8").count("\n") if self._log.exists() else 0
