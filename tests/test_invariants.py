"""The invariants of the completion path, by their numbers. Each is proved here, in `test_invariants_server`
(those of a whole server), in `test_invariants_text` (those of any text), or where the table says.

 1  Every request gets exactly one answer; a superseded one gets nothing, at once; a cancelled one -32800.
 2  A client's cancel never ends a request that is still useful; a useless one is closed within one piece.
 3  Never more streams than the model takes; after 10,000 keystrokes tasks and entries are bounded.
 4  What is known is shown without any wait.
 5  Applying the edit to the document of the request gives exactly prefix, text and suffix.
 6  Typing the suggestion's own characters never changes the rest of it.
 7  No control tokens, and no line ends but the document's.
 8  Never what the document has already behind the cursor.
 9  The document's brackets are not worse by closers than before.
10  Same state, same prompt, byte for byte.
11  Consecutive prompts on a line share nine tenths.
12  Nothing of a secret or ignored file, and no key, in a prompt, the cache or the log.
13  The event loop never waits for a disk or a host, and computes for 10 ms at most.
14  A failing model is told once for each rest, never in a pop-up.
15  A partial reply is not kept, and not shown beyond its last whole line.
16  Nothing of a document is known once it is closed; the disk knows a prompt, whatever its path.
17  Without network or key the server goes on.
18  What is counted as accepted is what was accepted.
"""

from __future__ import annotations

import ast
import asyncio
import re
from pathlib import Path

import pytest

from tests.engine.conftest import SUM, ask, rig, rig_of, site, suggest, typed
from tests.engine.scripted import ScriptedModel

TESTS = Path(__file__).parent
HERE = ("test_invariants.py", "test_invariants_server.py", "test_invariants_text.py")

PROVED_ELSEWHERE = {
    1: (
        "e2e/test_order.py::test_every_request_gets_one_answer",
        "e2e/test_protocol.py::test_cancel",
        "engine/test_complete.py::test_of_a_burst_only_the_newest_waits_for_the_model",
    ),
    2: (
        "engine/test_complete.py::test_a_cancelled_wait_leaves_the_request_to_the_next_one",
        "engine/test_complete.py::test_a_key_that_contradicts_the_running_request_ends_it_and_asks_anew",
        "engine/test_complete.py::test_a_stream_that_turns_away_from_what_was_typed_is_replaced",
        "engine/test_complete.py::test_the_stream_is_closed_as_soon_as_there_is_enough",
    ),
    6: (
        "engine/test_complete.py::test_typing_the_suggestion_asks_nothing_and_never_changes_the_rest",
        "core/test_follow.py::test_typing_the_text_itself_leaves_its_rest",
    ),
    7: (
        "core/test_polish_properties.py::test_control_tokens_only_where_the_document_has_them",
        "core/test_polish_properties.py::test_line_ends_are_the_document_s",
    ),
    8: ("core/test_polish_properties.py::test_a_reply_that_goes_on_into_the_suffix",),
    12: (
        "providers/test_http.py::test_the_key_is_nowhere",
        "providers/test_mistral.py::test_the_key_is_not_shown",
    ),
    14: ("engine/test_complete.py::test_a_failing_host_is_told_once_and_left_alone_for_a_while",),
    15: ("engine/test_complete.py::test_a_reply_that_was_cut_off_is_neither_shown_nor_kept",),
    16: ("engine/test_cache.py::test_the_key_depends_on_all_that_decides_the_reply",),
    18: ("e2e/test_feedback.py::test_ledger",),
}

OTHER = "file:///shop/other.py"
__all__ = ["rig", "rig_of"]


def named_in(file):
    nodes = ast.walk(ast.parse((TESTS / file).read_text(encoding="utf-8")))
    kinds = ast.FunctionDef | ast.AsyncFunctionDef
    return {node.name for node in nodes if isinstance(node, kinds) and node.name.startswith("test_")}


def test_each_invariant_is_proved():
    for place in (place for places in PROVED_ELSEWHERE.values() for place in places):
        file, name = place.split("::")
        assert name in named_in(file), place
    names = [name for file in HERE for name in named_in(file)]
    numbers = {int(number) for name in names for number in re.findall(r"(?<=_)\d+(?=_)", name)}
    assert numbers | set(PROVED_ELSEWHERE) == set(range(1, 19))


class Disk:
    """A disk that says nothing while it is `blocked`, and knows what was put there."""

    def __init__(self):
        self.blocked = False
        self.replies = {}

    async def get(self, key):
        if self.blocked:
            await asyncio.Event().wait()
        return self.replies.get(key)

    def put(self, key, reply):
        self.replies[key] = reply


async def test_1_alternatives_are_superseded_as_well(rig_of):
    """1: also where the first suggestion is there and only others are waited for."""
    rig = rig_of(candidates=3, debounce=0.0)
    asked = asyncio.create_task(rig.completer.candidates(SUM))
    (await rig.model.call(0)).end("a + b")
    others = await rig.model.call(1)
    for _ in range(20):
        await asyncio.sleep(0)
    newer = ask(rig, typed(SUM, "x"))
    assert [suggestion.text for suggestion in await soon(asked)] == ["a + b"]
    await others.closed.wait()
    newer.cancel()


async def test_1_whoever_lost_the_running_request_gives_way_to_a_newer_one(rig_of):
    """1: it is not the older one that asks anew."""
    rig = rig_of(debounce=0.0)
    ask(rig, SUM)
    call = await rig.model.call(0)
    older = ask(rig, typed(SUM, "b"))
    await asyncio.sleep(0)
    call.say("a + b")
    waiter = rig.completer._turns._waiting[SUM.document.uri][0]
    for _ in range(100):
        if waiter._outcome.done():
            break
        await asyncio.sleep(0)
    newer = ask(rig, typed(SUM, "bc"))
    assert await soon(older) is None
    (await rig.model.call(1)).end("(a)")
    assert (await soon(newer)).text == "(a)"
    assert len(rig.model.calls) == 2


async def test_3_alternatives_are_streams_too(rig_of):
    """3: a user asks in one file for several while the model answers for another."""
    rig = rig_of(ScriptedModel(streams=2), candidates=3)
    first = ask(rig, SUM)
    await rig.model.call(0)
    place = site("def f():\n    return █\n", uri=OTHER)
    several = asyncio.create_task(rig.completer.candidates(place))
    await rig.model.call(1)
    for _ in range(20):
        await asyncio.sleep(0)
    assert sum(not call.closed.is_set() for call in rig.model.calls) == 2
    rig.completer.forget(OTHER)
    assert await soon(several) == ()
    first.cancel()


async def test_4_what_is_known_is_shown_without_any_wait(rig_of):
    """4: the answer is there before the coroutine gives way once: with a disk that hangs, a model that hangs,
    and others that wait for the typing to pause."""
    rig = rig_of(disk=(disk := Disk()), debounce=1e9)
    await suggest(rig, SUM, "a + b")
    disk.blocked = True
    waiting = [ask(rig, site("def g():\n    return █\n", uri=OTHER)), ask(rig, typed(SUM, "xy"))]
    await asyncio.sleep(0)
    for place, rest in ((SUM, "a + b"), (typed(SUM, "a"), " + b"), (typed(SUM, "a +"), " b")):
        with pytest.raises(StopIteration) as answered:
            rig.completer.complete(place, "automatic").send(None)
        assert answered.value.value.text == rest
    for task in waiting:
        task.cancel()


async def test_15_a_part_of_a_reply_is_not_kept(rig_of):
    """15: neither in memory nor on disk."""
    rig = rig_of(disk=(disk := Disk()))
    asked = ask(rig, SUM)
    call = await rig.model.call(0)
    call.say("a +")
    call.cut()
    assert await asked is None
    assert len(rig.completer._index) == len(disk.replies) == 0
    assert (await suggest(rig, SUM, "a + b")).text == "a + b"
    assert len(rig.completer._index) == len(disk.replies) == 1


async def test_15_a_reply_that_is_too_long_ends_at_its_last_whole_line(rig):
    """15."""
    place = site("def pay(prices):\n    █\n\n\nx = 1\n")
    asked = ask(rig, place, "invoked")
    (await rig.model.call(0)).end("total = 0\n    for price in prices:\n        total += pri", "length")
    assert (await asked).text == "total = 0\n    for price in prices:"


async def test_16_a_closed_document_is_unknown(rig):
    """16: opened again, it is asked about again."""
    await suggest(rig, SUM, "a + b")
    rig.completer.forget(SUM.document.uri)
    assert len(rig.completer._index) == 0
    assert (await suggest(rig, SUM, "b + a")).text == "b + a"


async def test_16_nothing_is_asked_for_a_document_that_was_closed(rig_of):
    """16: by whoever waited for the typing to pause, for a running request, or for alternatives."""
    rig = rig_of(debounce=1e9, candidates=3)
    first = ask(rig, SUM)
    await rig.model.call(0)
    joined = ask(rig, typed(SUM, "a"))
    await asyncio.sleep(0)
    elsewhere = site("def f():\n    return █\n", uri=OTHER)
    paused = ask(rig, elsewhere)
    await asyncio.sleep(0)
    for uri in (SUM.document.uri, OTHER):
        rig.completer.forget(uri)
    assert [await soon(task) for task in (first, joined, paused)] == [None] * 3
    several = asyncio.create_task(rig.completer.candidates(elsewhere))
    await rig.model.call(2)
    rig.completer.forget(OTHER)
    assert await soon(several) == ()
    assert len(rig.model.calls) == 3
    assert not rig.completer._memories


async def test_16_the_disk_knows_a_prompt_and_not_its_path(rig_of):
    """16."""
    rig = rig_of(disk=(disk := Disk()))
    await suggest(rig, SUM, "a + b")
    elsewhere = await rig.completer.complete(site(marked(SUM), uri=OTHER), "automatic")
    assert elsewhere.text == "a + b"
    other = site(marked(SUM).replace("add", "sub"), uri=OTHER)
    assert (await suggest(rig, other, "a - b")).text == "a - b"
    assert len(disk.replies) == 2


def soon(task):
    """A task that must end by itself, without any of the engine's waits: a test that fails must not hang."""
    return asyncio.wait_for(task, 5)


def marked(place):
    text = place.document.text
    return f"{text[: place.offset]}█{text[place.offset :]}"
