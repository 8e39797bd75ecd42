"""Carries one request out: from the disk, or from the first model of the chain that answers; and keeps the
accounts."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing
from typing import TYPE_CHECKING

from codestral_ls.core.model import ModelError, Unavailable
from codestral_ls.core.polish import enough
from codestral_ls.core.suggestion import hole_at
from codestral_ls.engine.accounts import GIVEN_UP, OK
from codestral_ls.engine.cache import disk_key
from codestral_ls.engine.link import Link, sent
from codestral_ls.engine.race import HedgeBudget, Race
from codestral_ls.engine.status import Status, StatusLine

if TYPE_CHECKING:
    from collections.abc import Callable

    from codestral_ls.core.model import FimRequest, Model, Profile
    from codestral_ls.core.polish import Hole
    from codestral_ls.engine.accounts import Accounts
    from codestral_ls.engine.cache import DiskTier
    from codestral_ls.engine.flight import Flight
    from codestral_ls.engine.status import OnStatus

MOST_OVERTAKEN = 2
"""So often in a row a model may be overtaken before it rests, as one that fails does."""


class Carrier:
    """The models that may answer, the best first. `add` appends to them."""

    def __init__(
        self,
        model: Model,
        *,
        disk: DiskTier | None,
        accounts: Accounts,
        clock: Callable[[], float],
        on_status: OnStatus,
        hedge_after: float = 0.0,
        instead: str = "",
        lot: Callable[[], float] = random.random,
    ) -> None:
        """After `hedge_after` seconds without a text the next model is asked as well; 0 is never. `instead`
        says why this model is the first and not the one that the settings name."""
        self.clock = clock
        self._disk = disk
        self._accounts = accounts
        self._hedge_after = hedge_after
        self._lot = lot
        self._links = [Link(model, clock, lot)]
        self._hedges = HedgeBudget()
        self._on_status = on_status
        self._line = StatusLine(on_status, self.first, instead)

    @property
    def profile(self) -> Profile:
        """That of the model that would be asked now."""
        return next((link for link in self._links if link.breaker.admits), self.first).profile

    @property
    def first(self) -> Link:
        """The one that the user wants."""
        return self._links[0]

    def add(self, model: Model) -> None:
        """One more model, to be asked where those before it cannot answer."""
        self._links.append(Link(model, self.clock, self._lot))

    def may_ask(self, *, by_hand: bool) -> bool:
        """Whether there is a model to ask. A user may ask in spite of a failure, unless that is for good."""
        return any(
            link.breaker.admits or (by_hand and not link.breaker.is_open_for_good) for link in self._links
        )

    async def warm(self) -> None:
        """Do now what would make the first request slow, or learn that the first model cannot answer."""
        first = self.first
        self._on_status(Status("working", f"Warming up {first.profile.label}.", first.profile.label))
        try:
            await first.model.warm()
        except ModelError as error:
            self._failed(first, error)
        self._line.rests()

    async def carry_out(self, flight: Flight, request: FimRequest, *, by_hand: bool = False) -> None:
        """Fill the flight with the reply, or with the error. Never raises a `ModelError`."""
        race = Race(flight, request, self._ask, lambda race: self._next(race, by_hand=by_hand))
        self._hedges.earn()
        try:
            await race.run(self._hedge_after if len(self._links) > 1 else 0.0, self._hedges)
        finally:
            self._line.rests()
        if not race.winner:
            flight.error = race.error or self.first.trouble

    def _next(self, race: Race, *, by_hand: bool) -> Link | None:
        """The first link that may be asked, and was not yet."""
        left = [link for link in self._links if link not in race.asked]
        for link in left:
            if link.breaker.admits and not self._is_refused(link):
                return link
        if race.asked or not by_hand:
            return None
        resting = (link for link in left if not link.breaker.is_open_for_good and not self._is_refused(link))
        return next(resting, None)

    def _is_refused(self, link: Link) -> bool:
        """Whether the budget does not allow it."""
        if (why := self._accounts.why_refused(link.profile)) is None:
            return False
        self._line.failed(link, ModelError(why))
        return True

    async def _ask(self, race: Race, link: Link, probe: bool) -> None:
        """One link's part in a race."""
        flight = race.flight
        request = race.request if link is self.first else link.fitted(race.request)
        key = disk_key(link.profile.identity, request, flight.mode)
        if self._disk and (reply := await self._disk.get(key)):
            if race.begins(link):
                flight.replay(reply)
            return
        self._line.working()
        started, outcome = self.clock(), OK
        try:
            await self._stream(race, link, request)
        except ModelError as error:
            outcome = type(error).__name__
            race.fails(link, error)
            self._failed(link, error, probe=probe)
        except asyncio.CancelledError:
            outcome = GIVEN_UP
            if race.was_overtaken(link):
                self._overtaken(link, probe=probe)
            raise
        else:
            self._answered(link)
        finally:
            self._account(race, link, request, self.clock() - started, outcome)
        if self._disk and race.winner is link and flight.reply:
            self._disk.put(key, flight.reply)

    async def _stream(self, race: Race, link: Link, request: FimRequest) -> None:
        flight = race.flight
        hole: Hole | None = None
        async with link.streams, aclosing(link.model.fim(request)) as chunks:
            started = self.clock()
            async for chunk in chunks:
                if not (chunk.text or chunk.finish or race.winner is link):
                    continue
                if not race.begins(link):
                    return
                flight.add(chunk)
                # Not before the request is out: it takes a third of a millisecond.
                if hole is None:
                    link.began(self.clock() - started)
                    hole = hole_at(flight.site, flight.mode, link.profile.max_lines)
                if flight.finish is None and enough(flight.raw, hole):
                    flight.finish = "stop"
                    flight.land()
                if flight.is_served:
                    return

    def _answered(self, link: Link) -> None:
        link.times_overtaken = 0
        link.breaker.succeeded()
        self._line.answered(link)

    def _failed(self, link: Link, error: ModelError, *, probe: bool = False) -> None:
        """Leave the host alone for a while, and tell the user why."""
        link.breaker.failed(error, probe=probe)
        self._line.failed(link, error)

    def _overtaken(self, link: Link, *, probe: bool) -> None:
        link.times_overtaken += 1
        if link.times_overtaken >= MOST_OVERTAKEN:
            slow = f"{link.profile.label} takes longer than {self._hedge_after:g} s to begin an answer."
            self._failed(link, Unavailable(slow), probe=probe)

    def _account(self, race: Race, link: Link, request: FimRequest, seconds: float, outcome: str) -> None:
        flight = race.flight
        usage = flight.usage if race.winner is link else None
        if usage:
            link.learn(request, usage)
        self._accounts.asked(
            flight.id,
            link.profile,
            uri=flight.place.uri,
            sent=sent(request),
            length=flight.said if race.winner is link else 0,
            usage=usage,
            scale=link.scale,
            milliseconds=round(seconds * 1000),
            outcome=outcome,
        )
