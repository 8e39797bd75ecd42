"""What a model goes on to say behind an answer is what comes next, once the answer is accepted."""

from __future__ import annotations

import asyncio

import pytest

from tests.engine.conftest import SUM, ask, site, typed
from tests.engine.scripted import ScriptedModel

ANSWER, NEXT = "a + b", "\n    if total < 0:\n        raise ValueError"


async def over(call):
    """Until the stream is closed and what came of it is kept."""
    await call.closed.wait()
    for _ in range(20):
        await asyncio.sleep(0)


async def accepted(rig, place, answer, *more, finish=None):
    """Ask, let the model say an answer and more, and accept it: what is suggested then."""
    asked = ask(rig, place)
    call = await rig.model.call(0)
    call.say(answer)
    call.say("\n")
    suggestion = await asked
    for piece in more:
        call.say(piece)
    if finish:
        call.end(finish=finish)
    else:
        call.cut()
    await over(call)
    behind = typed(place, suggestion.text)
    return await rig.completer.complete(behind, "automatic")


FOLLOWS = {
    "two lines": ((NEXT[1:], "(total)\n", "    retu"), None, f"{NEXT}(total)"),
    "up to the last whole line": ((NEXT[1:],), None, "\n    if total < 0:"),
    "to its end, where the model ends there": ((NEXT[1:],), "stop", NEXT),
    "not what was cut off": ((NEXT[1:],), "length", "\n    if total < 0:"),
    "nothing more": ((), "stop", None),
    "blanks": (("    \n", "\n"), "stop", None),
    "what stands there already": (("    return total\n",), "stop", None),
}


@pytest.mark.parametrize(("more", "finish", "following"), FOLLOWS.values(), ids=FOLLOWS)
async def test_what_comes_next_is_known_when_a_suggestion_is_accepted(rig, more, finish, following):
    suggestion = await accepted(rig, SUM, ANSWER, *more, finish=finish)
    assert (suggestion and suggestion.text) == following
    assert len(rig.model.calls) == 1


async def test_it_goes_on_while_it_is_typed_and_under_the_editors_own_indentation(rig):
    following = await accepted(rig, SUM, ANSWER, f"{NEXT[1:]}\n", finish="stop")
    behind = typed(SUM, f"{ANSWER}\n    if total")
    rest = await rig.completer.complete(behind, "automatic")
    assert (rest.id, rest.text) == (following.id, " < 0:\n        raise ValueError")


async def test_the_answer_does_not_wait_for_it_and_counts_by_itself(rig):
    asked = ask(rig, SUM)
    call = await rig.model.call(0)
    call.say(f"{ANSWER}\n")
    first = await asked
    assert (first.text, call.closed.is_set()) == (ANSWER, False)
    call.say(f"{NEXT[1:]}\n    a\n    b\n    c\n    d\n")
    await over(call)
    following = await rig.completer.complete(typed(SUM, ANSWER), "automatic")
    assert following.text.count("\n") >= 1
    assert following.id != first.id


@pytest.mark.parametrize(
    ("model", "options", "unwanted"),
    [({"streams": 1}, {}, 0), ({}, {"multiline": False}, 0), ({}, {}, 5)],
    ids=["a model with one stream", "one line is wanted", "few are accepted"],
)
async def test_the_model_stops_at_the_answer(rig_of, model, options, unwanted):
    rig = rig_of(ScriptedModel(**model), **options)
    for _ in range(unwanted):
        rig.reception.add("python", wanted=False)
    assert await accepted(rig, SUM, ANSWER, f"{NEXT[1:]}\n") is None
    assert (rig.model.calls[0].request.stop, len(rig.model.calls)) == (("\n",), 1)


OTHERWISE = {
    "before other code": (site("x = add(█, total)\ny = x\n"), "first"),
    "an answer that was cut in its line": (site("x = add(█)\ny = x\n"), "total)"),
}


@pytest.mark.parametrize(("place", "answer"), OTHERWISE.values(), ids=OTHERWISE)
async def test_nothing_follows(rig, place, answer):
    assert await accepted(rig, place, answer, f"{NEXT[1:]}\n", finish="stop") is None


async def test_the_next_request_neither_joins_nor_ends_nor_waits_for_it(rig_of):
    rig = rig_of(debounce=30.0)
    asked = ask(rig, SUM)
    first = await rig.model.call(0)
    first.say(f"{ANSWER}\n")
    await asked
    other = ask(rig, typed(SUM, "a - c"))
    second = await rig.model.call(1)
    assert not first.closed.is_set()
    second.say("* 2\n")
    assert (await other).text == "* 2"


async def test_its_characters_are_accounted_for(rig, monkeypatch):
    records = []
    monkeypatch.setattr(rig.accounts, "asked", lambda *_, **figures: records.append(figures["length"]))
    await accepted(rig, SUM, ANSWER, f"{NEXT[1:]}\n", finish="stop")
    assert records == [len(f"{ANSWER}\n{NEXT[1:]}\n")]


async def test_on_a_new_line_it_is_asked_for_anew_behind_what_is_shown(rig):
    """Once. What was foreseen goes on while it is typed; where it is contradicted, the newer answer helps."""
    following = await accepted(rig, SUM, ANSWER, f"{NEXT[1:]}\n", finish="stop")
    line = typed(SUM, f"{ANSWER}\n    ")
    rest = await rig.completer.complete(line, "automatic")
    assert rest.id == following.id
    newer = await rig.model.call(1)
    await rig.completer.complete(typed(line, "i"), "automatic")
    newer.end("while total < 0:\n        total += 1\n")
    await over(newer)
    rest = await rig.completer.complete(typed(line, "if"), "automatic")
    assert (rest.id, rest.text[:10]) == (following.id, " total < 0")
    other = await rig.completer.complete(typed(line, "w"), "automatic")
    assert (other.text[:10], other.source, len(rig.model.calls)) == ("hile total", "memory", 2)


@pytest.mark.parametrize(("options", "longest"), [({}, 96), ({"max_tokens": 20}, 20)], ids=["ours", "theirs"])
async def test_the_longest_reply_has_room_for_it(rig_of, options, longest):
    rig = rig_of(**options)
    ask(rig, SUM)
    call = await rig.model.call(0)
    assert (call.request.stop, call.request.max_tokens) == ((), longest)
