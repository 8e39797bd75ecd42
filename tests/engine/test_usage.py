"""Figures from a ledger, against sums made by hand."""

from __future__ import annotations

import msgspec
import pytest

from codestral_ls.engine.ledger import Reader, Record, older
from codestral_ls.engine.usage import summarize

DAY = 100.0


def day_of(time):
    return f"day {time // DAY:.0f}"


TOLD = {"prompt_tokens": 50, "completion_tokens": 5, "cached_tokens": 40, "cost_usd": 0.25}
GUESSED = {"prompt_tokens": 60, "completion_tokens": 5, "cost_usd": 0.5, "estimated": True}
AT = {"host": "h.example", "name": "m"}
RECORDS = [
    Record(1, "asked", "a", "m", 9, 100, outcome="ok", project="shop", **TOLD, **AT),
    Record(2, "asked", "b", "m", 9, 300, outcome="ok", project="shop", **GUESSED, **AT),
    Record(3, "asked", "c", "n", 0, 9000, outcome="Unavailable", cost_usd=0.0),
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
    Record(106, "asked", "g", "n", 0, 70, outcome="given up", task="refactoring", prompt_tokens=90),
    Record(107, "spent", "", "m", project="shop", cost_usd=1.0),
]


def test_summary():
    summary = summarize(RECORDS, day_of)
    days, models = summary.groups["day"], summary.groups["model"]
    assert (list(days), list(models)) == (["day 0", "day 1"], ["m at h.example", "n"])
    total, first, second = summary.total, *days.values()
    assert (total.requests, total.failed, total.given_up) == (4, 1, 1)
    assert (total.prompt_tokens, total.cached_tokens, total.completion_tokens) == (200, 40, 10)
    assert total.latency == (200, 280)
    assert total.characters == 20
    assert total.counts == {"shown": 3, "accepted": 2, "partial": 1, "typed": 1, "rejected": 1, "ignored": 1}
    assert total.share == pytest.approx(2 / 3)
    assert (first.share, second.share) == (1, 0.5)
    assert total.retained == {30: 0.7, 120: None, 300: None, 600: None}
    assert second.latency is None
    assert (models["n"].requests, models["n"].share) == (2, None)


def test_costs():
    """What is not known is counted, and added to nothing."""
    summary = summarize(RECORDS, day_of)
    total, models = summary.total, summary.groups["model"]
    assert (total.dollars, total.unpriced, total.estimated) == (1.75, 1, 1)
    assert (models["m at h.example"].dollars, models["m at h.example"].unpriced) == (1.75, 0)
    assert (models["n"].dollars, models["n"].unpriced) == (0, 1)
    assert models["m at h.example"].cached_share == 0.8
    assert models["n"].cached_share == 0
    assert summary.products == (("h.example", "m"),)


def test_what_became_of_a_suggestion_counts_for_the_model_that_answered():
    """An editor's verdict names the first of the chain; a slower one of it may end last."""
    records = [
        Record(1, "asked", "a", "first", outcome="Unavailable"),
        Record(2, "asked", "a", "second", outcome="ok"),
        Record(3, "asked", "a", "third", outcome="given up"),
        Record(4, "accepted", "a", "first"),
    ]
    models = summarize(records, day_of).groups["model"]
    assert {name: (figures.requests, figures.taken) for name, figures in models.items()} == {
        "first": (1, 0),
        "second": (1, 1),
        "third": (1, 0),
    }


def test_what_became_of_a_suggestion_counts_where_it_was_asked_for():
    groups = summarize(RECORDS, day_of).groups
    shop, nowhere = groups["project"]["shop"], groups["project"][""]
    assert (shop.requests, shop.taken, shop.counts["shown"], shop.dollars) == (2, 2, 2, 1.75)
    assert (nowhere.requests, nowhere.taken, nowhere.counts["shown"]) == (2, 1, 1)
    assert {name: figures.requests for name, figures in groups["task"].items()} == {
        "completion": 3,
        "refactoring": 1,
    }


def write(file, records):
    file.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))


def test_both_files_are_read_in_order(tmp_path):
    file = tmp_path / "ledger.jsonl"
    write(older(file), RECORDS[:8])
    write(file, RECORDS[8:])
    assert list(Reader(file)) == RECORDS
    assert list(Reader(file, since=101)) == RECORDS[8:]
    assert list(Reader(tmp_path / "none")) == []


def test_reading_goes_on_where_it_had_come_to(tmp_path):
    """Also in a file that another server has moved meanwhile, and past a line that is being written."""
    file = tmp_path / "ledger.jsonl"
    lines = [msgspec.json.encode(record) + b"\n" for record in RECORDS]
    reader = Reader(file)
    file.write_bytes(b"".join(lines[:4]) + lines[4][:10])
    assert list(reader) == RECORDS[:4]
    file.write_bytes(b"".join(lines[:6]))
    assert list(reader) == RECORDS[4:6]
    with file.open("ab") as stream:
        stream.write(lines[6])
    file.replace(older(file))
    file.write_bytes(lines[7])
    assert list(reader) == RECORDS[6:8]
    assert list(reader) == []
    file.write_bytes(lines[8][:-1])
    assert list(reader) == []
    assert reader.broken == 0


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
