"""blink.cmp, a completion plug-in for Neovim, out of a package of PyPI that carries many of them.

`python3 -m tests.editors.blink` brings it into a folder outside of the checkout.
"""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory

VERSION = "1.10.2"

_PACKAGE = "nvim-zsh-profile==0.1.0"
_HASH = "sha256:3aca67b2f52add2d9e026b8ffb429e50fcde112f866bb05bad9cb3ea5d123b2f"
_INSIDE = "nvim_zsh_profile/assets/nvim-lazy/blink.cmp/"


def folder() -> Path:
    """Where it is: below CODESTRAL_LS_TEST_CACHE, or in the user's cache."""
    return _kept() / _INSIDE


def missing() -> str:
    """Why it cannot be used here, if so."""
    return "" if _mark().exists() else "needs blink.cmp, which `python3 -m tests.editors.blink` fetches"


def fetch() -> None:
    """Fetch and unpack it. Raises `CalledProcessError`."""
    with TemporaryDirectory() as scratch:
        wanted = Path(scratch) / "requirements.txt"
        wanted.write_text(f"{_PACKAGE} --hash={_HASH}\n", encoding="utf-8")
        pip = [sys.executable, "-m", "pip", "download", "-qq", "--no-deps", "--dest", scratch]
        subprocess.run([*pip, "--require-hashes", "--requirement", wanted], check=True)
        (archive,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(archive) as wheel:
            wheel.extractall(_kept(), [name for name in wheel.namelist() if name.startswith(_INSIDE)])
    _mark().touch()


def _kept() -> Path:
    kept = os.environ.get("CODESTRAL_LS_TEST_CACHE") or Path.home() / ".cache" / "codestral-ls-tests"
    return Path(kept) / f"blink-{VERSION}"


def _mark() -> Path:
    return _kept() / "complete"


if __name__ == "__main__":
    if missing():
        fetch()
    print(folder())
