"""Several suggestions for a user who asked: which of them are left while he goes on with one."""

from __future__ import annotations

import asyncio

import pytest

from tests.engine.conftest import SUM, site, typed
from tests.engine.scripted import ScriptedModel

REPLIES = ("price * count", "price - rebate", "len(prices)")
URI = SUM.document.uri


async def asked_by_hand(rig, where=SUM, replies=REPLIES, logprob=None):
    """What a user is shown who asks, where the model gives these replies."""
    begun = len(rig.model.calls)
    asked = asyncio.create_task(rig.completer.candidates(where))
    for number, reply in enumerate(replies, begun):
        call = await rig.model.call(number)
        call.say(reply, logprob)
        call.end()
    return await asked


@pytest.fixture
def several(rig_of):
    return rig_of(candidates=3, debounce=0.0)


async def texts(rig, where):
    return [suggestion.text for suggestion in await rig.completer.candidates(where, "automatic")]


LEFT = {
    "nothing typed": ("", [*REPLIES]),
    "what two of them share": ("price", [" * count", " - rebate"]),
    "only the second goes on like this": ("price -", [" rebate"]),
    "only the last": ("len(", ["prices)"]),
}


@pytest.mark.parametrize(("keys", "left"), LEFT.values(), ids=LEFT)
async def test_those_that_still_fit_are_left_in_their_order(several, keys, left):
    await asked_by_hand(several)
    assert await texts(several, typed(SUM, keys)) == left
    assert len(several.model.calls) == 3


FOLLOWED = {
    "the second": (1, "price", [" - rebate", " * count"]),
    "the last, of which nothing is typed": (2, "", ["len(prices)", "price * count", "price - rebate"]),
    "one that is contradicted": (2, "price", [" * count", " - rebate"]),
}


@pytest.mark.parametrize(("number", "keys", "left"), FOLLOWED.values(), ids=FOLLOWED)
async def test_the_one_that_the_editor_shows_comes_first(several, number, keys, left):
    shown = await asked_by_hand(several)
    several.completer.follow(shown[number].id)
    assert await texts(several, typed(SUM, keys)) == left


async def test_each_keeps_its_name(several):
    shown = await asked_by_hand(several)
    left = await several.completer.candidates(typed(SUM, "price"), "automatic")
    assert [suggestion.id for suggestion in left] == [suggestion.id for suggestion in shown[:2]]


async def test_the_followed_one_stays_first_where_keys_are_taken_back(several):
    shown = await asked_by_hand(several)
    several.completer.follow(shown[1].id)
    assert await texts(several, typed(SUM, "price -")) == [" rebate"]
    assert await texts(several, typed(SUM, "price")) == [" - rebate", " * count"]
    before = site("def add(a, b):\n    total █\n    return total\n")
    assert await texts(several, before) == ["= price - rebate", "= price * count", "= len(prices)"]


async def test_a_user_who_asks_again_keeps_what_fits_and_gets_the_missing_one(several):
    shown = await asked_by_hand(several)
    several.completer.follow(shown[1].id)
    again = await asked_by_hand(several, typed(SUM, "price"), [" / 3"])
    assert [suggestion.text for suggestion in again] == [" - rebate", " * count", " / 3"]
    assert await texts(several, typed(SUM, "price ")) == ["- rebate", "* count", "/ 3"]
    assert len(several.model.calls) == 4


async def test_what_fits_none_of_them_is_asked_about(several):
    await asked_by_hand(several)
    asked = asyncio.create_task(several.completer.candidates(typed(SUM, "x"), "automatic"))
    (await several.model.call(3)).end(" + y")
    assert [suggestion.text for suggestion in await asked] == [" + y"]


async def test_behind_one_that_was_taken_nothing_is_asked(several):
    shown = await asked_by_hand(several)
    assert await texts(several, typed(SUM, shown[1].text)) == []
    assert len(several.model.calls) == 3


async def test_what_a_user_asked_for_stays_though_the_model_doubts_it(rig_of):
    rig = rig_of(ScriptedModel(min_logprob=-2.0), candidates=2)
    await asked_by_hand(rig, replies=("price * count", "price - rebate"), logprob=-5.0)
    assert await texts(rig, typed(SUM, "price")) == [" * count", " - rebate"]


async def test_a_closed_document_has_none(several):
    shown = await asked_by_hand(several)
    several.completer.forget(URI)
    several.completer.follow(shown[1].id)
    asked = asyncio.create_task(several.completer.candidates(SUM, "automatic"))
    (await several.model.call(3)).end("a + b")
    assert [suggestion.text for suggestion in await asked] == ["a + b"]
