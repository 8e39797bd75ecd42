"""Code actions from an editor's bytes to a chat model's and back, as the editors introduce themselves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codestral_ls.core.actions import ACTIONS
from tests.e2e.actions import CASES, EXPLANATION, TILL, answer
from tests.e2e.clients import Editor
from tests.e2e.refactoring import EDITORS, carried_out, opened
from tests.upstream.mistral import FakeMistral


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
