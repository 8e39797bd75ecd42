"""Which lines a refactoring is about: the definition around the cursor, whole statements, the imports.

Targets are whole lines without the last one's end, so that whatever replaces them, that end stays.
"""

from __future__ import annotations

import re
from functools import cached_property
from typing import TYPE_CHECKING

from codestral_ls.core.hole import leading
from codestral_ls.core.syntax import DEFINITION, indentation, parse_window
from codestral_ls.core.text import Span, without_end

if TYPE_CHECKING:
    from tree_sitter import Node

    from codestral_ls.core.syntax import Window
    from codestral_ls.core.text import Document

LARGEST_SCALE = 3
"""Where a definition is cut off by the usual window, one so many times as large is parsed."""

_TYPE = re.compile(r"type_(?:alias_)?(?:declaration|item)")
_NAMED_VALUE = re.compile(r"(?:lexical|variable|field|public_field)_(?:declaration|definition)")
_VALUE = re.compile(r"(?:arrow|generator)_function|function_expression|function")
_AROUND = re.compile(r"decorated_definition|export_statement")
_BODY = re.compile(
    r"module|program|source_file|translation_unit|compilation_unit|chunk|source|body_statement"
    r"|(?:\w+_)?(?:block|body|block_mapping)|compound_statement|(?:statement|declaration|field_declaration)_list"
)
_BELONGS_ABOVE = re.compile(r"\w*comment\w*|attribute_item|attribute|annotation|decorator")
_IMPORT = re.compile(
    r"(?:future_)?import_(?:from_)?(?:statement|declaration|header|spec)|import|use_(?:declaration|statement)"
    r"|using_(?:directive|declaration)|preproc_include|namespace_use_declaration|extern_crate_declaration"
)
_LOOKS_DEFINED = re.compile(
    r"\s*(?:[\w@]+\s+)*(?:def|class|func|fun|fn|function|sub|struct|interface|trait|enum)\b"
)


def whole_lines(document: Document, span: Span) -> Span:
    """The lines of a span; a line of which it holds nothing but the beginning is not one of them."""
    first, _ = document.position_at(span.start)
    last, column = document.position_at(span.end)
    if last > first and column == 0:
        last -= 1
    return lines_span(document, first, last)


def lines_span(document: Document, first: int, last: int) -> Span:
    """From the beginning of a line to the end of another, without its line end."""
    start = document.line_start(last)
    return Span(document.line_start(first), start + len(without_end(document.line(last))))


class View:
    """The windows around a place, each parsed once it is needed."""

    def __init__(self, document: Document, offset: int) -> None:
        self.document = document
        self._line = document.position_at(offset)[0]

    @cached_property
    def usual(self) -> Window | None:
        return parse_window(self.document, self._line)

    @cached_property
    def larger(self) -> Window | None:
        return parse_window(self.document, self._line, scale=LARGEST_SCALE)

    def holds(self, span: Span) -> bool:
        return self.usual is not None and self.usual.start <= span.start <= span.end <= self.usual.end


def definition_around(view: View, span: Span) -> Span | None:
    """The innermost function or class that holds the span, with the comments and attributes above it.

    None where there is none, or it is longer than the largest window.
    """
    if view.usual is None:
        return None
    if view.usual.tree is None:
        return _by_indentation(view.document, view.usual, span)
    found = _definition(view.document, view.usual, span)
    if _is_whole(view.document, view.usual, found) or (found is None and not _is_cut(view.usual, span)):
        return found
    if view.larger is None or view.larger.tree is None:
        return None
    found = _definition(view.document, view.larger, span)
    return found if _is_whole(view.document, view.larger, found) else None


def statements(view: View, span: Span) -> Span:
    """The selected lines, widened to whole statements where the text parses."""
    document, window = view.document, view.usual
    lines = whole_lines(document, span)
    if window is None or window.tree is None or not view.holds(lines):
        return lines
    first, last = _visible(document, lines)
    node = _node(window, Span(first, last))
    while node is not None and not node.has_error:
        if _BODY.fullmatch(node.type) or node.parent is None:
            inner = [child for child in node.named_children if _overlaps(window, child, first, last)]
            return _rows(document, window, inner[0], inner[-1]) if inner else lines
        if node.parent is not None and _BODY.fullmatch(node.parent.type):
            return _rows(document, window, node, node)
        node = node.parent
    return lines


def imports(document: Document) -> Span | None:
    """The lines from the first to the last import at the head of a file; None where there is none."""
    window = parse_window(document, 0)
    if window is None or window.tree is None:
        return None
    found: list[Node] = []
    for child in window.tree.root_node.named_children:
        if _IMPORT.fullmatch(child.type):
            found.append(child)
        elif found and "comment" not in child.type:
            break
    return _rows(document, window, found[0], found[-1]) if found else None


def _is_cut(window: Window, span: Span) -> bool:
    """Whether what stands at a span may be a part of something that goes on beyond the window."""
    root = window.tree.root_node if window.tree is not None else None
    nodes = (
        [node for node in root.children if _overlaps(window, node, span.start, span.end + 1)] if root else []
    )
    end = len(window.data.rstrip())
    return any(node.has_error or node.start_point.column > 0 or node.end_byte >= end for node in nodes)


def _is_whole(document: Document, window: Window, found: Span | None) -> bool:
    """Whether a definition ends where it seems to: something else follows it, or nothing in the document."""
    if found is None:
        return window.start == 0 and window.end >= document.length
    return window.end >= document.length or bool(window.text[found.end - window.start :].strip())


def _definition(document: Document, window: Window, span: Span) -> Span | None:
    node: Node | None = _described(_node(window, Span(*_visible(document, span))))
    while node is not None and not defines(node):
        node = node.parent
    if node is None:
        return None
    while node.parent is not None and _AROUND.fullmatch(node.parent.type):
        node = node.parent
    return _rows(document, window, _with_comments(node), node)


def defines(node: Node) -> bool:
    """Whether a node is a function, a class or the like, also one that is bound to a name."""
    if node.parent is None or not node.is_named:
        return False
    if _NAMED_VALUE.fullmatch(node.type):
        values = [value for child in node.named_children for value in (child, *child.named_children)]
        return any(_VALUE.fullmatch(value.type) for value in values)
    return bool(DEFINITION.fullmatch(node.type) or _TYPE.fullmatch(node.type))


def _described(node: Node | None) -> Node | None:
    """What a comment or attribute stands directly above of; other nodes are themselves."""
    while node is not None and _BELONGS_ABOVE.fullmatch(node.type):
        below = node.next_named_sibling
        if below is None or below.start_point.row > node.end_point.row + 1:
            return node
        node = below
    return node


def _with_comments(node: Node) -> Node:
    """The first of the comments and attributes that stand directly above a node, or the node."""
    above = node.prev_named_sibling
    while above is not None and _BELONGS_ABOVE.fullmatch(above.type) and _last_row(above) + 1 == _row(node):
        if above.prev_sibling is not None and _last_row(above.prev_sibling) == _row(above):
            break
        node, above = above, above.prev_named_sibling
    return node


def _row(node: Node) -> int:
    return node.start_point.row


def _last_row(node: Node) -> int:
    """The row of a node's last character; some end at the beginning of the next line."""
    return node.end_point.row - (node.end_point.column == 0 and node.end_point.row > node.start_point.row)


def _rows(document: Document, window: Window, first: Node, last: Node) -> Span:
    return lines_span(document, window.first + _row(first), window.first + _last_row(last))


def _node(window: Window, span: Span) -> Node | None:
    root = window.tree.root_node if window.tree is not None else None
    return root and root.named_descendant_for_byte_range(window.byte_at(span.start), window.byte_at(span.end))


def _overlaps(window: Window, node: Node, first: int, last: int) -> bool:
    return window.offset_at(node.start_byte) < last and window.offset_at(node.end_byte) > first


def _visible(document: Document, span: Span) -> tuple[int, int]:
    """A span without blanks at its ends; a cursor left or right of a line's text is taken to be in it."""
    text = document.slice(span.start, span.end)
    if text.strip():
        ahead = len(text) - len(text.lstrip())
        return span.start + ahead, span.start + len(text.rstrip())
    row, column = document.position_at(span.start)
    line = document.line(row)
    start = span.start - column
    inside = min(max(column, len(leading(line))), max(len(line.rstrip()) - 1, 0))
    return start + inside, start + inside


def _by_indentation(document: Document, window: Window, span: Span) -> Span | None:
    """What looks like a definition, to the next line that is not deeper, and with that one if it closes."""
    lines = window.text.split("\n")
    row = document.position_at(span.start)[0] - window.first
    last = document.position_at(span.end)[0] - window.first
    depth = indentation(lines[row]) + 1 if lines[row].strip() else 1000
    for first in range(row, -1, -1):
        line = lines[first]
        if line.strip() and indentation(line) < depth:
            depth = indentation(line)
            if _LOOKS_DEFINED.match(line) and (end := _block_end(lines, first, depth)) >= last:
                return lines_span(document, window.first + first, window.first + end)
    return None


def _block_end(lines: list[str], first: int, depth: int) -> int:
    end = first
    for row in range(first + 1, len(lines)):
        if lines[row].strip():
            if indentation(lines[row]) <= depth:
                return row if lines[row].strip()[0] in "})]" or lines[row].strip() == "end" else end
            end = row
    return end
