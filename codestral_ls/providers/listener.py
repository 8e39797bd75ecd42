"""Whose server listens at a port of this machine, which Linux tells of every socket.

Anyone who may log in may listen at a usual port before its server does, and would be sent code. The tables
are those of `proc_pid_net(5)`; they say nothing of a port that is passed on to a container.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

TABLES: Final = (Path("/proc/self/net/tcp"), Path("/proc/self/net/tcp6"))

_LISTENING = "0A"
_FIRST_PERSON, _NOBODY = 1000, 65534


def other_user(base_url: str) -> str | None:
    """The person who runs the server at an address of this machine, where that is not who we are; None for
    our own, the system's services, and what cannot be told."""
    port = urlsplit(base_url).port
    people = (uid for uid in users(port or 0) if uid >= _FIRST_PERSON and uid not in (_NOBODY, os.getuid()))
    return next(map(_name, people), None)


def users(port: int) -> set[int]:
    """The numbers of the users who listen at a port."""
    return {uid for table in TABLES for uid in _listening(table, f":{port:04X}")}


def _listening(table: Path, port: str) -> Iterator[int]:
    with suppress(OSError):
        for row in table.read_text("ascii", "replace").splitlines()[1:]:
            match row.split():
                case [_, local, _, state, _, _, _, uid, *_] if local.endswith(port) and state == _LISTENING:
                    yield int(uid)


def _name(uid: int) -> str:
    import pwd

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
