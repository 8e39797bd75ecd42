"""The completion path. `Completer.complete` tells the whole story: everything that can answer without the
network comes before everything that waits."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections import defaultdict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING
from uuid import uuid4

from codestral_ls.core.gate import back_off, typed_on, worth_asking
from codestral_ls.core.mode import mode_at
from codestral_ls.core.prompt import Budget, Start, build_fim, steady_suffix, window, window_start
from codestral_ls.core.suggestion import beyond, know, know_next
from codestral_ls.core.syntax import definition_lines, parse_window
from codestral_ls.engine.cache import PrefixIndex
from codestral_ls.engine.flight import Flight, Flights, Turns
from codestral_ls.engine.memory import Memory

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from codestral_ls.core.gate import Burst
    from codestral_ls.core.model import FimRequest, Profile
    from codestral_ls.core.prompt import Mode, Site, Trigger
    from codestral_ls.core.suggestion import Known, Source, Suggestion
    from codestral_ls.engine.carrier import Carrier
    from codestral_ls.engine.flight import Waiter
    from codestral_ls.engine.options import Options
    from codestral_ls.engine.streak import Reception
    from codestral_ls.engine.workspace import Workspace

OTHERS_TEMPERATURE = 0.4
SINGLE_LINE_TOKENS = 48
BEYOND_TOKENS = 48
MULTI_LINE_TOKENS = 160

# Where fewer suggestions are accepted than this share, the model is not let go on behind an answer.
STREAK_ACCEPTANCE = 0.2

# Source text takes 1 ms to parse; on text made to be hard, grammars would hold up the server for seconds.
PARSE_SECONDS = 0.03


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer is known: this suggestion, or that there is none."""

    suggestion: Suggestion | None


class Completer:
    """Completions by one chain of models with one configuration. Another of them makes another completer."""

    def __init__(
        self,
        carrier: Carrier,
        workspace: Workspace,
        options: Options,
        reception: Reception,
    ) -> None:
        self._carrier = carrier
        self._workspace = workspace
        self._options = options
        self._reception = reception
        self._index = PrefixIndex(carrier.clock)
        self._turns = Turns()
        self._flights = Flights(lambda: carrier.profile.streams)
        self._memories: defaultdict[str, Memory] = defaultdict(Memory)
        self._session = secrets.token_bytes(16)

    @property
    def profile(self) -> Profile:
        """Of the first model, for which prompts are built. It may change while that is asked."""
        return self._carrier.first.profile

    async def complete(self, site: Site, trigger: Trigger) -> Suggestion | None:
        """What to show at a site; None for nothing. Never raises a `ModelError`: completion fails quietly."""
        waiter = self._turns.take(site)
        memory = self._memories[site.document.uri]
        burst = memory.burst = typed_on(memory.burst, site)
        try:
            if not self._allowed(site, trigger):
                return None
            if answer := self._known(site, trigger):
                self._look_ahead(site, trigger)
                return answer.suggestion
            if trigger == "automatic" and not self._worth_asking(site, burst):
                return None
            if flight := self._flights.join(waiter):
                if await waiter.outcome() == "superseded":
                    return None
                if answer := self._landed(flight, site, trigger, "joined"):
                    return answer.suggestion
                if (renewed := self._turns.renew(waiter)) is None:
                    return None
                waiter = renewed
            if trigger == "automatic" and not await self._coalesced(waiter, burst):
                return None
            flight = self._take_off(site, trigger)
            flight.carry(waiter)
            if await waiter.outcome() == "superseded":
                return None
            answer = self._landed(flight, site, trigger, "model")
            return answer.suggestion if answer else None
        finally:
            self._turns.leave(waiter)

    async def candidates(self, site: Site, trigger: Trigger = "invoked") -> tuple[Suggestion, ...]:
        """Several different suggestions for a user who asked, that of `complete` first; and while he goes on
        with one of them, what is left of each that still fits. The others are asked for one by one beside the
        first, where the model takes two requests at a time."""
        if trigger == "automatic":
            suggestion = await self.complete(site, trigger)
            return self._memories[site.document.uri].beside(suggestion, site) if suggestion else ()
        left = self._memories[site.document.uri].fitting(site)
        more = self._options.candidates - max(len(left), 1)
        first, others = await asyncio.gather(self.complete(site, trigger), self._others(site, more))
        memory = self._memories.get(site.document.uri)
        return memory.show(first, (*left, *others), site) if memory else ()

    def follow(self, suggestion_id: str) -> None:
        """The editor shows this one of several candidates: what is left of it comes first from now on."""
        for memory in self._memories.values():
            memory.follow(suggestion_id)

    def forget(self, uri: str) -> None:
        """A document was closed: nothing of it is kept in memory, nothing more is asked for it."""
        self._turns.end(uri)
        self._flights.give_up_on(uri)
        self._index.forget(uri)
        self._memories.pop(uri, None)

    async def aclose(self) -> None:
        """End all requests and wait until their connections are closed. The model stays open."""
        await self._flights.aclose()

    def _allowed(self, site: Site, trigger: Trigger) -> bool:
        if site.document.length > self._options.max_characters:
            return False
        if not self._carrier.may_ask(by_hand=trigger == "invoked"):
            return False
        return self._workspace.why_refused(site.document) is None

    def _known(self, site: Site, trigger: Trigger) -> Answer | None:
        """The rest of the last suggestion, or of another that was made on the way here."""
        memory = self._memories[site.document.uri]
        if suggestion := memory.rest(site):
            return Answer(suggestion) if memory.asked_for else _confident(suggestion, trigger)
        if found := self._index.find(site):
            memory.last, suggestion = found
            return _confident(suggestion, trigger) if suggestion else _none(trigger)
        suggestion = memory.last.ahead(site) if memory.last else None
        return _confident(suggestion, trigger) if suggestion else None

    def _look_ahead(self, site: Site, trigger: Trigger) -> None:
        """Ask on a new line, while what was foreseen is shown there: it was said a line earlier, and where it
        turns out to be wrong, something better is at hand."""
        last = self._memories[site.document.uri].last
        if not (last and last.foreseen) or site.line_head.strip() or trigger == "invoked":
            return
        if not (self._index.has(site) or self._flights.agreeing(site)):
            self._take_off(site, trigger)

    def _landed(self, flight: Flight, site: Site, trigger: Trigger, source: Source) -> Answer | None:
        """What a flight says about a site; None if nothing, so that asking anew makes sense."""
        if flight.error or flight.known is None:
            return Answer(None) if flight.error else None
        memory = self._memories[site.document.uri]
        memory.last = flight.known
        suggestion = flight.known.at(site, source)
        memory.barren = memory.burst.start if memory.burst and not suggestion else None
        if suggestion is None:
            return _none(trigger) if flight.site is site else None
        return _confident(suggestion, trigger)

    def _worth_asking(self, site: Site, burst: Burst) -> bool:
        """Nor right behind a suggestion that was taken: what comes next begins with a key of the user's."""
        taken = self._memories[site.document.uri].is_taken(site)
        return not taken and worth_asking(site, burst, eager=self._carrier.first.is_slow)

    async def _coalesced(self, waiter: Waiter, burst: Burst) -> bool:
        """Wait a moment where more changes are likely, where a request is running already, or where the model
        had nothing to say of what is typed; False if a newer one came meanwhile."""
        document = waiter.site.document
        refused = back_off(self._reception.ignored_in_a_row(document.language))
        doubtful = len(self._flights) > 0 or self._memories[document.uri].barren == burst.start
        delay = max(burst.quiet, refused, self._options.debounce if doubtful else 0.0)
        return delay == 0.0 or await waiter.outcome(delay) is None

    def _take_off(self, site: Site, trigger: Trigger) -> Flight:
        """Build the prompt, without a pause in which the document could change, and send it."""
        goes_on = self._goes_on(site)
        mode, request = self._prepared(site, trigger, goes_on=goes_on)
        flight = Flight(site, mode, partial(self._keep, goes_on=goes_on))
        self._flights.start(flight, self._fly(flight, request, trigger))
        return flight

    def _goes_on(self, site: Site) -> bool:
        """Whether the model is let go on behind an answer: suggestions are wanted, and no request waits for
        its time."""
        wanted = self._reception.acceptance(site.document.language) >= STREAK_ACCEPTANCE
        return wanted and self._options.multiline and self._carrier.profile.streams > 1

    def _prepared(self, site: Site, trigger: Trigger, *, goes_on: bool = False) -> tuple[Mode, FimRequest]:
        view = parse_window(site.document, site.position[0], deadline=self._after(PARSE_SECONDS))
        several = self._options.multiline and self._carrier.profile.max_lines > 1
        mode: Mode = mode_at(site, trigger, view) if several else "single"
        request = self._request(site, mode, definition_lines(view) if view else ())
        if goes_on and mode == "single":
            more = 0 if self._options.max_tokens else BEYOND_TOKENS
            request = replace(request, stop=(), max_tokens=request.max_tokens + more)
        return mode, request

    def _request(self, site: Site, mode: Mode, definitions: Sequence[int]) -> FimRequest:
        scale, options, profile = self._carrier.first.scale, self._options, self.profile
        before = profile.prefix_tokens if options.prefix_tokens is None else options.prefix_tokens
        behind = profile.suffix_tokens if options.suffix_tokens is None else options.suffix_tokens
        budget = Budget(prefix=scale.characters(before), suffix=scale.characters(behind))
        reply = options.max_tokens or (SINGLE_LINE_TOKENS if mode == "single" else MULTI_LINE_TOKENS)
        memory = self._memories[site.document.uri]
        start = window_start(site, budget, definitions, memory.start)
        view = window(site, budget, start)
        suffix = steady_suffix(view.suffix, memory.suffix)
        memory.start, memory.suffix = Start.of(site.document, start), suffix
        return build_fim(replace(view, suffix=suffix), mode, reply, self._cache_key(site.document.uri))

    def _cache_key(self, uri: str) -> str:
        """One for each document and session, from which neither can be told."""
        return hashlib.sha256(self._session + uri.encode()).hexdigest()[:32]

    async def _fly(self, flight: Flight, request: FimRequest, trigger: Trigger) -> None:
        await self._carrier.carry_out(flight, request, by_hand=trigger == "invoked")
        flight.land()
        if flight.beyond and flight.known:
            following = know_next(flight.site, flight.known, flight.beyond, uuid4().hex)
            if following and following.polished.text:
                self._index.put(following)

    def _keep(self, flight: Flight, *, goes_on: bool) -> None:
        """A reply is whole."""
        if known := self._polished(flight):
            flight.known = known
            flight.beyond = beyond(known) if goes_on else None
            self._index.put(known)

    async def _others(self, site: Site, count: int) -> list[Known]:
        """As many more as were found until a newer request came, as that wants the streams."""
        found: list[Known] = []
        waiter = self._turns.beside(site)
        asking = asyncio.create_task(self._ask_others(site, count, found))
        asking.add_done_callback(lambda _: waiter.resolve("landed"))
        try:
            await waiter.outcome()
        finally:
            self._turns.leave(waiter)
            asking.cancel()
            await asyncio.wait((asking,))
        return found

    async def _ask_others(self, site: Site, count: int, found: list[Known]) -> None:
        for seed in range(1, count + 1) if self._carrier.profile.streams > 1 else ():
            if not self._allowed(site, "invoked"):
                break
            mode, request = self._prepared(site, "invoked")
            flight = Flight(site, mode)
            request = replace(request, temperature=OTHERS_TEMPERATURE, seed=seed)
            await self._carrier.carry_out(flight, request, by_hand=True)
            if known := self._polished(flight):
                found.append(known)

    def _after(self, seconds: float) -> Callable[[], bool]:
        """Says true once so much time has passed."""
        clock = self._carrier.clock
        end = clock() + seconds
        return lambda: clock() > end

    def _polished(self, flight: Flight) -> Known | None:
        if flight.reply is None or flight.profile is None:
            return None
        return know(flight.site, flight.reply, flight.profile, self._options.min_chars)


def _confident(suggestion: Suggestion, trigger: Trigger) -> Answer:
    """Nothing that the model itself doubts, unless the user asked for it."""
    return Answer(None if suggestion.doubted and trigger == "automatic" else suggestion)


def _none(trigger: Trigger) -> Answer | None:
    """The model has nothing to say here. Who asks for it in spite of that may have it asked again."""
    return Answer(None) if trigger == "automatic" else None
