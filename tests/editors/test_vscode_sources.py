"""The VS Code extension's own checks: its types, its linter, and its tests that need no editor."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

EXTENSION = Path(__file__).parents[2] / "editors" / "vscode"

pytestmark = pytest.mark.skipif(
    shutil.which("npm") is None or not (EXTENSION / "node_modules").exists(),
    reason="needs Node, and `npm ci --ignore-scripts` in editors/vscode",
)


@pytest.mark.parametrize("script", ["check", "test"])
def test_the_extensions_own_checks(script: str) -> None:
    command = ["npm", "run", "--silent", script]
    done = subprocess.run(command, cwd=EXTENSION, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_lock_names_no_registry() -> None:
    lock = (EXTENSION / "package-lock.json").read_text(encoding="utf-8")
    assert '"integrity"' in lock
    assert '"resolved"' not in lock


@pytest.mark.parametrize("path", sorted((EXTENSION / "src").rglob("*.ts")), ids=lambda path: path.name)
def test_modules_say_what_they_are(path: Path) -> None:
    assert re.match(r"/\*\* .+\*/\n", path.read_text(encoding="utf-8"), re.DOTALL)
