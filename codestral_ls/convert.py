"""LSP to our types and back; the only place that knows the client's position encoding."""

from __future__ import annotations

from bisect import bisect_right
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from lsprotocol import types as lsp

from codestral_ls.core.text import Document, Edit, Span, apply_edits, without_end
from codestral_ls.core.track import Change
from codestral_ls.engine.workspace import path_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Encoding = Literal["utf-8", "utf-16", "utf-32"]
"""What a client counts in a line: bytes, 16-bit units, or code points (LSP 3.17, PositionEncodingKind)."""


def choose_encoding(capabilities: lsp.ClientCapabilities) -> Encoding:
    """The first of the client's encodings that we know; UTF-16, which every client must know, if none is."""
    offered = capabilities.general.position_encodings if capabilities.general else None
    wanted = [plain(kind) for kind in offered or ()]
    return next((encoding for encoding in wanted if encoding in _UNITS), "utf-16")


def plain(value: object) -> str:
    """The text of a value that LSP enumerates, or of another that the enumeration does not know."""
    return str(getattr(value, "value", value))


def offset(document: Document, position: lsp.Position, encoding: Encoding) -> int:
    """The offset of a client's position.

    As LSP has it, a character beyond the line means the line's end, before its line-end characters. What LSP
    leaves open: a line beyond the document means the document's end, and a character inside a code point the
    code point's start.
    """
    if not 0 <= position.line < document.line_count:
        return document.offset_at(position.line, 0)
    line = without_end(document.line(position.line))
    return document.line_start(position.line) + _column(line, position.character, encoding)


def position(document: Document, offset: int, encoding: Encoding) -> lsp.Position:
    """The client's position of an offset. An offset inside a line's end means the end of the line's text."""
    line, column = document.position_at(offset)
    head = without_end(document.line(line))[:column]
    return lsp.Position(line=line, character=_UNITS[encoding](head))


def span(document: Document, extent: lsp.Range, encoding: Encoding) -> Span:
    """The span of a client's range; one whose end comes first is read the other way round."""
    ends = offset(document, extent.start, encoding), offset(document, extent.end, encoding)
    return Span(min(ends), max(ends))


def range_of(document: Document, span: Span, encoding: Encoding) -> lsp.Range:
    """The client's range of a span."""
    return lsp.Range(position(document, span.start, encoding), position(document, span.end, encoding))


def changed(
    document: Document,
    changes: Iterable[lsp.TextDocumentContentChangeEvent],
    encoding: Encoding,
    version: int,
) -> tuple[Document, list[Change]]:
    """The document after a `didChange`, and its steps: each change applies to what the one before left."""
    steps = []
    for change in changes:
        if isinstance(change, lsp.TextDocumentContentChangePartial):
            edit = Edit(span(document, change.range, encoding), change.text)
            after = apply_edits(document, (edit,), version)
        else:
            edit = Edit(Span(0, document.length), change.text)
            after = Document.of(document.uri, document.language, version, change.text)
        steps.append(Change(document, edit, after))
        document = after
    return document if document.version == version else apply_edits(document, (), version), steps


def roots(params: lsp.InitializeParams) -> list[Path]:
    """The workspace's folders, in whichever of three ways the editor names them."""
    if params.workspace_folders:
        return paths(params.workspace_folders)
    if params.root_uri:
        return [path_of(params.root_uri)]
    return [Path(params.root_path)] if params.root_path else []


def paths(folders: Iterable[lsp.WorkspaceFolder]) -> list[Path]:
    return [path_of(folder.uri) for folder in folders]


def _utf8(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def _utf16(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


_UNITS: dict[Encoding, Callable[[str], int]] = {"utf-8": _utf8, "utf-16": _utf16, "utf-32": len}


def _column(line: str, character: int, encoding: Encoding) -> int:
    """The longest head of the line that takes no more units than `character`.

    A code point takes one unit or more, so only that many code points of a very long line are looked at.
    """
    head = line[: max(character, 0)]
    units = _UNITS[encoding]
    if head.isascii():
        return len(head)
    return bisect_right(range(1, len(head) + 1), character, key=lambda column: units(head[:column]))
