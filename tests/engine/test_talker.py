"""How much a chat model is shown and may say, by what is known of it."""

from __future__ import annotations

import pytest

from codestral_ls.core.model import BadRequest, ChatRequest, Chunk, Message, Tool, ToolCall, Usage
from codestral_ls.core.privacy import redact
from codestral_ls.core.prompt import Budget
from codestral_ls.engine.accounts import Accounts
from codestral_ls.engine.ledger import Ledger
from codestral_ls.engine.talker import Talker, sent
from codestral_ls.engine.workspace import Workspace
from tests.engine.talking import TalkingModel

HELLO = ChatRequest((Message("user", redact("x" * 3_000)),), max_tokens=500)


def talker_of(*answers, **profile) -> Talker:
    accounts = Accounts(Ledger(None, lambda: 0.0), Workspace())
    return Talker(TalkingModel(*(answers or ("Hello.",)), **profile), accounts, lambda: 0.0)


BUDGETS = {
    "a host far away": ({"host": "relay.example"}, (6_000, 2_000)),
    "a long window": ({"host": "api.mistral.ai", "window": 128_000}, (6_000, 2_000)),
    "a server on this machine": ({"host": "127.0.0.1"}, (1_500, 375)),
    "with its window": ({"host": "127.0.0.1", "window": 8_192}, (2_048, 1_024)),
    "a process of ours": ({"window": 4_096, "prefix_tokens": 256, "suffix_tokens": 64}, (1_024, 512)),
}


@pytest.mark.parametrize(("profile", "tokens"), BUDGETS.values(), ids=BUDGETS)
def test_the_text_around_is_as_long_as_suits_the_model(profile, tokens):
    above, below = tokens
    assert talker_of(**profile).budget == Budget(above * 3, below * 3)


ROOM = {
    "nobody knows": (0, 500, 1_500),
    "plenty": (100_000, 500, 1_500),
    "some": (2_000, 500, 1_000),
    "just enough": (1_500, 500, None),
    "less": (1_400, 400, None),
}


@pytest.mark.parametrize(("window", "limit", "larger"), ROOM.values(), ids=ROOM)
async def test_a_reply_is_as_long_as_there_is_room(window, limit, larger):
    talker = talker_of(Chunk("Hi.", "stop"), window=window)
    await talker.ask(HELLO, task="chat")
    assert talker.model.requests[0].max_tokens == limit
    more = talker.larger(HELLO)
    assert (more and more.max_tokens) == larger


async def test_what_leaves_no_room_is_not_sent():
    talker = talker_of(window=1_050)
    with pytest.raises(BadRequest, match="too long"):
        await talker.ask(HELLO, task="chat")
    assert talker.model.requests == []


async def test_the_hosts_own_counts_make_the_estimate():
    talker = talker_of(Chunk("Hi.", "stop", Usage(1_000, 1)))
    await talker.ask(HELLO, task="chat")
    assert talker.scale.measured == pytest.approx(3.0)
    talker = talker_of(Chunk("Hi.", "stop", Usage(2_000, 1)))
    await talker.ask(HELLO, task="chat")
    assert talker.scale.measured == pytest.approx(2.7)


async def test_the_pieces_are_heard_and_the_calls_kept():
    call = ToolCall("abcdefghi", "read_file", "{}")
    heard: list[str] = []
    talker = talker_of("Hello there.")
    assert (
        (await talker.ask(HELLO, task="chat", on_text=heard.append)).text == "".join(heard) == "Hello there."
    )
    assert len(heard) > 1
    talker = talker_of(Chunk("", "stop", calls=(call,)))
    assert (await talker.ask(HELLO, task="chat")).calls == (call,)


async def test_a_long_reply_is_cut_and_has_no_finish():
    reply = await talker_of("x" * 1_000).ask(HELLO, task="chat", most=100)
    assert 100 < len(reply.text) < 110
    assert reply.finish is None


def test_tools_and_calls_count_as_sent():
    call = ToolCall("abcdefghi", "read_file", "{}" * 50)
    tool = Tool("read_file", "x" * 30, {"a": 1})
    request = ChatRequest((Message("assistant", redact("y" * 20), (call,)),), 10, tools=(tool,))
    assert sent(request) == 20 + 100 + 30 + len("{'a': 1}")
