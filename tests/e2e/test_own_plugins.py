"""What our own plug-ins announce beyond the protocol, and what the server then leaves to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codestral_ls.bench.reply import Reply
from tests.e2e.actions import CASES, CURSOR, TEXT, answer
from tests.e2e.clients import Editor, recorded
from tests.e2e.refactoring import EDITORS, action_of, entries
from tests.e2e.wire import refused
from tests.upstream.mistral import FakeMistral

CANCELLED, FAILED, INTERNAL = -32800, -32803, -32603


async def opened(editor: Editor, workspace: Path, **abilities: object) -> str:
    """The document of a VS Code whose plug-in has these abilities, and leaves the preview to nobody else."""
    told: dict[str, Any] = dict(recorded(EDITORS["vscode"]))
    action = {
        key: value
        for key, value in told["capabilities"]["textDocument"]["codeAction"].items()
        if key not in ("resolveSupport", "dataSupport")
    }
    text = told["capabilities"]["textDocument"] | {"codeAction": action}
    told["capabilities"] |= {"textDocument": text, "experimental": {"codestral": abilities}}
    await editor.introduce(told, rootUri=workspace.as_uri())
    while (await editor.asked("codestral/status"))["params"]["state"] != "ready":
        pass
    return editor.show(workspace / "cart.py", TEXT)


async def test_an_action_that_asks(editor: Editor, upstream: FakeMistral, workspace: Path) -> None:
    uri = await opened(editor, workspace, asks=True)
    offered = await entries(editor, uri, "simplify")
    orders = {name: entry["command"]["arguments"][0] for name, entry in offered.items() if "command" in entry}
    assert orders["instruct"]["asks"] == "Change as I say …"
    assert "asks" not in orders["simplify"]
    upstream.reply = answer(CASES["simplify"])
    assert await editor.refactor(**orders["instruct"], instruction="Be brief.") is None
    assert "Be brief." in upstream.requests[0].json["messages"][-2]["content"]
    assert editor.documents[uri] != TEXT


async def test_none_asks_where_nobody_would(editor: Editor, workspace: Path) -> None:
    uri = await opened(editor, workspace, panel=True)
    assert "instruct" not in {action_of(each) for each in (await entries(editor, uri, "simplify")).values()}


@pytest.mark.parametrize(("announced", "times"), [(True, 0), (False, 1), ("yes", 1)])
async def test_an_error_is_shown_once(
    editor: Editor, upstream: FakeMistral, workspace: Path, announced: object, times: int
) -> None:
    uri = await opened(editor, workspace, errors=announced)
    upstream.reply = Reply("I would rather not.")
    error = await editor.refactor(uri=uri, range=editor.range_of(uri, CURSOR), action="simplify")
    refused({"error": error}, FAILED)
    assert len(editor.shown) == times


@pytest.mark.parametrize(
    ("code", "answered"),
    [
        pytest.param(CANCELLED, CANCELLED, id="the user says no"),
        pytest.param(INTERNAL, FAILED, id="it fails"),
    ],
)
async def test_a_change_that_is_not_applied(
    editor: Editor, upstream: FakeMistral, workspace: Path, code: int, answered: int
) -> None:
    uri = await opened(editor, workspace, errors=True)
    upstream.reply = answer(CASES["simplify"])
    editor.declines = code
    entry = (await entries(editor, uri, "simplify"))["simplify"]
    error = await editor.choose(entry)
    refused({"error": error}, answered)
    assert editor.documents[uri] == TEXT
