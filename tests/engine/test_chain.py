"""Several models in a row: who is asked, who answers, and what the user is told."""

from __future__ import annotations

import asyncio

import pytest

from codestral_ls.core.model import (
    BadReply,
    BadRequest,
    NotAllowed,
    RateLimited,
    Unauthorized,
    Unreachable,
)
from codestral_ls.engine.status import Status
from tests.engine.conftest import DOWN, SUM, ask, fails, pair, place, second_answers, site, suggest, typed
from tests.engine.scripted import ScriptedModel

WITH_ANOTHER = {
    "limited": (RateLimited("Too many.", 60.0), "first is limited: second answers meanwhile."),
    "down": (DOWN, "first cannot answer now: second answers meanwhile."),
    "no connection": (Unreachable("No way."), "first cannot be reached: second answers meanwhile."),
    "refused key": (Unauthorized("Wrong key."), "Wrong key. second answers meanwhile."),
    "not allowed": (NotAllowed("Not there."), "Not there. second answers meanwhile."),
    "refused request": (BadRequest("What?"), "What? second answers meanwhile."),
    "nonsense": (BadReply("Noise."), "Noise. second answers meanwhile."),
}


@pytest.mark.parametrize(("error", "message"), WITH_ANOTHER.values(), ids=WITH_ANOTHER)
async def test_where_one_fails_the_next_answers_the_same_request(rig_of, error, message):
    first, second = pair()
    rig = rig_of(first, second)
    asked = await fails(rig, SUM, error)
    await second_answers(second, asked)
    assert rig.statuses[-1] == Status("ready", message, "second")
    assert [status.message for status in rig.troubles if status.state == "ready"] == [message]


ALONE = {
    "down": (DOWN, "api.example", "warning"),
    "limited": (RateLimited("Too many."), "api.example", "warning"),
    "refused key": (Unauthorized("Wrong key."), "api.example", "error"),
    "no connection": (Unreachable("No way."), "api.example", "offline"),
    "no connection to this machine": (Unreachable("No way."), "127.0.0.1", "warning"),
    "no connection to a process of ours": (Unreachable("No way."), "", "warning"),
}


@pytest.mark.parametrize(("error", "host", "state"), ALONE.values(), ids=ALONE)
async def test_trouble_is_told_once_until_it_ends(rig_of, caplog, error, host, state):
    rig = rig_of(ScriptedModel(host=host))
    told = Status(state, error.message, "scripted")
    for number in range(4):
        if state != "error" or not number:
            await (await fails(rig, place(number), error))
        rig.now += 70
        assert await rig.completer.complete(SUM, "automatic") is None if state == "error" else True
    assert set(rig.statuses) == {Status("working", "", "scripted"), told}
    assert rig.statuses.index(told) == 1
    assert [record.message for record in caplog.records] == [error.message]
    if state != "error":
        assert (await suggest(rig, SUM, "a + b")).text == "a + b"
        assert rig.statuses[-1] == Status("ready", "", "scripted")


async def test_while_the_first_rests_only_the_second_is_asked(rig_of):
    first, second = pair()
    rig = rig_of(first, second)
    await second_answers(second, await fails(rig, place(0), DOWN))
    await second_answers(second, ask(rig, place(1)))
    assert (len(first.calls), len(second.calls)) == (1, 2)
    rig.now += 2
    assert (await suggest(rig, place(2), "a * b")).model == "first"
    assert rig.statuses[-1] == Status("ready", "", "first")
    assert len(second.calls) == 2


async def test_while_one_looks_whether_it_is_back_the_others_do_not_wait(rig_of):
    first, second = pair()
    rig = rig_of(first, second, debounce=0.0)
    await second_answers(second, await fails(rig, place(0), DOWN))
    rig.now += 2
    probing = ask(rig, place(1))
    probe = await first.call(1)
    await second_answers(second, ask(rig, place(2)))
    probe.end("a - b")
    assert (await probing).model == "first"
    assert (await suggest(rig, place(3), "a * b")).model == "first"


async def test_a_probe_that_nobody_wants_any_more_leaves_its_place(rig):
    await (await fails(rig, SUM, DOWN))
    rig.now += 2
    asked = ask(rig, SUM)
    call = await rig.model.call(1)
    rig.completer.forget(SUM.document.uri)
    await call.closed.wait()
    assert await asked is None
    assert (await suggest(rig, SUM, "a + b")).text == "a + b"


async def test_the_text_of_a_stream_that_breaks_off_is_dropped(rig_of):
    first, second = pair()
    rig = rig_of(first, second)
    asked = ask(rig, SUM)
    call = await first.call(0)
    call.say("a +")
    call.fail(DOWN)
    assert await asked is None
    assert second.calls == []
    await second_answers(second, ask(rig, SUM))


async def test_who_joined_a_stream_that_breaks_off_is_answered_with_nothing(rig):
    ask(rig, SUM)
    call = await rig.model.call(0)
    joined = ask(rig, typed(SUM, "a"))
    await asyncio.sleep(0)
    call.say("a +")
    call.fail(BadRequest("What?"))
    assert await joined is None
    assert len(rig.model.calls) == 1


async def test_where_all_fail_the_first_ones_trouble_is_told(rig_of):
    first, second = pair()
    rig = rig_of(first, second)
    asked = await fails(rig, SUM, DOWN)
    (await second.call(0)).fail(Unauthorized("The second's key is wrong."))
    assert await asked is None
    assert rig.statuses[-1] == Status("warning", DOWN.message, "first")


async def test_the_user_may_ask_those_that_rest_but_not_those_that_never_will(rig_of):
    first, second = pair()
    rig = rig_of(first, second)
    asked = await fails(rig, SUM, Unauthorized("Wrong key."))
    (await second.call(0)).fail(DOWN)
    assert await asked is None
    assert await rig.completer.complete(SUM, "automatic") is None
    by_hand = ask(rig, SUM, "invoked")
    (await second.call(1)).end("a + b")
    assert (await by_hand).model == "second"
    assert len(first.calls) == 1


async def test_of_those_that_rest_the_user_has_one_asked(rig_of):
    first, second = pair()
    rig = rig_of(first, second)
    asked = await fails(rig, SUM, DOWN)
    (await second.call(0)).fail(DOWN)
    await asked
    assert await (await fails(rig, SUM, DOWN, "invoked")) is None
    assert (len(first.calls), len(second.calls)) == (2, 1)


async def test_what_the_second_model_is_sent_and_how_it_is_judged_suits_it(rig_of):
    first, second = pair(prefix_tokens=20, suffix_tokens=10, max_lines=1, min_logprob=-1.0)
    rig = rig_of(first, second)
    where = site("value = compute(1, 2)\n" * 50 + "total = █\n" + "more = compute(3)\n" * 50)
    asked = await fails(rig, where, DOWN)
    call = await second.call(0)
    large, small = first.calls[0].request, call.request
    assert large.prefix.endswith(small.prefix)
    assert small.prefix == "value = compute(1, 2)\n" * 2
    assert large.suffix.startswith(small.suffix)
    assert 0 < len(small.suffix) <= 30
    call.say("a + b", logprob=-2.0)
    call.end()
    assert await asked is None
    assert (await rig.completer.complete(where, "invoked")).text == "a + b"


class Purse:
    """Accounts that refuse models by name."""

    def __init__(self, accounts, refused):
        self._accounts = accounts
        self.refused = refused

    def why_refused(self, profile):
        return f"The money for {profile.label} is spent." if profile.label in self.refused else None

    def asked(self, *arguments, **figures):
        self._accounts.asked(*arguments, **figures)


async def test_what_the_budget_does_not_allow_is_passed_over(rig_of):
    first, second = pair()
    rig = rig_of(first, second)
    rig.carrier._accounts = purse = Purse(rig.accounts, {"first"})
    await second_answers(second, ask(rig, place(0)))
    assert rig.statuses[-1].message == "The money for first is spent. second answers meanwhile."
    purse.refused = {"first", "second"}
    told = len(rig.statuses)
    for number in range(1, 4):
        assert await rig.completer.complete(place(number), "invoked") is None
    assert set(rig.statuses[told:]) == {Status("warning", "The money for first is spent.", "first")}
    purse.refused = set()
    assert (await suggest(rig, place(4), "a + b")).model == "first"
    assert rig.statuses[-1] == Status("ready", "", "first")


async def test_why_the_first_is_not_the_one_that_was_meant_is_told(rig_of):
    rig = rig_of(instead="There is no key.")
    await suggest(rig, SUM, "a + b")
    assert rig.statuses[-1] == Status("ready", "There is no key. scripted answers meanwhile.", "scripted")


async def test_less_than_the_best_is_told(rig_of):
    rig = rig_of(ScriptedModel(degraded="it is a chat model"))
    await suggest(rig, SUM, "a + b")
    assert rig.statuses[-1].message == "scripted is not at its best: it is a chat model."


async def test_a_first_model_that_cannot_be_warmed_rests(rig_of):
    first, second = pair()
    first.warm = lambda: _raise(DOWN)
    rig = rig_of(first, second)
    await rig.carrier.warm()
    assert rig.statuses == [
        Status("working", "Warming up first.", "first"),
        Status("warning", DOWN.message, "first"),
    ]
    await second_answers(second, ask(rig, SUM))
    assert first.calls == []


async def _raise(error):
    raise error


class Disk:
    """Replies in memory, where the engine looks for those on disk."""

    def __init__(self):
        self.replies = {}
        self.put = self.replies.__setitem__

    async def get(self, key):
        return self.replies.get(key)


async def test_what_the_disk_knows_is_known_of_the_model_that_said_it(rig_of):
    disk = Disk()
    rig = rig_of(*pair(), disk=disk)
    second = rig.fallbacks[0]
    await second_answers(second, await fails(rig, SUM, DOWN))
    again = rig_of(*pair(), disk=disk)
    asked = await fails(again, SUM, DOWN)
    assert (await asked).model == "second"
    assert again.fallbacks[0].calls == []
    third = rig_of(*pair(), disk=disk)
    assert (await suggest(third, SUM, "a - b")).model == "first"
