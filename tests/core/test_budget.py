"""Limits of a day and a month, in dollars and euros."""

from datetime import date

import pytest

from codestral_ls.core.budget import Spent, first_reached, limits, money
from codestral_ls.core.config import Budget

TODAY = date(2026, 11, 23)
DAYS = {TODAY: 1.15, date(2026, 11, 1): 2.0, date(2026, 10, 31): 50.0, date(2025, 11, 23): 70.0}


def test_spent_is_of_this_day_and_month():
    assert Spent.of(DAYS, TODAY) == Spent(TODAY, 1.15, 3.15)
    assert Spent.of(DAYS, date(2026, 11, 24)) == Spent(date(2026, 11, 24), 0.0, 3.15)
    assert Spent.of(DAYS, date(2026, 12, 1)) == Spent(date(2026, 12, 1), 0.0, 0)


DAY = "until midnight, only models that cost nothing are asked."
MONTH = "until the end of November, only models that cost nothing are asked."


@pytest.mark.parametrize(
    ("budget", "sentence"),
    [
        pytest.param(Budget(), None, id="no limit"),
        pytest.param(Budget(daily_usd=1.16, monthly_usd=3.16), None, id="below"),
        pytest.param(
            Budget(daily_usd=1.15),
            f"$1.15 of the $1.15 a day that budget.daily_usd allows are spent: {DAY}",
            id="reached",
        ),
        pytest.param(
            Budget(daily_eur=1, usd_per_eur=1.15),
            f"€1.00 of the €1.00 a day that budget.daily_eur allows are spent: {DAY}",
            id="euros",
        ),
        pytest.param(Budget(daily_eur=1, usd_per_eur=1.16), None, id="euros that cost more"),
        pytest.param(
            Budget(daily_usd=1, monthly_usd=3),
            f"$3.15 of the $3.00 a month that budget.monthly_usd allows are spent: {MONTH}",
            id="the month lasts longer",
        ),
        pytest.param(
            Budget(daily_usd=0),
            f"$1.15 of the $0.00 a day that budget.daily_usd allows are spent: {DAY}",
            id="nothing",
        ),
    ],
)
def test_limits(budget, sentence):
    spent = Spent.of(DAYS, TODAY)
    limit = first_reached(limits(budget), spent)
    assert (limit and limit.why_reached(spent)) == sentence


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "$0.00"),
        (0.05, "$0.05"),
        (0.00004, "<$0.0001"),
        (0.0123, "$0.01"),
        (0.0042, "$0.0042"),
        (1234.5, "$1,234.50"),
    ],
)
def test_money(amount, text):
    assert money(amount) == text
