"""Whatever models do: every request is answered, none has more streams than it takes, nothing is left over,
and what is mended is used again."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from codestral_ls.bench import clock
from codestral_ls.core.model import (
    BadReply,
    BadRequest,
    Chunk,
    Profile,
    RateLimited,
    Unauthorized,
    Unavailable,
)
from tests.engine.conftest import Rig, place

TIMEOUT = 10.0
LONGEST = TIMEOUT * 4
RECOVERED = 10.0
CLOSING = 0.3
ERRORS = (Unavailable("a"), RateLimited("b", 3.0), BadRequest("c"), BadReply("d"), Unauthorized("e"))

acts = st.one_of(
    st.tuples(st.just("fail"), st.floats(0, 3), st.sampled_from(ERRORS)),
    st.tuples(st.just("speak"), st.floats(0, 3), st.sampled_from(["a + b", "", "a\nb"])),
    st.tuples(st.just("break off"), st.floats(0, 3), st.just("a")),
    st.tuples(st.just("cut"), st.floats(0, 3), st.just("a +")),
    st.tuples(st.just("stall"), st.just(TIMEOUT), st.just("")),
)
models = st.tuples(st.lists(acts, min_size=1, max_size=4), st.integers(1, 2))
requests = st.lists(
    st.tuples(st.floats(0, 4), st.integers(0, 2), st.sampled_from(["automatic", "invoked"]), st.booleans()),
    min_size=1,
    max_size=25,
)


class ByLot:
    """Does one thing after the other, over and over, and counts requests and open streams."""

    def __init__(self, name: str, acts, streams: int) -> None:
        self.profile = Profile(name, name, streams=streams)
        self.asked = self.open = self.most = 0
        self.has_refused = False
        self._acts = acts

    def mend(self) -> None:
        """From now on all is well."""
        self._acts = [("speak", 0.0, "a + b")]

    async def fim(self, request):
        act, seconds, what = self._acts[self.asked % len(self._acts)]
        self.asked += 1
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            await asyncio.sleep(seconds)
            if act == "fail":
                self.has_refused |= isinstance(what, Unauthorized)
                raise what
            if act == "stall":
                raise Unavailable("It sent nothing.")
            yield Chunk(what, "stop" if act == "speak" else None)
            if act == "break off":
                raise Unavailable("It broke off.")
        finally:
            try:
                await asyncio.sleep(CLOSING)
            finally:
                self.open -= 1


@settings(max_examples=150, deadline=None)
@given(st.lists(models, min_size=1, max_size=3), requests, st.sampled_from([0.0, 0.5, 1.5]))
def test_whatever_models_do(chain, script, hedge_after):
    async def play():
        links = [ByLot(f"model{number}", *model) for number, model in enumerate(chain)]
        rig = Rig(*links, hedge_after=hedge_after)
        loop = asyncio.get_running_loop()
        asked = []
        for pause, where, trigger, gives_up in script:
            await asyncio.sleep(pause)
            rig.now = loop.time()
            asked.append(asyncio.create_task(rig.completer.complete(place(where), trigger)))
            if gives_up:
                rig.completer.forget(place(where).document.uri)
        done, pending = await asyncio.wait(asked, timeout=LONGEST)
        assert not pending
        assert all(task.exception() is None for task in done)
        for link in links:
            link.mend()
        await asyncio.sleep(RECOVERED)
        rig.now = loop.time()
        suggestion = await rig.completer.complete(place(9), "automatic")
        assert suggestion or all(link.has_refused for link in links)
        await rig.completer.aclose()
        rig.ledger.close()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert all(link.most <= link.profile.streams and link.open == 0 for link in links)
        assert rig.statuses[-1].state != "working"

    clock.run(play())
