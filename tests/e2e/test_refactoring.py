"""Code actions from an editor's bytes to a chat model's and back, as the editors introduce themselves."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from codestral_ls.app import App
from codestral_ls.core.actions import ACTIONS
from codestral_ls.server import create_server
from codestral_ls.transport import read_messages
from tests.e2e.actions import CASES, CURSOR, DIAGNOSTIC, EXPLANATION, OWN, TEXT, answer
from tests.e2e.clients import COMMAND, Editor, recorded
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
async def upstream() -> AsyncIterator[FakeMistral]:
    async with FakeMistral("") as serving:
        yield serving


@pytest.fixture
async def editor(
    tmp_path: Path, upstream: FakeMistral, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Editor]:
    """An editor, not introduced yet, and the real server with all that is behind it."""
    for name in ("CACHE", "STATE"):
        monkeypatch.setenv(f"CODESTRAL_LS_{name}", str(tmp_path / name))
    config = tmp_path / "config.toml"
    config.write_text(
        f'[completion]\nprovider = "mistral"\nbase_url = "{upstream.api_url}"\napi_key_env = "THE_KEY"\n'
    )
    environ = {"THE_KEY": upstream.api_key, "CODESTRAL_LS_STATE": str(tmp_path / "STATE")}
    server = create_server(lambda user: App(user, config_file=config, environ=environ))
    ours, theirs = socket.socketpair()
    reader, writer = await asyncio.open_connection(sock=theirs)
    server.protocol.set_writer(writer)
    reading = asyncio.create_task(read_messages(reader, server.protocol.receive))
    client = Editor(*await asyncio.open_connection(sock=ours))
    yield client
    client.close()
    await reading
    await server.protocol.cancel_all()
    await server.aclose()
    writer.close()


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "cart.py").write_bytes(TEXT.encode())
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
    if name != "instruct":
        return await editor.choose((await entries(editor, uri, name))[name])
    argument = {"uri": uri, "range": editor.range_of(uri, CURSOR), "instruction": "Be less toothy."}
    params = {"command": "codestral.refactor", "arguments": [argument]}
    error: Message | None = (await editor.ask_next(COMMAND, params)).get("error")
    return error


def test_every_action_has_a_case() -> None:
    assert CASES.keys() == {action.name for action in ACTIONS if action.answer != "edits"} | {
        "user.be-polite"
    }


async def check(editor: Editor, upstream: FakeMistral, workspace: Path, uri: str, name: str) -> None:
    """An action is listed, carried out with one request to the model, and comes to what its case says."""
    case = CASES[name]
    upstream.reply = answer(case)
    assert await carried_out(editor, uri, name) is None
    [request] = upstream.requests
    assert request.outcome == "complete"
    assert editor.documents[uri] == case.after
    if name == "explain":
        assert EXPLANATION in editor.shown[-1]
    elif name == "tests":
        await check_new_file(editor, workspace, case.says)
    else:
        assert editor.documents.keys() == {uri}


async def check_new_file(editor: Editor, workspace: Path, text: str) -> None:
    creates = "create" in (editor.ability("workspace.workspaceEdit.resourceOperations") or ())
    if creates:
        [made] = editor.created.values()
        assert made.rstrip("\n") == text
    else:
        assert text in editor.shown[-1]
    assert [file.name for file in workspace.iterdir()] == ["cart.py"]


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
