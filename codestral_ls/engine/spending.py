"""Dollars by day: what this server spent, and what the others did that write the same ledger."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict, deque
from datetime import date, datetime
from typing import TYPE_CHECKING

from codestral_ls.core.budget import Spent
from codestral_ls.engine.ledger import Reader

if TYPE_CHECKING:
    from concurrent.futures import Future

    from codestral_ls.engine.ledger import Ledger

logger = logging.getLogger(__name__)


class Spending:
    """Counts nothing before `follow`, and without a ledger's file only what this server spends.

    The event loop calls it; the ledger's thread reads, and hands over what it found.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._follows = False
        self._summed = False
        self._readable = True
        self._reader: Reader | None = None
        self._days: defaultdict[date, float] = defaultdict(float)
        self._mine: Counter[str] = Counter()
        self._found: deque[tuple[str, date, float]] = deque()

    def follow(self) -> Future[None] | None:
        """Add up this month, and go on from there. The future is done when that is known."""
        self._follows = True
        if self._reader is None and self._ledger.file is not None:
            today = date.fromtimestamp(self._ledger.now())
            self._reader = Reader(self._ledger.file, datetime(today.year, today.month, 1).timestamp())
        return self.read_on()

    def add(self, suggestion: str, day: date, dollars: float) -> None:
        """This server spent something; to be called before the ledger is."""
        if self._follows:
            self._days[day] += dollars
        if self._reader:
            self._mine[suggestion] += 1

    def read_on(self) -> Future[None] | None:
        """Have the ledger's thread look what was written since."""
        return self._ledger.later(self._look) if self._reader else None

    def spent(self, today: date) -> Spent:
        """What is known."""
        while self._found:
            suggestion, day, dollars = self._found.popleft()
            if not self._is_mine(suggestion):
                self._days[day] += dollars
        return Spent.of(self._days, today)

    def _is_mine(self, suggestion: str) -> bool:
        """Whether it was counted when it was spent; asked once for each record."""
        if suggestion not in self._mine:
            return False
        self._mine[suggestion] -= 1
        if not self._mine[suggestion]:
            del self._mine[suggestion]
        return True

    def _look(self) -> None:
        assert self._reader
        try:
            for record in self._reader:
                # "spent" repeats what was read before, but for the first time.
                if record.cost_usd and (record.kind == "asked" or not self._summed):
                    self._found.append((record.suggestion, date.fromtimestamp(record.time), record.cost_usd))
            self._summed = True
        except OSError as error:
            if self._readable:
                logger.warning("The budget misses what others spend: %s.", error.strerror)
            self._readable = False
