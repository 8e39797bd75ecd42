"""Conversations on disk: only if asked, for their owner only, and never in the way."""

from __future__ import annotations

import asyncio
import json
import os
import stat

import pytest

from codestral_ls.core.model import BadRequest
from codestral_ls.core.text import Span
from codestral_ls.engine import chat, transcripts
from codestral_ls.engine.question import Mention, Question
from tests.engine.chatting import CART, NOBODY, WaitingModel, talking, texts
from tests.engine.talking import TalkingModel

KEY = "sk-" + "a1B2" * 8


async def test_nothing_is_written_unless_asked(tmp_path):
    async with talking(TalkingModel("One."), tmp_path) as talk:
        conversation = talk.begin()
        await talk.ask(Question("1?"), conversation)
        assert not (tmp_path / "chats").exists()
        assert await talk.end(conversation)
        assert not await talk.end(conversation)
        with pytest.raises(BadRequest, match="no such conversation"):
            await talk.ask(Question("2?"), conversation)


async def test_a_saved_conversation_outlives_the_session(tmp_path):
    async with talking(TalkingModel("One."), tmp_path) as talk:
        talk.saves = True
        conversation = talk.begin()
        await talk.ask(Question(f"1? {KEY}", (Mention(CART, Span(0, 5)),)), conversation)
    [file] = (tmp_path / "chats").iterdir()
    assert file.name == f"{conversation}.json"
    assert KEY not in file.read_text()
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    model = TalkingModel("Two.")
    async with talking(model, tmp_path) as talk:
        assert [(each.conversation, each.turns) for each in await talk.conversations()] == [(conversation, 1)]
        await talk.ask(Question("2?"), conversation)
        assert "a = 1" in texts(model.requests[0])[1]
        assert texts(model.requests[0])[2:] == ["One.", "2?"]
        assert await talk.end(conversation)
        assert not file.exists()
        assert await talk.conversations() == []


async def test_a_conversation_that_was_ended_while_it_was_answered_stays_away(tmp_path):
    model = WaitingModel()
    async with talking(model, tmp_path) as talk:
        talk.saves = True
        conversation = talk.begin()
        asked = asyncio.create_task(talk.ask(Question("1?"), conversation))
        call = await model.call(0)
        assert await talk.end(conversation)
        call.end("One.")
        assert (await asked).text == "One."
        assert await talk.conversations() == []
    assert not (tmp_path / "chats").exists()


async def test_a_folder_that_cannot_be_written_costs_no_answer(tmp_path):
    (tmp_path / "chats").write_text("a file")
    async with talking(TalkingModel("One."), tmp_path) as talk:
        talk.saves = True
        answer = await talk.ask(Question("1?"), talk.begin())
    assert answer.text == "One."
    assert answer.notes[0].startswith("The conversation was not saved: ")


BROKEN = {
    "no JSON": b"{",
    "something else": b'{"id": 1}',
    "another's": json.dumps({"id": "1" * 32, "turns": [], "pinned": []}).encode(),
    "too large": b" " * (transcripts.MOST_BYTES + 1),
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
async def test_a_broken_file_is_no_conversation(tmp_path, content):
    (tmp_path / "chats").mkdir()
    (tmp_path / "chats" / f"{NOBODY}.json").write_bytes(content)
    async with talking(TalkingModel("One."), tmp_path) as talk:
        assert await talk.conversations() == []
        with pytest.raises(BadRequest, match="no such conversation"):
            await talk.ask(Question("1?"), NOBODY)


async def test_the_oldest_conversations_are_forgotten(tmp_path, monkeypatch):
    monkeypatch.setattr(chat, "MOST_CONVERSATIONS", 3)
    monkeypatch.setattr(transcripts, "MOST_FILES", 2)
    async with talking(TalkingModel("One."), tmp_path) as talk:
        talk.saves = True
        names = [talk.begin() for _ in range(3)]
        for number, name in enumerate((*names, names[0])):
            await talk.ask(Question("1?"), name)
            os.utime(tmp_path / "chats" / f"{name}.json", (number, number))
        talk.saves = False
        await talk.ask(Question("1?"), talk.begin())
        left = {each.conversation for each in await talk.conversations()}
    assert names[1] not in left
    assert {names[0], names[2]} <= left
    assert len([*(tmp_path / "chats").iterdir()]) == 2
