"""StyLua, which formats Lua, from npm: a WebAssembly build that needs nothing but Node.

`python3 -m tests.editors.stylua` brings it into a folder outside of the checkout, and formats our Lua.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = [*sorted((ROOT / "editors" / "neovim").rglob("*.lua")), Path(__file__).with_name("probe.lua")]
CONFIG = ROOT / "editors" / "neovim" / "stylua.toml"

_VERSION = "2.5.2"
_SCRIPT = Path(__file__).with_suffix(".mjs")
_QUIET = ("--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")


def folder() -> Path:
    """Where it is kept: below CODESTRAL_LS_TEST_CACHE, or in the user's cache."""
    kept = os.environ.get("CODESTRAL_LS_TEST_CACHE") or Path.home() / ".cache" / "codestral-ls-tests"
    return Path(kept) / f"stylua-{_VERSION}"


def missing() -> str:
    """Why it cannot be used here, if so."""
    there = shutil.which("node") and (folder() / "node_modules").is_dir()
    return "" if there else "needs StyLua, which `python3 -m tests.editors.stylua` fetches, and Node"


def run(*options: str) -> str:
    """Format all files, or with `--check` only name those that are not. Returns their names, one a line."""
    script = folder() / _SCRIPT.name
    shutil.copyfile(_SCRIPT, script)
    command = ["node", script, CONFIG, *options, *FILES]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, timeout=60).stdout


if __name__ == "__main__":
    folder().mkdir(parents=True, exist_ok=True)
    package = f"@johnnymorganz/stylua@{_VERSION}"
    subprocess.run(["npm", "install", *_QUIET, "--prefix", folder(), package], check=True)
    print(run(), end="")
