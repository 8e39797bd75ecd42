"""What the server says it can do, whatever it was asked for before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from lsprotocol import types

from codestral_ls.code_actions import KINDS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codestral_ls.convert import Encoding

# Where something is likely to follow that no word has begun yet, so that no editor asks by itself.
_TRIGGERS = (".", "(", "[", "{", ",", "=", ":", " ")


def capabilities(
    client: types.ClientCapabilities,
    encoding: Encoding,
    menu: Literal["auto", "always", "never"],
    commands: Iterable[str],
) -> types.ServerCapabilities:
    """The answer to `initialize`.

    Ghost text is offered to every client: lsp-mode uses it and announces null. An entry in the completion
    menu is offered where `menu` says so.
    """
    wants_menu = menu == "always" or (menu == "auto" and not _draws_ghost_text(client))
    return types.ServerCapabilities(
        position_encoding=types.PositionEncodingKind(encoding),
        text_document_sync=types.TextDocumentSyncOptions(
            open_close=True, change=types.TextDocumentSyncKind.Incremental, save=True
        ),
        notebook_document_sync=types.NotebookDocumentSyncOptions(
            [types.NotebookDocumentFilterWithNotebook(notebook="*")]
        ),
        inline_completion_provider=True,
        completion_provider=types.CompletionOptions(trigger_characters=_TRIGGERS) if wants_menu else None,
        code_action_provider=types.CodeActionOptions(code_action_kinds=KINDS, resolve_provider=True),
        execute_command_provider=types.ExecuteCommandOptions([*commands]),
        workspace=types.WorkspaceOptions(
            types.WorkspaceFoldersServerCapabilities(supported=True, change_notifications=True)
        ),
    )


def _draws_ghost_text(client: types.ClientCapabilities) -> bool:
    return client.text_document is not None and client.text_document.inline_completion is not None
