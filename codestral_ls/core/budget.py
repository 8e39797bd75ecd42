"""What may be spent in a day and in a month, and what was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from codestral_ls.core.config import Budget

Period = Literal["day", "month"]

# The longest first: of two limits that are reached, the one that lasts is told.
_PERIODS: Final[Mapping[str, tuple[Period, str]]] = {
    "monthly_usd": ("month", "$"),
    "monthly_eur": ("month", "€"),
    "daily_usd": ("day", "$"),
    "daily_eur": ("day", "€"),
}


@dataclass(frozen=True, slots=True)
class Spent:
    """US dollars of a day, and of the month that it is in."""

    today: date
    day: float = 0.0
    month: float = 0.0

    @classmethod
    def of(cls, days: Mapping[date, float], today: date) -> Spent:
        """Add up what was spent by day."""
        month = (today.year, today.month)
        dollars = sum(spent for day, spent in days.items() if (day.year, day.month) == month)
        return cls(today, days.get(today, 0.0), dollars)


@dataclass(frozen=True, slots=True)
class Limit:
    """`amount` is in the limit's own currency, whose unit costs `rate` US dollars."""

    setting: str
    period: Period
    sign: str
    amount: float
    rate: float

    def used(self, spent: Spent) -> float:
        """What counts against it, in its own currency."""
        return (spent.day if self.period == "day" else spent.month) / self.rate

    def reached(self, spent: Spent) -> bool:
        # Ten times a tenth of a dollar are a dollar.
        return round(self.used(spent), 6) >= self.amount

    def until(self, spent: Spent) -> str:
        """When it begins anew."""
        if self.period == "day":
            return "midnight"
        return f"the end of {spent.today:%B}"

    def why_reached(self, spent: Spent) -> str:
        """One sentence for the user."""
        used, amount = money(self.used(spent), self.sign), money(self.amount, self.sign)
        return (
            f"{used} of the {amount} a {self.period} that {self.setting} allows are spent: "
            f"until {self.until(spent)}, only models that cost nothing are asked."
        )


def limits(budget: Budget) -> tuple[Limit, ...]:
    """The limits that are set."""
    return tuple(
        Limit(f"budget.{key}", period, sign, amount, budget.usd_per_eur if sign == "€" else 1.0)
        for key, (period, sign) in _PERIODS.items()
        if (amount := getattr(budget, key)) is not None
    )


def first_reached(limits: Iterable[Limit], spent: Spent) -> Limit | None:
    """The limit that ends last of those that are reached."""
    return next((limit for limit in limits if limit.reached(spent)), None)


def money(amount: float, sign: str = "$") -> str:
    """An amount as it is read: two decimals, and four where they would hide most of it."""
    if 0 < amount < 0.0001:
        return f"<{sign}0.0001"
    decimals = 4 if amount < 0.01 and amount != round(amount, 2) else 2
    return f"{sign}{amount:,.{decimals}f}"
