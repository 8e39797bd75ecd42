"""Suggestions as editors insert them: applying an item gives what the suggestion says."""

from __future__ import annotations

import pytest
from lsprotocol import types

from codestral_ls.convert import span
from codestral_ls.core.prompt import Site
from codestral_ls.core.suggestion import Suggestion
from codestral_ls.core.text import Document, Edit, Span, apply_edits
from codestral_ls.items import Popup, ghost_text, in_popup, menu_entry
from tests.support import parse_marked


def parse(text: str) -> Site:
    """The document of a text and the place of its █."""
    marked = parse_marked(text)
    return Site(Document.of("file:///w/a.py", "python", 1, marked.text), marked.cursor)


def replaced(document: Document, start: int, end: int, text: str) -> str:
    return apply_edits(document, [Edit(Span(start, end), text)], 2).text


@pytest.mark.parametrize(
    ("text", "left", "right", "said", "filtered", "label"),
    [
        pytest.param("x = it█", 0, 0, "ems", "items", "items", id="in a word"),
        pytest.param("x = █", 0, 0, "items", "items", "items", id="at a word"),
        pytest.param("f(a█)", 0, 1, ", b)", "a, b)", "a, b)", id="closer replaced"),
        pytest.param("f(█", 0, 0, "\n    a,\n)", "", "a,", id="from the next line on"),
        pytest.param("    █", 4, 0, "else:\n    x", "    else:", "else:", id="less indentation"),
        pytest.param("😀.na█\r\n", 0, 0, "me\r\n  x", "name", "name", id="astral character, CRLF"),
    ],
)
def test_menu_entry(text: str, left: int, right: int, said: str, filtered: str, label: str) -> None:
    site = parse(text)
    suggestion = Suggestion("id", Span(site.offset - left, site.offset + right), said, "model")
    item = menu_entry(site, suggestion, "utf-16")
    assert isinstance(item.text_edit, types.TextEdit)
    where = span(site.document, item.text_edit.range, "utf-16")
    assert replaced(site.document, where.start, where.end, item.text_edit.new_text) == replaced(
        site.document, suggestion.span.start, suggestion.span.end, said
    )
    assert (item.filter_text, item.label) == (filtered, label)
    assert item.filter_text.startswith(site.document.slice(where.start, site.offset))
    assert where.start <= site.offset <= where.end


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-32"])
def test_ghost_text(encoding: str) -> None:
    site = parse("y = '😀'\nx = '😀' + f(█) # 😀")
    suggestion = Suggestion("id", Span(site.offset, site.offset + 1), "a)", "model")
    (item,) = ghost_text(site.document, [suggestion], encoding).items
    assert item.range
    assert item.range.start.line == item.range.end.line == 1
    assert span(site.document, item.range, encoding) == suggestion.span


@pytest.mark.parametrize(
    ("text", "chosen", "said", "want"),
    [
        pytest.param("x = it█", "items", "█.pop()", "items.pop()", id="goes on"),
        pytest.param("x = f(it█)", "items", "█, 1)»", "items, 1", id="says the closer again"),
        pytest.param("x = f(it█)", "items", "█]»", None, id="would remove the closer"),
        pytest.param("x = it█", "items", "«sorted(items)█", None, id="would begin otherwise"),
        pytest.param("x = it█", "items", "«items + 1█", "items + 1", id="repeats the line"),
    ],
)
def test_popup(text: str, chosen: str, said: str, want: str | None) -> None:
    """In `said`, « stands for "from the entry's start on", » for "and instead of the closer"."""
    site = parse(text)
    start = site.offset - 2
    popup = Popup(site.document, Span(start, site.offset), chosen)
    cursor = popup.site.offset
    where = Span(start if "«" in said else cursor, cursor + ("»" in said))
    suggestion = Suggestion("id", where, said.strip("«»").replace("█", "").strip("«»"), "model")
    found = in_popup(popup, suggestion)
    assert (found.text if found else None) == want
    if found:
        assert found.span == popup.span
        inserted = replaced(site.document, popup.span.start, popup.span.end, found.text)
        assert inserted == replaced(popup.site.document, where.start, where.end, suggestion.text)
