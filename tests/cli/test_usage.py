"""`codestral-ls usage` on ledgers as they are found."""

import argparse
import json
import time
from datetime import date, timedelta
from xml.etree import ElementTree

import msgspec
import pytest

from codestral_ls.cli import usage
from codestral_ls.cli.failure import Failure
from codestral_ls.engine.ledger import Record


@pytest.fixture(autouse=True)
def ledger(tmp_path, monkeypatch):
    monkeypatch.setenv("CODESTRAL_LS_STATE", str(tmp_path))
    return tmp_path / "ledger.jsonl"


def run(*words):
    parser = argparse.ArgumentParser()
    usage.add_parser(parser.add_subparsers())
    args = parser.parse_args(["usage", *words])
    return args.run(args)


def fill(ledger, days=(0,), broken=0):
    lines = [b"broken"] * broken
    for ago in days:
        noon = time.mktime((date.today() - timedelta(days=ago)).timetuple()) + 12 * 3600
        asked = Record(noon, "asked", "a", "cod", 9, 210, 1500, 30, 1200, "ok")
        shown = Record(noon, "shown", "a", "cod", 9, 500)
        accepted = Record(noon, "accepted", "a", "cod", 9)
        kept = Record(noon, "retained", "a", "cod", after=300, similarity=0.875)
        lines += map(msgspec.json.encode, (asked, shown, shown, accepted, kept))
    ledger.write_bytes(b"\n".join([*lines, b""]))


def test_without_a_ledger_there_is_a_sentence(ledger, tmp_path, capsys):
    assert run("--plot", str(tmp_path / "days.svg")) == 0
    out = capsys.readouterr().out
    assert out == f"Nothing was suggested in the last 30 days: there are no figures in {ledger} yet.\n"
    assert list(tmp_path.iterdir()) == []
    assert run("--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["days"], facts["models"], facts["total"]["requests"]) == ({}, {}, 0)


def test_tables(ledger, capsys):
    fill(ledger, (0, 1))
    assert run() == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line]
    today = date.today().isoformat()
    one = ["1", "1,500", "1,200", "30", "2", "1", "0", "50%", "9", "–", "–", "88%", "–", "210", "210", "ms"]
    both = ["2", "3,000", "2,400", "60", "4", "2", "0", "50%", "18", "–", "–", "88%", "–", "210", "210", "ms"]
    assert [today, *one] in rows
    assert ["all", *both] in rows
    assert ["cod", *both] in rows


def test_json(ledger, capsys):
    fill(ledger, (0, 1, 5), broken=3)
    assert run("--days", "2", "--json") == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["ledger"], facts["unreadable_lines"], len(facts["days"])) == (str(ledger), 3, 2)
    assert facts["total"] == facts["models"]["cod"]
    assert facts["total"] == {
        "requests": 2,
        "failed": 0,
        "prompt_tokens": 3000,
        "cached_tokens": 2400,
        "completion_tokens": 60,
        "shown": 4,
        "accepted": 2,
        "partial": 0,
        "typed": 0,
        "rejected": 0,
        "ignored": 0,
        "accepted_in_menu": 0,
        "accepted_share": 0.5,
        "accepted_characters": 18,
        "retained": {"30": None, "120": None, "300": 0.875, "600": None},
        "latency_ms": {"median": 210.0, "p90": 210.0},
    }


def test_broken_lines_are_named(ledger, capsys):
    fill(ledger, broken=2)
    assert run() == 0
    assert f"2 lines of {ledger} are unreadable and were left out." in capsys.readouterr().out


@pytest.mark.parametrize("count", [1, 2, 45])
def test_plot(ledger, tmp_path, count, capsys):
    fill(ledger, range(count))
    assert run("--days", "100", "--plot", str(tmp_path / "days.svg")) == 0
    picture = ElementTree.parse(tmp_path / "days.svg").getroot()
    tag = "{http://www.w3.org/2000/svg}"
    assert len(picture.findall(f"{tag}circle")) == 2 * count
    assert len(picture.findall(f"{tag}rect")) == 1 + count
    texts = [element.text for element in picture.iter(f"{tag}text")]
    assert date.today().isoformat() in texts or count > 10
    assert len(texts) < 40


@pytest.mark.parametrize("days", ["0", "-1", "x", "1.5", "99999999"])
def test_days_must_be_a_number(days, capsys):
    with pytest.raises(SystemExit):
        run("--days", days)
    assert "is no number of days" in capsys.readouterr().err


def test_what_cannot_be_read_or_written_is_one_sentence(ledger, tmp_path):
    fill(ledger)
    with pytest.raises(Failure, match=r"cannot be written: Is a directory\."):
        run("--plot", str(tmp_path))
    ledger.unlink()
    ledger.mkdir()
    with pytest.raises(Failure, match=r"cannot be read: Is a directory\."):
        run()
