"""Suggestions as the items that an editor shows: ghost text, or an entry in the completion menu."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from lsprotocol import types

from codestral_ls.convert import range_of
from codestral_ls.core.prompt import Site
from codestral_ls.core.text import Edit, Span, apply_edits, split_lines, without_end

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codestral_ls.convert import Encoding
    from codestral_ls.core.suggestion import Suggestion
    from codestral_ls.core.text import Document

ACCEPTED = "codestral.accepted"
"""The command that an editor runs after it inserted an item; its argument is the suggestion's id."""

_WORD = re.compile(r"\w*\Z")
# Sorts behind every entry of other servers whose sort text is plain ASCII.
_LAST = "~~~~"


@dataclass(frozen=True, slots=True)
class Popup:
    """The entry that is selected in the completion menu: accepting it would put `text` in place of `span`."""

    document: Document
    span: Span
    text: str

    @property
    def site(self) -> Site:
        """The cursor behind the entry, in the document as if it were accepted."""
        document = apply_edits(self.document, [Edit(self.span, self.text)], self.document.version)
        return Site(document, self.span.start + len(self.text))


def ghost_text(
    document: Document, suggestions: Iterable[Suggestion], encoding: Encoding
) -> types.InlineCompletionList:
    """Suggestions where the editor draws them itself, the best first."""
    return types.InlineCompletionList([_item(document, suggestion, encoding) for suggestion in suggestions])


def _item(document: Document, suggestion: Suggestion, encoding: Encoding) -> types.InlineCompletionItem:
    where = range_of(document, suggestion.span, encoding)
    return types.InlineCompletionItem(suggestion.text, range=where, command=_accept(suggestion.id))


def in_popup(popup: Popup, suggestion: Suggestion) -> Suggestion | None:
    """A suggestion made for `popup.site`, as one for its document that replaces what the menu's entry
    replaces and begins as it does. Editors drop any other, so where that is not possible there is none."""
    site = popup.site
    start = min(popup.span.start, suggestion.span.start)
    after = site.document.slice(start, suggestion.span.start) + suggestion.text
    left = site.document.slice(start, site.offset)
    right = site.document.slice(site.offset, suggestion.span.end)
    if not (after.startswith(left) and after[len(left) :].endswith(right)):
        return None
    text = after[popup.span.start - start : len(after) - len(right)]
    return replace(suggestion, span=popup.span, text=text)


def menu_entry(site: Site, suggestion: Suggestion, encoding: Encoding) -> types.CompletionItem:
    """A suggestion for editors without ghost text.

    The range begins where the word at the cursor does, because clients look for what is typed in
    `filterText`. Some insert the label in place of the text, and some indent several lines anew
    unless told not to.
    """
    document = site.document
    typed = _WORD.search(site.line_head)
    start = min(site.offset - len(typed[0] if typed else ""), suggestion.span.start)
    text = document.slice(start, suggestion.span.start) + suggestion.text
    before = document.slice(start, site.offset)
    first = _first_line(text)
    return types.CompletionItem(
        label=first.strip() or _first_line(text.lstrip()),
        kind=types.CompletionItemKind.Text,
        detail="codestral-ls",
        documentation=text if len(text) > len(first) else None,
        preselect=False,
        sort_text=_LAST,
        filter_text=first if first.startswith(before) else before + first,
        insert_text_format=types.InsertTextFormat.PlainText,
        insert_text_mode=types.InsertTextMode.AsIs,
        text_edit=types.TextEdit(range_of(document, Span(start, suggestion.span.end), encoding), text),
        command=_accept(suggestion.id),
    )


def _accept(suggestion_id: str) -> types.Command:
    return types.Command(title="Accept the suggestion", command=ACCEPTED, arguments=[suggestion_id])


def _first_line(text: str) -> str:
    return without_end(split_lines(text)[0]) if text else ""
