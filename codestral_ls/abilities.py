"""What an editor can do with a refactoring, as it said in `initialize`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from codestral_ls.convert import plain

if TYPE_CHECKING:
    from collections.abc import Collection

# They show the sentence of an error, as plug-ins of ours do that announce "errors". The others say that a
# request failed, or nothing.
_SHOW_ERRORS = frozenset({"Neovim", "Eglot", "emacs"})


@dataclass(frozen=True, slots=True)
class Abilities:
    """`literals`: it takes code actions, not only commands. `resolves`: it asks for an action's edit when the
    action is chosen. `disabled`, `tags`: it knows these fields of one. `annotations`: it asks the user before
    it applies what needs confirmation.

    `versions`: it takes edits with the version they are for; `creates`: and new files; `applies`: also by
    `workspace/applyEdit`; `answers`: and says whether it did. `pages`: it opens a file for us. `panel`: it
    shows `codestral/explanation`. `shows_errors`: its user reads the message of an error response; `asks`: it
    asks for an instruction where a command's argument says so, and adds it.
    """

    literals: bool = False
    resolves: bool = False
    disabled: bool = False
    tags: bool = False
    annotations: bool = False
    versions: bool = False
    creates: bool = False
    applies: bool = False
    answers: bool = False
    pages: bool = False
    panel: bool = False
    shows_errors: bool = False
    asks: bool = False

    @classmethod
    def of(cls, params: types.InitializeParams, *, applies_edits: bool = False) -> Abilities:
        """What it says. `applies_edits` is what its user says of it."""
        told = params.capabilities
        applies = bool(_at(told, "workspace.apply_edit"))
        action, edit = _at(told, "text_document.code_action"), _at(told, "workspace.workspace_edit")
        creates = types.ResourceOperationKind.Create.value in _values(edit, "resource_operations")
        return cls(
            literals=_at(action, "code_action_literal_support") is not None,
            resolves="edit" in _values(action, "resolve_support.properties")
            and bool(_at(action, "data_support")),
            disabled=bool(_at(action, "disabled_support")),
            tags=types.CodeActionTag.LlmGenerated in (_at(action, "tag_support.value_set") or ()),
            annotations=bool(_at(action, "honors_change_annotations"))
            and _at(edit, "change_annotation_support") is not None,
            # Neovim announces only what it does with files. There is no other way to tell of that.
            versions=creates or bool(_at(edit, "document_changes")),
            creates=creates,
            applies=applies or applies_edits,
            answers=applies,
            pages=bool(_at(told, "window.show_document.support")),
            panel=_says(told.experimental, "panel"),
            shows_errors=_at(params.client_info, "name") in _SHOW_ERRORS
            or _says(told.experimental, "errors"),
            asks=_says(told.experimental, "asks"),
        )


def _at(thing: object, path: str) -> Any:  # noqa: ANN401  # What is there has the type that LSP gives it.
    """An attribute of an attribute; None where one of them is not there."""
    for name in path.split("."):
        thing = getattr(thing, name, None)
    return thing


def _values(thing: object, path: str) -> Collection[str]:
    return [plain(value) for value in _at(thing, path) or ()]


def _says(experimental: object, ability: str) -> bool:
    """Whether the editor's plug-in is one of ours and announces this."""
    match experimental:
        case {"codestral": {**abilities}}:
            return abilities.get(ability) is True
    return False
