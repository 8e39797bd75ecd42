"""What is listed: by kind, by place, by what the editor knows; and nothing of it asks a model."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codestral_ls.code_actions import KINDS
from codestral_ls.core.actions import ACTIONS
from tests.e2e.actions import CASES, TEXT
from tests.e2e.clients import RESOLVE, Editor
from tests.e2e.refactoring import ALE, EDITORS, action_of, diagnostic, entries, opened
from tests.e2e.wire import Message
from tests.upstream.mistral import FakeMistral

REWRITES = {"simplify", "rename", "types", "modernise", "document", "translate", "user.be-polite"}


@pytest.mark.parametrize(
    ("only", "names"),
    [
        pytest.param(["refactor.rewrite"], REWRITES, id="a kind and all below it"),
        pytest.param(["refactor.rewrite.codestral.document"], {"document"}, id="the kind itself"),
        pytest.param(["refactor"], {*REWRITES, "extract", "tests"}, id="the root"),
        pytest.param(["refactor.extract", "source"], {"extract", "document-file"}, id="two"),
        pytest.param(["quickfix"], {"fix"}, id="diagnostics"),
        pytest.param(["refactor.re"], set(), id="half a word is no kind"),
        pytest.param(["source.organizeImports"], set(), id="not ours"),
        pytest.param(["notebook", "kind of tomorrow"], set(), id="kinds that nobody knows"),
    ],
)
async def test_kinds(
    editor: Editor, upstream: FakeMistral, workspace: Path, only: list[str], names: set[str]
) -> None:
    uri = await opened(editor, workspace)
    assert entries_that_work(await entries(editor, uri, "extract", only=only)) == names - {"fix"}
    assert entries_that_work(await entries(editor, uri, "fix", only=only)) >= names & {"fix"}
    assert upstream.requests == []


def entries_that_work(offered: dict[str, Message]) -> set[str]:
    return {name for name, entry in offered.items() if "disabled" not in entry}


def test_the_kinds_that_are_announced() -> None:
    """Editors do not ask for others."""
    ours = {action.kind for action in ACTIONS} | {
        "refactor.rewrite.codestral.user.x",
        "source.codestral.user.x",
    }
    assert all(any(f"{kind}.".startswith(f"{head}.") for head in KINDS) for kind in ours)


@pytest.mark.parametrize("file", [*EDITORS.values(), ALE])
async def test_fields(editor: Editor, workspace: Path, file: str) -> None:
    """Each has the fields that the editor knows, a kind, and no text of the document."""
    uri = await opened(editor, workspace, file)
    known = editor.ability("textDocument.codeAction")
    place = editor.range_of(uri, "print")
    offered = await editor.listed(uri, place)
    assert [entry["title"] for entry in offered].count("Explain") == 1
    for entry in offered:
        assert entry["kind"].startswith(KINDS)
        assert entry.get("tags") == ([1] if known.get("tagSupport") else None)
        assert ("data" in entry) + ("command" in entry) + ("disabled" in entry) == 1
        assert "data" not in entry or known["resolveSupport"]
        assert not entry["title"].endswith("…")
        assert "pay" not in json.dumps(entry)
    usable = ["disabled" not in entry for entry in offered]
    assert usable == sorted(usable, reverse=True)
    reasons = {entry["disabled"]["reason"] for entry in offered if "disabled" in entry}
    todo = {"There is no TODO here.", "There is no function or class around the cursor, or it is too long."}
    assert bool(todo & reasons) is bool(known.get("disabledSupport"))
    assert editor.able["codeActionProvider"] == {"codeActionKinds": list(KINDS), "resolveProvider": True}


async def test_one_quickfix_for_each_diagnostic(editor: Editor, workspace: Path) -> None:
    uri = await opened(editor, workspace)
    told = [diagnostic(editor, uri, message=f"{word} it") for word in ("Mend", "Repair")]
    offered = await editor.listed(uri, editor.range_of(uri, "sum"), diagnostics=told, only=["quickfix"])
    assert [entry["title"] for entry in offered] == ["Fix: Mend it", "Fix: Repair it"]
    assert [entry["diagnostics"] for entry in offered] == [[each] for each in told]
    assert not any("isPreferred" in entry for entry in offered)


async def test_an_editor_that_knows_only_commands(editor: Editor, workspace: Path) -> None:
    await editor.introduce({"capabilities": {"workspace": {"applyEdit": True}}})
    uri = editor.show(workspace / "cart.py", TEXT)
    offered = await editor.listed(uri, editor.range_of(uri, "total = sum(prices)"))
    assert {entry["command"] for entry in offered} == {"codestral.refactor"}
    assert "simplify" in {entry["arguments"][0]["action"] for entry in offered}


@pytest.mark.parametrize("why", ["not open", "closed", "ignored", "a secret's name"])
async def test_nothing_is_offered(editor: Editor, workspace: Path, why: str) -> None:
    (workspace / ".codestralignore").write_text("private.py\n" if why == "ignored" else "")
    await opened(editor, workspace)
    names = {"ignored": "private.py", "a secret's name": ".env"}
    uri = (workspace / names.get(why, "other.py")).as_uri()
    if why != "not open":
        editor.show(workspace / names.get(why, "other.py"), TEXT)
    if why == "closed":
        editor.tell("textDocument/didClose", {"textDocument": {"uri": uri}})
    editor.documents[uri] = TEXT
    place = editor.range_of(uri, "def pay")
    assert await editor.listed(uri, place) == []
    error = await editor.refactor(uri=uri, range=place, action="simplify")
    assert error
    assert error["message"].endswith(".")
    assert error["message"] in editor.shown[-1]


async def test_to_resolve_is_to_compute_the_edit_and_no_more(
    editor: Editor, upstream: FakeMistral, workspace: Path
) -> None:
    """What needs no edit comes back as it is: some editors resolve whatever lacks an edit or a command."""
    uri = await opened(editor, workspace)
    offered = await entries(editor, uri, "simplify")
    foreign = {"title": "x", "kind": "quickfix"}
    done = {**offered["simplify"], "edit": {"changes": {}}}
    for entry in (offered["explain"], foreign, done):
        assert (await editor.ask_next(RESOLVE, entry))["result"] == entry
    assert upstream.requests == []
    assert editor.shown == []
    assert action_of(offered["explain"]) == "explain"
    assert CASES["explain"].says
