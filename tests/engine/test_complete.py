"""The completion path, over a model that answers when the test says so."""

from __future__ import annotations

import asyncio

import pytest

from codestral_ls.core.exclusion import IgnoreRules
from codestral_ls.core.gate import back_off
from codestral_ls.core.model import RateLimited, Unauthorized, Unavailable, Usage
from tests.engine.conftest import SUM, ask, site, suggest, typed
from tests.engine.scripted import ScriptedModel


async def test_a_cold_request_sends_what_stands_around_and_shows_the_reply(rig):
    suggestion = await suggest(rig, SUM, "a + b")
    request = rig.model.calls[0].request
    assert (request.prefix, request.typed, request.suffix) == (
        "def add(a, b):\n",
        "    total = ",
        "\n    return total\n",
    )
    assert (suggestion.text, suggestion.source) == ("a + b", "model")
    assert (suggestion.span.start, suggestion.span.end) == (SUM.offset, SUM.offset)


async def test_typing_the_suggestion_asks_nothing_and_never_changes_the_rest(rig):
    first = await suggest(rig, SUM, "a + b")
    for length in range(1, len(first.text)):
        rest = await rig.completer.complete(typed(SUM, first.text[:length]), "automatic")
        assert (rest.text, rest.source, rest.id) == (first.text[length:], "typed", first.id)
    assert len(rig.model.calls) == 1


async def test_the_same_place_again_is_answered_from_memory(rig):
    await suggest(rig, SUM, "a + b")
    elsewhere = site("def add(a, b):\n    total = 0\n    return total + █\n")
    await suggest(rig, elsewhere, "a - b")
    again = await rig.completer.complete(SUM, "automatic")
    assert (again.text, again.source) == ("a + b", "memory")
    assert len(rig.model.calls) == 2


async def test_a_place_where_the_model_had_nothing_to_say_is_not_asked_about_again(rig):
    assert await suggest(rig, SUM, "") is None
    assert await rig.completer.complete(SUM, "automatic") is None
    assert len(rig.model.calls) == 1


async def test_typing_of_which_the_model_had_nothing_to_say_waits(rig_of):
    rig = rig_of(debounce=30.0)
    assert await suggest(rig, SUM, "") is None
    burst = [ask(rig, typed(SUM, "x" * length)) for length in range(1, 4)]
    assert [await older for older in burst[:-1]] == [None] * 2
    assert len(rig.model.calls) == 1
    elsewhere = site("def add(a, b):\n    total = xxx\n    return total + █\n")
    assert (await suggest(rig, elsewhere, "a - b")).text == "a - b"
    assert await burst[-1] is None


async def test_a_key_before_the_first_token_joins_the_running_request(rig):
    first = ask(rig, SUM)
    call = await rig.model.call(0)
    second = ask(rig, typed(SUM, "a"))
    assert await first is None
    call.say("a + b")
    call.end()
    suggestion = await second
    assert (suggestion.text, suggestion.source) == (" + b", "joined")
    assert len(rig.model.calls) == 1


async def test_a_key_that_contradicts_the_running_request_ends_it_and_asks_anew(rig_of):
    rig = rig_of(debounce=0.0)
    ask(rig, SUM)
    call = await rig.model.call(0)
    call.say("a + b")
    second = ask(rig, typed(SUM, "x"))
    other = await rig.model.call(1)
    await call.closed.wait()
    assert other.request.typed.endswith("total = x")
    other.end("yz")
    assert (await second).text == "yz"


async def test_a_stream_that_turns_away_from_what_was_typed_is_replaced(rig_of):
    rig = rig_of(debounce=0.0)
    ask(rig, SUM)
    call = await rig.model.call(0)
    second = ask(rig, typed(SUM, "b"))
    await asyncio.sleep(0)
    call.say("a + b")
    other = await rig.model.call(1)
    other.end(" + a")
    assert (await second).text == " + a"
    await call.closed.wait()


async def test_a_cancelled_wait_leaves_the_request_to_the_next_one(rig):
    first = ask(rig, SUM)
    call = await rig.model.call(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    second = ask(rig, typed(SUM, "a"))
    await asyncio.sleep(0)
    call.end("a + b")
    assert (await second).text == " + b"
    assert len(rig.model.calls) == 1


async def test_of_a_burst_only_the_newest_waits_for_the_model(rig_of):
    rig = rig_of(debounce=30.0)
    ask(rig, SUM)
    await rig.model.call(0)
    burst = [ask(rig, typed(SUM, "x" * length)) for length in range(1, 6)]
    assert [await older for older in burst[:-1]] == [None] * 4
    assert not burst[-1].done()
    assert len(rig.model.calls) == 1
    burst[-1].cancel()


async def test_the_stream_is_closed_as_soon_as_there_is_enough(rig):
    place = site("a, b = 1, 2\ntotal = █\n")
    asked = ask(rig, place)
    call = await rig.model.call(0)
    call.say("a + b\nprint(total)\nprint(a)\nprint(b)\n")
    await call.closed.wait()
    assert (await asked).text == "a + b"


async def test_a_reply_that_was_cut_off_is_neither_shown_nor_kept(rig):
    asked = ask(rig, SUM)
    call = await rig.model.call(0)
    call.say("a +")
    call.cut()
    assert await asked is None
    assert (await suggest(rig, SUM, "a + b")).text == "a + b"


GATED = {
    "in a word": "value.na█me\n",
    "before other code": "result = compute()█.more(x)\n",
    "behind what is complete": "result = compute()█\n",
    "in a document that says nothing": "x = █",
    "in a minified line": "x" * 1200 + " = █\n",
}


@pytest.mark.parametrize("marked", GATED.values(), ids=GATED.keys())
async def test_automatic_requests_are_not_made(rig, marked):
    assert await rig.completer.complete(site(marked), "automatic") is None
    assert rig.model.calls == []
    assert (await suggest(rig, site(marked), "zzz()", "invoked")) is not None


REFUSED = {
    "secret": "file:///shop/.env",
    "key": "file:///shop/deploy.pem",
    "ignored": "file:///shop/generated/api.py",
    "output pane": "output:extension",
}


@pytest.mark.parametrize("uri", REFUSED.values(), ids=REFUSED.keys())
async def test_nothing_of_a_refused_document_is_sent(rig, uri):
    rig.workspace.set_rules(IgnoreRules.of(("generated/",)))
    place = site("token = █\nmore = text\n", uri=uri)
    assert await rig.completer.complete(place, "invoked") is None
    assert rig.model.calls == []


async def test_a_huge_file_is_left_alone(rig_of):
    rig = rig_of(max_characters=1000)
    assert await rig.completer.complete(site("x = 1\n" * 200 + "y = █\n"), "invoked") is None
    assert rig.model.calls == []


async def test_a_failing_host_is_told_once_and_left_alone_for_a_while(rig):
    asked = ask(rig, SUM)
    (await rig.model.call(0)).fail(Unavailable("The host is down."))
    assert await asked is None
    assert await rig.completer.complete(typed(SUM, "x"), "automatic") is None
    assert [status.message for status in rig.troubles] == ["The host is down."]
    assert len(rig.model.calls) == 1
    rig.now += 3.0
    assert (await suggest(rig, typed(SUM, "xy"), " + b")).text == " + b"
    assert rig.statuses[-1].state == "ready"


async def test_the_user_may_ask_in_spite_of_an_earlier_failure(rig):
    asked = ask(rig, SUM)
    (await rig.model.call(0)).fail(RateLimited("Too many requests.", retry_after=60.0))
    await asked
    assert (await suggest(rig, SUM, "a + b", "invoked")).text == "a + b"


async def test_a_refused_key_is_not_tried_again(rig):
    asked = ask(rig, SUM)
    (await rig.model.call(0)).fail(Unauthorized("The key was refused."))
    await asked
    rig.now += 1e6
    assert await rig.completer.complete(SUM, "invoked") is None
    assert len(rig.model.calls) == 1
    assert rig.troubles[0].state == "error"


async def test_what_the_model_doubts_is_shown_only_on_request(rig_of):
    rig = rig_of(ScriptedModel(min_logprob=-2.0))
    assert await suggest(rig, SUM, "a + b", logprob=-5.0) is None
    assert (await rig.completer.complete(SUM, "invoked")).text == "a + b"


async def test_a_closed_document_ends_its_requests(rig):
    asked = ask(rig, SUM)
    call = await rig.model.call(0)
    rig.completer.forget(SUM.document.uri)
    await call.closed.wait()
    assert await asked is None


async def test_no_more_streams_run_than_the_model_takes(rig_of):
    rig = rig_of(ScriptedModel(streams=2), debounce=0.0)
    places = [site("def f():\n    return █\n", uri=f"file:///shop/{name}.py") for name in "abc"]
    asked = []
    for number, place in enumerate(places):
        asked.append(ask(rig, place))
        await rig.model.call(number)
    await rig.model.calls[0].closed.wait()
    assert await asked[0] is None
    rig.model.calls[1].end("one()")
    rig.model.calls[2].end("two()")
    assert [(await task).text for task in asked[1:]] == ["one()", "two()"]


async def test_the_tokens_that_the_host_counts_correct_the_budget(rig_of):
    rig = rig_of(ScriptedModel(prefix_tokens=100))
    long = "value = compute(1, 2)\n" * 400
    asked = ask(rig, site(long + "x = █\n"), "invoked")
    call = await rig.model.call(0)
    sent = len(call.request.prefix)
    assert sent <= 300
    call.end("1", usage=Usage(prompt=280, completion=1))
    await asked
    for number in range(1, 12):
        asked = ask(rig, site(long + f"x{number} = █\n"), "invoked")
        (await rig.model.call(number)).end("1", usage=Usage(prompt=280, completion=1))
        await asked
    assert len(rig.model.calls[-1].request.prefix) < sent / 2


async def test_a_user_who_asks_may_get_several_different_ones(rig_of):
    rig = rig_of(candidates=3)
    asked = asyncio.create_task(rig.completer.candidates(SUM))
    texts = {(0.0, None): "a + b", (0.4, 1): "sum((a, b))", (0.4, 2): "a + b"}
    for number in range(3):
        call = await rig.model.call(number)
        call.end(texts.pop((call.request.temperature, call.request.seed)))
    assert [suggestion.text for suggestion in await asked] == ["a + b", "sum((a, b))"]


async def test_a_model_with_one_stream_gives_one(rig_of):
    rig = rig_of(ScriptedModel(streams=1), candidates=3)
    asked = asyncio.create_task(rig.completer.candidates(SUM))
    (await rig.model.call(0)).end("a + b")
    assert len(await asked) == 1
    assert len(rig.model.calls) == 1


@pytest.mark.parametrize(
    ("ignored", "seconds"), [(0, 0.0), (7, 0.0), (8, 0.15), (9, 0.3), (10, 0.6), (11, 1.0), (50, 1.0)]
)
def test_back_off(ignored, seconds):
    assert back_off(ignored) == seconds


async def test_before_a_statement_only_a_slow_model_is_asked(rig):
    before = site("def add(a, b):\n    █print(a)\n", "file:///shop/till.py")
    assert await rig.completer.complete(before, "automatic") is None
    asked = ask(rig, SUM)
    call = await rig.model.call(0)
    rig.now += 0.5
    call.end("a + b")
    await asked
    assert (await suggest(rig, before, "total = a + b;")).text == "total = a + b;"
