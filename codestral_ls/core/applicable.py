"""Which actions apply at a place, and on which lines each would work.

Nothing here asks a model: an editor lists code actions with every move of the cursor.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codestral_ls.core.actions import ACTIONS
from codestral_ls.core.target import View, definition_around, lines_span, statements, whole_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from codestral_ls.core.actions import Action, Needs, Scope
    from codestral_ls.core.text import Document, Span

MOST_CHARACTERS = 60_000
"""Targets beyond that are not offered: no model writes so much again without leaving something out."""

MOST_DIAGNOSTICS = 8

_TITLE_LENGTH = 60


@dataclass(frozen=True, slots=True, repr=False)
class Diagnostic:
    """A problem that a tool has found at a place. The message is the tool's."""

    span: Span
    message: str
    source: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """An action at a place. `target` is what it may replace, `focus` what the user pointed at.

    `disabled` says why it cannot be chosen, as a sentence, and is empty if it can.
    """

    action: Action
    title: str
    target: Span
    focus: Span
    diagnostic: Diagnostic | None = None
    disabled: str = ""

    @property
    def heading(self) -> str:
        """The title once it is chosen: without the mark of those that ask for more first."""
        return self.title.removesuffix(" …")


_NEEDED: dict[Needs, tuple[Callable[[str], object], str]] = {
    "selection": (str.strip, "Select the code to extract."),
    "todo": (re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b").search, "There is no TODO here."),
    "comment": (
        re.compile(r"(?:^|\s)(?:#|//|/\*|--|;|%|<!--|\{-|\(\*)|\"\"\"|'''").search,
        "There is no comment here.",
    ),
    "code": (str.strip, "There is no code here."),
    "nothing": (lambda _: True, ""),
}
_ABSENT: dict[Scope, str] = {
    "selection": "Select some code.",
    "definition": "There is no function or class around the cursor, or it is too long.",
    "file": "The file is too long.",
    "diagnostic": "There is no problem here.",
}


def applicable(
    document: Document,
    selection: Span,
    diagnostics: Sequence[Diagnostic] = (),
    only: Sequence[str] = (),
    actions: Sequence[Action] = ACTIONS,
) -> list[Choice]:
    """What can be asked at a selection, which may be just a cursor, with those that are disabled and why.

    `only` are kinds that the editor wants, each with all below it. Of actions for another language nothing is
    said; one for diagnostics is offered for each of the first `MOST_DIAGNOSTICS`.
    """
    wanted = [action for action in actions if _wanted(action, document.language, only)]
    if not wanted:
        return []
    place = _Place(document, selection)
    return [offer for action in wanted for offer in place.offers(action, diagnostics)]


def _wanted(action: Action, language: str, only: Sequence[str]) -> bool:
    kinds = not only or any(not kind or f"{action.kind}.".startswith(f"{kind}.") for kind in only)
    return kinds and (not action.languages or language in action.languages)


class _Place:
    """What is at a place, found once for all actions."""

    def __init__(self, document: Document, selection: Span) -> None:
        self._document = document
        self._selection = selection
        self._view = View(document, selection.start)
        self._targets: dict[Scope, Span | None] = {}

    def offers(self, action: Action, diagnostics: Sequence[Diagnostic]) -> Iterator[Choice]:
        if action.scopes[0] == "diagnostic":
            for diagnostic in diagnostics[:MOST_DIAGNOSTICS]:
                yield self._fix(action, diagnostic)
            return
        target = next(filter(None, map(self._target, action.scopes)), None)
        disabled = _ABSENT[action.scopes[0]] if target is None else self._missing(action, target)
        yield Choice(action, action.title, target or self._selection, self._selection, disabled=disabled)

    def _fix(self, action: Action, diagnostic: Diagnostic) -> Choice:
        """The definition around the problem may change, or its lines where there is none, or one too long."""
        span = diagnostic.span
        view = self._view if self._view.holds(span) else View(self._document, span.start)
        target = self._fitting(definition_around(view, span)) or whole_lines(self._document, span)
        message = " ".join(diagnostic.message.split())
        short = message if len(message) <= _TITLE_LENGTH else f"{message[: _TITLE_LENGTH - 1]}…"
        return Choice(action, action.title.replace("{problem}", short), target, diagnostic.span, diagnostic)

    def _missing(self, action: Action, target: Span) -> str:
        place = self._selection if action.needs == "selection" else target
        there, sentence = _NEEDED[action.needs]
        return "" if there(self._document.slice(place.start, place.end)) else sentence

    def _target(self, scope: Scope) -> Span | None:
        if scope not in self._targets:
            self._targets[scope] = self._fitting(self._found(scope))
        return self._targets[scope]

    def _found(self, scope: Scope) -> Span | None:
        document, selection = self._document, self._selection
        if scope == "file":
            return lines_span(document, 0, document.line_count - 1)
        if scope == "definition":
            return definition_around(self._view, selection)
        chosen = document.slice(selection.start, selection.end).strip()
        return statements(self._view, selection) if chosen else None

    def _fitting(self, span: Span | None) -> Span | None:
        return span if span and span.end - span.start <= MOST_CHARACTERS else None
