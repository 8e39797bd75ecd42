"""A world of which nothing outside of this machine can be reached, and which tells who was looked for there.

Python's own audit events are listened to, below every library: a look-up or a connection of whatever kind.
Audit hooks stay for the life of the process; this one is asleep while no `Outside` is entered.
"""

from __future__ import annotations

import socket
import sys
from contextlib import AbstractContextManager
from typing import Any

from codestral_ls.core.privacy import is_loopback

_LOOK_UPS = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")
_SENDS = ("socket.connect", "socket.sendto", "socket.sendmsg")


class Outside(AbstractContextManager["Outside"]):
    """While entered, connects to `ports` of this machine and to nothing else."""

    current: Outside | None = None

    def __init__(self, ports: tuple[int, ...] = ()) -> None:
        self.ports = ports
        self.names: set[str] = set()
        self.addresses: set[str] = set()
        self.refused: set[int] = set()

    def __enter__(self) -> Outside:
        Outside.current = self
        return self

    def __exit__(self, *_: object) -> None:
        Outside.current = None

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in _LOOK_UPS:
            self._looked_up(_text(arguments[0][0] if event == "socket.getnameinfo" else arguments[0]))
        elif event in _SENDS and isinstance(arguments[1], tuple):
            host, port = arguments[1][:2]
            if not is_loopback(host):
                self.addresses.add(host)
            if not is_loopback(host) or port not in self.ports:
                self.refused.add(port)
                raise ConnectionRefusedError(f"{host}:{port} is outside of this test")

    def _looked_up(self, host: str) -> None:
        if not is_loopback(host):
            self.names.add(host)
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


def _text(host: object) -> str:
    return host.decode() if isinstance(host, bytes) else str(host)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if Outside.current is not None and event.startswith("socket."):
        Outside.current.heard(event, arguments)


sys.addaudithook(_hear)
