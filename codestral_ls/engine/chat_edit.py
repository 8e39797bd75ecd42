"""A block of code from a conversation becomes a change of the file that it is for."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from codestral_ls.core.answer import change_by, code_blocks, new_file
from codestral_ls.core.languages import language_of
from codestral_ls.core.model import BadRequest, NotAllowed
from codestral_ls.core.text import Document, apply_edits
from codestral_ls.engine.proposal import FileChange, Proposal
from codestral_ls.engine.refactor import notes
from codestral_ls.engine.tree import NotThere, Tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codestral_ls.core.answer import Block
    from codestral_ls.core.attachment import Attachment
    from codestral_ls.core.conversation import Turn
    from codestral_ls.engine.question import Mention
    from codestral_ls.engine.workspace import Workspace

_NO_BLOCK = "The answer has no such block of code."
_NO_FILE = "The answer does not say which file the code is for: name one."


async def propose_block(
    turn: Turn, number: int, shown: Sequence[Attachment], workspace: Workspace, at: Mention | None = None
) -> Proposal:
    """What a block of an answer, counted from 0, does to its file: by the same way as a refactoring's reply.

    `shown` is what the question was about. The block goes to the file that `at` or else the block names, or
    to the one that the question was about; where in it, `at` or else the code tells. Raises `BadRequest` or
    `NotAllowed` where there is no such block or file, and `Refused` where it cannot be applied.
    """
    blocks = code_blocks(turn.answer)
    if not 0 <= number < len(blocks):
        raise BadRequest(_NO_BLOCK)
    block = blocks[number]
    document, is_new = (at.document, False) if at else await _document(block, shown, workspace)
    if why := workspace.why_refused(document):
        raise NotAllowed(f"This file is kept from the model, because {why}.")
    if is_new:
        made = new_file(block, document)
        change = FileChange(document.uri, None, None, apply_edits(document, made.edits, 0).text)
    else:
        asked_about = [each.code for each in shown if each.uri == document.uri]
        made = change_by(block, document, asked_about, at.extent if at else None)
        new_text = apply_edits(document, reversed(made.edits), document.version).text
        version = document.version if workspace.get(document.uri) else None
        change = FileChange(document.uri, version, document, new_text, made.edits)
    title = f"Apply to {workspace.shown_path(document.uri)}"
    return Proposal(title, (change,), notes=notes(made))


async def _document(block: Block, shown: Sequence[Attachment], workspace: Workspace) -> tuple[Document, bool]:
    """The document that a block is for, open or not; an empty one and True where it is not there yet."""
    if block.path:
        named = [each for each in workspace.documents if _is_called(each, block.path, workspace)]
        if len(named) == 1:
            return named[0], False
        return await asyncio.to_thread(_on_disk, block.path, Tree(workspace))
    uris = {each.uri for each in shown if each.kind == "code"}
    about = [document for uri in uris if (document := workspace.get(uri))]
    if len(about) != 1:
        raise BadRequest(_NO_FILE)
    return about[0], False


def _is_called(document: Document, path: str, workspace: Workspace) -> bool:
    """Models leave the first folders of a path out."""
    known = workspace.shown_path(document.uri)
    return path in (known, document.uri) or known.endswith(f"/{path.removeprefix('./')}")


def _on_disk(name: str, tree: Tree) -> tuple[Document, bool]:
    try:
        path = tree.path(name)
        if not path.exists():
            return Document.of(path.as_uri(), language_of(path.name), 0, ""), True
        return tree.document(path), False
    except NotThere as absent:
        raise BadRequest(absent.message) from None
