"""The report of `codestral-ls usage` as tables of a terminal's width, and what has to be said about them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from codestral_ls.core.budget import money
from codestral_ls.core.prices import describe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from rich.console import Console

    from codestral_ls.cli.usage import Report
    from codestral_ls.engine.usage import Figures

PIPE_WIDTH = 140
"""Characters of a line where there is no terminal."""

WIDE = 98
"""Characters from which there is room for every column."""

KEPT_AFTER = 300

# What the rows are called whose record has no name.
_NAMELESS = {"model": "none", "project": "no project"}


def print_report(report: Report, by: Sequence[str]) -> None:
    """Print a table for each of the groups, then the budget, the prices, and what is missing."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else PIPE_WIDTH, highlight=False)
    for group, rows in report.summary.groups.items():
        if group in by:
            total = {"all": report.summary.total} if len(rows) > 1 else {}
            _print_table(console, group, {**(rows if group == "day" else _dearest_first(rows)), **total})
            console.print()
    for line in (*_budget(report), *_prices(report), *_remarks(report)):
        console.print(line, markup=False, soft_wrap=True)


def _dearest_first(rows: Mapping[str, Figures]) -> dict[str, Figures]:
    return dict(sorted(rows.items(), key=lambda row: (-row[1].dollars, -row[1].requests)))


def _print_table(console: Console, group: str, rows: Mapping[str, Figures]) -> None:
    from rich.table import Table
    from rich.text import Text

    columns = [column for column in _COLUMNS if console.width >= WIDE or column not in _SPARE]
    table = Table(box=None, pad_edge=False)
    table.add_column(f"\n{group.capitalize()}", overflow="fold")
    for column in columns:
        table.add_column(column, justify="right", no_wrap=True)
    for name, figures in rows.items():
        shown = Text(name or _NAMELESS.get(group, ""))
        table.add_row(shown, *(_COLUMNS[column](figures) for column in columns))
    console.print(table)


def _cost(figures: Figures) -> str:
    if figures.unpriced and figures.unpriced == figures.requests and not figures.dollars:
        return "?"
    more = "+?" if figures.unpriced else ""
    return f"{'~' if figures.estimated and figures.dollars else ''}{money(figures.dollars)}{more}"


def _count(number: int) -> str:
    if number < 10_000:
        return f"{number:,}"
    return f"{number / 1e3:,.0f}k" if number < 1e6 else f"{number / 1e6:,.1f}M"


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _seconds(milliseconds: float | None) -> str:
    if milliseconds is None:
        return "–"
    return f"{milliseconds:,.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:,.1f} s"


_COLUMNS: Mapping[str, Callable[[Figures], str]] = {
    "\nAsked": lambda figures: f"{figures.requests:,}",
    "Tokens\nin": lambda figures: _count(figures.prompt_tokens),
    "\ncached": lambda figures: _percent(figures.cached_share),
    "\nout": lambda figures: _count(figures.completion_tokens),
    "\nCost": _cost,
    "\nShown": lambda figures: f"{figures.counts['shown']:,}",
    "\nAccepted": lambda figures: f"{figures.taken:,} {_percent(figures.share):>4}",
    "\nKept": lambda figures: _percent(figures.retained[KEPT_AFTER]),
    "Latency\np50": lambda figures: _seconds(figures.latency and figures.latency[0]),
    "\np90": lambda figures: _seconds(figures.latency and figures.latency[1]),
}
_SPARE = frozenset({"\ncached", "\nKept", "\np90"})


def _budget(report: Report) -> Iterator[str]:
    for limit in report.limits:
        used, amount = money(limit.used(report.spent), limit.sign), money(limit.amount, limit.sign)
        until = f", spent until {limit.until(report.spent)}" if limit.reached(report.spent) else ""
        yield f"Budget of this {limit.period}: {used} of {amount} ({limit.setting}){until}."


def _prices(report: Report) -> Iterator[str]:
    for (host, model), price in report.prices.items():
        yield describe(host, model, price)


def _remarks(report: Report) -> Iterator[str]:
    total = report.summary.total
    if total.estimated:
        counted = "and none of them taken for cached: the host did not tell"
        yield f"~ The tokens of {_requests(total.estimated)} are estimated, {counted}."
    if total.unpriced:
        yield f"? The cost of {_requests(total.unpriced)} is not known."
    if total.failed:
        yield f"{_requests(total.failed)} failed."
    if total.given_up:
        yield f"{_requests(total.given_up)} ended early: nobody wanted the reply any more."
    if report.broken:
        yield f"{report.broken:,} lines of {report.file} are unreadable and were left out."


def _requests(number: int) -> str:
    return f"{number:,} request" if number == 1 else f"{number:,} requests"
