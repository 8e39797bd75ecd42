"""A program in a terminal (tmux), and what an editor needs to find our server and its model."""

from __future__ import annotations

import itertools
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tests.editors import debian_prefix
from tests.editors.neovim import PATIENCE, ROOT, SCRIPTS
from tests.upstream.mistral import FakeMistral

_POLL, _LOOKS = 0.05, 20
_HEADING = re.compile(r"^#+ ", re.MULTILINE)
_TMUX = str(debian_prefix.program("tmux"))
_BLOCK = re.compile(r"^```(?:\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def recipe(heading: str, number: int = 0) -> str:
    """A block of code below a heading of the README: what a user copies."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    below = readme.partition(f"### {heading}\n")[2]
    blocks: list[str] = _BLOCK.findall(_HEADING.split(below)[0])
    return blocks[number]


def environment(folder: Path, upstream: FakeMistral) -> dict[str, str]:
    """A user's, with nothing but our server's settings, which name the model to ask."""
    config = folder / "config.toml"
    config.write_text(
        f'[completion]\nprovider = "mistral"\nbase_url = "{upstream.base_url}"\napi_key_env = "FAKE_KEY"\n'
    )
    home = {
        name: str(folder / name.lower()) for name in ("XDG_CONFIG_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME")
    }
    own = {"CODESTRAL_LS_CONFIG": str(config), "FAKE_KEY": upstream.api_key, "HOME": str(folder)}
    path = os.pathsep.join([str(SCRIPTS), os.environ["PATH"]])
    return home | own | {"PATH": path, "LC_ALL": "C.UTF-8", "TERM": "screen-256color"}


def until(condition: Callable[[], object], what: Callable[[], str]) -> None:
    """Wait for something true."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"it did not come: {what()}"
        time.sleep(_POLL)


class Terminal:
    """A tmux of its own with one program in it."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def keys(self, *keys: str) -> None:
        """Press keys, in tmux's notation, or text."""
        self._tmux("send-keys", *keys)

    def screen(self) -> str:
        return self._tmux("capture-pane", "-p")

    def until(self, text: str, *again: str) -> None:
        """Wait until the screen shows a text. Every second without it, press the keys of `again`: what an
        editor asks a server that is still getting ready, it does not ask later by itself."""
        looks = itertools.count(1)

        def found() -> bool:
            seen = text in self.screen()
            if again and not seen and next(looks) % _LOOKS == 0:
                self.keys(*again)
            return seen

        until(found, lambda: f"{text!r} on\n{self.screen()}")

    def until_gone(self, text: str) -> None:
        """Wait until the screen does not show a text."""
        until(lambda: text not in self.screen(), lambda: f"{text!r} stays on\n{self.screen()}")

    def number(self, entry: str) -> str:
        """The number before an entry of a list, once it is shown."""
        self.until(f") {entry}")
        return re.findall(rf"(\d+)\) {entry}", self.screen())[-1]

    def _tmux(self, *command: str) -> str:
        done = subprocess.run(
            [_TMUX, "-S", self._socket, *command],
            check=True,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
        )
        return done.stdout


@contextmanager
def terminal(folder: Path, command: list[str], environ: Mapping[str, str]) -> Iterator[Terminal]:
    """Run a program in a terminal until the block ends."""
    socket = folder / "tmux"
    start = [
        "tmux",
        "-f",
        "/dev/null",
        "-S",
        str(socket),
        "new-session",
        "-d",
        "-x",
        "100",
        "-y",
        "30",
        *command,
    ]
    subprocess.run(start, check=True, env=dict(environ), cwd=folder, timeout=PATIENCE)
    try:
        yield Terminal(socket)
    finally:
        subprocess.run([_TMUX, "-S", socket, "kill-server"], check=False, capture_output=True)
