"""A real Neovim without a screen, driven over its own RPC (msgpack on a Unix socket)."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from tests.editors import debian_prefix

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT = Path(__file__).parents[2]
PLUGIN = ROOT / "editors" / "neovim"
PROBE = Path(__file__).with_name("probe.lua")
SCRIPTS = Path(sys.executable).parent
PATIENCE = 30.0
"""Seconds that anything may take on a busy machine."""

_RESPONSE, _NOTIFICATION, _POLL = 1, 2, 0.01
_PLACES = (
    "XDG_CONFIG_HOME",
    "XDG_DATA_HOME",
    "XDG_STATE_HOME",
    "XDG_CACHE_HOME",
    "CODESTRAL_LS_CACHE",
    "CODESTRAL_LS_STATE",
)


@dataclass(frozen=True)
class Edition:
    """One Neovim. `missing` tells why it cannot be had here, if so."""

    program: str
    environ: Mapping[str, str]
    missing: str


def _of_the_extras() -> Edition:
    """CODESTRAL_LS_TEST_NVIM, or that of the development extras, or the system's."""
    path = os.pathsep.join([str(SCRIPTS), os.environ.get("PATH", "")])
    found = os.environ.get("CODESTRAL_LS_TEST_NVIM") or shutil.which("nvim", path=path)
    usable = found and hasattr(socket, "AF_UNIX")
    missing = "" if usable else "needs Neovim 0.11, which the extra `dev` brings on Linux"
    return Edition(found or "", {}, missing)


def _of_the_prefix() -> Edition:
    runtime = debian_prefix.folder() / "usr" / "share" / "nvim"
    environ = {"VIM": str(runtime), "VIMRUNTIME": str(runtime / "runtime")}
    return Edition(str(debian_prefix.program("nvim")), environ, debian_prefix.missing())


EDITIONS: Mapping[str, Edition] = {"0.11": _of_the_extras(), "0.12": _of_the_prefix()}

_used = EDITIONS["0.11"]


@contextmanager
def using(edition: Edition) -> Iterator[None]:
    """Have `started` start that one."""
    global _used
    before, _used = _used, edition
    yield
    _used = before


class Neovim:
    """One instance. `lua` runs a chunk in it and returns what the chunk returns."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._last = 0

    def lua(self, chunk: str, *args: object) -> Any:
        return self._call("nvim_exec_lua", chunk, args)

    def probe(self, name: str, *args: object) -> Any:
        """Call a function of `probe.lua`."""
        return self.lua(f"return probe.{name}(...)", *args)

    def type(self, keys: str) -> None:
        """Press keys, in Neovim's notation. Returns before they had their effect."""
        self._call("nvim_input", keys)

    def until(self, condition: Callable[[Neovim], object], what: str) -> Any:
        """Wait for something true, which is returned."""
        deadline = time.monotonic() + PATIENCE
        while not (found := condition(self)):
            assert time.monotonic() < deadline, f"{what} did not come: {self._state()}"
            time.sleep(_POLL)
        return found

    def play(self, keys: Sequence[str], wanted: Sequence[str], file: Path) -> list[str]:
        """Press keys, each after Neovim drew what is `wanted` of the one before.

        Returns all that it drew, which goes through `file`.
        """
        self.probe("play", keys, wanted, str(file))
        deadline = time.monotonic() + PATIENCE
        while not file.exists():
            assert time.monotonic() < deadline, f"not all was drawn: {self._state()}"
            time.sleep(_POLL)
        frames: list[str] = json.loads(file.read_text(encoding="utf-8"))
        return frames

    def insert(self, marked: str) -> None:
        """Go into insert mode where █ stands in `marked`, the buffer's text with that mark."""
        lines = marked[: marked.index("█")].split("\n")
        self.lua("vim.o.virtualedit = 'onemore'")
        self.lua("vim.api.nvim_win_set_cursor(0, ...)", [len(lines), len(lines[-1].encode())])
        self.type("i")

    def _state(self) -> str:
        messages = self.lua("return vim.fn.execute('messages')")
        return f"the screen is {self.probe('screen')}, the messages are {messages!r}"

    def _call(self, method: str, *args: object) -> Any:
        self._last += 1
        self._connection.sendall(msgspec.msgpack.encode([0, self._last, method, args]))
        kind, number, error, result = self._receive()
        assert (kind, number) == (_RESPONSE, self._last)
        assert error is None, error
        return result

    def _receive(self) -> Any:
        """One message. Nothing follows it: Neovim speaks here only when it was asked."""
        data = b""
        while True:
            received = self._connection.recv(1 << 16)
            assert received, "Neovim ended"
            data += received
            try:
                return msgspec.msgpack.decode(data)
            except msgspec.DecodeError:
                continue


@contextmanager
def started(
    folder: Path,
    file: Path,
    init: str,
    *,
    cwd: Path | None = None,
    environ: Mapping[str, str] | None = None,
    installed: bool = False,
) -> Iterator[Neovim]:
    """Neovim with our plug-in and `init` (Lua), showing `file`; it keeps its own files below `folder`.

    With `installed`, it finds the plug-in by itself.
    """
    script, address = folder / "init.lua", folder / "nvim.sock"
    find = "" if installed else f"vim.opt.rtp:prepend([[{PLUGIN}]])"
    script.write_text(f"{find}\ndofile([[{PROBE}]])\nvim.o.swapfile = false\n{init}")
    process = subprocess.Popen(
        [_used.program, "--headless", "--listen", str(address), "-u", str(script), str(file)],
        cwd=cwd or folder,
        env=_environment(folder) | dict(_used.environ) | dict(environ or {}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        with _connect(address) as connection:
            yield Neovim(connection)
            connection.sendall(msgspec.msgpack.encode([_NOTIFICATION, "nvim_command", ["qall!"]]))
            assert process.wait(PATIENCE) == 0
    finally:
        process.kill()
        process.wait()


def _environment(folder: Path) -> dict[str, str]:
    """Neovim's own files and the server's go below `folder`; of what is set here, little is handed on."""
    places = {name: str(folder / name.lower()) for name in _PLACES}
    inherited = {name: os.environ[name] for name in ("HOME", "TMPDIR") if name in os.environ}
    path = os.pathsep.join([str(SCRIPTS), os.environ["PATH"]])
    return inherited | places | {"PATH": path, "LC_ALL": "C.UTF-8"}


def _connect(address: Path) -> socket.socket:
    deadline = time.monotonic() + PATIENCE
    connection = socket.socket(socket.AF_UNIX)
    connection.settimeout(PATIENCE)
    while connection.connect_ex(str(address)):
        assert time.monotonic() < deadline, "Neovim did not start"
        time.sleep(_POLL)
    return connection
