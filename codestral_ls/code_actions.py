"""What can be asked at a place, as the entries of an editor's menu, and which one the user has chosen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lsprotocol import types

from codestral_ls.convert import plain, span
from codestral_ls.core.applicable import Diagnostic

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from codestral_ls.abilities import Abilities
    from codestral_ls.convert import Encoding
    from codestral_ls.core.actions import Action
    from codestral_ls.core.applicable import Choice
    from codestral_ls.core.text import Document

    Entry = types.CodeAction | types.Command

REFACTOR = "codestral.refactor"
"""The command that carries out an action; its argument is an object like `Chosen`."""

KINDS = ("quickfix.codestral", "refactor", "source.codestral", "codestral")
"""All kinds of ours are below these."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the user has chosen: an action by its name, at a place in a document of which they have seen a
    version. Without one, it is whatever version there is. `instruction` is what the user typed; `asks` is the
    question to it that an editor was told."""

    uri: str
    range: types.Range
    version: int | None = None
    action: str = "instruct"
    instruction: str = ""
    diagnostic: types.Diagnostic | None = None
    asks: str = ""


@dataclass(frozen=True, slots=True)
class Menu:
    """Where entries are asked for, and what the editor knows of such."""

    document: Document
    range: types.Range
    diagnostics: Mapping[Diagnostic, types.Diagnostic]
    abilities: Abilities

    def entries(self, choices: Iterable[Choice]) -> list[Entry]:
        """The choices that can be shown, those that can be made now first. One for which the user has to type
        something is among them only for plug-ins of ours, which ask for it: a menu cannot."""
        shown = [choice for choice in choices if self.abilities.asks or not choice.action.asks]
        if not self.abilities.disabled:
            shown = [choice for choice in shown if not choice.disabled]
        shown.sort(key=lambda choice: bool(choice.disabled))
        if self.abilities.literals:
            return [self._action(choice) for choice in shown]
        return [self._command(choice) for choice in shown if not choice.disabled]

    def _action(self, choice: Choice) -> types.CodeAction:
        diagnostic = self._told(choice)
        entry = types.CodeAction(
            choice.title,
            kind=choice.action.kind,
            diagnostics=[diagnostic] if diagnostic else None,
            tags=[types.CodeActionTag.LlmGenerated] if self.abilities.tags else None,
        )
        if choice.disabled:
            entry.disabled = types.CodeActionDisabled(choice.disabled)
        elif self.abilities.resolves and is_edit(choice.action, self.abilities) and not choice.action.asks:
            entry.data = self._data(choice)
        else:
            entry.command = self._command(choice)
        return entry

    def _command(self, choice: Choice) -> types.Command:
        argument = self._data(choice) | {"diagnostic": self._told(choice)}
        if choice.action.asks:
            argument["asks"] = choice.title
        return types.Command(choice.title, REFACTOR, arguments=[argument])

    def _data(self, choice: Choice) -> dict[str, Any]:
        """All that is needed to carry it out, and nothing of the text."""
        document = self.document
        return {
            "uri": document.uri,
            "version": document.version,
            "range": self.range,
            "action": choice.action.name,
        }

    def _told(self, choice: Choice) -> types.Diagnostic | None:
        return self.diagnostics[choice.diagnostic] if choice.diagnostic else None


def is_edit(action: Action, abilities: Abilities) -> bool:
    """Whether the editor can make of it an edit that it applies; anything else is shown as a text."""
    return action.answer in ("edit", "edits") or (action.answer == "file" and abilities.creates)


def understood(document: Document, diagnostic: types.Diagnostic, encoding: Encoding) -> Diagnostic:
    """A diagnostic as the engine knows it."""
    return Diagnostic(
        span(document, diagnostic.range, encoding),
        str(diagnostic.message),
        diagnostic.source or "",
        str(diagnostic.code) if diagnostic.code is not None else "",
    )


def kinds(context: types.CodeActionContext) -> list[str]:
    """The kinds that the editor wants, each with all below it; none means all."""
    return [plain(kind) for kind in context.only or ()]
