"""What the editor tells and is asked beside completions: settings, folders, status, questions, progress."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.wire import Message, Wire, place

INLINE = "textDocument/inlineCompletion"


async def test_settings_pushed_and_pulled(session: Wire, caplog: pytest.LogCaptureFixture) -> None:
    await session.initialize(
        {"workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}}},
        initializationOptions={"completion": {"model": "first"}},
    )
    for number, (told, model) in enumerate(
        [(None, "first"), ({}, "first"), ({"completion": {"model": "pulled"}}, "pulled")]
    ):
        if number:
            session.tell("workspace/didChangeConfiguration", {"settings": None})
        question = await session.asked("workspace/configuration")
        assert question["params"] == {"items": [{"section": "codestral"}]}
        session.send({"id": question["id"], "result": [told]})
        if number == 0:
            registration = await session.asked("client/registerCapability")
            session.send({"id": registration["id"], "error": {"code": -32601, "message": "no"}})
        assert (await _last_status(session))["model"] == f"{model} 0"
    session.tell(
        "workspace/didChangeConfiguration", {"settings": {"codestral": {"completion": {"model": "x"}}}}
    )
    session.send(
        {"id": (await session.asked("workspace/configuration"))["id"], "error": {"code": 1, "message": ""}}
    )
    assert (await _last_status(session))["model"] == "x 0"
    assert caplog.messages == []


async def test_wrong_settings_are_told_once(session: Wire) -> None:
    await session.initialize(initializationOptions={"completion": {"modell": "x"}})
    for _ in range(3):
        session.tell("workspace/didChangeConfiguration", {"settings": {"completion": {"max_tokens": "y"}}})
    await session.shut_down()
    shown = [message["params"] for message in session.seen if message.get("method") == "window/showMessage"]
    assert [message["type"] for message in shown] == [2, 2]
    assert "completion.modell" in shown[0]["message"]
    assert "completion.max_tokens" in shown[1]["message"]


async def test_folders(session: Wire) -> None:
    folders = [{"uri": f"file:///w/{name}", "name": name} for name in "abc"]
    await session.initialize(workspaceFolders=folders[:2])
    session.tell(
        "workspace/didChangeWorkspaceFolders", {"event": {"added": folders[1:], "removed": folders[:1]}}
    )
    assert (await session.asked("codestral/status"))["params"]["model"] == " 2"
    assert (await _last_status(session))["model"] == " 2"


async def test_nothing_is_said_before_initialized(session: Wire) -> None:
    session.ask(1, "initialize", {"capabilities": {}, "initializationOptions": {"x": 1}})
    await session.answer(1)
    assert session.seen == []
    session.tell("initialized", {})
    assert (await session.asked("codestral/status"))["params"] == {
        "state": "ready",
        "message": "",
        "model": " 0",
    }
    await session.asked("window/showMessage")


@pytest.mark.parametrize(
    ("answer", "agreed"),
    [
        pytest.param({"result": {"title": "Fetch 98 MB"}}, True, id="yes"),
        pytest.param({"result": {"title": "Not now"}}, False, id="no"),
        pytest.param({"result": None}, False, id="dismissed"),
        pytest.param({"error": {"code": -32601, "message": "unknown"}}, False, id="not supported"),
    ],
)
async def test_consent(session: Wire, answer: Message, agreed: bool) -> None:
    await session.initialize()
    session.open("fetch\ngo")
    session.ask(1, INLINE, place(0, 5))
    session.ask(2, INLINE, place(1, 2))
    question = await session.asked("window/showMessageRequest")
    assert question["params"]["message"] == "Fetch the model?"
    assert [action["title"] for action in question["params"]["actions"]] == ["Fetch 98 MB", "Not now"]
    session.send({"id": question["id"], **answer})
    assert bool((await session.answer(1))["result"]["items"]) is agreed
    assert not [
        message for message in session.seen if message.get("method") == "window/workDoneProgress/create"
    ]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        pytest.param(
            {"result": None}, [("begin", 0), ("report", 50), ("report", 100), ("end", None)], id="accepted"
        ),
        pytest.param({"error": {"code": 1, "message": "no"}}, [], id="refused"),
    ],
)
async def test_progress(session: Wire, reply: Message, said: list[Any]) -> None:
    await session.initialize({"window": {"workDoneProgress": True}})
    session.open("fetch\ngo")
    session.ask(1, INLINE, place(0, 5))
    question = await session.asked("window/showMessageRequest")
    session.send({"id": question["id"], "result": {"title": "Fetch 98 MB"}})
    create = await session.asked("window/workDoneProgress/create")
    session.send({"id": create["id"], **reply})
    first = [await session.asked("$/progress")] if said else []
    session.ask(2, INLINE, place(1, 2))
    assert (await session.answer(1))["result"]["items"]
    shown = [*first, *(message for message in session.seen if message.get("method") == "$/progress")]
    values = [message["params"]["value"] for message in shown]
    assert [(value["kind"], value.get("percentage")) for value in values] == said
    assert {message["params"]["token"] for message in shown} <= {create["params"]["token"]}


async def _last_status(session: Wire) -> dict[str, str]:
    """The state after everything that was sent until now."""
    await session.sync()
    said = [message["params"] for message in session.seen if message.get("method") == "codestral/status"]
    session.seen.clear()
    states: list[dict[str, str]] = [status for status in said if status["state"] == "ready"]
    return states[-1]


@pytest.mark.parametrize("how", ["saved", "watched"])
async def test_a_changed_ignore_file_counts_at_once(session: Wire, how: str, tmp_path: Path) -> None:
    await session.initialize(
        {"workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}, rootUri=tmp_path.as_uri()
    )
    registration = await session.asked("client/registerCapability")
    session.send({"id": registration["id"], "result": None})
    [asked] = registration["params"]["registrations"]
    globs = [watcher["globPattern"] for watcher in asked["registerOptions"]["watchers"]]
    assert globs == ["**/.codestral.toml", "**/.gitignore", "**/.codestralignore"]
    uri = (tmp_path / "x.py").as_uri()
    session.open("def f", uri=uri)
    session.ask(1, INLINE, place(0, 5, uri))
    assert (await session.answer(1))["result"]["items"]
    ignore = tmp_path / ".gitignore"
    ignore.write_text("x.py")
    if how == "saved":
        session.tell("textDocument/didSave", {"textDocument": {"uri": ignore.as_uri()}})
    else:
        session.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": ignore.as_uri(), "type": 1}]})
    session.ask(2, INLINE, place(0, 5, uri))
    assert (await session.answer(2))["result"]["items"] == []
