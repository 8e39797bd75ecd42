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
from codestral_ls.cli.plot import plot
from codestral_ls.core.budget import limits
from codestral_ls.core.config import Budget
from codestral_ls.engine.ledger import Record
from codestral_ls.engine.usage import Figures


@pytest.fixture(autouse=True)
def ledger(tmp_path, monkeypatch):
    monkeypatch.setenv("CODESTRAL_LS_STATE", str(tmp_path))
    return tmp_path / "ledger.jsonl"


def run(*words):
    parser = argparse.ArgumentParser()
    usage.add_parser(parser.add_subparsers())
    args = parser.parse_args(["usage", *words])
    return args.run(args)


COST = {"host": "h.example", "name": "codestral", "cost_usd": 0.25}
PRICE = '{ input = 3, output = 9, source = "a contract" }'


@pytest.fixture
def config(tmp_path):
    """A settings file with a price and two limits."""
    file = tmp_path / "config.toml"
    limits = "daily_usd = 0.2\nmonthly_eur = 20\n"
    file.write_text(f"[budget]\n{limits}prices.codestral = {PRICE}\n")
    return str(file)


def fill(ledger, days=(0,), broken=0):
    lines = [b"broken"] * broken
    for ago in days:
        noon = time.mktime((date.today() - timedelta(days=ago)).timetuple()) + 12 * 3600
        asked = Record(noon, "asked", "a", "cod", 9, 210, 1500, 30, 1200, "ok", project="shop", **COST)
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
    one = ["1", "1,500", "80%", "30", "$0.25", "2", "1", "50%", "88%", "210", "ms", "210", "ms"]
    both = ["2", "3,000", "80%", "60", "$0.50", "4", "2", "50%", "88%", "210", "ms", "210", "ms"]
    assert [date.today().isoformat(), *one] in rows
    for name in (["all"], ["codestral", "at", "h.example"], ["shop"]):
        assert [*name, *both] in rows


def test_a_narrow_terminal_gets_fewer_columns(ledger, capsys, monkeypatch):
    fill(ledger)
    monkeypatch.setattr("codestral_ls.cli.usage_text.PIPE_WIDTH", 80)
    assert run() == 0
    out = capsys.readouterr().out
    assert [date.today().isoformat(), *["1", "1,500", "30", "$0.25", "2", "1", "50%", "210", "ms"]] in [
        line.split() for line in out.splitlines()
    ]
    assert max(map(len, out.partition("A million")[0].splitlines())) <= 80


@pytest.mark.parametrize("by", usage.BY)
def test_one_table(ledger, capsys, by):
    fill(ledger)
    assert run("--by", by) == 0
    heads = [line.split()[0] for line in capsys.readouterr().out.splitlines() if "Accepted" in line]
    assert heads == [by.capitalize()]


def write(ledger, *records):
    ledger.write_bytes(b"".join(msgspec.json.encode(record) + b"\n" for record in records))


ASKED = Record(time.time(), "asked", "a", "m", 9, 210, 1500, 30, None, "ok")


@pytest.mark.parametrize(
    ("cell", "records"),
    [
        pytest.param("$0.25", [{"cost_usd": 0.25}], id="told"),
        pytest.param("~$0.25", [{"cost_usd": 0.25, "estimated": True}], id="estimated"),
        pytest.param("$0.25+?", [{"cost_usd": 0.25}, {}], id="partly unknown"),
        pytest.param("~$0.25+?", [{"cost_usd": 0.25, "estimated": True}, {}], id="both"),
        pytest.param("?", [{}], id="unknown is not nothing"),
        pytest.param("?", [{"estimated": True}], id="unknown for tokens that are estimated"),
        pytest.param("$0.00", [{"cost_usd": 0.0}], id="free"),
    ],
)
def test_costs(ledger, capsys, cell, records):
    write(ledger, *(msgspec.structs.replace(ASKED, **values) for values in records))
    assert run("--by", "day") == 0
    assert f" {cell} " in capsys.readouterr().out


def test_what_has_to_be_said_about_the_figures(ledger, capsys, config):
    known = msgspec.structs.replace(ASKED, estimated=True, **COST)
    unknown = msgspec.structs.replace(ASKED, model="n", host="h.example", name="other", outcome="given up")
    write(ledger, known, unknown, msgspec.structs.replace(unknown, outcome="Unavailable"))
    assert run("--by", "day", "--config", config) == 0
    assert capsys.readouterr().out.splitlines()[-8:] == [
        "Budget of this month: €0.22 of €20.00 (budget.monthly_eur).",
        "Budget of this day: $0.25 of $0.20 (budget.daily_usd), spent until midnight.",
        "A million tokens of codestral at h.example: $3.00 in, $0.30 cached, $9.00 out (a contract).",
        "The price of other at h.example is not known: give it in budget.prices.",
        "~ The tokens of 1 request are estimated, and none of them taken for cached: the host did not tell.",
        "? The cost of 2 requests is not known.",
        "1 request failed.",
        "1 request ended early: nobody wanted the reply any more.",
    ]


def test_settings_that_are_wrong_are_named(ledger, capsys, tmp_path):
    fill(ledger)
    (tmp_path / "config.toml").write_text("[budget]\ndaily_usd = -1\n")
    assert run("--config", str(tmp_path / "config.toml")) == 0
    assert "budget.daily_usd" in capsys.readouterr().err


def test_a_name_is_no_markup(ledger, capsys):
    write(ledger, msgspec.structs.replace(ASKED, project="[bold]shop"))
    run("--by", "project")
    assert "[bold]shop" in capsys.readouterr().out


TOTAL = {
    "requests": 2,
    "failed": 0,
    "given_up": 0,
    "prompt_tokens": 3000,
    "cached_tokens": 2400,
    "completion_tokens": 60,
    "cached_share": 0.8,
    "requests_with_estimated_tokens": 0,
    "cost_usd": 0.5,
    "requests_of_unknown_cost": 0,
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


def test_json(ledger, capsys, config):
    fill(ledger, (0, 1, 5), broken=3)
    assert run("--days", "2", "--json", "--config", config) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["ledger"], facts["unreadable_lines"], len(facts["days"])) == (str(ledger), 3, 2)
    assert (
        facts["total"]
        == facts["models"]["codestral at h.example"]
        == facts["projects"]["shop"]
        == facts["tasks"]["completion"]
    )
    assert facts["spent_usd"]["today"] == 0.25
    assert facts["budget"][1] == {"setting": "budget.daily_usd", "limit": 0.2, "spent": 0.25}
    assert facts["prices"] == [
        {
            "host": "h.example",
            "model": "codestral",
            "usd_per_million_tokens": {"input": 3, "output": 9, "cached": None, "source": "a contract"},
        }
    ]
    assert facts["total"] == TOTAL


def test_broken_lines_are_named(ledger, capsys):
    fill(ledger, broken=2)
    assert run() == 0
    assert f"2 lines of {ledger} are unreadable and were left out." in capsys.readouterr().out


SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("count", [1, 2, 45])
def test_plot(ledger, tmp_path, count, config):
    fill(ledger, range(count))
    assert run("--days", "100", "--plot", str(tmp_path / "days.svg"), "--config", config) == 0
    picture = ElementTree.parse(tmp_path / "days.svg").getroot()
    assert len(picture.findall(f"{SVG}circle")) == 2 * count
    assert len(picture.findall(f"{SVG}rect")) == 1 + 2 * count
    texts = [element.text for element in picture.iter(f"{SVG}text")]
    assert date.today().isoformat() in texts or count > 10
    assert len(texts) < 60
    assert "● daily budget $0.20" in texts


@pytest.mark.parametrize(
    ("limit", "lines"),
    [
        pytest.param(0.2, 1, id="near"),
        pytest.param(200, 0, id="out of sight"),
        pytest.param(None, 0, id="none"),
    ],
)
def test_the_line_of_the_budget_does_not_press_the_bars_flat(limit, lines):
    day = Figures(dollars=0.25, unpriced=1)
    picture = ElementTree.fromstring(
        plot({"2026-11-23": day}, limits(Budget(daily_usd=limit, monthly_usd=1)))
    )
    wide = [line for line in picture.iter(f"{SVG}line") if line.get("stroke-width") == "2"]
    assert len(wide) == lines
    highest = max(float(bar.get("height")) for bar in list(picture.iter(f"{SVG}rect"))[1:])
    assert highest > 100
    assert any("price is not known" in text.text for text in picture.iter(f"{SVG}text"))


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
