"""Requests in flight: who waits for them, who may join, and when they are given up.

The engine owns the task of a request, so that a client's cancel, which VS Code sends at every keystroke, ends
a wait and not the request: the next keystroke usually wants the very same text.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Literal
from uuid import uuid4

from codestral_ls.core.suggestion import Place, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from codestral_ls.core.model import Chunk, Finish, ModelError, Profile, Usage
    from codestral_ls.core.prompt import Mode, Site
    from codestral_ls.core.suggestion import Known

logger = logging.getLogger(__name__)

LINES_BEYOND = 3
"""So many lines behind an answer are read on, as what comes next once the answer is accepted."""

Outcome = Literal["landed", "diverged", "superseded"]


class Waiter:
    """One request of the editor, until it is answered. The first outcome counts."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self._outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

    def resolve(self, outcome: Outcome) -> None:
        if not self._outcome.done():
            self._outcome.set_result(outcome)

    async def outcome(self, within: float | None = None) -> Outcome | None:
        """What became of it; None if nothing did in so many seconds."""
        await asyncio.wait((self._outcome,), timeout=within)
        return self._outcome.result() if self._outcome.done() else None


class Turns:
    """Who waits for each document's newest request. A newer one answers the older at once: with nothing."""

    def __init__(self) -> None:
        self._waiting: dict[str, list[Waiter]] = {}

    def take(self, site: Site) -> Waiter:
        """A new request."""
        self.end(site.document.uri)
        return self.beside(site)

    def beside(self, site: Site) -> Waiter:
        """One more who waits, for the same request."""
        waiter = Waiter(site)
        self._waiting.setdefault(site.document.uri, []).append(waiter)
        return waiter

    def renew(self, waiter: Waiter) -> Waiter | None:
        """Wait again; None if a newer request came, or the document was closed, since the outcome."""
        if waiter not in self._waiting.get(waiter.site.document.uri, ()):
            return None
        self.leave(waiter)
        return self.beside(waiter.site)

    def leave(self, waiter: Waiter) -> None:
        waiting = self._waiting.get(waiter.site.document.uri, [])
        if waiter in waiting:
            waiting.remove(waiter)
        if not waiting:
            self._waiting.pop(waiter.site.document.uri, None)

    def end(self, uri: str) -> None:
        for waiter in self._waiting.pop(uri, ()):
            waiter.resolve("superseded")


class Flight:
    """One request to the models, made for one site, and what came of it so far. `profile` is that of the
    model that speaks.

    It has landed once its reply is whole. A model may go on then, behind what was wanted: where `beyond` is
    not None, it collects that, up to some whole lines.
    """

    def __init__(self, site: Site, mode: Mode, keep: Callable[[Flight], None] | None = None) -> None:
        """`keep` is called when it lands, before those who wait are told."""
        self.id = uuid4().hex
        self.site = site
        self.mode: Mode = mode
        self.place = Place.of(site)
        self.raw = ""
        self.finish: Finish | None = None
        self.usage: Usage | None = None
        self.error: ModelError | None = None
        self.known: Known | None = None
        self.profile: Profile | None = None
        self.landed = False
        self.beyond: str | None = None
        self._keep = keep
        self._more = 0
        self._pieces: list[tuple[int, float]] = []
        self._waiters: list[Waiter] = []

    @property
    def reply(self) -> Reply | None:
        """The whole reply; None where it failed or was cut off."""
        if self.finish in (None, "error") or self.error is not None:
            return None
        return Reply(self.id, self.raw, self.finish or "stop", self.mode, tuple(self._pieces), self.usage)

    @property
    def is_served(self) -> bool:
        """Whether nothing more is wanted of the model."""
        return self.landed and (self.beyond is None or self.beyond.lstrip("\n").count("\n") >= LINES_BEYOND)

    @property
    def said(self) -> int:
        """The characters that the model made."""
        return len(self.raw) + self._more

    def agrees(self, site: Site) -> bool:
        """Whether what was typed since can still become what the model is saying."""
        typed = self.place.typed_since(site)
        return typed is not None and (self.raw.startswith(typed) or typed.startswith(self.raw))

    def carry(self, waiter: Waiter) -> None:
        self._waiters.append(waiter)

    def add(self, chunk: Chunk) -> None:
        """Take in a chunk, and let go of those whose text it contradicts."""
        if self.landed:
            self._go_on(chunk)
            return
        self.raw += chunk.text
        self.finish = chunk.finish or self.finish
        self.usage = chunk.usage or self.usage
        if chunk.logprob is not None:
            self._pieces.append((len(self.raw), chunk.logprob))
        self._resolve_where_lost()

    def replay(self, reply: Reply) -> None:
        """Take in a reply that was kept."""
        self.raw, self.finish, self._pieces = reply.raw, reply.finish, list(reply.pieces)
        self.usage = reply.usage
        self._resolve_where_lost()

    def land(self) -> None:
        """The reply is whole, or there will be none."""
        if self.landed:
            return
        self.landed = True
        try:
            if self._keep:
                self._keep(self)
        finally:
            for waiter in self._waiters:
                waiter.resolve("landed")
            self._waiters.clear()

    def _go_on(self, chunk: Chunk) -> None:
        self._more += len(chunk.text)
        self.usage = chunk.usage or self.usage
        if self.beyond is not None:
            self.beyond += chunk.text
            # The last line is whole, too, if the model ends with it.
            self.beyond += "\n" if chunk.finish == "stop" else ""

    def _resolve_where_lost(self) -> None:
        for waiter in [waiter for waiter in self._waiters if not self.agrees(waiter.site)]:
            waiter.resolve("diverged")
            self._waiters.remove(waiter)


class Flights:
    """All requests in flight, at most as many at a time as `limit` says then."""

    def __init__(self, limit: Callable[[], int]) -> None:
        self._limit = limit
        self._tasks: dict[Flight, asyncio.Task[None]] = {}
        self._ending: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        """How many have not landed."""
        return sum(not flight.landed for flight in self._tasks)

    def join(self, waiter: Waiter) -> Flight | None:
        """Wait along with a running request that says what the waiter is typing."""
        if flight := self.agreeing(waiter.site):
            flight.carry(waiter)
        return flight

    def agreeing(self, site: Site) -> Flight | None:
        """A running request that says what was typed up to a site."""
        return next((flight for flight in self._tasks if not flight.landed and flight.agrees(site)), None)

    def start(self, flight: Flight, work: Coroutine[object, object, None]) -> None:
        """Run a request. Others of its document, which it could not join, are given up, and so is the oldest
        where there are too many."""
        for other in [f for f in self._tasks if f.place.uri == flight.place.uri and not f.landed]:
            self.give_up(other)
        while len(self._tasks) >= self._limit():
            self.give_up(next(iter(self._tasks)))
        task = asyncio.create_task(work)
        self._tasks[flight] = task
        task.add_done_callback(lambda task: self._landed(flight, task))

    def give_up(self, flight: Flight) -> None:
        if task := self._tasks.pop(flight, None):
            self._ending.add(task)
            task.cancel()

    def give_up_on(self, uri: str) -> None:
        """The document was closed."""
        for flight in [f for f in self._tasks if f.place.uri == uri]:
            self.give_up(flight)

    async def aclose(self) -> None:
        """Give up all requests and wait until their connections are closed."""
        for flight in list(self._tasks):
            self.give_up(flight)
        if self._ending:
            await asyncio.wait(set(self._ending))

    def _landed(self, flight: Flight, task: asyncio.Task[None]) -> None:
        self._tasks.pop(flight, None)
        self._ending.discard(task)
        flight.land()
        if not task.cancelled() and (error := task.exception()):
            logger.error("A completion request failed.", exc_info=error)
