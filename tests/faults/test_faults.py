"""Fault × provider, through the whole product over real sockets: every request is answered, the user is told
what happened, and nothing else; the first request after the fault is answered with text; nothing is left."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from itertools import product

import pytest

from codestral_ls.providers import transport
from tests.faults.desk import FOLDER, SOURCE, sitting
from tests.faults.hosts import KEY, NAME, PROVIDERS, Place
from tests.faults.readme import faults_table
from tests.faults.server import Server, well
from tests.faults.speech import SHOWN
from tests.faults.table import FAULTS, STATUSES
from tests.faults.told import (
    ENDLESS_JSON,
    ENDLESS_LINE,
    NO_CONNECTION,
    NO_END,
    NO_LOOK_UP,
    NO_NAME,
    SILENT,
    TOO_MUCH,
)
from tests.support import README, check_between
from tests.upstream.errors import ERRORS

MOST_SENT = 24_000_000
"""Bytes that a host without end can give to the network: what is read of them, and what waits in buffers."""

SLOW = (SILENT, NO_CONNECTION, NO_END)
SHORT, MIDDLE, LONG = 0.25, 0.5, 10.0
"""Seconds of silence that are borne: few only where the fault is silence."""

PATIENCES = 1
"""Where bytes go on coming, a whole answer may take as long as a silence: on a busy machine there is one."""

ROUNDS = 3
ONCE = (*SLOW, TOO_MUCH, ENDLESS_LINE, ENDLESS_JSON)
"""So often a fault is met, at growing intervals, before it ends; what takes time, once."""

_SCHEMES = {"plain": "http://127.0.0.1", "tls": "https://127.0.0.1", "name": f"http://{NAME}"}
_RESOLVER = {
    NO_NAME: socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
    NO_LOOK_UP: socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
}
_PRIVATE = (*filter(None, (line.strip() for line in SOURCE.text.splitlines())), KEY, FOLDER)


def cases():
    for (name, fault), provider in product(FAULTS.items(), PROVIDERS):
        if not isinstance(fault.told_by(provider), str):
            yield pytest.param(fault, provider, id=f"{name}, {provider}")


def test_every_error_that_was_seen_is_in_the_table():
    assert STATUSES.keys() == ERRORS.keys()


def test_the_table_of_the_readme(update_fixtures):
    check_between(README, "faults", faults_table(), update=update_fixtures)


@pytest.mark.parametrize(("fault", "provider"), tuple(cases()))
async def test_fault(fault, provider, tmp_path, monkeypatch, names, certificates, caplog):
    told, row, opened = fault.told_by(provider), PROVIDERS[provider], open_files()
    fine = certificates["trusted" if fault.address == "tls" else "none"]
    if told is NO_END:
        monkeypatch.setattr(transport, "PATIENCES", PATIENCES)
    async with Server(row.speech, fine) as server:
        url = f"{_SCHEMES[fault.address]}:{server.port}"
        seconds = MIDDLE if told is NO_END else SHORT if fault.told in SLOW else LONG
        place = Place(url, seconds, tmp_path, monkeypatch)
        async with sitting(tmp_path, lambda: row.connect(place)) as desk:
            names.error = _RESOLVER.get(told)
            await server.become(fault.act, fault.port, certificates[fault.tls])
            await meet(desk, server, told, sentence(told, place, row.refused))
            names.error = None
            await server.become(well, tls=fine)
            if told and told.rest is None:
                await desk.read_settings()
            assert await desk.suggested("afterwards") == SHOWN
        assert not server.was_left_for_elsewhere
    assert names.asked <= {NAME, "127.0.0.1", None}
    check_log(caplog)
    await check_nothing_left(opened)


async def meet(desk, server, told, expected):
    """Ask, look at what is told, and wait until the host may be asked again; some faults several times."""
    rounds = ROUNDS if told and told.rest == 10.0 and told not in ONCE else 1
    for number in range(rounds):
        shown = await desk.suggested(f"{number}")
        async with asyncio.timeout(10):
            await server.quiet()
        assert server.sent < MOST_SENT * (number + 1)
        desk.now += (told and told.rest) or 0.0
    if told is None:
        assert (shown, desk.errors, desk.told) == (SHOWN, [], [])
        return
    assert shown is None
    assert [(type(error), error.message) for error in desk.errors] == [(told.kind, expected)] * rounds
    assert any(expected in message for message in desk.told)
    assert not any(private in message for private in _PRIVATE for message in desk.told)


def sentence(told, place, refused):
    return told and told.sentence.format(
        host=place.url.partition("//")[2],
        connect=f"{place.seconds:g}",
        seconds=f"{place.seconds:g}",
        total=f"{place.seconds * PATIENCES:g}",
        refused=f" {refused}" if refused else "",
    )


def check_log(caplog):
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
    ours = [record.getMessage() for record in caplog.records if record.name.startswith("codestral_ls")]
    assert not any(private in message for private in _PRIVATE for message in ours)


async def check_nothing_left(opened):
    if others := asyncio.all_tasks() - {asyncio.current_task()}:
        # asyncio finishes what httpx has begun to iterate in a task of its own.
        await asyncio.wait(others, timeout=5)
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert open_files() == opened


def open_files() -> int:
    """How many files and sockets this process has open."""
    return len(os.listdir("/dev/fd"))
