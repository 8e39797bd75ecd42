"""How the last suggestions were received, for the engine to ask less where nobody wants any."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

IDLE = 300.0
"""Seconds without a verdict, after which the row of ignored ones begins anew."""

# The share that is accepted usually, and how much each verdict counts.
USUAL = 0.3
WEIGHT = 0.1


class Reception(Protocol):
    """How the suggestions so far were received, by language."""

    def ignored_in_a_row(self, language: str) -> int:
        """How many were seen and not wanted since the last that was."""

    def acceptance(self, language: str) -> float:
        """The share that was wanted, of those that were seen lately."""


@dataclass(slots=True)
class _Streak:
    ignored: int = 0
    share: float = USUAL
    last: float = 0.0


class Streaks:
    """In memory, by language."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._streaks: dict[str, _Streak] = {}

    def add(self, language: str, *, wanted: bool) -> None:
        """A suggestion that was seen got its verdict."""
        ignored = self.ignored_in_a_row(language)
        streak = self._streaks.setdefault(language, _Streak())
        streak.ignored = 0 if wanted else ignored + 1
        streak.share += WEIGHT * (wanted - streak.share)
        streak.last = self._clock()

    def ignored_in_a_row(self, language: str) -> int:
        streak = self._streaks.get(language)
        return streak.ignored if streak and self._clock() - streak.last < IDLE else 0

    def acceptance(self, language: str) -> float:
        """The share of suggestions that were wanted, of those that were seen: from 0 to 1, the latest
        counting most, `USUAL` at first."""
        streak = self._streaks.get(language)
        return streak.share if streak else USUAL
