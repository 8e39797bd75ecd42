"""An editor's user who asks for refactorings of the document in `actions.py`."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.actions import CASES, CURSOR, DIAGNOSTIC, OWN, TEXT
from tests.e2e.clients import Editor, recorded
from tests.e2e.wire import Message

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
