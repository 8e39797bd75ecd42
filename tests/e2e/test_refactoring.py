"""Code actions from an editor's bytes to a chat model's and back, as the editors introduce themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codestral_ls.core.actions import ACTIONS
from tests.e2e.actions import CASES, CURSOR, DIAGNOSTIC, EXPLANATION, OWN, TEXT, TILL, answer
from tests.e2e.clients import Editor, recorded
from tests.e2e.wire import Message
from tests.upstream.mistral import FakeMistral

EDITORS = {
    "vscode": "vscode-1.139.1-languageclient-11.0.0",
    "neovim-0.12": "neovim-0.12.4",
    "neovim-0.11": "neovim-0.11.4",
    "helix": "helix-25.07.1",
    "eglot": "eglot-1.17.30-emacs-30.2",
    "eglot-1.9": "eglot-1.9-emacs-28.2",
    "lsp-mode": "lsp-mode-10.0.0-emacs-30.2",
}
ALE = "vim-9.0-ale-3.3.0"
CLOSED, FAILED, STALE, MALFORMED = -32602, -32803, -32801, -32602


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "cart.py").write_bytes(TEXT.encode())
    (folder / "till.py").write_bytes(TILL.encode())
    return folder


async def opened(editor: Editor, workspace: Path, file: str = EDITORS["vscode"], encoding: str = "") -> str:
    """An editor that has introduced itself and shows the document, by its URI."""
    own = {"chat": {"actions": [OWN]}}
    await editor.introduce(recorded(file), encoding, rootUri=workspace.as_uri(), initializationOptions=own)
    while (await editor.asked("codestral/status"))["params"]["state"] != "ready":
        pass
    return editor.show(workspace / "cart.py", TEXT)


def diagnostic(editor: Editor, uri: str, **more: object) -> Message:
    return {**DIAGNOSTIC, "range": editor.range_of(uri, "total = sum(prices)"), **more}


async def entries(editor: Editor, uri: str, name: str, **context: object) -> dict[str, Message]:
    """What is offered at the place of an action's case, by names of actions."""
    place = editor.range_of(uri, CASES[name].place)
    if CASES[name].place == CURSOR:
        place = {"start": place["end"], "end": place["end"]}
    told = [diagnostic(editor, uri)] if name == "fix" else []
    offered = await editor.listed(uri, place, diagnostics=told, **context)
    return {action_of(entry): entry for entry in offered}


def action_of(entry: Message) -> str:
    argument = entry.get("data") or (entry.get("command") or {}).get("arguments", [{}])[0]
    return str(argument.get("action", entry["title"]))


async def carried_out(editor: Editor, uri: str, name: str) -> Message | None:
    """Carry out an action as the editor's user does. Returns the error that it came to, if it did."""
    if not CASES[name].asked:
        return await editor.choose((await entries(editor, uri, name))[name])
    place = editor.range_of(uri, CURSOR)
    return await editor.refactor(uri=uri, range=place, action=name, instruction=CASES[name].asked)


def test_every_action_has_a_case() -> None:
    assert CASES.keys() == {action.name for action in ACTIONS} | {"user.be-polite"}


async def check(editor: Editor, upstream: FakeMistral, workspace: Path, uri: str, name: str) -> None:
    """An action is listed, carried out once, and comes to what its case says."""
    case = CASES[name]
    upstream.reply = answer(case)
    assert await carried_out(editor, uri, name) is None
    assert [request.outcome for request in upstream.requests] == ["complete"] * (len(case.calls) + 1)
    assert editor.documents[uri] == case.after
    if name == "explain":
        assert EXPLANATION in editor.shown[-1]
    elif name == "tests":
        await check_new_file(editor, workspace, case.says)
    else:
        till = (workspace / "till.py").as_uri()
        assert editor.documents.get(till, TILL) == case.till


async def check_new_file(editor: Editor, workspace: Path, text: str) -> None:
    creates = "create" in (editor.ability("workspace.workspaceEdit.resourceOperations") or ())
    if creates:
        [made] = editor.created.values()
        assert made.rstrip("\n") == text
    else:
        assert text in editor.shown[-1]
    assert {file.name for file in workspace.iterdir()} == {"cart.py", "till.py"}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("file", EDITORS.values(), ids=EDITORS)
async def test_actions(editor: Editor, upstream: FakeMistral, workspace: Path, file: str, name: str) -> None:
    await check(editor, upstream, workspace, await opened(editor, workspace, file), name)


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
async def test_encodings(
    editor: Editor, upstream: FakeMistral, workspace: Path, encoding: str, name: str
) -> None:
    uri = await opened(editor, workspace, encoding=encoding)
    assert editor.encoding == encoding
    await check(editor, upstream, workspace, uri, name)


@pytest.mark.parametrize("name", ["rename-everywhere", "instruct-everywhere"])
@pytest.mark.parametrize("how", [{}, {"pieces": 5}, {"objects": True}], ids=["whole", "split", "objects"])
async def test_tool_calls(
    editor: Editor, upstream: FakeMistral, workspace: Path, name: str, how: dict[str, Any]
) -> None:
    """Calls of tools arrive whole, split over events, or with their arguments as an object."""
    uri = await opened(editor, workspace)
    upstream.reply = answer(CASES[name], **how)
    assert await carried_out(editor, uri, name) is None
    assert editor.documents[uri] == CASES[name].after
