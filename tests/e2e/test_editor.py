"""What the editor tells and is asked beside completions: settings, folders, status, questions, progress."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.conftest import Start
from tests.e2e.wire import Message, Process, place

INLINE = "textDocument/inlineCompletion"


async def test_settings_pushed_and_pulled(server: Process) -> None:
    await server.initialize(
        {"workspace": {"configuration": True, "didChangeConfiguration": {"dynamicRegistration": True}}},
        initializationOptions={"completion": {"model": "first"}},
    )
    for number, (told, model) in enumerate(
        [(None, "first"), ({}, "first"), ({"completion": {"model": "pulled"}}, "pulled")]
    ):
        if number:
            server.tell("workspace/didChangeConfiguration", {"settings": None})
        question = await server.asked("workspace/configuration")
        assert question["params"] == {"items": [{"section": "codestral"}]}
        server.send({"id": question["id"], "result": [told]})
        if number == 0:
            registration = await server.asked("client/registerCapability")
            server.send({"id": registration["id"], "error": {"code": -32601, "message": "no"}})
        assert (await _last_status(server))["model"] == f"{model} 0"
    server.tell(
        "workspace/didChangeConfiguration", {"settings": {"codestral": {"completion": {"model": "x"}}}}
    )
    server.send(
        {"id": (await server.asked("workspace/configuration"))["id"], "error": {"code": 1, "message": ""}}
    )
    assert (await _last_status(server))["model"] == "x 0"
    assert server.log == ""


async def test_wrong_settings_are_told_once(server: Process) -> None:
    await server.initialize(initializationOptions={"completion": {"modell": "x"}})
    for _ in range(3):
        server.tell("workspace/didChangeConfiguration", {"settings": {"completion": {"max_tokens": "y"}}})
    await server.shut_down()
    shown = [
        message["params"] for message in await server.rest() if message.get("method") == "window/showMessage"
    ]
    assert [message["type"] for message in shown] == [2, 2]
    assert "completion.modell" in shown[0]["message"]
    assert "completion.max_tokens" in shown[1]["message"]


async def test_folders(server: Process) -> None:
    folders = [{"uri": f"file:///w/{name}", "name": name} for name in "abc"]
    await server.initialize(workspaceFolders=folders[:2])
    server.tell(
        "workspace/didChangeWorkspaceFolders", {"event": {"added": folders[1:], "removed": folders[:1]}}
    )
    assert (await server.asked("codestral/status"))["params"]["model"] == " 2"
    assert (await _last_status(server))["model"] == " 2"


async def test_nothing_is_said_before_initialized(start: Start) -> None:
    server = await start("-m", "tests.e2e.scripted")
    server.ask(1, "initialize", {"capabilities": {}, "initializationOptions": {"x": 1}})
    await server.answer(1)
    assert server.seen == []
    server.tell("initialized", {})
    assert (await server.asked("codestral/status"))["params"] == {
        "state": "ready",
        "message": "",
        "model": " 0",
    }
    await server.asked("window/showMessage")


@pytest.mark.parametrize(
    ("answer", "agreed"),
    [
        pytest.param({"result": {"title": "Fetch 98 MB"}}, True, id="yes"),
        pytest.param({"result": {"title": "Not now"}}, False, id="no"),
        pytest.param({"result": None}, False, id="dismissed"),
        pytest.param({"error": {"code": -32601, "message": "unknown"}}, False, id="not supported"),
    ],
)
async def test_consent(server: Process, answer: Message, agreed: bool) -> None:
    await server.initialize()
    server.open("fetch\ngo")
    server.ask(1, INLINE, place(0, 5))
    server.ask(2, INLINE, place(1, 2))
    question = await server.asked("window/showMessageRequest")
    assert question["params"]["message"] == "Fetch the model?"
    assert [action["title"] for action in question["params"]["actions"]] == ["Fetch 98 MB", "Not now"]
    server.send({"id": question["id"], **answer})
    assert bool((await server.answer(1))["result"]["items"]) is agreed
    assert not [
        message for message in server.seen if message.get("method") == "window/workDoneProgress/create"
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
async def test_progress(server: Process, reply: Message, said: list[Any]) -> None:
    await server.initialize({"window": {"workDoneProgress": True}})
    server.open("fetch\ngo")
    server.ask(1, INLINE, place(0, 5))
    question = await server.asked("window/showMessageRequest")
    server.send({"id": question["id"], "result": {"title": "Fetch 98 MB"}})
    create = await server.asked("window/workDoneProgress/create")
    server.send({"id": create["id"], **reply})
    first = [await server.asked("$/progress")] if said else []
    server.ask(2, INLINE, place(1, 2))
    assert (await server.answer(1))["result"]["items"]
    shown = [*first, *(message for message in server.seen if message.get("method") == "$/progress")]
    values = [message["params"]["value"] for message in shown]
    assert [(value["kind"], value.get("percentage")) for value in values] == said
    assert {message["params"]["token"] for message in shown} <= {create["params"]["token"]}


async def _last_status(server: Process) -> dict[str, str]:
    """The state after everything that was sent until now."""
    await server.result("sync", "workspace/executeCommand", {"command": "nothing"})
    said = [message["params"] for message in server.seen if message.get("method") == "codestral/status"]
    server.seen.clear()
    states: list[dict[str, str]] = [status for status in said if status["state"] == "ready"]
    return states[-1]
