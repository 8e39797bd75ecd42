"""Code actions: listed from tables, computed when one is chosen, applied by the editor.

`codeAction/resolve` computes an edit and does nothing else, so that an editor may ask for it as often as it
likes. Whatever is more than an edit (a text to read) is done by the command, and so is everything in an
editor that cannot resolve.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote, urlsplit

from lsprotocol import types

from codestral_ls.code_actions import REFACTOR, Chosen, Menu, is_edit, kinds, understood
from codestral_ls.convert import span
from codestral_ls.core import refusal
from codestral_ls.core.actions import all_actions
from codestral_ls.core.applicable import applicable
from codestral_ls.core.model import ModelError
from codestral_ls.engine.proposal import stage_text
from codestral_ls.protocol import Refused
from codestral_ls.workspace_edit import workspace_edit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from codestral_ls.code_actions import Entry
    from codestral_ls.core.actions import Action
    from codestral_ls.core.applicable import Choice
    from codestral_ls.core.text import Document
    from codestral_ls.engine.proposal import Proposal, Report, Stage
    from codestral_ls.language_server import Server

_MALFORMED = "The action is not one that this server has offered."
_NOT_OPEN = "The file is not open in the editor."
_STALE = "The file was edited in the meantime, so nothing was changed; choose the action again."
_CANNOT_APPLY = (
    "This editor says that it lets no server change files. If it does so all the same, as ALE does, start "
    "`codestral-ls serve --applies-edits`; else run `codestral-ls refactor` in a terminal."
)

_CANNOT_CREATE = (
    "The change needs a new file, which this editor does not let a server create, so nothing was changed; "
    "run `codestral-ls refactor` in a terminal."
)


def code_action(ls: Server, params: types.CodeActionParams) -> list[Entry]:
    """What can be asked here. No model is."""
    document = ls.app.workspace.get(params.text_document.uri)
    if document is None or ls.app.workspace.why_refused(document):
        return []
    told = {understood(document, each, ls.encoding): each for each in params.context.diagnostics}
    place = span(document, params.range, ls.encoding)
    choices = applicable(document, place, list(told), kinds(params.context), _actions(ls))
    return Menu(document, params.range, told, ls.abilities).entries(choices)


async def resolve(ls: Server, action: types.CodeAction) -> types.CodeAction:
    """The action with its edit; one that needs none as it is."""
    if action.edit or action.command or action.data is None:
        return action
    with loudly(ls):
        diagnostic = action.diagnostics[0] if action.diagnostics else None
        proposal = await _proposal(ls, replace(_chosen(ls, action.data), diagnostic=diagnostic))
        action.edit = workspace_edit(proposal, ls.encoding, ls.abilities)
        _remark(ls, proposal)
    return action


async def refactor(ls: Server, arguments: Sequence[object]) -> None:
    """`codestral.refactor`: carry out an action and have the editor apply the edit, or show the text."""
    with loudly(ls):
        chosen = _chosen(ls, arguments[0] if arguments else None)
        action = _action(ls, chosen.action)
        edits = is_edit(action, ls.abilities)
        if edits and not ls.abilities.applies:
            raise Refused(types.LSPErrorCodes.RequestFailed, _CANNOT_APPLY)
        proposal = await _proposal(ls, chosen)
        if edits:
            _check_creation(ls, proposal)
            edit = workspace_edit(proposal, ls.encoding, ls.abilities)
            await ls.editor.apply(edit, proposal.title, answers=ls.abilities.answers)
        else:
            title = f"{proposal.title} {_name(chosen.uri)}"
            await ls.pages.show(title, _text(proposal), ls.abilities)
        _remark(ls, proposal)


def cancel_progress(ls: Server, params: types.WorkDoneProgressCancelParams) -> None:
    ls.editor.cancel(params.token)


FEATURES: Mapping[str, Callable[..., Any]] = {
    types.TEXT_DOCUMENT_CODE_ACTION: code_action,
    types.CODE_ACTION_RESOLVE: resolve,
    types.WINDOW_WORK_DONE_PROGRESS_CANCEL: cancel_progress,
}

COMMANDS: Mapping[str, Callable[..., Any]] = {REFACTOR: refactor}


@contextmanager
def loudly(ls: Server) -> Iterator[None]:
    """What the user has asked for and does not get is told, also where the editor keeps errors to itself."""
    try:
        try:
            yield
        except (ModelError, refusal.Refused) as error:
            raise Refused(types.LSPErrorCodes.RequestFailed, error.message) from None
    except Refused as error:
        if not ls.abilities.shows_errors:
            ls.editor.complain(error.message)
        raise


async def _proposal(ls: Server, chosen: Chosen) -> Proposal:
    """What the engine makes of it, for documents that are still what they were."""
    document = ls.app.workspace.get(chosen.uri)
    if document is None:
        raise Refused(types.ErrorCodes.InvalidParams, _NOT_OPEN)
    if chosen.version not in (None, document.version):
        raise Refused(types.LSPErrorCodes.ContentModified, _STALE)
    choice = _choice(ls, document, chosen)
    with ls.editor.work(choice.heading) as say:
        report = _report(ls, document, say)
        proposal = await ls.app.refactorer.propose(document, choice, chosen.instruction, report)
    for change in proposal.changes:
        _check_version(ls, change.uri, change.version)
    return proposal


def _choice(ls: Server, document: Document, chosen: Chosen) -> Choice:
    diagnostics = [understood(document, chosen.diagnostic, ls.encoding)] if chosen.diagnostic else []
    place = span(document, chosen.range, ls.encoding)
    choices = applicable(document, place, diagnostics, actions=[_action(ls, chosen.action)])
    if not choices:
        raise Refused(types.ErrorCodes.InvalidParams, _MALFORMED)
    return choices[0]


def _report(ls: Server, document: Document, say: Callable[[str], None]) -> Report:
    """Tells the user how far it is, and ends what has become useless before it has cost more."""

    def report(stage: Stage, received: int) -> None:
        _check_version(ls, document.uri, document.version)
        say(stage_text(stage, received))

    return report


def _check_version(ls: Server, uri: str, version: int | None) -> None:
    """Raises `Refused` where a document has changed, was closed, or was opened."""
    document = ls.app.workspace.get(uri)
    if (document.version if document else None) != version:
        raise Refused(types.LSPErrorCodes.ContentModified, _STALE)


def _check_creation(ls: Server, proposal: Proposal) -> None:
    if not ls.abilities.creates and any(change.old is None for change in proposal.changes):
        raise Refused(types.LSPErrorCodes.RequestFailed, _CANNOT_CREATE)


def _chosen(ls: Server, said: object) -> Chosen:
    return ls.protocol.read(said, Chosen, _MALFORMED)


def _actions(ls: Server) -> Sequence[Action]:
    return all_actions(ls.app.settings.chat.actions)


def _action(ls: Server, name: str) -> Action:
    for action in _actions(ls):
        if action.name == name:
            return action
    raise Refused(types.ErrorCodes.InvalidParams, _MALFORMED)


def _remark(ls: Server, proposal: Proposal) -> None:
    """Tell what the user should know, where no confirmation of the edit tells it."""
    confirmed = ls.abilities.annotations and proposal.changes
    if not confirmed and (text := proposal.remarks):
        ls.editor.inform(text)


def _text(proposal: Proposal) -> str:
    """What there is to read: an explanation, or files that the editor cannot create."""
    files = [f"`{_name(change.uri)}`\n\n```\n{change.new_text}\n```\n" for change in proposal.changes]
    return "\n".join([proposal.text, *files] if proposal.text else files)


def _name(uri: str) -> str:
    return PurePosixPath(unquote(urlsplit(uri).path)).name
