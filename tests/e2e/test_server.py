"""What the server makes of an editor's messages, with a scripted engine behind it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.e2e.wire import Message, Wire, place

INLINE = "textDocument/inlineCompletion"
MENU = "textDocument/completion"
URI = "file:///w/a.py"


async def inline(
    session: Wire, line: int, character: int, uri: str = URI, **context: object
) -> list[Message]:
    items: list[Message] = (await session.result("i", INLINE, place(line, character, uri, **context)))[
        "items"
    ]
    return items


async def menu(session: Wire, line: int, character: int) -> list[Message]:
    answer = await session.result("m", MENU, place(line, character, triggerKind=1))
    assert answer["isIncomplete"] is True
    items: list[Message] = answer["items"]
    return items


def at(line: int, start: int, end: int | None = None) -> Message:
    return {
        "start": {"line": line, "character": start},
        "end": {"line": line, "character": start if end is None else end},
    }


@pytest.mark.parametrize(
    ("encodings", "chosen", "column"),
    [
        pytest.param(["utf-8", "utf-16"], "utf-8", 5, id="utf-8"),
        pytest.param(["utf-16"], "utf-16", 3, id="utf-16"),
        pytest.param(["utf-32", "utf-8"], "utf-32", 2, id="utf-32"),
        pytest.param(["utf-7", "utf-32"], "utf-32", 2, id="the first we know"),
        pytest.param(["utf-7"], "utf-16", 3, id="none we know"),
        pytest.param(None, "utf-16", 3, id="none offered"),
    ],
)
async def test_position_encoding(session: Wire, encodings: Any, chosen: str, column: int) -> None:
    general = {"general": {"positionEncodings": encodings}} if encodings else {}
    result = await session.initialize(general)
    assert result["capabilities"]["positionEncoding"] == chosen
    session.open("a😀b")
    (item,) = await inline(session, 0, column)
    assert item["insertText"] == "@2[😀|b]"
    assert item["range"] == at(0, column)


@pytest.mark.parametrize(
    ("text", "line", "character", "around"),
    [
        pytest.param("ab", 0, 2, "@2[b|]", id="last line without an end"),
        pytest.param("ab\n", 1, 0, "@3[\n|]", id="empty last line"),
        pytest.param("", 0, 0, "@0[|]", id="empty document"),
        pytest.param("ab\r\ncd\r\n", 1, 2, "@6[d|\r]", id="CRLF"),
        pytest.param("ab\r\ncd", 0, 99, "@2[b|\r]", id="beyond a line"),
        pytest.param("ab\rcd", 1, 1, "@4[c|d]", id="lone carriage return"),
        pytest.param("a\fb\u2028\x85c\nd", 1, 1, "@8[d|]", id="characters that end no line"),
        pytest.param("ab", 7, 7, "@2[b|]", id="beyond the document"),
    ],
)
async def test_positions(session: Wire, text: str, line: int, character: int, around: str) -> None:
    await session.initialize()
    session.open(text)
    (item,) = await inline(session, line, character)
    assert item["insertText"] == around
    assert item["range"]["start"] == item["range"]["end"]


async def test_changes(session: Wire) -> None:
    await session.initialize()
    session.open("one\ntwo\n")
    changes = [{"range": at(1, 0, 3), "text": "2"}, {"range": at(0, 3), "text": "\nhalf"}]
    session.tell(
        "textDocument/didChange", {"textDocument": {"uri": URI, "version": 2}, "contentChanges": changes}
    )
    assert (await inline(session, 2, 1))[0]["insertText"] == "@10[2|\n]"
    session.tell("textDocument/didClose", {"textDocument": {"uri": URI}})
    assert await inline(session, 0, 0) == []
    assert await menu(session, 0, 0) == []


async def test_notebook(session: Wire) -> None:
    """Its cells are documents of their own."""
    await session.initialize()
    cells = [{"kind": 2, "document": f"untitled:{name}"} for name in "ab"]
    book = {"uri": "file:///w/n.ipynb", "notebookType": "jupyter-notebook", "version": 1, "cells": cells}
    texts = [
        {"uri": f"untitled:{name}", "languageId": "python", "version": 1, "text": name} for name in "abc"
    ]
    session.tell("notebookDocument/didOpen", {"notebookDocument": book, "cellTextDocuments": texts[:2]})
    edit = {"document": {"uri": "untitled:a", "version": 2}, "changes": [{"range": at(0, 1), "text": "A"}]}
    swap = {
        "array": {"start": 1, "deleteCount": 1, "cells": [{"kind": 2, "document": "untitled:c"}]},
        "didOpen": texts[2:],
        "didClose": [{"uri": "untitled:b"}],
    }
    change = {"cells": {"structure": swap, "textContent": [edit]}}
    session.tell(
        "notebookDocument/didChange",
        {"notebookDocument": {"uri": "file:///w/n.ipynb", "version": 2}, "change": change},
    )
    assert (await inline(session, 0, 9, "untitled:a"))[0]["insertText"] == "@2[A|]"
    assert (await inline(session, 0, 9, "untitled:c"))[0]["insertText"] == "@1[c|]"
    assert await inline(session, 0, 9, "untitled:b") == []
    identifiers = [{"uri": "untitled:a"}, {"uri": "untitled:c"}]
    session.tell(
        "notebookDocument/didClose",
        {"notebookDocument": {"uri": "file:///w/n.ipynb"}, "cellTextDocuments": identifiers},
    )
    assert await inline(session, 0, 9, "untitled:a") == []


async def test_trigger_kinds(session: Wire) -> None:
    """One that LSP has not thought of yet is none of the user's own asking."""
    await session.initialize()
    session.open("abc")
    commands = [(await inline(session, 0, 3, triggerKind=kind))[0]["command"] for kind in (1, 2, 7)]
    assert [command["arguments"] for command in commands] == [["invoked-1"], ["automatic-1"], ["automatic-1"]]
    assert {command["command"] for command in commands} == {"codestral.accepted"}


async def test_kinds_of_later_editors(session: Wire) -> None:
    """Languages, trigger kinds and cell kinds that lsprotocol does not know."""
    await session.initialize()
    document = {"uri": "untitled:a", "languageId": "not invented yet", "version": 1, "text": "a"}
    cell = {"kind": 3, "document": "untitled:a"}
    book = {"uri": "file:///w/n", "notebookType": "x", "version": 1, "cells": [cell]}
    session.tell("notebookDocument/didOpen", {"notebookDocument": book, "cellTextDocuments": [document]})
    answer = await session.result(1, MENU, place(0, 1, "untitled:a", triggerKind=4))
    assert answer["items"][0]["textEdit"]["newText"] == "a@1[a|]"


@pytest.mark.parametrize(
    ("text", "selected", "want"),
    [
        pytest.param("x = it", {"range": at(0, 4, 6), "text": "items"}, "items@9[s|]", id="longer"),
        pytest.param("x = it", {"range": at(0, 4, 6), "text": "find"}, "find@8[d|]", id="other"),
        pytest.param("x = none", {"range": at(0, 4, 8), "text": "none"}, None, id="nothing to add"),
    ],
)
async def test_selected_entry(session: Wire, text: str, selected: Message, want: str | None) -> None:
    """The engine is asked as if the entry were accepted; an item begins with it and replaces the same."""
    await session.initialize()
    session.open(text)
    items = await inline(session, 0, len(text), triggerKind=2, selectedCompletionInfo=selected)
    assert [(item["insertText"], item["range"]) for item in items] == (
        [(want, selected["range"])] if want else []
    )


async def test_menu_entry(session: Wire) -> None:
    """Clients keep an entry whose `filterText` begins with what is typed from the range's start."""
    await session.initialize()
    session.open("x = naïve")
    (item,) = await menu(session, 0, 9)
    assert item["textEdit"] == {"range": at(0, 4, 9), "newText": "naïve@9[e|]"}
    assert item["filterText"] == item["label"] == "naïve@9[e|]"
    assert (item["insertTextFormat"], item["insertTextMode"], item["preselect"]) == (1, 1, False)
    assert item["command"]["arguments"] == ["automatic-1"]


@pytest.mark.parametrize(
    ("announced", "setting", "offered"),
    [
        pytest.param({}, "auto", True, id="no ghost text"),
        pytest.param({"inlineCompletion": None}, "auto", True, id="null"),
        pytest.param({"inlineCompletion": {}}, "auto", False, id="ghost text"),
        pytest.param({"inlineCompletion": {}}, "always", True, id="always"),
        pytest.param({}, "never", False, id="never"),
    ],
)
async def test_what_is_offered(session: Wire, announced: Message, setting: str, offered: bool) -> None:
    options = {"completion": {"menu": setting}}
    result = await session.initialize({"textDocument": announced}, initializationOptions=options)
    able = result["capabilities"]
    assert able["inlineCompletionProvider"] is True
    assert ("completionProvider" in able) is offered
    assert able["textDocumentSync"] == {"openClose": True, "change": 2, "save": True}
    assert able["notebookDocumentSync"] == {"notebookSelector": [{"notebook": "*"}]}
    assert "codestral.accepted" in able["executeCommandProvider"]["commands"]


async def test_menu_does_not_wait(session: Wire) -> None:
    """Its time is up, and what it asked for still goes on."""
    await session.initialize(initializationOptions={"completion": {"menu_wait_ms": 0}})
    session.open("late\ngo")
    assert await menu(session, 0, 4) == []
    assert await inline(session, 1, 2) == []
    assert await inline(session, 0, 4) != []


async def test_feedback(session: Wire, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    await session.initialize()
    session.open("abc")
    (item,) = await inline(session, 0, 3)
    session.tell("textDocument/didShowCompletion", {"item": item})
    session.tell("textDocument/didPartiallyAcceptCompletion", {"item": item, "acceptedLength": 2})
    assert await session.result(1, "workspace/executeCommand", item["command"]) is None
    for odd in (None, {}, {"item": 5}, {"item": {"command": {"arguments": []}}, "acceptedLength": "x"}):
        session.tell("textDocument/didShowCompletion", odd)
        session.tell("textDocument/didPartiallyAcceptCompletion", odd)
    for arguments in (None, [], [5], [{}]):
        command = {"command": "codestral.accepted", "arguments": arguments}
        assert await session.result(2, "workspace/executeCommand", command) is None
    await session.shut_down()
    records = [msgspec.json.decode(line) for line in (tmp_path / "ledger.jsonl").read_bytes().splitlines()]
    assert [record["kind"] for record in records] == ["shown", "accepted"]
    assert {record["suggestion"] for record in records} == {"invoked-1"}
    assert caplog.messages == []
