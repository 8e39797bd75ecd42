"""Editors newer than this machine's, in a folder of their own: packages of Debian's testing suite, unpacked.

`python3 -m tests.editors.debian_prefix` makes the folder, in half a minute and 500 MB, prints where it is.
The machine's own packages stay what they are: apt keeps its lists below the folder, too, and each program is
told to load its libraries from there. The suite moves, so tests ask an editor what it can do, not for its
version.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

SUITE = "forky"
PACKAGES = ("neovim", "hx", "emacs-nox", "elpa-lsp-mode", "vim", "vim-ale", "tmux", "lua-check", "patchelf")
PROGRAMS = ("nvim", "hx", "emacs-nox", "vim.basic", "tmux", "lua5.1")
KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")

_MARK = "complete"


def folder() -> Path:
    """Where they are kept: below CODESTRAL_LS_TEST_CACHE, or in the user's cache."""
    kept = os.environ.get("CODESTRAL_LS_TEST_CACHE") or Path.home() / ".cache" / "codestral-ls-tests"
    return Path(kept) / "editors"


def made() -> bool:
    """Whether they are there, with all packages that are wanted today."""
    mark = folder() / _MARK
    return mark.exists() and mark.read_text(encoding="utf-8") == _wanted()


def missing() -> str:
    """Why nothing of it can be used here, if so."""
    return (
        "" if made() else "needs the editors that `python3 -m tests.editors.debian_prefix` fetches on Debian"
    )


def program(name: str) -> Path:
    """Where a program of `PROGRAMS` is."""
    return folder() / "usr" / "bin" / name


def make() -> Path:
    """Fetch and unpack the editors, unless they are there. Raises `CalledProcessError`."""
    root = folder()
    if not made():
        shutil.rmtree(root, ignore_errors=True)
        archives = _download(root / "apt")
        for archive in archives:
            subprocess.run(["dpkg-deb", "--extract", archive, root], check=True)
        shutil.rmtree(root / "apt")
        _bind(root)
        (root / _MARK).write_text(_wanted(), encoding="utf-8")
    return root


def _wanted() -> str:
    return f"{SUITE}: {' '.join(PACKAGES)}"


def _download(tree: Path) -> list[Path]:
    """All packages that the wanted ones need on a machine that has none."""
    for name in ("etc/preferences.d", "state/lists/partial", "cache/archives/partial"):
        (tree / name).mkdir(parents=True)
    (tree / "state" / "status").touch()
    (tree / "etc" / "sources.list").write_text(f"deb [signed-by={KEYRING}] {_mirror()} {SUITE} main\n")
    _apt(tree, "update")
    _apt(tree, "install", "--yes", "--download-only", "--no-install-recommends", *PACKAGES)
    return sorted((tree / "cache" / "archives").glob("*.deb"))


def _mirror() -> str:
    """The one that this machine uses itself. It is asked what it would fetch, and fetches nothing."""
    told = subprocess.run(["apt-get", "--print-uris", "update"], check=True, capture_output=True, text=True)
    return re.findall(r"'(\S+/debian/)dists/", told.stdout)[0]


def _apt(tree: Path, *command: str) -> None:
    options = {
        "Dir::Etc": f"{tree}/etc",
        "Dir::Etc::sourcelist": "sources.list",
        "Dir::Etc::sourceparts": "-",
        "Dir::State": f"{tree}/state",
        "Dir::State::status": f"{tree}/state/status",
        "Dir::Cache": f"{tree}/cache",
        "APT::Sandbox::User": "",
        "Debug::NoLocking": "true",
    }
    chosen = [part for name, value in options.items() for part in ("-o", f"{name}={value}")]
    subprocess.run(["apt-get", "-qq", *chosen, *command], check=True, stdout=subprocess.DEVNULL)


def _bind(root: Path) -> None:
    """Have the programs load the libraries of their own suite."""
    loader = next(root.glob("usr/lib/*/ld-linux-*.so.*"))
    libraries = loader.parent
    patch = [loader, "--library-path", libraries, root / "usr/bin/patchelf", "--force-rpath"]
    for name in PROGRAMS:
        options = ["--set-rpath", libraries, "--set-interpreter", loader]
        subprocess.run([*patch, *options, program(name)], check=True)


if __name__ == "__main__":
    print(make())
