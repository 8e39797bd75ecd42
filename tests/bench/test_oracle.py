"""The upstream that answers from the future."""

import asyncio
from contextlib import aclosing

import pytest

from codestral_ls.bench import clock
from codestral_ls.bench.future import Future, Playhead
from codestral_ls.bench.oracle import Latency, Oracle, OracleModel
from codestral_ls.bench.sessions import Session, Step, applied
from codestral_ls.core.model import FimRequest
from codestral_ls.core.privacy import redact
from codestral_ls.core.text import Edit, Span

BEFORE = "total = 0\n\nprint(total)\n"


def session_of(*edits: tuple[int, int, str], text: str = BEFORE) -> Session:
    """A session in one file whose cursor is behind each edit."""
    steps, after = [], text
    for number, (start, end, new) in enumerate(edits):
        edit = Edit(Span(start, end), new)
        after = applied(after, (edit,))
        steps.append(Step(number * 0.1, "a.py", (edit,), start + len(new), "key"))
    return Session("a.py", {"a.py": text}, steps, {"a.py": after})


def playhead_at(session: Session, index: int, cursor: int) -> Playhead:
    playhead = Playhead(Future(session))
    text = session.before["a.py"]
    for step in session.steps[:index]:
        text = applied(text, step.edits)
    playhead.move(index, "a.py", text, cursor)
    return playhead


TYPED = [(10 + n, 10 + n, key) for n, key in enumerate("for x in xs:")]
AHEAD = {
    "what is typed": (TYPED, "for x in xs:"),
    "an error that is taken back": ([*TYPED[:3], (13, 13, "z"), (13, 14, ""), *TYPED[3:]], "for x in xs:"),
    "a word from a menu": ([*TYPED[:2], (10, 12, "for")], "for"),
    "up to an edit elsewhere": ([*TYPED[:3], (0, 0, "#"), (14, 14, "y")], "for"),
    "up to one in what it wrote": ([*TYPED[:5], (11, 11, "z")], "for x"),
    "nothing where the text before goes": ([(9, 10, ""), (9, 9, "x")], ""),
    "what is typed over": ([(10, 10, "f("), (12, 13, ")")], "f()"),
}


@pytest.mark.parametrize(("edits", "text"), AHEAD.values(), ids=AHEAD.keys())
def test_ahead(edits, text):
    ahead = playhead_at(session_of(*edits), 0, 10).ahead
    assert ahead.text == text
    assert ahead.is_known is bool(text)


def test_typing_over_takes_in_what_stood_there():
    session = session_of((2, 2, "x"), (3, 4, ")"), text="f()")
    assert playhead_at(session, 0, 2).ahead.text == "x)"
    assert playhead_at(session, 0, 2).ahead.over == 1


def test_states_that_lie_ahead():
    session = session_of(*TYPED)
    future = Future(session)
    assert future.reached(0, "a.py", "total = 0\nfor x\nprint(total)\n") == 4
    assert future.reached(5, "a.py", "total = 0\nfor x\nprint(total)\n") is None
    assert future.reached(0, "a.py", "total = 0\nfor y\nprint(total)\n") is None


def oracle(session: Session, index: int, cursor: int, wrong: float = 0.0) -> Oracle:
    return Oracle(playhead_at(session, index, cursor), wrong, seed=1)


SAID = {
    "the text to come and what follows": ("total = 0\n", 100, (), "for x in xs:\nprint(total)\n"),
    "a prompt made a moment ago": ("total = 0", 100, (), "\nfor x in xs:\nprint(total)\n"),
    "a prompt for what is accepted soon": ("total = 0\nfor x in", 100, (), " xs:\nprint(total)\n"),
    "up to a stop": ("total = 0\n", 100, ("\n",), "for x in xs:"),
    "as many tokens as are allowed": ("total = 0\n", 2, (), "for x in"),
}


@pytest.mark.parametrize(("before", "tokens", "stop", "text"), SAID.values(), ids=SAID.keys())
def test_the_oracle_finds_the_future(before, tokens, stop, text):
    said = oracle(session_of(*TYPED), 0, 10).answer(before, tokens, stop)
    assert said.text == text
    assert said.true == len(text)
    assert said.finish == ("length" if tokens == 2 else "stop")
    assert "".join(said.tokens) == text


def test_what_never_comes_to_be_is_answered_wrongly():
    said = oracle(session_of(*TYPED), 0, 10).answer("total = 0\nwhile ", 100, ())
    assert said.true == 0
    assert said.text


def test_errors_come_at_the_rate_that_was_asked_for():
    text = "alpha beta gamma delta\n" * 400
    session = session_of(*((n, n, key) for n, key in enumerate(text[:50])), text="")
    known = [oracle(session, n, n, wrong=0.25).answer(text[:n], 1, ()).true > 0 for n in range(1, 40)]
    assert 5 < known.count(False) < 20
    assert oracle(session, 1, 1, wrong=1.0).answer("a", 100, ()).true == 0


def request(tokens: int = 100) -> FimRequest:
    return FimRequest(redact("total = 0\n"), redact(""), redact("\nprint(total)\n"), tokens)


def model_of(latency: Latency) -> OracleModel:
    playhead = playhead_at(session_of(*TYPED), 0, 10)
    return OracleModel(Oracle(playhead, 0.0, 1), playhead, latency, 1)


def test_latency_is_that_of_the_profile():
    async def main():
        model = model_of(Latency(0.2, 0.01, 2, sigma=0.0))
        times = [(asyncio.get_running_loop().time(), chunk.text) async for chunk in model.fim(request())]
        return times, model.calls

    times, (call,) = clock.run(main())
    assert [(round(time, 3), text) for time, text in times[:3]] == [
        (0.2, "for "),
        (0.21, "x in"),
        (0.22, " xs:"),
    ]
    assert (call.outcome, call.generated) == ("complete", 7)
    assert call.prompt == "\nprint(total)\ntotal = 0\n"


CLOSED = {"enough": (2, 0.0, "stopped", 2), "cancelled": (2, 0.005, "cancelled", 2)}


@pytest.mark.parametrize(("chunks", "wait", "outcome", "generated"), CLOSED.values(), ids=CLOSED.keys())
def test_a_closed_stream_costs_no_more(chunks, wait, outcome, generated):
    async def main():
        model = model_of(Latency(0.2, 0.01, 2))
        async with aclosing(model.fim(request())) as stream:
            for _ in range(chunks):
                await anext(stream)
            await asyncio.sleep(wait)
        await asyncio.sleep(1)
        return model.calls[0]

    call = clock.run(main())
    assert (call.outcome, call.generated) == (outcome, generated)


def test_cancelled_before_the_first_token():
    async def main():
        model = model_of(Latency(0.2, 0.01, 2))
        task = asyncio.create_task(anext(model.fim(request())))
        await asyncio.sleep(0.01)
        task.cancel()
        await asyncio.wait((task,))
        return model.calls[0]

    call = clock.run(main())
    assert (call.outcome, call.generated) == ("cancelled", 0)


def test_a_local_model_serves_one_at_a_time():
    async def first_token(model):
        await anext(stream := model.fim(request(1)))
        now = asyncio.get_running_loop().time()
        await anext(stream)
        await stream.aclose()
        return now

    async def main():
        model = model_of(Latency(0.1, 0.02, 1, sigma=0.0))
        return await asyncio.gather(first_token(model), first_token(model))

    assert clock.run(main()) == pytest.approx([0.1, 0.2])
