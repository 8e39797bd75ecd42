"""What requests cost, and the budget that they may not go beyond."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codestral_ls.core.config import Budget, Price
from codestral_ls.core.model import Profile, Usage
from codestral_ls.core.prompt import TokenScale
from codestral_ls.engine.accounts import GIVEN_UP, OK, Accounts, project_of
from codestral_ls.engine.ledger import Ledger, Record
from codestral_ls.engine.workspace import Workspace

NOON = datetime(2026, 11, 23, 12).timestamp()
DAY = 86_400

CLOUD = Profile("cloud", "codestral at h.example", model="codestral", host="h.example")
UNKNOWN = Profile("unknown", "other at h.example", model="other", host="h.example")
HERE = Profile("here", "qwen on this machine", model="qwen")
PRICES = {"codestral": Price(input=1, output=2)}
DOLLAR = Usage(1_000_000, 0)


class Server:
    """One of those that write a ledger, at a time that is set."""

    def __init__(self, file: Path | None, **limits: float) -> None:
        self.now = NOON
        self.file = file
        self.ledger = Ledger(file, lambda: self.now)
        self.accounts = Accounts(self.ledger, Workspace([Path("/home/me/shop")]), budget(**limits))

    def spend(self, usage: Usage | None = DOLLAR, profile: Profile = CLOUD, **values: object) -> None:
        figures = {"sent": 3000, "length": 30, "outcome": OK, "milliseconds": 5, **values}
        uri, scale = "file:///home/me/shop/till/cart.py", TokenScale()
        self.accounts.asked(uuid4().hex, profile, uri=uri, usage=usage, scale=scale, **figures)
        self.settle()

    def settle(self) -> None:
        """Until the ledger's thread has done what it was given."""
        if done := self.ledger.later(lambda: None):
            done.result()

    @property
    def records(self) -> list[Record]:
        return [msgspec.json.decode(line, type=Record) for line in self.file.read_bytes().splitlines()]


def budget(**limits: float) -> Budget:
    return Budget(prices=PRICES, **limits)


@pytest.fixture
def server_of(tmp_path):
    servers = []

    def make(**limits):
        servers.append(Server(tmp_path / "ledger.jsonl", **limits))
        return servers[-1]

    yield make
    for server in servers:
        server.ledger.close()


@pytest.mark.parametrize(
    ("profile", "usage", "values", "expected"),
    [
        pytest.param(
            CLOUD, Usage(1000, 100, 500), {}, (1000, 100, 500, 0.00075, False), id="what the host told"
        ),
        pytest.param(CLOUD, None, {}, (1000, 10, None, 0.00102, True), id="closed early"),
        pytest.param(
            CLOUD, None, {"outcome": GIVEN_UP, "length": 0}, (1000, 0, None, 0.001, True), id="given up"
        ),
        pytest.param(
            CLOUD,
            None,
            {"outcome": "Unavailable"},
            (1000, 10, None, 0.00102, True),
            id="cut off in mid-answer",
        ),
        pytest.param(
            CLOUD,
            None,
            {"outcome": "Unauthorized", "length": 0},
            (None, None, None, 0.0, False),
            id="refused: nothing to pay",
        ),
        pytest.param(UNKNOWN, DOLLAR, {}, (1_000_000, 0, 0, None, False), id="nobody knows the price"),
        pytest.param(HERE, DOLLAR, {}, (1_000_000, 0, 0, 0.0, False), id="this machine"),
    ],
)
def test_a_request_in_the_ledger(server_of, profile, usage, values, expected):
    server = server_of()
    server.spend(usage, profile, **values)
    (record,) = server.records
    tokens = (record.prompt_tokens, record.completion_tokens, record.cached_tokens)
    assert (*tokens, record.cost_usd, record.estimated) == expected
    assert (record.kind, record.task, record.model) == ("asked", "completion", profile.identity)
    assert (record.host, record.name) == (profile.host, profile.model if profile.host else "")
    assert record.project == "shop"
    assert b"cart" not in server.file.read_bytes()
    assert b"/home" not in server.file.read_bytes()


@pytest.mark.parametrize(
    ("uri", "project"),
    [
        ("file:///w/shop/a.py", "shop"),
        ("file:///w/shop/till/a.py", "till"),
        ("file:///w/shopping/a.py", ""),
        ("untitled:Untitled-1", ""),
        ("file://[half/a.py", ""),
    ],
)
def test_the_project_is_the_innermost_workspace(uri, project):
    assert project_of(uri, [Path("/w/shop"), Path("/w/shop/till")]) == project


SPENT_DAY = (
    "$1.00 of the $1.00 a day that budget.daily_usd allows are spent: "
    "until midnight, only models that cost nothing are asked."
)


def test_a_limit_that_is_reached_stops_what_costs_money_until_it_ends(server_of):
    server = server_of(daily_usd=1, monthly_usd=2)
    assert server.accounts.why_refused(CLOUD) is None
    server.spend()
    assert server.accounts.why_refused(CLOUD) == SPENT_DAY
    assert server.accounts.why_refused(UNKNOWN) == SPENT_DAY
    assert server.accounts.why_refused(HERE) is None
    server.now = NOON + DAY / 2
    assert server.accounts.why_refused(CLOUD) is None
    server.spend()
    assert "a month that budget.monthly_usd allows" in server.accounts.why_refused(CLOUD)
    server.now = NOON + 8 * DAY
    assert server.accounts.why_refused(CLOUD) is None


@pytest.mark.parametrize(
    ("limits", "profile", "sentence"),
    [
        ({}, UNKNOWN, None),
        ({"daily_eur": 1.0}, CLOUD, None),
        ({"daily_eur": 1.0}, HERE, None),
        (
            {"daily_eur": 1.0},
            UNKNOWN,
            "What other at h.example costs is not known, so budget.daily_eur cannot count it: "
            "give its price in budget.prices.",
        ),
    ],
)
def test_what_the_limits_cannot_count_is_told(server_of, limits, profile, sentence):
    assert server_of(**limits).accounts.why_uncounted(profile) == sentence


async def test_what_was_spent_before_counts(server_of):
    earlier = server_of()
    earlier.now = NOON - 30 * DAY
    earlier.spend()
    earlier.now = NOON
    earlier.spend()
    server = server_of(monthly_usd=1.5)
    await server.accounts.ready()
    assert server.accounts.why_refused(CLOUD) is None
    server.spend(Usage(500_000, 0))
    assert server.accounts.why_refused(CLOUD).startswith("$1.50 of the $1.50 a month")


async def test_limits_that_are_set_later_know_of_what_was_spent_before(server_of):
    server = server_of()
    server.spend()
    server.accounts.configure(budget(daily_usd=1))
    await server.accounts.ready()
    assert server.accounts.why_refused(CLOUD) == SPENT_DAY
    server.accounts.configure(budget())
    assert server.accounts.why_refused(CLOUD) is None
    server.spend()
    server.accounts.configure(budget(daily_usd=2))
    await server.accounts.ready()
    assert server.accounts.why_refused(CLOUD).startswith("$2.00 of the $2.00")


def test_without_a_ledger_the_session_is_counted():
    server = Server(None, daily_usd=1)
    server.spend()
    assert server.accounts.why_refused(CLOUD) == SPENT_DAY
    server.ledger.close()


async def test_a_ledger_that_cannot_be_read_is_told_once(tmp_path, caplog):
    (tmp_path / "ledger.jsonl").mkdir()
    server = Server(tmp_path / "ledger.jsonl", daily_usd=1)
    await server.accounts.ready()
    server.spend()
    server.spend()
    server.ledger.close()
    assert [record.message for record in caplog.records] == [
        "The budget misses what others spend: Is a directory.",
        "The ledger cannot be written: IsADirectoryError.",
    ]
    assert server.accounts.why_refused(CLOUD).startswith("$2.00")


async def test_a_month_outlives_its_records(server_of, monkeypatch):
    """Two files do not hold a busy month. Its costs stay, and are counted once."""
    monkeypatch.setattr("codestral_ls.engine.ledger.MAX_BYTES", 1000)
    server = server_of(monthly_usd=1000)
    for _ in range(50):
        server.spend()
    assert len(server.records) < 10
    later = server_of(monthly_usd=50)
    await later.accounts.ready()
    assert later.accounts.why_refused(CLOUD).startswith("$50.00 of the $50.00")
    server.accounts.configure(budget(monthly_usd=50.5))
    assert server.accounts.why_refused(CLOUD) is None
    server.spend()
    assert server.accounts.why_refused(CLOUD).startswith("$51.00 of the $50.50")


LIMIT = 3


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(100_000, 2_000_000)), min_size=20, max_size=40),
    st.integers(1, 3),
)
def test_each_server_starts_no_more_beyond_the_limit_than_run_at_once(steps, streams):
    """Servers on one ledger, in any order. A request is under way until its server has as many as it may;
    then the oldest ends. Beyond the limit go those that start before the first ends after it was reached."""
    with TemporaryDirectory() as folder:
        servers = [Server(Path(folder) / "ledger.jsonl", daily_usd=LIMIT) for _ in range(3)]
        under_way: list[list[int]] = [[] for _ in servers]
        beyond = [0 for _ in servers]
        spent = 0
        for number, tokens in steps:
            server, running = servers[number], under_way[number]
            if server.accounts.why_refused(CLOUD) is None:
                beyond[number] += spent >= LIMIT * 1_000_000
                running.append(tokens)
            if len(running) >= streams:
                ended = running.pop(0)
                server.spend(Usage(ended, 0))
                spent += ended
        for server in servers:
            server.ledger.close()
        assert max(beyond) <= streams
