"""What an editor does with suggestions reaches the ledger, over LSP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.e2e.wire import Message, Wire, place

URI = "file:///w/a.py"
TEXT = "a = '😀'\nb = \n"
INSERTED = "@12[ |\n]"
"""What the scripted engine suggests behind `b = `."""


class Editor:
    """What a test does in it, in terms of the wire."""

    def __init__(self, session: Wire) -> None:
        self.session = session
        self.version = 1
        self.item: Message = {}

    async def ask(self, character: int = 4) -> None:
        answer = await self.session.result("i", "textDocument/inlineCompletion", place(1, character))
        self.item = answer["items"][0]

    async def ask_menu(self) -> None:
        answer = await self.session.result("m", "textDocument/completion", place(1, 4))
        self.item = answer["items"][0]

    async def write(self, text: str, line: int = 1, character: int = 4) -> None:
        self.version += 1
        where = {"line": line, "character": character}
        change = {"range": {"start": where, "end": where}, "text": text}
        document = {"uri": URI, "version": self.version}
        self.session.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [change]})

    async def insert(self) -> None:
        await self.write(self.item.get("insertText") or self.item["textEdit"]["newText"])

    async def replace_all(self, text: str) -> None:
        self.version += 1
        document = {"uri": URI, "version": self.version}
        changes = [{"text": text}]
        self.session.tell("textDocument/didChange", {"textDocument": document, "contentChanges": changes})

    async def accept(self) -> None:
        assert await self.session.result("a", "workspace/executeCommand", self.item["command"]) is None

    async def part(self, length: int) -> None:
        params = {"item": self.item, "acceptedLength": length}
        self.session.tell("textDocument/didPartiallyAcceptCompletion", params)

    async def shown(self) -> None:
        self.session.tell("textDocument/didShowCompletion", {"item": self.item})

    async def close(self) -> None:
        self.session.tell("textDocument/didClose", {"textDocument": {"uri": URI}})


CASES: dict[str, tuple[list[Any], list[str]]] = {
    "accepted": (["ask", "shown", "insert", "accept"], ["shown 8", "accepted 8"]),
    "accepted, not told": (["ask", "insert", "close"], ["shown 8", "accepted 8"]),
    "accepted by the whole text": (
        ["ask", ("replace_all", TEXT[:12] + INSERTED + TEXT[12:]), "accept"],
        ["shown 8", "accepted 8"],
    ),
    "a part": (["ask", "shown", ("write", "@12["), ("part", 4), "close"], ["shown 8", "partial 4"]),
    "a part, not told": (["ask", ("write", "@12["), "close"], ["shown 8", "partial 4"]),
    "from the menu": (["ask_menu", "insert", "accept"], ["accepted 8 menu"]),
    "a line above changes": (["ask", ("write", "#\n", 0, 0), "accept"], ["shown 8", "accepted 8"]),
    "not looked at": (["ask", "close"], []),
}


@pytest.mark.parametrize(("steps", "said"), CASES.values(), ids=CASES)
async def test_ledger(session: Wire, tmp_path: Path, steps: list[Any], said: list[str]) -> None:
    await session.initialize()
    session.open(TEXT)
    editor = Editor(session)
    for step in steps:
        name, *arguments = (step,) if isinstance(step, str) else step
        await getattr(editor, name)(*arguments)
    await session.shut_down()
    file = tmp_path / "ledger.jsonl"
    records = [msgspec.json.decode(line) for line in file.read_bytes().splitlines()] if file.exists() else []
    told = [f"{record['kind']} {record['length']} {record.get('outcome', '')}".strip() for record in records]
    assert told == said
