"""What the editor tells of its open documents and notebooks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lsprotocol import types

from codestral_ls.convert import changed, plain
from codestral_ls.core.text import Document

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from codestral_ls.language_server import Server


def did_open(ls: Server, params: types.DidOpenTextDocumentParams) -> None:
    _open(ls, [params.text_document])


def did_change(ls: Server, params: types.DidChangeTextDocumentParams) -> None:
    _change(ls, params.text_document, params.content_changes)


def did_close(ls: Server, params: types.DidCloseTextDocumentParams) -> None:
    ls.app.close(params.text_document.uri)


def did_open_notebook(ls: Server, params: types.DidOpenNotebookDocumentParams) -> None:
    _open(ls, params.cell_text_documents)


def did_change_notebook(ls: Server, params: types.DidChangeNotebookDocumentParams) -> None:
    cells = params.change.cells
    if cells and cells.structure:
        _open(ls, cells.structure.did_open or ())
        for cell in cells.structure.did_close or ():
            ls.app.close(cell.uri)
    for edited in (cells and cells.text_content) or ():
        _change(ls, edited.document, edited.changes)


def did_close_notebook(ls: Server, params: types.DidCloseNotebookDocumentParams) -> None:
    for cell in params.cell_text_documents:
        ls.app.close(cell.uri)


FEATURES: Mapping[str, Callable[..., Any]] = {
    types.TEXT_DOCUMENT_DID_OPEN: did_open,
    types.TEXT_DOCUMENT_DID_CHANGE: did_change,
    types.TEXT_DOCUMENT_DID_CLOSE: did_close,
    types.NOTEBOOK_DOCUMENT_DID_OPEN: did_open_notebook,
    types.NOTEBOOK_DOCUMENT_DID_CHANGE: did_change_notebook,
    types.NOTEBOOK_DOCUMENT_DID_CLOSE: did_close_notebook,
}


def _open(ls: Server, items: Iterable[types.TextDocumentItem]) -> None:
    for item in items:
        ls.app.workspace.open(Document.of(item.uri, plain(item.language_id), item.version, item.text))


def _change(
    ls: Server,
    identifier: types.VersionedTextDocumentIdentifier,
    changes: Sequence[types.TextDocumentContentChangeEvent],
) -> None:
    if document := ls.app.workspace.get(identifier.uri):
        document, steps = changed(document, changes, ls.encoding, identifier.version)
        ls.app.workspace.update(document)
        ls.app.feedback.changed(steps)
