"""Stands between an editor and the server, and notes how long the server takes for ghost text.

`relay.py TIMES COMMAND …` runs the command and appends to TIMES, a line for each answer, its milliseconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from collections.abc import Iterator

METHOD = "textDocument/inlineCompletion"


def main(times: Path, command: list[str]) -> int:
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert server.stdin
    assert server.stdout
    asked: dict[object, float] = {}
    upwards = threading.Thread(target=_ask, args=(sys.stdin.buffer, server.stdin, asked), daemon=True)
    upwards.start()
    for raw in _messages(server.stdout):
        message = json.loads(raw.partition(b"\r\n\r\n")[2])
        if "method" not in message and (began := asked.pop(message.get("id"), None)) is not None:
            with times.open("a", encoding="utf-8") as file:
                file.write(f"{(time.perf_counter() - began) * 1000:.2f}\n")
        sys.stdout.buffer.write(raw)
        sys.stdout.buffer.flush()
    return server.wait()


def _ask(editor: BinaryIO, server: BinaryIO, asked: dict[object, float]) -> None:
    for raw in _messages(editor):
        message = json.loads(raw.partition(b"\r\n\r\n")[2])
        if message.get("method") == METHOD:
            asked[message["id"]] = time.perf_counter()
        server.write(raw)
        server.flush()
    server.close()


def _messages(stream: BinaryIO) -> Iterator[bytes]:
    """Each message with its header, as it came."""
    head = b""
    while line := stream.readline():
        head += line
        if line == b"\r\n":
            length = int(head.lower().partition(b"content-length:")[2].split()[0])
            yield head + stream.read(length)
            head = b""


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), sys.argv[2:]))
