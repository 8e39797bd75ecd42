"""Replies that fail at first or for good, are cut off, or are given up: what is asked again, and noted."""

from __future__ import annotations

import asyncio

import pytest

from codestral_ls.core.correction import WRONG
from codestral_ls.core.model import BadReply, BadRequest, Chunk, RateLimited, Unavailable, Usage
from codestral_ls.core.refusal import Refused
from codestral_ls.engine.ledger import Reader
from tests.engine.scripted import ScriptedModel
from tests.engine.talking import TalkingModel, after, chosen, desk, placed

KEY = "sk-" + "Zz9" * 12
CODE = f'''KEY = "{KEY}"


def total(items):
    t█otal = 0
    for item in items:
        total = total + item.price
    return total


def other():
    return 1
'''
BODY = "def total(items):\n    return sum(item.price for item in items)"
GOOD = f"```python target\n{BODY}\n```\n"
DOCUMENT, PLACE = placed(CODE)
FIRST_LINE = CODE.split("\n")[0]

BAD = {
    "empty": "   \n",
    "prose": "You should really use the sum function here, because it is shorter and easier to read.",
    "garbled": '{"replacements": [{"span": "target"]}',
    "several": f"```python\n{BODY}\n```\nor\n```python\n{BODY.replace('sum', 'fsum')}\n```",
    "elided": "```python target\ndef total(goods):\n    check(goods)\n    # ... the rest\n    done()\n```",
    "diff": "```diff\n@@ -1,3 +1,3 @@\n def nowhere(at, all):\n-    gone = 1\n+    gone = 2\n```",
    "syntax": "```python target\ndef total(items:\n    return sum(((\n```",
}


async def proposed(model, name="simplify", report=lambda *_: None, place=None, ledger=None):
    document, selection = place or (DOCUMENT, PLACE)
    async with desk(model, ledger) as here:
        choice = chosen(name, document, selection)
        return await here.refactorer.propose(document, choice, report=report)


@pytest.mark.parametrize("reason", BAD)
async def test_a_bad_reply_is_corrected_once(reason):
    model, stages = TalkingModel(BAD[reason], GOOD), []
    proposal = await proposed(model, report=lambda stage, _: stages.append(stage))
    assert after(proposal, DOCUMENT) == CODE.replace("█", "").replace(
        CODE[CODE.index("def total") : CODE.index("\n\n\ndef other")].replace("█", ""), BODY
    )
    first, second = model.requests
    *begun, said, told = second.messages
    assert tuple(begun) == first.messages
    assert (said.role, told.role) == ("assistant", "user")
    assert said.text == BAD[reason]
    assert WRONG[reason].rstrip(".") in told.text
    assert list(dict.fromkeys(stages)) == ["reading", "asking", "writing", "checking", "repairing"]
    assert proposal.bill.usage == Usage(200, 40)


@pytest.mark.parametrize("reason", BAD)
async def test_a_reply_that_stays_bad_is_refused(reason):
    model = TalkingModel(BAD[reason])
    with pytest.raises(Refused) as refused:
        await proposed(model)
    assert refused.value.reason == reason
    assert len(model.requests) == 2


FINAL = {
    "unchanged": GOOD.replace(
        BODY, CODE[CODE.index("def total") : CODE.index("\n\n\ndef other")].replace("█", "")
    ),
    "long": f"```python target\n{'x = 1' * 100_000}\n```",
}


@pytest.mark.parametrize("reason", FINAL)
async def test_what_no_second_try_mends_is_refused_at_once(reason):
    model = TalkingModel(FINAL[reason])
    with pytest.raises(Refused) as refused:
        await proposed(model)
    assert refused.value.reason == reason
    assert len(model.requests) == 1


async def test_the_line_of_an_error_is_told_as_the_model_counts():
    model = TalkingModel("```python target\ndef total(items):\n    return )\n```", GOOD)
    await proposed(model)
    assert "near line 2 of the span" in model.requests[1].messages[-1].text


async def test_a_reply_that_was_begun_is_begun_again():
    model = TalkingModel("Sure, I can do that for you. This is how it would look like then.\n```", GOOD)
    model.profile = type(model.profile)("talking", "talking", features=frozenset({"prefix"}))
    await proposed(model)
    first, second = (request.messages for request in model.requests)
    assert [message.role for message in second[2:]] == ["assistant", "user", "assistant"]
    assert second[-1] == first[-1]
    assert second[2].text.startswith(first[-1].text)


async def test_a_key_does_not_leave_with_a_correction():
    model = TalkingModel(f"I saw the key {KEY} in your code and will not answer. Is it yours?", GOOD)
    await proposed(model)
    assert not any(KEY in text for request in model.requests for text in request.texts)


CUT = GOOD.partition("item.price")[0]


async def test_a_reply_that_is_cut_off_gets_more_room():
    model = TalkingModel(Chunk(CUT, "length"), GOOD)
    proposal = await proposed(model)
    assert BODY in after(proposal, DOCUMENT)
    first, second = model.requests
    assert second.max_tokens == 3 * first.max_tokens
    assert second.messages == first.messages


async def test_a_reply_that_is_cut_off_again_is_refused():
    model = TalkingModel(Chunk(CUT, "length"))
    with pytest.raises(Refused) as refused:
        await proposed(model)
    assert refused.value.reason == "truncated"
    assert len(model.requests) == 2


async def test_more_room_and_a_correction_go_together():
    model = TalkingModel(Chunk(CUT, "length"), BAD["prose"], GOOD)
    await proposed(model)
    first, _, third = model.requests
    assert third.max_tokens == 3 * first.max_tokens
    assert len(third.messages) == 4


async def test_a_window_without_room_is_not_asked_for_more():
    model = TalkingModel(Chunk(CUT, "length"), window=900)
    with pytest.raises(Refused) as refused:
        await proposed(model)
    assert refused.value.reason == "truncated"
    [request] = model.requests
    assert request.max_tokens < 900


async def test_what_does_not_fit_the_window_is_not_sent():
    model = TalkingModel(GOOD, window=300)
    with pytest.raises(BadRequest, match="too long for talking: select less"):
        await proposed(model)
    assert model.requests == []


async def test_an_explanation_that_is_cut_off_is_shown_and_said_to_be():
    model = TalkingModel(Chunk("It adds", "length"))
    proposal = await proposed(model, "explain")
    assert (proposal.text, len(model.requests)) == ("It adds", 1)
    assert "cut off" in proposal.notes[0]


async def test_no_explanation_is_none():
    with pytest.raises(Refused):
        await proposed(TalkingModel(Chunk("", "stop")), "explain")


@pytest.mark.parametrize(
    ("answers", "requests"),
    [((Unavailable("Down."), GOOD), 2), ((Unavailable("Down."), Unavailable("Still down.")), 2)],
    ids=["comes back", "stays down"],
)
async def test_a_host_that_fails_before_it_answers_is_asked_once_more(answers, requests):
    model = TalkingModel(*answers)
    if answers[-1] == GOOD:
        await proposed(model)
    else:
        with pytest.raises(Unavailable, match="Still down"):
            await proposed(model)
    assert len(model.requests) == requests


@pytest.mark.parametrize(
    "error", [RateLimited("Wait."), BadReply("Odd."), BadRequest("No.")], ids=lambda e: str(e)
)
async def test_other_errors_are_told_at_once(error):
    model = TalkingModel(error)
    with pytest.raises(type(error), match=str(error)):
        await proposed(model)
    assert len(model.requests) == 1


async def test_a_host_that_fails_in_the_middle_is_not_asked_again(tmp_path):
    model = ScriptedModel()
    asked = asyncio.create_task(proposed(model, ledger=tmp_path / "ledger.jsonl"))
    call = await model.call(0)
    call.say("```python")
    call.fail(Unavailable("Broken off."))
    with pytest.raises(Unavailable, match="Broken off"):
        await asked
    assert len(model.calls) == 1
    [record] = Reader(tmp_path / "ledger.jsonl")
    assert (record.outcome, record.length, record.estimated) == ("Unavailable", 9, True)


async def test_an_endless_reply_is_closed():
    model = ScriptedModel()
    asked = asyncio.create_task(proposed(model))
    call = await model.call(0)
    for _ in range(100):
        call.say("x = 1\n" * 10_000)
    with pytest.raises(Refused) as refused:
        await asked
    assert refused.value.reason == "long"
    assert call.closed.is_set()
    assert not call._queue.empty()


@pytest.mark.parametrize("stage", ["asking", "writing", "repairing"])
async def test_cancelling_ends_the_request_and_is_noted(stage, tmp_path):
    model = ScriptedModel()
    before = asyncio.all_tasks()
    asked = asyncio.create_task(proposed(model, ledger=tmp_path / "ledger.jsonl"))
    call = await model.call(0)
    if stage == "writing":
        call.say("```python target\n")
    if stage == "repairing":
        call.end(BAD["prose"])
        call = await model.call(1)
    for _ in range(10):
        await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    assert call.closed.is_set()
    assert asyncio.all_tasks() == before
    record = [*Reader(tmp_path / "ledger.jsonl")][-1]
    assert (record.outcome, record.task, record.estimated) == ("given up", "refactoring", True)
    assert record.prompt_tokens > 50


async def test_a_stream_that_ends_before_it_began_is_asked_for_again():
    model = ScriptedModel()
    asked = asyncio.create_task(proposed(model))
    (await model.call(0)).cut()
    (await model.call(1)).end(GOOD)
    assert BODY in after(await asked, DOCUMENT)


async def test_a_stream_that_never_begins_is_told():
    model = ScriptedModel()
    asked = asyncio.create_task(proposed(model))
    for number in range(2):
        (await model.call(number)).cut()
    with pytest.raises(Unavailable, match=r"was closed before it answered\. Ask again"):
        await asked
    assert len(model.calls) == 2
