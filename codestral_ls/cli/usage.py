"""`codestral-ls usage`: what was asked, what it cost, and what became of it, from the ledger."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codestral_ls.cli.failure import Failure
from codestral_ls.cli.terminal import print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Mapping
    from datetime import date

    from codestral_ls.core.budget import Limit, Spent
    from codestral_ls.core.config import Price
    from codestral_ls.engine.ledger import Record
    from codestral_ls.engine.usage import Figures, Summary

BY = ("day", "model", "project", "task")

DESCRIPTION = """\
Requests, tokens and costs, how long requests took, and how many suggestions were shown, accepted and kept:
by day, model and project, from a ledger that never leaves this machine.

  codestral-ls usage                         the last 30 days
  codestral-ls usage --days 7 --by project   where the tokens of a week went
  codestral-ls usage --plot usage.svg        the days as a picture, too
"""

EPILOG = """\
Asked      requests that went out to a model
cached     share of the tokens in that the host had in its cache: cheaper, and faster
Cost       US dollars, by the price at the time of the request: of the setting budget.prices, or published;
           "~": partly estimated, as hosts do not count the tokens of a stream that is ended early;
           "+?": and some requests more, whose price is not known
Accepted   in whole or in part, and the share of those shown, which is: in sight for 0.3 s
Kept       median similarity of an accepted text to what stands there five minutes later
p50, p90   half, and nine in ten, of the requests took no longer
"""


@dataclass(frozen=True, slots=True)
class Report:
    """What there is to show: `broken` lines of `file` could not be read."""

    file: Path
    broken: int
    summary: Summary
    limits: tuple[Limit, ...]
    spent: Spent
    prices: Mapping[tuple[str, str], Price | None]


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    import argparse

    parser = subparsers.add_parser(
        "usage",
        help="requests, tokens, costs, and what became of the suggestions",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--days", type=_days, default=30, metavar="N", help="the last N days (default: 30)")
    parser.add_argument("--by", choices=BY, help="this table only (default: day, model and project)")
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the days into a file")
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help="read this instead of the user's settings file"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises Failure where the ledger cannot be read or the plot not be written."""
    from codestral_ls.cli.usage_text import print_report

    report = _report(args.config, args.days)
    days = report.summary.groups["day"]
    if args.json:
        print_json(_facts(report))
    elif days:
        print_report(report, (args.by,) if args.by else BY[:3])
    else:
        print(
            f"Nothing was suggested in the last {args.days} days: there are no figures in {report.file} yet."
        )
    if args.plot and days:
        _plot(args.plot, report)
    return 0


def _days(text: str) -> int:
    import argparse

    if not (text.isdecimal() and 1 <= int(text) <= 36_500):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to 36500")
    return int(text)


def _report(config: Path | None, days: int) -> Report:
    import os
    from datetime import date, timedelta

    from codestral_ls.core.budget import limits
    from codestral_ls.core.prices import price_of
    from codestral_ls.engine.settings import ledger_file, load

    merged = load(config, ())
    for problem in merged.problems:
        print(f"codestral-ls: {problem}", file=sys.stderr)
    budget = merged.settings.budget
    today = date.today()
    file = ledger_file(os.environ)
    try:
        summary, spent, broken = _summed(file, today - timedelta(days=days - 1), today)
    except OSError as error:
        raise Failure(f"The ledger {file} cannot be read: {error.strerror}.") from None
    prices = {product: price_of(*product, budget.prices) for product in summary.products}
    return Report(file, broken, summary, limits(budget), spent, prices)


def _summed(file: Path, first: date, today: date) -> tuple[Summary, Spent, int]:
    """The figures from the first day on, what was spent this month, and the number of broken lines."""
    from collections import defaultdict
    from datetime import date, datetime, time

    from codestral_ls.core.budget import Spent
    from codestral_ls.engine.ledger import Reader
    from codestral_ls.engine.usage import summarize

    # Days are the user's own, from midnight to midnight.
    reader = Reader(file, datetime.combine(min(first, today.replace(day=1)), time()).timestamp())
    start = datetime.combine(first, time()).timestamp()
    dollars: defaultdict[date, float] = defaultdict(float)

    def counted() -> Iterator[Record]:
        for record in reader:
            dollars[date.fromtimestamp(record.time)] += record.cost_usd or 0.0
            if record.time >= start:
                yield record

    summary = summarize(counted(), lambda moment: date.fromtimestamp(moment).isoformat())
    return summary, Spent.of(dollars, today), reader.broken


def _facts(report: Report) -> dict[str, Any]:
    groups = {
        f"{group}s": {name: _figures(figures) for name, figures in named.items()}
        for group, named in report.summary.groups.items()
    }
    limits = [
        {"setting": limit.setting, "limit": limit.amount, "spent": round(limit.used(report.spent), 6)}
        for limit in report.limits
    ]
    return {
        "ledger": str(report.file),
        "unreadable_lines": report.broken,
        "spent_usd": {"today": round(report.spent.day, 6), "this_month": round(report.spent.month, 6)},
        "budget": limits,
        "prices": [_price(*product, price) for product, price in report.prices.items()],
        "total": _figures(report.summary.total),
        **groups,
    }


def _price(host: str, model: str, price: Price | None) -> dict[str, Any]:
    from msgspec.structs import asdict

    return {"host": host, "model": model, "usd_per_million_tokens": price and asdict(price)}


def _figures(figures: Figures) -> dict[str, Any]:
    median, tenth = figures.latency or (None, None)
    return {
        "requests": figures.requests,
        "failed": figures.failed,
        "given_up": figures.given_up,
        "prompt_tokens": figures.prompt_tokens,
        "cached_tokens": figures.cached_tokens,
        "completion_tokens": figures.completion_tokens,
        "cached_share": figures.cached_share,
        "requests_with_estimated_tokens": figures.estimated,
        "cost_usd": round(figures.dollars, 6),
        "requests_of_unknown_cost": figures.unpriced,
        **figures.counts,
        "accepted_in_menu": figures.listed,
        "accepted_share": figures.share,
        "accepted_characters": figures.characters,
        "retained": figures.retained,
        "latency_ms": {"median": median, "p90": tenth},
    }


def _plot(file: Path, report: Report) -> None:
    from codestral_ls.cli.plot import plot

    try:
        file.write_text(plot(report.summary.groups["day"], report.limits), encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file} cannot be written: {error.strerror}.") from None
