"""A second model beside one that is slow, on a virtual clock."""

from __future__ import annotations

import asyncio

import pytest

from codestral_ls.bench import clock
from codestral_ls.core.model import Chunk
from codestral_ls.engine.status import Status
from tests.engine.conftest import DOWN, SUM, ask, pair, place, suggest
from tests.engine.scripted import Call, ScriptedModel

HEDGE = 1.5


def test_a_slow_first_text_hands_over(rig_alone):
    """Who speaks first is taken, and the other is closed at once."""

    async def play():
        first, second = pair()
        rig = rig_alone(first, second, hedge_after=HEDGE)
        asked = ask(rig, SUM)
        slow = await first.call(0)
        await asyncio.sleep(HEDGE - 0.1)
        assert second.calls == []
        await asyncio.sleep(0.2)
        (await second.call(0)).say("a + b")
        await slow.closed.wait()
        assert not asked.done()
        second.calls[0].end()
        assert (await asked).model == "second"
        assert rig.statuses[-1] == Status("ready", "", "first")

    clock.run(play())


def test_the_first_may_still_win(rig_alone):
    async def play():
        first, second = pair()
        rig = rig_alone(first, second, hedge_after=HEDGE)
        asked = ask(rig, SUM)
        await asyncio.sleep(HEDGE + 0.1)
        late = await second.call(0)
        first.calls[0].end("a + b")
        assert (await asked).model == "first"
        assert late.closed.is_set()
        rig.now += 0.1
        assert (await suggest(rig, place(1), "a - b")).model == "first"

    clock.run(play())


def test_both_may_fail(rig_alone):
    async def play():
        first, second = pair()
        rig = rig_alone(first, second, hedge_after=HEDGE)
        asked = ask(rig, SUM)
        await asyncio.sleep(HEDGE + 0.1)
        (await second.call(0)).fail(DOWN)
        await asyncio.sleep(0.1)
        assert not asked.done()
        first.calls[0].fail(DOWN)
        assert await asked is None

    clock.run(play())


NEVER = {"switched off": (pair(), 0.0), "nobody else": ((ScriptedModel("first"),), HEDGE)}


@pytest.mark.parametrize(("models", "hedge_after"), NEVER.values(), ids=NEVER)
def test_none_is_asked_beside_it(rig_alone, models, hedge_after):
    async def play():
        fresh = [ScriptedModel(model.profile.identity) for model in models]
        rig = rig_alone(*fresh, hedge_after=hedge_after)
        asked = ask(rig, SUM)
        await asyncio.sleep(60)
        assert [len(model.calls) for model in fresh] == [1, 0][: len(fresh)]
        fresh[0].calls[0].end("a + b")
        assert (await asked).model == "first"

    clock.run(play())


def test_one_request_in_ten_is_put_to_two_models(rig_alone):
    """Beyond a small burst. The first is slow, but comes in time not to be overtaken."""

    async def play():
        first, second = pair()
        rig = rig_alone(first, second, hedge_after=HEDGE)
        for number in range(100):
            asked = ask(rig, place(number))
            await asyncio.sleep(HEDGE + 0.1)
            first.calls[number].end("a + b")
            assert (await asked).model == "first"
        assert len(second.calls) == 12

    clock.run(play())


def test_a_model_that_is_overtaken_again_and_again_rests(rig_alone):
    async def play():
        first, second = pair()
        rig = rig_alone(first, second, hedge_after=HEDGE)
        for number in range(3):
            asked = ask(rig, place(number))
            await asyncio.sleep(HEDGE + 0.1)
            second.calls[number].end("a + b")
            assert (await asked).model == "second"
        assert len(first.calls) == 2
        assert rig.statuses[-1].message == "first cannot answer now: second answers meanwhile."
        rig.now += 2
        assert (await suggest(rig, place(3), "a - b")).model == "first"
        assert rig.statuses[-1].message == ""

    clock.run(play())


def test_one_that_is_overtaken_now_and_then_does_not(rig_alone):
    async def play():
        first, second = pair()
        rig = rig_alone(first, second, hedge_after=HEDGE)
        for number in range(2):
            asked = ask(rig, place(number))
            await asyncio.sleep(HEDGE + 0.1)
            second.calls[number].end("a + b")
            assert (await asked).model == "second"
            assert (await suggest(rig, place(number + 5), "a - b")).model == "first"

    clock.run(play())


class Deaf(ScriptedModel):
    """Says what it has to say though it was closed."""

    async def fim(self, request):
        self.calls.append(Call(request))
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            yield Chunk("nonsense")


def test_who_speaks_too_late_is_not_heard(rig_alone):
    async def play():
        _, second = pair()
        rig = rig_alone(Deaf("first"), second, hedge_after=HEDGE)
        asked = ask(rig, SUM)
        await asyncio.sleep(HEDGE + 0.1)
        (await second.call(0)).end("a + b")
        assert (await asked).text == "a + b"

    clock.run(play())


def test_a_request_that_is_given_up_ends_both(rig_alone):
    async def play():
        first, second = pair()
        rig = rig_alone(first, second, hedge_after=HEDGE)
        asked = ask(rig, SUM)
        await asyncio.sleep(HEDGE + 0.1)
        rig.completer.forget(SUM.document.uri)
        await first.calls[0].closed.wait()
        await second.calls[0].closed.wait()
        assert await asked is None

    clock.run(play())
