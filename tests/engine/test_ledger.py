"""The ledger holds figures, never code."""

from __future__ import annotations

import threading

import msgspec

from codestral_ls.core.model import Usage
from codestral_ls.engine.ledger import Ledger, Record, older
from tests.engine.conftest import Rig, site
from tests.engine.scripted import ScriptedModel


def read(file) -> list[Record]:
    return [msgspec.json.decode(line, type=Record) for line in file.read_bytes().splitlines()]


def test_events_are_appended(tmp_path):
    file = tmp_path / "state" / "ledger.jsonl"
    ledger = Ledger(file, lambda: 12.5)
    ledger.record("shown", "a1", length=7)
    ledger.record("accepted", "a1")
    ledger.close()
    assert read(file) == [Record(12.5, "shown", "a1", length=7), Record(12.5, "accepted", "a1")]


def test_a_place_that_cannot_be_written_is_logged_once(tmp_path, caplog):
    (tmp_path / "file").write_text("")
    ledger = Ledger(tmp_path / "file" / "ledger.jsonl", lambda: 0.0)
    for _ in range(3):
        ledger.record("shown", "a1")
    ledger.close()
    assert len(caplog.records) == 1


async def test_a_request_is_accounted_for_without_its_text(tmp_path):
    file = tmp_path / "ledger.jsonl"
    ledger = Ledger(file, lambda: 1.0)
    rig = Rig(ScriptedModel(), ledger=ledger)
    import asyncio

    asked = asyncio.create_task(rig.completer.complete(site("confidential = █\nmore = 1\n"), "automatic"))
    (await rig.model.call(0)).end("private_value", usage=Usage(80, 4, 64))
    assert (await asked).text == "private_value"
    await rig.completer.aclose()
    ledger.close()
    (record,) = read(file)
    assert (record.prompt_tokens, record.completion_tokens, record.cached_tokens) == (80, 4, 64)
    assert record.outcome == "ok"
    assert b"confidential" not in file.read_bytes()
    assert b"private_value" not in file.read_bytes()


def test_a_full_file_moves_once(tmp_path, monkeypatch):
    """Whoever writes next moves it, and disk use stays within two files."""
    monkeypatch.setattr("codestral_ls.engine.ledger.MAX_BYTES", 1000)
    file = tmp_path / "ledger.jsonl"
    for number in range(100):
        ledger = Ledger(file, lambda: 0.0)
        ledger.record("shown", f"{number:03}")
        ledger.close()
    kept = [record.suggestion for record in (*read(older(file)), *read(file))]
    assert kept == [f"{number:03}" for number in range(100)][-len(kept) :]
    assert 1000 < older(file).stat().st_size < 1100
    assert file.stat().st_size < 1100
    assert {path.name for path in tmp_path.iterdir()} <= {"ledger.jsonl", "ledger.1.jsonl", "ledger.lock"}


def test_servers_that_share_a_ledger(tmp_path, monkeypatch, caplog):
    """While one moves the file, the others still write, and every record is whole."""
    monkeypatch.setattr("codestral_ls.engine.ledger.MAX_BYTES", 1000)
    file = tmp_path / "ledger.jsonl"
    ledgers = [Ledger(file, lambda: 0.0) for _ in range(3)]
    for number in range(300):
        ledgers[number % 3].record("shown", f"{number:03}")
    for ledger in ledgers:
        ledger.close()
    assert len(read(file)) + len(read(older(file))) > 10
    assert caplog.records == []


def test_figures_that_take_a_while_are_asked_for_in_a_thread(tmp_path):
    file = tmp_path / "ledger.jsonl"
    ledger = Ledger(file, lambda: 3.0)
    threads = []
    ledger.measure(
        "retained", "a", lambda: threads.append(threading.get_ident()) or {"similarity": 0.5}, after=30
    )
    ledger.close()
    assert read(file) == [Record(3.0, "retained", "a", after=30, similarity=0.5)]
    assert threads != [threading.get_ident()]
