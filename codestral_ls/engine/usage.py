"""What the ledger amounts to, by day and by model."""

from __future__ import annotations

import statistics
from array import array
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from codestral_ls.engine.retention import AFTER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from codestral_ls.engine.ledger import Record

COUNTED = ("shown", "accepted", "partial", "typed", "rejected", "ignored")


@dataclass(eq=False, slots=True)
class Figures:
    """The sums over some records. `listed` of the accepted were a menu's entries, of which nobody knows how
    many were seen; latencies are in milliseconds."""

    requests: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    characters: int = 0
    listed: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    latencies: array[int] = field(default_factory=lambda: array("Q"))
    kept: dict[int, array[float]] = field(default_factory=lambda: {after: array("d") for after in AFTER})

    def add(self, record: Record) -> None:
        """Take one more record into account."""
        if record.kind == "asked":
            self._add_request(record)
        elif record.kind == "retained":
            if record.after in self.kept and record.similarity is not None:
                self.kept[record.after].append(record.similarity)
        else:
            self.counts[record.kind] += 1
            if record.kind in ("accepted", "partial"):
                self.characters += record.length or 0
                self.listed += record.outcome == "menu"

    @property
    def share(self) -> float | None:
        """How many of those that were shown were accepted, in whole or in part."""
        taken = self.counts["accepted"] + self.counts["partial"] - self.listed
        return taken / self.counts["shown"] if self.counts["shown"] else None

    @property
    def latency(self) -> tuple[float, float] | None:
        """Median and ninth tenth of the time that a request took."""
        if len(self.latencies) < 2:
            return (self.latencies[0], self.latencies[0]) if self.latencies else None
        tenths = statistics.quantiles(self.latencies, n=10, method="inclusive")
        return tenths[4], tenths[8]

    @property
    def retained(self) -> dict[int, float | None]:
        """The median similarity of what stood there to what was accepted, by seconds since."""
        medians = {after: statistics.median(kept) if kept else None for after, kept in self.kept.items()}
        return {after: None if median is None else round(median, 3) for after, median in medians.items()}

    def _add_request(self, record: Record) -> None:
        self.requests += 1
        self.failed += record.outcome != "ok"
        self.prompt_tokens += record.prompt_tokens or 0
        self.completion_tokens += record.completion_tokens or 0
        self.cached_tokens += record.cached_tokens or 0
        if record.outcome == "ok" and record.milliseconds is not None:
            self.latencies.append(max(record.milliseconds, 0))


@dataclass(frozen=True, slots=True)
class Summary:
    """All figures, and those of each day and model."""

    total: Figures
    days: Mapping[str, Figures]
    models: Mapping[str, Figures]


def summarize(records: Iterable[Record], day_of: Callable[[float], str]) -> Summary:
    """Add up records. `day_of` names the day of a time, so that the names' order is that of the days."""
    total = Figures()
    days: defaultdict[str, Figures] = defaultdict(Figures)
    models: defaultdict[str, Figures] = defaultdict(Figures)
    for record in records:
        for figures in (total, days[day_of(record.time)], models[record.model]):
            figures.add(record)
    return Summary(total, dict(sorted(days.items())), dict(sorted(models.items())))
