"""`codestral-ls bench rewrite`: how small the edits of refactorings are, beside spans replaced as a whole."""

from __future__ import annotations

import statistics
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Iterator, Sequence

    from codestral_ls.bench.goldens import Golden

_BAD_INPUT = 2


@dataclass(frozen=True, slots=True)
class Change:
    """Characters taken out and put in by one reply: by its edits, and by its spans replaced as a whole."""

    edits: int
    spans: int

    @property
    def share(self) -> float:
        """What is edited, in percent of what would be replaced."""
        return 100 * self.edits / self.spans


@dataclass(frozen=True, slots=True)
class Figure:
    """A quantity over all replies: the median and the ninth tenth."""

    what: str
    median: float
    p90: float


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "rewrite",
        help="how much of a file a refactoring touches",
        description="Read replies of chat models as the product does, and count the characters that its edits"
        " take out and put in, beside those of spans that are replaced as a whole. No model is asked.",
    )
    parser.add_argument(
        "goldens", type=Path, metavar="FOLDER", help="replies in the form of fixtures/refactor"
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Measure and print. Returns the exit status: 2 where there is nothing to measure."""
    from codestral_ls.bench.goldens import read

    paths = sorted(args.goldens.rglob("*.toml"))
    try:
        goldens = [golden for path in paths for golden in read(path)]
    except (OSError, ValueError) as error:
        print(f"codestral-ls: {args.goldens} holds a file that cannot be used: {error}", file=sys.stderr)
        return _BAD_INPUT
    changes = list(measured(goldens))
    if len(changes) < 2:
        print(f"codestral-ls: There are not enough replies in {args.goldens}.", file=sys.stderr)
        return _BAD_INPUT
    figures = list(figures_of(changes))
    if args.json:
        import msgspec

        facts = {"replies": len(goldens), "applied": len(changes), "figures": [*map(asdict, figures)]}
        print(msgspec.json.encode(facts).decode())
        return 0
    print(f"{len(changes)} replies that are applied, of {len(goldens)}")
    print(f"{'characters taken out and put in':<36} {'median':>8} {'90 %':>8}")
    for figure in figures:
        print(f"{figure.what:<36} {figure.median:>8.0f} {figure.p90:>8.0f}")
    return 0


def measured(goldens: Iterable[Golden]) -> Iterator[Change]:
    """What each reply changes that is applied."""
    for golden in goldens:
        if golden.want is None:
            continue
        edits = golden.proposal().edits
        spans = [target.span for target in golden.ask().targets]
        touched = [span for span in spans if any(span.start <= edit.span.start <= span.end for edit in edits)]
        out, into = sum(edit.span.end - edit.span.start for edit in edits), sum(len(e.text) for e in edits)
        whole = sum(span.end - span.start for span in touched)
        yield Change(out + into, 2 * whole + into - out)


def figures_of(changes: Sequence[Change]) -> Iterator[Figure]:
    """The figures of at least two changes."""
    yield _figure("by the smallest edits", [change.edits for change in changes])
    yield _figure("by replacing whole spans", [change.spans for change in changes])
    yield _figure("the edits in percent of that", [change.share for change in changes])


def _figure(what: str, values: Sequence[float]) -> Figure:
    tenths = statistics.quantiles(values, n=10, method="inclusive")
    return Figure(what, statistics.median(values), tenths[-1])
