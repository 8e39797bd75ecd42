"""What the measurements of time have in common: a server set up for one, a stopwatch, a table."""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Awaitable, Callable, Coroutine, Mapping
    from pathlib import Path
    from typing import Any

    Round = Callable[[int], Coroutine[Any, Any, dict[str, list[float]]]]

KEY = "CODESTRAL_LS_BENCH_KEY"


def add_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--rounds", type=int, default=3, help="how often to repeat everything (default: 3)")
    parser.add_argument(
        "--requests", type=int, default=30, help="requests of each kind a round (default: 30)"
    )
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


def measure(args: argparse.Namespace, measures: Mapping[str, str], one_round: Round) -> int:
    """Run the rounds, each with so many requests, and print the milliseconds that they took. `measures` says
    what each is. Returns the exit status."""
    rounds = []
    for number in range(args.rounds):
        print(f"Round {number + 1} of {args.rounds} …", file=sys.stderr)
        rounds.append(asyncio.run(one_round(args.requests)))
    figures = {name: _figures([measured[name] for measured in rounds]) for name in measures}
    if args.json:
        import msgspec

        print(msgspec.json.encode(figures).decode())
    else:
        _show(figures, measures)
    return 0


def environment(folder: Path, base_url: str) -> dict[str, str]:
    """Of a server that keeps its own files in a folder and asks a model at an address."""
    config = folder / "config.toml"
    config.write_text(
        f'[completion]\nprovider = "mistral"\nbase_url = "{base_url}"\napi_key_env = "{KEY}"\n',
        encoding="utf-8",
    )
    places = {"CODESTRAL_LS_CACHE": str(folder / "cache"), "CODESTRAL_LS_STATE": str(folder / "state")}
    return {**os.environ, **places, "CODESTRAL_LS_CONFIG": str(config), KEY: "bench"}


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    """How many milliseconds some work takes."""
    started = time.perf_counter()
    await work()
    return (time.perf_counter() - started) * 1000


def _figures(rounds: list[list[float]]) -> dict[str, float]:
    """Milliseconds: median and 90th percentile of all, and the lowest and highest median of a round."""
    every = sorted(chain.from_iterable(rounds))
    medians = [statistics.median(times) for times in rounds]
    return {
        "median": round(statistics.median(every), 2),
        "p90": round(every[int(len(every) * 0.9)], 2),
        "lowest_median": round(min(medians), 2),
        "highest_median": round(max(medians), 2),
        "requests": len(every),
    }


def _show(figures: Mapping[str, Mapping[str, float]], measures: Mapping[str, str]) -> None:
    """Print a table, and below it what each measure is."""
    from rich.console import Console
    from rich.table import Table

    table = Table("milliseconds", "median", "p90", "medians of rounds", "requests")
    for name, row in figures.items():
        spread = f"{row['lowest_median']:.2f} – {row['highest_median']:.2f}"
        table.add_row(
            name,
            f"{row['median']:.2f}",
            f"{row['p90']:.2f}",
            spread,
            f"{row['requests']:.0f}",
        )
    console = Console(highlight=False)
    console.print(table)
    for name, meaning in measures.items():
        console.print(f"{name}: {meaning}", style="dim", soft_wrap=True)
