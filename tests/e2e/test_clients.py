"""The whole path, from an editor's bytes to a model's and back, as the editors introduce themselves."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import pytest
from lsprotocol import types
from lsprotocol.converters import get_converter
from pytest_lsp import LanguageClient, make_test_lsp_client

from tests.e2e.clients import CAPABILITIES, CODECS
from tests.e2e.wire import ROOT
from tests.upstream.mistral import FakeMistral

URI = "file:///shop/cart.py"
REPLY = "sum(prices)"

# An astral character on either side of the cursor, so that every encoding counts differently.
HEAD, REST = "    face = '😀'; total = ", "  # 💰"
TEXT = f"def pay(prices):\r\n{HEAD}{REST}\r\n    return total"


@dataclass(frozen=True)
class Editor:
    """A recording, and what the server should make of it."""

    file: str
    encoding: str
    menu: bool

    @property
    def capabilities(self) -> types.ClientCapabilities:
        recorded = json.loads((CAPABILITIES / f"{self.file}.json").read_text())
        return get_converter().structure(recorded["capabilities"], types.ClientCapabilities)


EDITORS = [
    Editor("vscode-1.139.1-languageclient-11.0.0", "utf-16", menu=False),
    Editor("neovim-0.11.4", "utf-8", menu=True),
    Editor("neovim-0.12.4", "utf-8", menu=False),
    Editor("helix-25.07.1", "utf-8", menu=True),
    Editor("eglot-1.17.30-emacs-30.2", "utf-32", menu=True),
    Editor("eglot-1.9-emacs-28.2", "utf-16", menu=True),
    Editor("lsp-mode-10.0.0-emacs-30.2", "utf-32", menu=True),
    Editor("vim-9.0-ale-3.3.0", "utf-16", menu=True),
]


@dataclass
class Session:
    """A client at work, and what the server told it."""

    editor: Editor
    client: LanguageClient
    result: types.InitializeResult
    states: asyncio.Queue[str]
    accepted: list[str] = field(default_factory=list)

    async def until(self, state: str) -> None:
        async with asyncio.timeout(20):
            while await self.states.get() != state:
                pass

    async def accept(self, command: types.Command | None) -> None:
        """Do what an editor does once an item is inserted."""
        assert command
        assert command.arguments
        self.accepted.append(command.arguments[0])
        params = types.ExecuteCommandParams(command.command, command.arguments)
        assert await self.client.workspace_execute_command_async(params) is None

    def units(self, text: str) -> int:
        """How long a text is in what the client counts."""
        codec, size = CODECS[self.editor.encoding]
        return len(text.encode(codec)) // size

    def applied(self, edit: types.TextEdit) -> str:
        """The document's second line after an edit, reckoned without any code of ours."""
        codec, size = CODECS[self.editor.encoding]
        assert edit.range.start.line == edit.range.end.line == 1
        line = TEXT.split("\r\n")[1].encode(codec)
        ends = edit.range.start.character * size, edit.range.end.character * size
        return line[: ends[0]].decode(codec) + edit.new_text + line[ends[1] :].decode(codec)


@pytest.fixture
async def session(
    request: pytest.FixtureRequest, environment: Mapping[str, str], tmp_path: Path
) -> AsyncIterator[Session]:
    editor: Editor = request.param
    async with FakeMistral(REPLY) as upstream:
        settings = {"provider": "mistral", "base_url": upstream.codestral_url, "api_key_env": "THE_KEY"}
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        (tmp_path / "config.toml").write_text("\n".join(["[completion]", "menu_wait_ms = 5000", *lines]))
        client = make_test_lsp_client()
        states: asyncio.Queue[str] = asyncio.Queue()
        client.feature("codestral/status")(lambda params: states.put_nowait(params.state))
        env = {**environment, "THE_KEY": upstream.codestral_key}
        await client.start_io(sys.executable, "-m", "codestral_ls", "serve", env=env, cwd=ROOT)
        params = types.InitializeParams(capabilities=editor.capabilities)
        session = Session(editor, client, await client.initialize_session(params), states)
        yield session
        await client.shutdown_session()
        await client.stop()
    assert accepted(tmp_path) == session.accepted


def accepted(folder: Path) -> list[str]:
    """What the ledger says was accepted."""
    file = folder / "state" / "ledger.jsonl"
    records = map(msgspec.json.decode, file.read_bytes().splitlines()) if file.exists() else ()
    return [record["suggestion"] for record in records if record["kind"] == "accepted"]


def opened(session: Session) -> types.Position:
    """Open the document and return where the cursor is."""
    document = types.TextDocumentItem(URI, "python", 1, TEXT)
    session.client.text_document_did_open(types.DidOpenTextDocumentParams(document))
    return types.Position(1, session.units(HEAD))


@pytest.mark.parametrize("session", EDITORS, indirect=True, ids=lambda editor: editor.file)
async def test_completion(session: Session) -> None:
    """Ghost text also for editors that do not announce it: a plug-in may ask."""
    able = session.result.capabilities
    assert able.position_encoding == session.editor.encoding
    assert able.inline_completion_provider is True
    assert (able.completion_provider is not None) is session.editor.menu
    await session.until("ready")
    cursor = opened(session)
    # Whoever asks first waits for the model; the other's answer is known already.
    for ask in (menu_entry, ghost_text) if session.editor.menu else (ghost_text,):
        edit, command = await ask(session, cursor)
        assert session.applied(edit) == f"{HEAD}{REPLY}{REST}"
        await session.accept(command)


async def ghost_text(session: Session, cursor: types.Position) -> tuple[types.TextEdit, types.Command | None]:
    context = types.InlineCompletionContext(types.InlineCompletionTriggerKind.Invoked)
    answer = await session.client.text_document_inline_completion_async(
        types.InlineCompletionParams(context, types.TextDocumentIdentifier(URI), cursor)
    )
    assert isinstance(answer, types.InlineCompletionList)
    (item,) = answer.items
    assert item.range
    assert isinstance(item.insert_text, str)
    return types.TextEdit(item.range, item.insert_text), item.command


async def menu_entry(session: Session, cursor: types.Position) -> tuple[types.TextEdit, types.Command | None]:
    answer = await session.client.text_document_completion_async(
        types.CompletionParams(types.TextDocumentIdentifier(URI), cursor)
    )
    assert isinstance(answer, types.CompletionList)
    (item,) = answer.items
    assert isinstance(item.text_edit, types.TextEdit)
    return item.text_edit, item.command
