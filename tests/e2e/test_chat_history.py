"""Conversations that are gone on with, in this session or a later one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.clients import Editor
from tests.e2e.test_chat import ANSWER, CHAT, INVALID, asked, opened
from tests.e2e.wire import refused
from tests.upstream.mistral import FakeMistral


async def test_what_was_said_can_be_shown_again(
    editor: Editor, upstream: FakeMistral, tmp_path: Path
) -> None:
    uri = await opened(editor, tmp_path)
    upstream.reply = ANSWER
    first = await asked(editor, "Why?", context={"uri": uri})
    second = await asked(editor, "And then?", first["conversation"])
    [summary] = (await editor.ask_next(f"{CHAT}/list", None))["result"]
    said = (await editor.ask_next(f"{CHAT}/show", {"conversation": summary["conversation"]}))["result"]
    kept = ("turn", "markdown", "blocks", "context")
    assert said == [
        {"question": question, **{key: answer[key] for key in kept}}
        for question, answer in (("Why?", first), ("And then?", second))
    ]


@pytest.mark.parametrize("params", [{"conversation": "none"}, {"conversation": 7}, {}, None])
async def test_what_there_is_not(
    editor: Editor, upstream: FakeMistral, tmp_path: Path, params: object
) -> None:
    await opened(editor, tmp_path)
    answer = await editor.ask_next(f"{CHAT}/show", params)
    assert "error" in answer
    refused(answer, answer["error"]["code"])
    assert answer["error"]["code"] in (INVALID, -32803)
