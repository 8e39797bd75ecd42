"""The language server: convert, ask the engine, convert back.

`FEATURES` is the table of everything an editor may ask of it. The one guard against our own faults is
`_quietly`: a completion that fails is an empty one, and the log says where.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
import logging
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from codestral_ls import about, chatting, documents, log, refactoring
from codestral_ls.abilities import Abilities
from codestral_ls.capabilities import capabilities
from codestral_ls.convert import choose_encoding, offset, paths, roots, span
from codestral_ls.core.prompt import Site
from codestral_ls.engine.ignored import NAMES as IGNORE_FILES
from codestral_ls.engine.settings import WORKSPACE_FILE
from codestral_ls.items import ACCEPTED, Popup, ghost_text, in_popup, menu_entry
from codestral_ls.language_server import Server

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence

    from codestral_ls.language_server import Connect

logger = logging.getLogger(__name__)

WATCHED = (WORKSPACE_FILE, *IGNORE_FILES)
"""The files of a workspace that say what may be sent, and how."""


def create_server(connect: Connect, *, applies_edits: bool = False) -> Server:
    """A server that is not connected to an editor yet. `connect` makes its `App`."""
    server = Server(connect, applies_edits=applies_edits)
    for method, feature in FEATURES.items():
        server.feature(method)(feature)
    return server


def initialize(ls: Server, params: types.InitializeParams) -> types.InitializeResult:
    ls.encoding = choose_encoding(params.capabilities)
    ls.app.workspace.set_roots(roots(params))
    ls.configure("initializationOptions", params.initialization_options)
    ls.abilities = Abilities.of(params, applies_edits=ls.applies_edits)
    able = capabilities(params.capabilities, ls.encoding, ls.app.settings.completion.menu, COMMANDS)
    return types.InitializeResult(able, types.ServerInfo(ls.name, ls.version))


async def initialized(ls: Server, params: types.InitializedParams) -> None:
    ls.editor.listen()
    await ls.pull_settings()
    ls.app.start()
    await ls.editor.watch(WATCHED)


async def shutdown(ls: Server, params: None) -> None:
    await ls.aclose()


def did_change_folders(ls: Server, params: types.DidChangeWorkspaceFoldersParams) -> None:
    removed = paths(params.event.removed)
    kept = [root for root in ls.app.workspace.roots if root not in removed]
    ls.app.workspace.set_roots(dict.fromkeys([*kept, *paths(params.event.added)]))
    ls.configure()


async def did_change_configuration(ls: Server, params: types.DidChangeConfigurationParams) -> None:
    ls.configure("workspace/didChangeConfiguration", params.settings)
    await ls.pull_settings()


def did_save(ls: Server, params: types.DidSaveTextDocumentParams) -> None:
    _changed_on_disk(ls, [params.text_document.uri])


def did_change_files(ls: Server, params: types.DidChangeWatchedFilesParams) -> None:
    _changed_on_disk(ls, [change.uri for change in params.changes])


async def inline_completion(ls: Server, params: types.InlineCompletionParams) -> types.InlineCompletionList:
    # The document as it is before the first await: the position is meant for it.
    document = ls.app.workspace.get(params.text_document.uri)
    if document is None:
        return types.InlineCompletionList([])
    invoked = params.context.trigger_kind == types.InlineCompletionTriggerKind.Invoked
    site = Site(document, offset(document, params.position, ls.encoding))
    ls.app.feedback.asked(document.uri, site.offset)
    if selected := params.context.selected_completion_info:
        popup = Popup(document, span(document, selected.range, ls.encoding), selected.text)
        found = await ls.complete(popup.site, invoked=invoked)
        suggestions = [fitting for suggestion in found if (fitting := in_popup(popup, suggestion))]
    else:
        suggestions = [*await ls.complete(site, invoked=invoked)]
    ls.app.feedback.offered(document, suggestions)
    return ghost_text(document, suggestions, ls.encoding)


async def completion(ls: Server, params: types.CompletionParams) -> types.CompletionList:
    """The menu's entry, if the engine has it in time. If not, it goes on and has it at the next keystroke."""
    document = ls.app.workspace.get(params.text_document.uri)
    if document is None:
        return types.CompletionList(is_incomplete=True, items=[])
    site = Site(document, offset(document, params.position, ls.encoding))
    asked = ls.protocol.in_background(ls.complete(site, invoked=False))
    await asyncio.wait((asked,), timeout=ls.app.settings.completion.menu_wait_ms / 1000)
    suggestions = asked.result() if asked.done() else ()
    ls.app.feedback.offered(document, suggestions, listed=True)
    items = [menu_entry(site, suggestion, ls.encoding) for suggestion in suggestions]
    return types.CompletionList(is_incomplete=True, items=items)


async def execute_command(ls: Server, params: types.ExecuteCommandParams) -> object:
    """Run one of `COMMANDS`; others are no business of ours."""
    command = COMMANDS.get(params.command)
    result = command(ls, params.arguments or ()) if command else None
    return await result if inspect.isawaitable(result) else result


def accepted(ls: Server, arguments: Sequence[object]) -> None:
    match arguments:
        case [str(suggestion_id), *_]:
            ls.app.feedback.accepted(suggestion_id)


def did_show(ls: Server, params: object) -> None:
    """`textDocument/didShowCompletion`, as GitHub's copilot-language-server has it: an item is seen."""
    match params:
        case {"item": {"command": {"arguments": [str(suggestion_id), *_]}}}:
            ls.shown(suggestion_id)


def did_accept_part(ls: Server, params: object) -> None:
    """`textDocument/didPartiallyAcceptCompletion`, from the same place. `acceptedLength` is in UTF-16 units
    from the start of the item's text, all parts together."""
    match params:
        case {"item": {"command": {"arguments": [str(suggestion_id), *_]}}, "acceptedLength": int(length)}:
            ls.partly_accepted(suggestion_id, length)


def ignored(ls: Server, params: object) -> None:
    """Notifications that are known and of no use."""


def _quietly(empty: Any) -> Callable[[Callable[..., Awaitable[Any]]], Callable[..., Awaitable[Any]]]:  # noqa: ANN401
    """A completion that fails is an empty one: an error would pop up at every keystroke."""

    def guarded(feature: Callable[..., Awaitable[Any]]) -> Callable[..., Awaitable[Any]]:
        @functools.wraps(feature)
        async def answer(ls: Server, params: object) -> object:
            try:
                return await feature(ls, params)
            except Exception as error:  # noqa: BLE001 - whatever it is, the user goes on typing.
                logger.error("%s failed: %s", feature.__name__, log.trace(error))
                return empty

        return answer

    return guarded


_NOTHING = types.InlineCompletionList([])

FEATURES: Mapping[str, Callable[..., Any]] = {
    types.INITIALIZE: initialize,
    types.INITIALIZED: initialized,
    types.SHUTDOWN: shutdown,
    types.TEXT_DOCUMENT_DID_SAVE: did_save,
    types.WORKSPACE_DID_CHANGE_WATCHED_FILES: did_change_files,
    types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS: did_change_folders,
    types.WORKSPACE_DID_CHANGE_CONFIGURATION: did_change_configuration,
    types.WORKSPACE_EXECUTE_COMMAND: execute_command,
    types.TEXT_DOCUMENT_INLINE_COMPLETION: _quietly(_NOTHING)(inline_completion),
    types.TEXT_DOCUMENT_COMPLETION: _quietly(types.CompletionList(True, []))(completion),
    "textDocument/didShowCompletion": did_show,
    "textDocument/didPartiallyAcceptCompletion": did_accept_part,
    types.SET_TRACE: ignored,
    **documents.FEATURES,
    **refactoring.FEATURES,
    **chatting.FEATURES,
    **about.FEATURES,
}

COMMANDS: Mapping[str, Callable[..., Any]] = {ACCEPTED: accepted, **refactoring.COMMANDS, **chatting.COMMANDS}
"""What `workspace/executeCommand` runs, each with the command's arguments."""


def _changed_on_disk(ls: Server, uris: Iterable[str]) -> None:
    """Read the settings and the ignore files again, where one of them has changed."""
    if any(uri.rpartition("/")[2] in WATCHED for uri in uris):
        ls.configure()
