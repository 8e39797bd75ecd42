"""What the ledger amounts to, by day, model, project and task."""

from __future__ import annotations

import statistics
from array import array
from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal, get_args

from codestral_ls.engine.accounts import GIVEN_UP, OK
from codestral_ls.engine.retention import AFTER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from codestral_ls.engine.ledger import Record

COUNTED = ("shown", "accepted", "partial", "typed", "rejected", "ignored")

Group = Literal["day", "model", "project", "task"]

GROUPS: Final[tuple[Group, ...]] = get_args(Group)


@dataclass(eq=False, slots=True)
class Figures:
    """The sums over some records. `listed` of the accepted were a menu's entries, of which nobody knows how
    many were seen; latencies are in milliseconds.

    `dollars` are those that are known; `unpriced` requests cost nobody knows what. Of `estimated` ones the
    tokens were not told by the host, and none are taken for cached; `told_tokens` are those of the others.
    """

    requests: int = 0
    failed: int = 0
    given_up: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cached_tokens: int = 0
    told_tokens: int = 0
    dollars: float = 0.0
    unpriced: int = 0
    estimated: int = 0
    characters: int = 0
    listed: int = 0
    counts: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COUNTED, 0))
    latencies: array[int] = field(default_factory=lambda: array("Q"))
    kept: dict[int, array[float]] = field(default_factory=lambda: {after: array("d") for after in AFTER})

    def add(self, record: Record) -> None:
        """Take one more record into account."""
        self.dollars += record.cost_usd or 0.0
        if record.kind == "asked":
            self._add_request(record)
        elif record.kind == "retained":
            if record.after in self.kept and record.similarity is not None:
                self.kept[record.after].append(record.similarity)
        elif record.kind in self.counts:
            self.counts[record.kind] += 1
            if record.kind in ("accepted", "partial"):
                self.characters += record.length or 0
                self.listed += record.outcome == "menu"

    @property
    def taken(self) -> int:
        """How many were accepted, in whole or in part."""
        return self.counts["accepted"] + self.counts["partial"]

    @property
    def share(self) -> float | None:
        """How many of those that were shown were accepted, in whole or in part."""
        return (self.taken - self.listed) / self.counts["shown"] if self.counts["shown"] else None

    @property
    def cached_share(self) -> float | None:
        """How much of the prompts a host had in its cache, where it told."""
        return self.cached_tokens / self.told_tokens if self.told_tokens else None

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
        self.failed += record.outcome not in (OK, GIVEN_UP)
        self.given_up += record.outcome == GIVEN_UP
        self.prompt_tokens += record.prompt_tokens or 0
        self.completion_tokens += record.completion_tokens or 0
        self.cached_tokens += record.cached_tokens or 0
        self.told_tokens += 0 if record.estimated else record.prompt_tokens or 0
        self.unpriced += record.cost_usd is None
        self.estimated += record.estimated
        if record.outcome == OK and record.milliseconds is not None:
            self.latencies.append(max(record.milliseconds, 0))


@dataclass(frozen=True, slots=True)
class Summary:
    """All figures, those of each group by name, and the hosts and names of the models that were asked."""

    total: Figures
    groups: Mapping[Group, Mapping[str, Figures]]
    products: tuple[tuple[str, str], ...]


def summarize(records: Iterable[Record], day_of: Callable[[float], str]) -> Summary:
    """Add up records, in their order. `day_of` names the day of a time, so that the names' order is that of
    the days. What became of a suggestion counts for the model that answered, and the project and task that it
    was asked in. A model at a host is one, however it is asked."""
    total = Figures()
    groups: dict[Group, defaultdict[str, Figures]] = {group: defaultdict(Figures) for group in GROUPS}
    answers: dict[str, Record] = {}
    products: dict[str, tuple[str, str]] = {}
    for record in records:
        origin = record
        if record.kind != "asked":
            origin = answers.get(record.suggestion, record)
        elif record.outcome == OK:
            answers[record.suggestion] = record
        if origin.host:
            products[origin.model] = origin.host, origin.name
        names = (day_of(record.time), _model(origin.model, products), origin.project, origin.task)
        for figures in (total, *(groups[group][name] for group, name in zip(GROUPS, names, strict=True))):
            figures.add(record)
    return Summary(
        total,
        {group: dict(sorted(figures.items())) for group, figures in groups.items()},
        tuple(sorted(set(products.values()))),
    )


def _model(identity: str, products: Mapping[str, tuple[str, str]]) -> str:
    host, name = products.get(identity, ("", ""))
    return f"{name} at {host}" if host else identity
