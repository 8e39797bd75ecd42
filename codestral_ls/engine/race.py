"""Several models for one request: another is asked where one fails or is slow; who speaks first is taken."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from codestral_ls.core.model import FimRequest, ModelError
    from codestral_ls.engine.flight import Flight
    from codestral_ls.engine.link import Link

    Ask = Callable[["Race", Link, bool], Coroutine[object, object, None]]
    Choose = Callable[["Race"], Link | None]

HEDGED_SHARE = 0.1
MOST_HEDGES_AT_ONCE = 3.0


class HedgeBudget:
    """A token bucket: of ten requests, one may be put to a second model because the first is slow."""

    def __init__(self) -> None:
        self._tokens = MOST_HEDGES_AT_ONCE

    def earn(self) -> None:
        """A request was made."""
        self._tokens = min(self._tokens + HEDGED_SHARE, MOST_HEDGES_AT_ONCE)

    def spend(self) -> bool:
        """Whether a request may be hedged, which is then done."""
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True


class Race:
    """The links that are asked for one flight. `ask` runs one of them and says when it `begins`."""

    def __init__(self, flight: Flight, request: FimRequest, ask: Ask, choose: Choose) -> None:
        """`choose` names the link to ask next; None where there is no other."""
        self.flight = flight
        self.request = request
        self.asked: list[Link] = []
        self.winner: Link | None = None
        self.error: ModelError | None = None
        self._ask = ask
        self._choose = choose
        self._tasks: dict[Link, asyncio.Task[None]] = {}
        self._settled = asyncio.Event()

    async def run(self, hedge_after: float, budget: HedgeBudget) -> None:
        """Ask one link, another as often as one fails, and a second, once, where `hedge_after` seconds have
        passed in silence. Returns when all streams are closed."""
        async with asyncio.TaskGroup() as group:
            hedge = partial(self._hedge, group, budget)
            timer = asyncio.get_running_loop().call_later(hedge_after, hedge) if hedge_after else None
            try:
                while not self.winner and (link := self._choose(self)):
                    self._start(group, link)
                    await self._settled.wait()
            finally:
                if timer:
                    timer.cancel()

    def begins(self, link: Link) -> bool:
        """A link speaks: whether it is the first. The others are closed at once."""
        if self.winner is None:
            self.winner = link
            self.flight.profile = link.profile
            for other, task in self._tasks.items():
                if other is not link:
                    task.cancel()
            self._settled.set()
        return self.winner is link

    def fails(self, link: Link, error: ModelError) -> None:
        """A link failed. What it said, if it is the winner, is dropped."""
        self.error = self.error or error
        if self.winner is link:
            self.flight.error = error

    def was_overtaken(self, link: Link) -> bool:
        """Whether one that was asked later spoke before it."""
        return self.winner is not None and self.asked.index(link) < self.asked.index(self.winner)

    def _hedge(self, group: asyncio.TaskGroup, budget: HedgeBudget) -> None:
        if self._tasks and not self.winner and (link := self._choose(self)) and budget.spend():
            self._start(group, link)

    def _start(self, group: asyncio.TaskGroup, link: Link) -> None:
        probe = link.breaker.begin()
        self.asked.append(link)
        self._settled.clear()
        self._tasks[link] = group.create_task(self._ask(self, link, probe))
        # Not at the end of the task's own code, which never runs if it is cancelled before it begins.
        self._tasks[link].add_done_callback(lambda _: self._ended(link, probe))

    def _ended(self, link: Link, probe: bool) -> None:
        del self._tasks[link]
        link.breaker.given_up(probe=probe)
        if not self._tasks:
            self._settled.set()
