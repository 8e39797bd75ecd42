"""What of a conversation is sent: as much as the window holds, the oldest left out first."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.attachment import Attachment
from codestral_ls.core.conversation import Conversation, Room, Turn, ask_answer, cut
from codestral_ls.core.model import Message, Profile, ToolCall
from codestral_ls.core.privacy import redact
from codestral_ls.core.prompt import TokenScale

MARKS = 40
KEY = "sk-" + "a1B2" * 8


def system(text="s"):
    return Message("system", redact(text))


def user(text):
    return Message("user", redact(text))


def assistant(text, *calls):
    return Message("assistant", redact(text), calls=tuple(ToolCall(call, "f", "{}") for call in calls))


def tool(call, text="t"):
    return Message("tool", redact(text), call_id=call)


FOUR = [system(), user("a"), assistant("A"), user("b"), assistant("B"), user("c")]
ROUNDS = [
    system(),
    user("a"),
    assistant("A"),
    user("b"),
    assistant("", "1"),
    tool("1"),
    assistant("", "2", "3"),
    tool("2"),
    tool("3"),
]


@pytest.mark.parametrize(
    ("messages", "characters", "kept"),
    [
        pytest.param(FOUR, 6 * MARKS + 6, FOUR, id="all fits"),
        pytest.param(FOUR, 6 * MARKS + 5, [FOUR[0], *FOUR[3:]], id="an answer goes with its question"),
        pytest.param(FOUR, 3 * MARKS, [FOUR[0], FOUR[5]], id="two turns go"),
        pytest.param(FOUR, 0, [FOUR[0], FOUR[5]], id="system and question stay"),
        pytest.param(
            [user("a"), assistant("A"), user("b")], 0, [user("b")], id="a conversation without a system"
        ),
        pytest.param([system()], 0, [system()], id="nothing but the system"),
        pytest.param([], 0, [], id="nothing"),
        pytest.param(ROUNDS, 500, ROUNDS, id="calls that fit"),
        pytest.param(ROUNDS, 7 * MARKS + 20, [ROUNDS[0], *ROUNDS[3:]], id="turns go before rounds of calls"),
        pytest.param(ROUNDS, 0, [ROUNDS[0], ROUNDS[3], *ROUNDS[6:]], id="a result goes with its call"),
    ],
)
def test_the_oldest_goes_first(messages, characters, kept):
    assert [*cut(messages, characters)] == kept


@st.composite
def conversations(draw):
    texts, number = st.text("ab", max_size=40), iter(range(1000))
    found = [system(draw(texts)) for _ in range(draw(st.integers(0, 2)))]
    for _ in range(draw(st.integers(1, 5))):
        found.append(user(draw(texts)))
        for _ in range(draw(st.integers(0, 3))):
            calls = [str(next(number)) for _ in range(draw(st.integers(0, 3)))]
            found.append(assistant(draw(texts), *calls))
            found += [tool(call, draw(texts)) for call in calls]
    return found


def size(messages):
    return sum(len(m.text) + sum(len(c.name) + len(c.arguments) for c in m.calls) + MARKS for m in messages)


@given(conversations(), st.integers(0, 1500))
def test_what_is_kept_is_whole(messages, characters):
    kept = cut(messages, characters)
    rest = iter(messages)
    assert all(message in rest for message in kept), "in their order"
    assert [m for m in kept if m.role == "system"] == [m for m in messages if m.role == "system"]
    assert [*kept][-1] == messages[-1]
    assert [m for m in kept if m.role == "user"][-1] == [m for m in messages if m.role == "user"][-1]
    assert {call.id for m in kept for call in m.calls} == {m.call_id for m in kept if m.role == "tool"}
    for before, message in pairwise(kept):
        assert message.role != "tool" or before.role in ("assistant", "tool")
        assert message.role != "assistant" or before.role != "system"
    assert size(kept) <= characters or cut(kept, 0) == kept
    assert cut(kept, characters) == kept


@given(conversations(), st.integers(0, 1500), st.integers(0, 200))
def test_more_room_keeps_more(messages, characters, more):
    assert set(map(id, cut(messages, characters))) <= set(map(id, cut(messages, characters + more)))


def shown(title, text):
    return Attachment("code", title, text, "file:///a.py", text)


CART, TAX = shown("cart.py", "<file>cart</file>"), shown("tax.py", "<file>tax</file>")


def asked(conversation, turn, language="", room=None):
    request = ask_answer(conversation, turn, language, room or Room(10_000, 100))
    return [(message.role, message.text) for message in request.messages]


def test_a_question_comes_with_what_is_attached():
    first, question = asked(Conversation("c"), Turn("1", "Why?", attached=(CART, TAX)))
    assert question == ("user", f"{CART.text}\n\n{TAX.text}\n\nWhy?")
    assert first[0] == "system"
    assert "path=src/cart.py" in first[1]


LANGUAGES = {"German": "Answer in German.", "": "Answer in the language of the question."}


@pytest.mark.parametrize(("language", "sentence"), LANGUAGES.items())
def test_the_language_is_set_or_the_users(language, sentence):
    assert sentence in asked(Conversation("c"), Turn("1", "Warum?"), language)[0][1]


def test_what_was_shown_is_not_shown_again():
    before = Conversation("c", (Turn("1", "Why?", "Because.", (CART,)),))
    told = asked(before, Turn("2", "And?", attached=(CART, TAX)))
    assert told[1:] == [
        ("user", f"{CART.text}\n\nWhy?"),
        ("assistant", "Because."),
        ("user", f"{TAX.text}\n\nAnd?"),
    ]


def test_what_was_shown_with_a_turn_that_is_cut_off_is_shown_again():
    before = Conversation("c", (Turn("1", "Why?", "B" * 3000, (CART,)),))
    told = asked(before, Turn("2", "And?", attached=(CART,)), room=Room(2000, 100))
    assert told[1:] == [("user", f"{CART.text}\n\nAnd?")]


def test_what_is_pinned_stays_when_turns_go():
    turns = tuple(Turn(str(number), "Why?", "B" * 500) for number in range(20))
    told = asked(Conversation("c", turns, (CART,)), Turn("n", "And?", attached=(CART,)), room=Room(3000, 9))
    assert told[0][1].endswith(CART.text)
    assert told[-1] == ("user", "And?")
    assert 3 < len(told) < 20


def test_an_answer_that_never_came_is_no_message():
    told = asked(Conversation("c", (Turn("1", "Why?"),)), Turn("2", "Well?"))
    assert [role for role, _ in told] == ["system", "user", "user"]


def test_no_secret_is_told():
    turn = Turn("2", f'key = "{KEY}"', attached=(shown("a", f'key = "{KEY}"'),))
    before = Conversation("c", (Turn("1", f'key = "{KEY}"', f'key = "{KEY}"'),), (shown("b", KEY),))
    assert "a1B2" not in str(asked(before, turn))


ROOMS = {
    "known": (Profile("i", "l", window=10_000), 10_000 - 2_500, 2_500),
    "large": (Profile("i", "l", window=128_000), 128_000 - 4_096, 4_096),
    "unknown, elsewhere": (Profile("i", "l", host="api.example.org"), 32_000 - 4_096, 4_096),
    "unknown, here": (Profile("i", "l", host="127.0.0.1"), 4_096 - 1_024, 1_024),
    "a process of ours": (Profile("i", "l"), 4_096 - 1_024, 1_024),
}


@pytest.mark.parametrize(("profile", "tokens", "answer"), ROOMS.values(), ids=ROOMS)
def test_the_window_has_room_for_an_answer(profile, tokens, answer):
    assert Room.of(profile, TokenScale(3.0)) == Room(3 * tokens, answer)
    assert Room.of(profile, TokenScale(2.0)).characters == 2 * tokens


def test_old_turns_of_a_long_conversation_are_forgotten():
    conversation = Conversation("c")
    for number in range(9):
        conversation = conversation.then(Turn(str(number), "q" * 10, "a" * 90), 350)
    assert [turn.id for turn in conversation.turns] == ["6", "7", "8"]
    conversation = conversation.then(Turn("long", "q" * 1000), 350)
    assert [turn.id for turn in conversation.turns] == ["long"]


TITLES = {"": "", "Why\n  not?": "Why not?", "x" * 61: "x" * 59 + "…"}


@pytest.mark.parametrize(("question", "title"), TITLES.items())
def test_a_conversation_is_called_by_its_first_question(question, title):
    turns = (Turn("1", question), Turn("2", "And?")) if question else ()
    assert Conversation("c", turns).title == title
