"""Conversations: what is sent, what comes back, and what is remembered."""

from __future__ import annotations

import asyncio

import pytest

from codestral_ls.core.applicable import Diagnostic
from codestral_ls.core.model import BadRequest, Chunk, Unavailable
from codestral_ls.core.text import Span
from codestral_ls.engine.ledger import Reader
from codestral_ls.engine.question import Mention, Question
from tests.engine.chatting import CART, NOBODY, SECRET, WaitingModel, talking, texts
from tests.engine.talking import TalkingModel

ANSWER = "Because:\n\n```python path=cart.py\nx = 1\n```\n"


async def test_an_answer_is_heard_as_it_is_written(tmp_path):
    model, heard = TalkingModel(ANSWER, window=8000), []
    async with talking(model, tmp_path) as talk:
        answer = await talk.ask(Question("Why?"), talk.begin(), heard.append)
    assert len(heard) > 3
    assert "".join(heard) == answer.text == ANSWER
    assert answer.facts == {
        "conversation": answer.conversation,
        "turn": answer.turn,
        "markdown": ANSWER,
        "blocks": [{"path": "cart.py", "language": "python", "code": "x = 1"}],
        "context": [],
        "notes": [],
        "model": "talking",
        "usage": {"prompt": 100, "completion": 20, "cached": 0},
        "cost_usd": 0.0,
    }
    assert model.requests[0].max_tokens == 2000
    assert model.requests[0].cache_key == answer.conversation


async def test_the_question_comes_with_its_context(tmp_path):
    model, problem = TalkingModel(ANSWER), Diagnostic(Span(0, 1), "odd", "ruff", "X")
    async with talking(model, tmp_path) as talk:
        talk.language = "German"
        question = Question("Why?", (Mention(CART, Span(6, 11)),), (problem,), open=True)
        answer = await talk.ask(question, talk.begin())
    assert answer.context == ("cart.py 2", "1 diagnostic", "tax.py")
    system, question = texts(model.requests[0])
    assert "Answer in German." in system
    assert "b = 2\n</file>" in question
    assert "rate = 0.19" in question
    assert "KEY=1" not in question


async def test_what_is_kept_from_models_is_left_out_and_said(tmp_path):
    model, problem = TalkingModel(ANSWER), Diagnostic(Span(0, 1), "KEY is odd")
    async with talking(model, tmp_path) as talk:
        question = Question("Why?", (Mention(SECRET), Mention(CART)), (problem,))
        answer = await talk.ask(question, talk.begin())
    assert answer.context == ("cart.py",)
    assert answer.notes == (".env was not shown to the model, because its name says that it holds secrets.",)
    assert "KEY" not in str(texts(model.requests[0]))


async def test_a_conversation_goes_on(tmp_path):
    model = TalkingModel("One.", "Two.", "Other.")
    async with talking(model, tmp_path) as talk:
        first, second = talk.begin(), talk.begin()
        await talk.ask(Question("1?", (Mention(CART),), pinned=True), first)
        await talk.ask(Question("2?"), first)
        await talk.ask(Question("3?"), second)
        summaries = await talk.conversations()
    assert texts(model.requests[1])[1:] == ["1?", "One.", "2?"]
    assert "b = 2" in texts(model.requests[1])[0], "pinned"
    assert texts(model.requests[2])[1:] == ["3?"]
    assert [(each.title, each.turns) for each in summaries] == [("3?", 1), ("1?", 2)]


async def test_a_long_history_is_cut_to_the_window(tmp_path):
    model = TalkingModel("word " * 200, window=2000)
    async with talking(model, tmp_path) as talk:
        conversation = talk.begin()
        for number in range(30):
            await talk.ask(Question(f"{number}?"), conversation)
    sizes = [sum(map(len, texts(request))) for request in model.requests]
    assert max(sizes) <= 1500 * 4.5
    assert len(model.requests[-1].messages) < 15
    assert texts(model.requests[-1])[-1] == "29?"


async def test_what_came_before_the_user_stopped_it_is_remembered(tmp_path):
    model, ledger = WaitingModel(), tmp_path / "ledger.jsonl"
    async with talking(model, tmp_path, ledger) as talk:
        conversation = talk.begin()
        told = []
        question = Question("1?", (Mention(CART),))
        asked = asyncio.create_task(talk.ask(question, conversation, stopped=told.append))
        call = await model.call(0)
        call.say("Half an ")
        await asyncio.sleep(0)
        asked.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asked
        assert call.closed.is_set()
        again = asyncio.create_task(talk.ask(Question("2?"), conversation))
        (await model.call(1)).end("answer.")
        await again
    assert texts(model.calls[1].request)[-2:] == ["Half an ", "2?"]
    records = [record for record in Reader(ledger) if record.kind == "asked"]
    assert [(record.task, record.outcome) for record in records] == [("chat", "given up"), ("chat", "ok")]
    assert records[0].estimated
    assert records[0].prompt_tokens
    [answer] = told
    assert (answer.text, answer.context) == ("Half an ", ("cart.py",))
    assert (answer.bill.model, answer.bill.cost_usd) == (model.profile.label, records[0].cost_usd)


async def test_two_conversations_at_once_and_one_question_after_the_other(tmp_path):
    model = WaitingModel()
    async with talking(model, tmp_path) as talk:
        first, second = talk.begin(), talk.begin()
        asked = [
            asyncio.create_task(talk.ask(Question(text), conversation))
            for text, conversation in (("1a", first), ("2a", second), ("1b", first))
        ]
        await model.call(1)
        assert [texts(call.request)[-1] for call in model.calls] == ["1a", "2a"]
        model.calls[1].end("2A")
        assert (await asked[1]).text == "2A"
        model.calls[0].end("1A")
        (await model.call(2)).end("1B")
        assert [answer.text for answer in await asyncio.gather(*asked)] == ["1A", "2A", "1B"]
        assert texts(model.calls[2].request)[1:] == ["1a", "1A", "1b"]


ENDS = {
    "too long": (Chunk("a", "length"), "as long as the model may write"),
    "cut off by the host": (Chunk("a", "error"), "was cut off"),
    "cut off": (Chunk("a"), "was cut off"),
}


@pytest.mark.parametrize(("chunk", "note"), ENDS.values(), ids=ENDS)
async def test_an_answer_that_is_not_whole_is_told(tmp_path, chunk, note):
    async with talking(TalkingModel(chunk), tmp_path) as talk:
        answer = await talk.ask(Question("Why?"), talk.begin())
    assert note in answer.notes[0]


FAILURES = {
    "no question": (" \n", "", "There is no question."),
    "a question too long": ("x" * 200_001, "", "A question may have at most 200,000 characters."),
    "an unknown conversation": ("Why?", NOBODY, "There is no such conversation"),
    "no conversation's name": ("Why?", "../../x", "There is no such conversation"),
    "more than the window holds": ("x " * 50_000, "", "too long for talking"),
}


@pytest.mark.parametrize(("text", "conversation", "sentence"), FAILURES.values(), ids=FAILURES)
async def test_what_cannot_be_asked_is_one_sentence(tmp_path, text, conversation, sentence):
    model = TalkingModel(ANSWER, window=1000)
    async with talking(model, tmp_path) as talk:
        with pytest.raises(BadRequest, match=sentence):
            await talk.ask(Question(text), conversation or talk.begin())
    assert model.requests == []


async def test_a_failure_leaves_the_conversation_as_it_was(tmp_path):
    model = TalkingModel("One.", BadRequest("No."), "Two.")
    async with talking(model, tmp_path) as talk:
        conversation = talk.begin()
        await talk.ask(Question("1?"), conversation)
        with pytest.raises(BadRequest):
            await talk.ask(Question("2?"), conversation)
        await talk.ask(Question("3?"), conversation)
    assert texts(model.requests[2])[1:] == ["1?", "One.", "3?"]


async def test_a_host_that_fails_at_first_is_asked_again_and_heard_once(tmp_path):
    heard = []
    async with talking(TalkingModel(Unavailable("Busy."), "One."), tmp_path) as talk:
        assert (await talk.ask(Question("1?"), talk.begin(), heard.append)).text == "One."
    assert heard == ["One."]
