"""A proposal as the edit that an editor applies: all its files at once, so that one undo takes it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types

from codestral_ls.convert import range_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codestral_ls.abilities import Abilities
    from codestral_ls.convert import Encoding
    from codestral_ls.engine.proposal import FileChange, Proposal

    _DocumentChange = types.TextDocumentEdit | types.CreateFile | types.RenameFile | types.DeleteFile

_ANNOTATION = "codestral"
_TOP = types.Range(types.Position(0, 0), types.Position(0, 0))


def workspace_edit(proposal: Proposal, encoding: Encoding, abilities: Abilities) -> types.WorkspaceEdit:
    """The edit, in the form that the editor knows. One that cannot create files must not be given any."""
    if not abilities.versions:
        return types.WorkspaceEdit(
            changes={change.uri: _plain_edits(change, encoding) for change in proposal.changes}
        )
    annotation = _ANNOTATION if abilities.annotations else None
    changes = [
        step for change in proposal.changes for step in _document_changes(change, encoding, annotation)
    ]
    annotations = {annotation: _confirmation(proposal)} if annotation else None
    return types.WorkspaceEdit(document_changes=changes, change_annotations=annotations)


def _confirmation(proposal: Proposal) -> types.ChangeAnnotation:
    return types.ChangeAnnotation(
        proposal.title, needs_confirmation=True, description=proposal.remarks or None
    )


def _document_changes(
    change: FileChange, encoding: Encoding, annotation: str | None
) -> Iterator[_DocumentChange]:
    if change.old is None:
        never_over = types.CreateFileOptions(overwrite=False, ignore_if_exists=False)
        yield types.CreateFile(change.uri, options=never_over, annotation_id=annotation)
    edits = [
        types.AnnotatedTextEdit(annotation, edit.range, edit.new_text) if annotation else edit
        for edit in _plain_edits(change, encoding)
    ]
    identifier = types.OptionalVersionedTextDocumentIdentifier(change.uri, change.version)
    yield types.TextDocumentEdit(identifier, edits)


def _plain_edits(change: FileChange, encoding: Encoding) -> list[types.TextEdit]:
    if change.old is None:
        return [types.TextEdit(_TOP, change.new_text)]
    return [types.TextEdit(range_of(change.old, edit.span, encoding), edit.text) for edit in change.edits]
