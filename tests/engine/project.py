"""A project on disk, and a model that is scripted to change it by tools."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from codestral_ls.core.languages import language_of
from codestral_ls.core.model import ChatRequest, Chunk, Message, ToolCall, Usage
from codestral_ls.core.privacy import redact
from codestral_ls.core.text import Document
from codestral_ls.engine.accounts import Accounts
from codestral_ls.engine.across import Across, Limits
from codestral_ls.engine.ledger import Ledger
from codestral_ls.engine.rewriting import Rewriting
from codestral_ls.engine.talker import Talker
from codestral_ls.engine.workspace import Workspace
from tests.engine.talking import TalkingModel

ASKED = ChatRequest((Message("user", redact("Do it.")),), max_tokens=1000)

LIMITS = Limits()


def call(name: str, /, **arguments: object) -> ToolCall:
    return ToolCall("null", name, json.dumps(arguments))


def edit(path: str, old: str, new: str) -> ToolCall:
    return call("propose_edit", path=path, old=old, new=new)


def turn(*calls: ToolCall) -> Chunk:
    return Chunk("", "stop", Usage(100, 20), calls=calls)


def write(folder: Path, files: Mapping[str, str | bytes]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())


@dataclass
class Project:
    """A workspace in a folder, whose files are written at once."""

    folder: Path
    files: Mapping[str, str | bytes]
    workspace: Workspace = field(init=False)
    model: TalkingModel = field(init=False)

    def __post_init__(self) -> None:
        write(self.folder, self.files)
        self.workspace = Workspace([self.folder])

    def open(self, name: str, text: str, version: int = 1) -> Document:
        document = Document.of((self.folder / name).as_uri(), language_of(name), version, text)
        self.workspace.open(document)
        return document

    async def changed(
        self,
        *turns: Chunk | str,
        limits: Limits = LIMITS,
        name: str = "",
        clock=lambda: 0.0,
        at="a.py",
        model=None,
    ):
        """What a model that says this comes to: a proposal, or what is raised."""
        self.model = TalkingModel(*turns)
        used = model(self.model.profile) if model else self.model
        accounts = Accounts(Ledger(None, lambda: 0.0), self.workspace)
        talker = Talker(used, accounts, lambda: 0.0)
        uri = (self.folder / at).as_uri()
        rewriting = Rewriting(talker, uri, lambda *_: None)
        across = Across(self.workspace, rewriting.asked, limits, clock=clock)
        across.name(uri)
        return await across.propose(ASKED, name)

    @property
    def told(self) -> list[str]:
        """What tools have answered, in order."""
        return [message.text for message in self.model.requests[-1].messages if message.role == "tool"]

    @property
    def on_disk(self) -> dict[str, bytes]:
        files = (path for path in self.folder.rglob("*") if path.is_file() and not path.is_symlink())
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in files}


def texts(proposal, folder: Path) -> dict[str, str]:
    """The files after a proposal, by their names."""
    return {change.uri.removeprefix(f"{folder.as_uri()}/"): change.new_text for change in proposal.changes}
