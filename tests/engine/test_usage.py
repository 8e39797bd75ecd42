"""Figures from a ledger, against sums made by hand."""

from __future__ import annotations

import msgspec
import pytest

from codestral_ls.engine.ledger import Reader, Record, older
from codestral_ls.engine.usage import summarize

DAY = 100.0


def day_of(time):
    return f"day {time // DAY:.0f}"


RECORDS = [
    Record(1, "asked", "a", "m", 9, 100, 50, 5, 40, "ok"),
    Record(2, "asked", "b", "m", 9, 300, 50, 5, None, "ok"),
    Record(3, "asked", "c", "n", 0, 9000, outcome="Unavailable"),
    Record(4, "shown", "a", "m", 9, 400),
    Record(5, "accepted", "a", "m", 9),
    Record(35, "retained", "a", "m", after=30, similarity=0.9),
    Record(36, "retained", "b", "m", after=30, similarity=0.5),
    Record(37, "retained", "b", "m", after=30, similarity=0.7),
    Record(101, "shown", "b", "m", 9, 400),
    Record(101, "partial", "b", "m", 4),
    Record(102, "shown", "c", "m", 9, 400),
    Record(102, "rejected", "c", "m"),
    Record(103, "accepted", "d", "m", 7, outcome="menu"),
    Record(104, "typed", "e", "m"),
    Record(105, "ignored", "f", "m"),
]


def test_summary():
    summary = summarize(RECORDS, day_of)
    assert list(summary.days) == ["day 0", "day 1"]
    assert list(summary.models) == ["m", "n"]
    total, first, second = summary.total, *summary.days.values()
    assert (total.requests, total.failed) == (3, 1)
    assert (total.prompt_tokens, total.cached_tokens, total.completion_tokens) == (100, 40, 10)
    assert total.latency == (200, 280)
    assert total.characters == 20
    assert total.counts == {"shown": 3, "accepted": 2, "partial": 1, "typed": 1, "rejected": 1, "ignored": 1}
    assert total.share == pytest.approx(2 / 3)
    assert (first.share, second.share) == (1, 0.5)
    assert total.retained == {30: 0.7, 120: None, 300: None, 600: None}
    assert second.latency is None
    assert (summary.models["n"].requests, summary.models["n"].share) == (1, None)


def write(file, records):
    file.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))


def test_both_files_are_read_in_order(tmp_path):
    file = tmp_path / "ledger.jsonl"
    write(older(file), RECORDS[:8])
    write(file, RECORDS[8:])
    assert list(Reader(file)) == RECORDS
    assert list(Reader(file, since=101)) == RECORDS[8:]
    assert list(Reader(tmp_path / "none")) == []


@pytest.mark.parametrize(
    "line",
    [b"", b"{", b"[]", b'{"time":1}', b'{"time":1,"kind":"new","suggestion":"a"}', b"\xff\xfe", b'"\xff"'],
)
def test_broken_lines_are_counted(tmp_path, line):
    file = tmp_path / "ledger.jsonl"
    write(file, RECORDS)
    file.write_bytes(line + b"\n" + file.read_bytes() + line + b"\n")
    reader = Reader(file)
    assert list(reader) == RECORDS
    assert reader.broken == 2
