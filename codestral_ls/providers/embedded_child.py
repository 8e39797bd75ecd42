"""The process that holds an embedded model: llama.cpp's server, until standard input ends.

It is run as a file, not as a module of the package, and needs only `xllamacpp`. The first line of standard
input says what to load; one line of JSON on standard output says where it listens, or that it cannot. The
key comes by that way too: arguments and environment can be read by others.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import xllamacpp

_BLOCK = 1 << 24


def main() -> None:
    settings = json.loads(sys.stdin.readline())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for our parent, which ends us in order.
    report = _own_output()
    threading.Thread(target=_die_with_parent, daemon=True).start()
    try:
        _read_in(settings["model"])
        server = _serve(settings)
    except (OSError, RuntimeError, ImportError) as error:
        _tell(report, {"error": type(error).__name__})
        os._exit(1)
    _tell(report, {"url": server.listening_address})
    threading.Event().wait()


def _own_output() -> TextIO:
    """Standard output for us alone: what llama.cpp prints goes nowhere."""
    report = os.fdopen(os.dup(1), "w", encoding="utf-8")
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.dup2(nowhere, 2)
    return report


def _die_with_parent() -> None:
    """Whatever ends the parent closes the pipe, on every system."""
    while os.read(0, 1024):
        continue
    os._exit(0)


def _read_in(model: str) -> None:
    """Bring the file into the system's page cache: loading holds the interpreter's lock, under which the
    parent's end goes unnoticed, and from a cold disk it would hold it for 20 s."""
    with open(model, "rb", buffering=0) as file:
        while file.read(_BLOCK):
            continue


def _serve(settings: dict[str, Any]) -> xllamacpp.Server:
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = settings["model"]
    params.api_keys = [settings["key"]]
    params.n_ctx = settings["context"]
    params.n_parallel = 1
    # A request that is cancelled in the middle of a long prompt frees the model after one batch.
    params.n_batch = params.n_ubatch = 128
    params.cpuparams.n_threads = settings["threads"]
    params.cpuparams_batch.n_threads = settings["batch_threads"]
    # Waiting threads would spin, and take the processor from the editor.
    params.cpuparams.poll = params.cpuparams_batch.poll = 0
    params.cache_ram_mib = 256
    params.n_gpu_layers = 0
    params.ui = False
    params.endpoint_slots = False
    params.verbosity = -1
    return xllamacpp.Server(params)


def _tell(report: TextIO, message: dict[str, str]) -> None:
    report.write(json.dumps(message) + "\n")
    report.flush()


if __name__ == "__main__":
    main()
