"""`codestral-ls usage`: what was asked, shown, accepted and kept, by day and by model, from the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from codestral_ls.cli.failure import Failure
from codestral_ls.cli.terminal import print_json

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from codestral_ls.engine.usage import Figures, Summary

COLUMNS = (
    "Requests",
    "Tokens in",
    "cached",
    "out",
    "Shown",
    "Accepted",
    "in part",
    "Share",
    "Characters",
    "Kept after {} s",
    "Latency, median and p90",
)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "usage",
        help="requests, tokens, and what became of the suggestions",
        description="Show requests, tokens, latency, and how many suggestions were shown, accepted and kept.",
        epilog="Share: accepted of shown, shown being in sight for 0.3 s. Kept: the median similarity of the"
        " accepted text to what stands there later. The ledger never leaves this machine.",
    )
    parser.add_argument("--days", type=_days, default=30, metavar="N", help="the last N days (default: 30)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    parser.add_argument("--plot", type=Path, metavar="FILE.svg", help="draw the days into a file")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises Failure where the ledger cannot be read or the plot not be written."""
    import os

    from codestral_ls.app import ledger_file

    file = ledger_file(os.environ)
    summary, broken = _summary(file, args.days)
    if args.json:
        _print_json(file, summary, broken)
    elif summary.days:
        _print_tables(summary)
    else:
        print(f"Nothing was suggested in the last {args.days} days: there are no figures in {file} yet.")
    if broken and not args.json:
        print(f"{broken:,} lines of {file} are unreadable and were left out.")
    if args.plot and summary.days:
        _plot(args.plot, summary)
    return 0


def _days(text: str) -> int:
    import argparse

    if not (text.isdecimal() and 1 <= int(text) <= 36_500):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of days from 1 to 36500")
    return int(text)


def _summary(file: Path, days: int) -> tuple[Summary, int]:
    from datetime import date, datetime, time, timedelta

    from codestral_ls.engine.ledger import Reader
    from codestral_ls.engine.usage import summarize

    # Days are the user's own, from midnight to midnight.
    first = date.today() - timedelta(days=days - 1)
    reader = Reader(file, datetime.combine(first, time()).timestamp())
    try:
        return summarize(reader, lambda moment: date.fromtimestamp(moment).isoformat()), reader.broken
    except OSError as error:
        raise Failure(f"The ledger {file} cannot be read: {error.strerror}.") from None


def _print_json(file: Path, summary: Summary, broken: int) -> None:
    facts = {
        "ledger": str(file),
        "unreadable_lines": broken,
        "total": _facts(summary.total),
        "days": {name: _facts(figures) for name, figures in summary.days.items()},
        "models": {name: _facts(figures) for name, figures in summary.models.items()},
    }
    print_json(facts)


def _facts(figures: Figures) -> dict[str, Any]:
    median, tenth = figures.latency or (None, None)
    return {
        "requests": figures.requests,
        "failed": figures.failed,
        "prompt_tokens": figures.prompt_tokens,
        "cached_tokens": figures.cached_tokens,
        "completion_tokens": figures.completion_tokens,
        **figures.counts,
        "accepted_in_menu": figures.listed,
        "accepted_share": figures.share,
        "accepted_characters": figures.characters,
        "retained": figures.retained,
        "latency_ms": {"median": median, "p90": tenth},
    }


def _print_tables(summary: Summary) -> None:
    _print_table("Day", {**summary.days, "all": summary.total} if len(summary.days) > 1 else summary.days)
    print()
    _print_table("Model", {name or "none": figures for name, figures in summary.models.items()})


def _print_table(first: str, rows: Mapping[str, Figures]) -> None:
    import sys

    from rich.console import Console
    from rich.table import Table

    from codestral_ls.engine.retention import AFTER

    table = Table(first, box=None, pad_edge=False)
    for column in COLUMNS:
        table.add_column(column.format(", ".join(map(str, AFTER))), justify="right")
    for name, figures in rows.items():
        table.add_row(name, *_cells(figures))
    Console(width=None if sys.stdout.isatty() else 180).print(table)


def _cells(figures: Figures) -> list[str]:
    numbers = (
        figures.requests,
        figures.prompt_tokens,
        figures.cached_tokens,
        figures.completion_tokens,
        figures.counts["shown"],
        figures.counts["accepted"],
        figures.counts["partial"],
    )
    latency = figures.latency
    return [
        *(f"{number:,}" for number in numbers),
        _percent(figures.share),
        f"{figures.characters:,}",
        " ".join(map(_percent, figures.retained.values())),
        f"{latency[0]:,.0f} {latency[1]:,.0f} ms" if latency else "–",
    ]


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _plot(file: Path, summary: Summary) -> None:
    from codestral_ls.cli.plot import plot

    try:
        file.write_text(plot(summary.days), encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file} cannot be written: {error.strerror}.") from None
