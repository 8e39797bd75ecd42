"""Editors as they introduced themselves in `fixtures/capabilities`, doing with a code action what they do.

What they apply is reckoned on bytes, without any code of ours.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.request import url2pathname

from tests.e2e.wire import ROOT, Message, Wire

CAPABILITIES = ROOT / "fixtures" / "capabilities"
CODECS = {"utf-8": ("utf-8", 1), "utf-16": ("utf-16-le", 2), "utf-32": ("utf-32-le", 4)}

LISTED, RESOLVE, COMMAND = "textDocument/codeAction", "codeAction/resolve", "workspace/executeCommand"


def recorded(file: str) -> dict[str, Any]:
    """What an editor says in `initialize`; null is as good as nothing for what it is called."""
    told: dict[str, Any] = json.loads((CAPABILITIES / f"{file}.json").read_text(encoding="utf-8"))
    return {"capabilities": told["capabilities"]} | (
        {"clientInfo": told["clientInfo"]} if told.get("clientInfo") else {}
    )


class Editor(Wire):
    """One editor with its open documents. It answers what the server asks, and keeps what it is shown."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        super().__init__(reader, writer)
        self.documents: dict[str, str] = {}
        self.versions: dict[str, int] = {}
        self.created: dict[str, str] = {}
        self.shown: list[str] = []
        self.told: dict[str, Any] = {}
        self.able: dict[str, Any] = {}
        self.declines = 0
        self._last = 0

    async def introduce(self, told: Mapping[str, Any], encoding: str = "", **more: object) -> None:
        """Say `initialize` as the recording does, with one `encoding` only if one is given."""
        self.told = json.loads(json.dumps(told))
        if encoding:
            self.told["capabilities"].setdefault("general", {})["positionEncodings"] = [encoding]
        result = await self.initialize(**self.told, **more)
        self.able = result["capabilities"]

    @property
    def encoding(self) -> str:
        return str(self.able["positionEncoding"])

    def ability(self, path: str) -> Any:
        found: Any = self.told["capabilities"]
        for name in path.split("."):
            found = (found or {}).get(name)
        return found

    async def read(self) -> Message:
        message = await super().read()
        if "method" in message and "id" in message:
            if message["method"] == "workspace/applyEdit" and self.declines:
                self.send({"id": message["id"], "error": {"code": self.declines, "message": "No."}})
            else:
                result = self._answered(message["method"], message["params"])
                self.send({"id": message["id"], "result": result})
        elif message.get("method") == "codestral/explanation":
            self.shown.append(message["params"]["markdown"])
        elif message.get("method") == "window/showMessage":
            self.shown.append(message["params"]["message"])
        return message

    def show(self, path: Path, text: str, version: int = 7) -> str:
        """Open a document. Returns its URI."""
        uri = path.as_uri()
        self.documents[uri], self.versions[uri] = text, version
        self.open(text, uri, version)
        return uri

    def edit(self, uri: str, text: str) -> None:
        """The user changes a whole document."""
        self.documents[uri], self.versions[uri] = text, self.versions[uri] + 1
        document = {"uri": uri, "version": self.versions[uri]}
        self.tell("textDocument/didChange", {"textDocument": document, "contentChanges": [{"text": text}]})

    def range_of(self, uri: str, wanted: str) -> Message:
        """Where a text stands that is there once and on one line."""
        codec, size = CODECS[self.encoding]
        [(number, line)] = [
            (number, line) for number, line in enumerate(lines(self.documents[uri])) if wanted in line
        ]
        start = line.index(wanted)
        ends = (line[:start], line[: start + len(wanted)])
        first, last = ({"line": number, "character": len(head.encode(codec)) // size} for head in ends)
        return {"start": first, "end": last}

    async def ask_next(self, method: str, params: object) -> Message:
        """Send a request and return its whole answer."""
        self._last += 1
        self.ask(self._last, method, params)
        return await self.answer(self._last)

    async def listed(self, uri: str, place: Message, **context: object) -> list[Message]:
        params = {
            "textDocument": {"uri": uri},
            "range": place,
            "context": {"diagnostics": [], **context},
        }
        result: list[Message] = (await self.ask_next(LISTED, params))["result"]
        return result

    async def choose(self, entry: Message) -> Message | None:
        """Carry out an entry as editors do, down to the one that resolves what has its command already.
        Returns the error that it came to, if it did."""
        if isinstance(entry.get("command"), str):
            return await self._run(entry)
        if self.ability("textDocument.codeAction.resolveSupport") and not (
            "edit" in entry and "command" in entry
        ):
            answer = await self.ask_next(RESOLVE, entry)
            if "error" in answer:
                return dict(answer["error"])
            entry = answer["result"]
        if "edit" in entry:
            self.apply(entry["edit"])
        return await self._run(entry["command"]) if "command" in entry else None

    async def refactor(self, **argument: object) -> Message | None:
        """Run `codestral.refactor`. Returns the error that it came to, if it did."""
        return await self._run({"command": "codestral.refactor", "arguments": [argument]})

    async def _run(self, command: Message) -> Message | None:
        error: Message | None = (await self.ask_next(COMMAND, command)).get("error")
        return error

    def apply(self, edit: Message) -> None:
        """Apply a workspace edit that keeps to what the editor has said it knows."""
        known = self.ability("workspace.workspaceEdit") or {}
        if "changes" in edit:
            assert not known.get("documentChanges")
            assert "documentChanges" not in edit
        for uri, edits in edit.get("changes", {}).items():
            self._change(uri, edits)
        for change in edit.get("documentChanges", ()):
            self._check_annotations(change, edit)
            if change.get("kind") == "create":
                assert "create" in known["resourceOperations"]
                assert not change["options"].get("overwrite")
                assert not file_of(change["uri"]).exists()
                self.documents[change["uri"]] = self.created[change["uri"]] = ""
                continue
            uri = change["textDocument"]["uri"]
            assert change["textDocument"]["version"] == self.versions.get(uri)
            self._change(uri, change["edits"])
            if uri in self.created:
                self.created[uri] = self.documents[uri]

    def _check_annotations(self, change: Message, edit: Message) -> None:
        honours = self.ability("textDocument.codeAction.honorsChangeAnnotations")
        named = {each.get("annotationId") for each in change.get("edits", [change])}
        confirmed = {
            name for name, told in edit.get("changeAnnotations", {}).items() if told["needsConfirmation"]
        }
        assert named == (confirmed if honours else {None})

    def _change(self, uri: str, edits: Sequence[Message]) -> None:
        codec, _ = CODECS[self.encoding]
        if uri not in self.documents:
            self.documents[uri] = file_of(uri).read_bytes().decode()
        rows = lines(self.documents[uri])
        spans = sorted((*self._span(edit["range"], rows), edit["newText"]) for edit in edits)
        whole, at, done = self.documents[uri].encode(codec), 0, b""
        for start, end, new in spans:
            assert at <= start <= end
            done, at = done + whole[at:start] + new.encode(codec), end
        self.documents[uri] = (done + whole[at:]).decode(codec)

    def _span(self, extent: Message, rows: Sequence[str]) -> tuple[int, int]:
        """The bytes of a range, which must be there and end before line-end characters."""
        codec, size = CODECS[self.encoding]

        def place(line: int, character: int) -> int:
            assert character * size <= len(rows[line].rstrip("\r\n").encode(codec))
            return len("".join(rows[:line]).encode(codec)) + character * size

        return place(**extent["start"]), place(**extent["end"])

    def _answered(self, method: str, params: Message) -> object:
        if method == "workspace/applyEdit":
            assert self.ability("workspace.applyEdit")
            self.apply(params["edit"])
            return {"applied": True}
        if method == "window/showDocument":
            assert self.ability("window.showDocument.support")
            self.shown.append(file_of(params["uri"]).read_text(encoding="utf-8"))
            return {"success": True}
        if method == "window/workDoneProgress/create":
            assert self.ability("window.workDoneProgress")
        return [None] if method == "workspace/configuration" else None


def file_of(uri: str) -> Path:
    return Path(url2pathname(uri.removeprefix("file://")))


def lines(text: str) -> list[str]:
    r"""Lines with their ends, of a text whose only ends are `\n` and `\r\n`; behind the last is one more."""
    return [*(f"{line}\n" for line in text.split("\n")[:-1]), text.split("\n")[-1]]
