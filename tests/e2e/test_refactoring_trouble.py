"""What goes wrong with a refactoring: nothing is changed, the reason is told in a sentence, and it ends."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any

import pytest

from codestral_ls.bench.reply import Plain, Reply
from tests.e2e.actions import CASES, DIAGNOSTIC, EXPLANATION, TEXT, answer
from tests.e2e.clients import COMMAND, RESOLVE, Editor, file_of
from tests.e2e.refactoring import ALE, EDITORS, carried_out, entries, opened
from tests.e2e.wire import SECRET, Message, refused
from tests.upstream.errors import ERRORS
from tests.upstream.mistral import FakeMistral

CANCELLED, STALE, FAILED, INVALID = -32800, -32801, -32803, -32602
STALLED = Reply("```python target\ndef pay(", ending="stall")

REPLIES: dict[str, Reply | Plain] = {
    "in words": Reply("I would rather not change that, because it is fine as it is."),
    "nothing": Reply(""),
    "left out": Reply("```python target\ndef pay(prices, face='😀'):\n    # ... rest unchanged\n```"),
    "broken": Reply("```python target\ndef pay(prices, face='😀':\n\treturn face, sum(prices\n```"),
    "the same": Reply(f"```python target\n{TEXT}\n```".replace("\r\n", "\n")),
    "unauthorized": ERRORS["unauthorized"],
    "too long": ERRORS["too long"],
    "an echo of the code": ERRORS["extra field"],
}


@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
@pytest.mark.parametrize("file", [EDITORS["vscode"], EDITORS["neovim-0.12"], EDITORS["eglot-1.9"]])
async def test_what_is_not_applied(
    editor: Editor,
    upstream: FakeMistral,
    workspace: Path,
    caplog: pytest.LogCaptureFixture,
    file: str,
    reply: Reply | Plain,
) -> None:
    uri = await opened(editor, workspace, file)
    upstream.reply = reply
    error = await carried_out(editor, uri, "simplify")
    assert error
    refused({"error": error}, FAILED)
    told = [message for message in editor.shown if error["message"] in message]
    assert len(told) == (0 if "neovim" in file else 1)
    assert editor.documents[uri] == TEXT
    assert "sum(" not in json.dumps([editor.shown, error, caplog.messages])
    assert SECRET not in caplog.text


async def begun(editor: Editor, upstream: FakeMistral, uri: str, name: str = "simplify") -> int:
    """An action whose reply has begun and does not end. Returns the id of the request."""
    upstream.reply = STALLED
    entry = (await entries(editor, uri, name))[name]
    if "data" in entry:
        editor.ask(99, RESOLVE, entry)
    else:
        command = entry["command"]
        editor.ask(99, COMMAND, {"command": command["command"], "arguments": command["arguments"]})
    value: Message = {}
    while value.get("message") != "the model is writing":
        value = (await editor.asked("$/progress"))["params"]["value"]
    return 99


@pytest.mark.parametrize("how", ["request", "progress"])
@pytest.mark.parametrize("name", ["simplify", "explain"])
async def test_cancel(editor: Editor, upstream: FakeMistral, workspace: Path, name: str, how: str) -> None:
    """Either cancel ends the request to the model, whether an action is resolved or a command runs."""
    uri = await opened(editor, workspace)
    request = await begun(editor, upstream, uri, name)
    if how == "request":
        editor.tell("$/cancelRequest", {"id": request})
    else:
        created = await editor.asked("window/workDoneProgress/create")
        editor.tell("window/workDoneProgress/cancel", {"token": created["params"]["token"]})
    refused(await editor.answer(request), CANCELLED)
    await upstream.wait_for(lambda: upstream.requests[-1].outcome == "abandoned")
    assert editor.shown == []
    assert editor.documents[uri] == TEXT
    upstream.reply = answer(CASES["simplify"])
    assert await carried_out(editor, uri, "simplify") is None
    assert editor.documents[uri] == CASES["simplify"].after


@pytest.mark.parametrize("name", ["simplify", "tests"])
async def test_a_document_that_changed_before(
    editor: Editor, upstream: FakeMistral, workspace: Path, name: str
) -> None:
    uri = await opened(editor, workspace)
    entry = (await entries(editor, uri, name))[name]
    editor.edit(uri, "# more\n" + TEXT)
    error = await editor.choose(entry)
    assert error
    refused({"error": error}, STALE)
    assert upstream.requests == []


@pytest.mark.parametrize("closed", [False, True], ids=["edited", "closed"])
async def test_a_document_that_changes_meanwhile(
    editor: Editor, upstream: FakeMistral, workspace: Path, tmp_path: Path, closed: bool
) -> None:
    """Nothing is changed, and the request ends with the model's next word, not with its last."""
    uri = await opened(editor, workspace)
    entry = (await entries(editor, uri, "simplify"))["simplify"]

    def reply(_: object) -> Reply:
        if closed:
            editor.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
        else:
            editor.edit(uri, "# more\n" + TEXT)
        return Reply("```python target\n" + "a = 1\n" * 50, ending="stall", token_delay=0.01)

    upstream.reply = reply
    error = await editor.choose(entry)
    assert error
    refused({"error": error}, STALE)
    await upstream.wait_for(lambda: upstream.requests[-1].outcome == "abandoned")
    assert error["message"] in editor.shown[-1]
    await editor.shut_down()
    records = map(json.loads, (tmp_path / "STATE" / "ledger.jsonl").read_text().splitlines())
    asked = [record for record in records if record["kind"] == "asked"]
    assert [(record["task"], record["outcome"]) for record in asked] == [("refactoring", "given up")]


async def test_an_editor_that_applies_nothing(editor: Editor, upstream: FakeMistral, workspace: Path) -> None:
    """It is told what else there is, before a model is asked. To explain needs no edit."""
    uri = await opened(editor, workspace, ALE)
    error = await carried_out(editor, uri, "simplify")
    assert error
    assert "codestral-ls refactor" in error["message"]
    assert error["message"] in editor.shown[-1]
    assert upstream.requests == []
    upstream.reply = answer(CASES["explain"])
    assert await carried_out(editor, uri, "explain") is None
    assert editor.shown[-1] == EXPLANATION


async def test_an_editor_that_refuses_the_edit(
    editor: Editor, upstream: FakeMistral, workspace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uri = await opened(editor, workspace)
    monkeypatch.setattr(editor, "_answered", lambda method, params: {"applied": False})
    upstream.reply = answer(CASES["simplify"])
    place = editor.range_of(uri, "def pay")
    error = await editor.refactor(uri=uri, range=place, action="simplify")
    assert error
    refused({"error": error}, FAILED)


async def test_a_new_file_among_other_changes(editor: Editor, upstream: FakeMistral, workspace: Path) -> None:
    """An editor that cannot create it gets nothing of the whole."""
    uri = await opened(editor, workspace, EDITORS["eglot"])
    case = CASES["instruct-everywhere"]
    call = {"path": "money.py", "content": "UNIT = 1\n"}
    upstream.reply = answer(type(case)(calls=((*case.calls[0], call),)))
    error = await carried_out(editor, uri, "instruct-everywhere")
    assert error
    assert "codestral-ls refactor" in error["message"]
    assert editor.documents[uri] == TEXT


ARGUMENTS: dict[str, Any] = {
    "nothing": [],
    "no object": [5],
    "no range": [{"uri": "URI", "action": "simplify"}],
    "a range of words": [{"uri": "URI", "action": "simplify", "range": {"start": "a", "end": "b"}}],
    "unknown action": [{"uri": "URI", "action": "destroy", "range": "RANGE"}],
    "unknown document": [{"uri": "file:///nowhere.py", "action": "simplify", "range": "RANGE"}],
    "no diagnostic": [{"uri": "URI", "action": "fix", "range": "RANGE"}],
    "another language's": [{"uri": "URI", "action": "types", "range": "RANGE"}],
    "an odd version": [{"uri": "URI", "action": "simplify", "range": "RANGE", "version": "first"}],
}


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
async def test_malformed(editor: Editor, upstream: FakeMistral, workspace: Path, arguments: Any) -> None:
    """Whoever writes the command by hand is told that it is wrong."""
    await opened(editor, workspace)
    sql = (workspace / "a.sql").as_uri()
    document = {"uri": sql, "languageId": "sql", "version": 1, "text": "select 1;"}
    editor.tell("textDocument/didOpen", {"textDocument": document})
    place = {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 0}}
    text = json.dumps(arguments).replace('"URI"', json.dumps(sql)).replace('"RANGE"', json.dumps(place))
    command = {"command": "codestral.refactor", "arguments": json.loads(text)}
    refused(await editor.ask_next(COMMAND, command), INVALID)
    data = json.loads(text)[0] if arguments else {}
    refused(await editor.ask_next(RESOLVE, {"title": "x", "data": data}), INVALID)
    assert upstream.requests == []


async def test_progress(editor: Editor, upstream: FakeMistral, workspace: Path) -> None:
    """The stages and the size of what has come, and an end; never a word of it."""
    uri = await opened(editor, workspace)
    upstream.reply = answer(CASES["simplify"], token_delay=0.001)
    assert await carried_out(editor, uri, "simplify") is None
    await editor.sync()
    values = [message["params"]["value"] for message in editor.seen if message.get("method") == "$/progress"]
    assert [values[0]["kind"], values[0]["title"], values[0]["cancellable"]] == ["begin", "Simplify", True]
    assert [value["kind"] for value in values[1:-1]] == ["report"] * (len(values) - 2)
    assert values[-1] == {"kind": "end"}
    said = [value["message"] for value in values if "message" in value]
    assert said[-1] == "checking the answer"
    assert said.index("waiting for the model") < said.index("the model is writing")
    assert "0 characters" not in said
    assert "total" not in json.dumps(values)


async def test_an_editor_with_a_panel(editor: Editor, upstream: FakeMistral, workspace: Path) -> None:
    told: Message = {"capabilities": {"experimental": {"codestral": {"panel": True}}}}
    await editor.introduce(told)
    uri = editor.show(workspace / "cart.py", TEXT)
    upstream.reply = answer(CASES["explain"])
    error = await editor.refactor(uri=uri, range=editor.range_of(uri, "def pay"), action="explain")
    assert error is None
    shown = await editor.asked("codestral/explanation")
    assert shown["params"] == {"title": "Explain cart.py", "markdown": EXPLANATION}
    assert DIAGNOSTIC["message"] not in shown


async def test_a_page_is_private_and_gone_with_the_session(
    editor: Editor, upstream: FakeMistral, workspace: Path
) -> None:
    uri = await opened(editor, workspace)
    upstream.reply = answer(CASES["explain"])
    assert await carried_out(editor, uri, "explain") is None
    assert await carried_out(editor, uri, "explain") is None
    shown = [
        message["params"]["uri"] for message in editor.seen if "showDocument" in message.get("method", "")
    ]
    first, second = map(file_of, shown)
    assert first != second
    assert stat.S_IMODE(first.parent.stat().st_mode) == 0o700
    await editor.shut_down()
    assert not first.parent.exists()
