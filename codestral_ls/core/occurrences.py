"""Where a name stands in a text, and whether it is defined or used there, by tree-sitter.

Names are compared, not bindings: two things of one name are told apart by whoever reads the lines.
"""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Literal, NamedTuple

from codestral_ls.core.syntax import CHARS_ABOVE, DEFINITION, cursor_kind, parse_lines, parse_window
from codestral_ls.core.text import Document

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node, Tree

    from codestral_ls.core.syntax import Window
    from codestral_ls.core.text import Span

Role = Literal["definition", "reference", "text"]
"""`text`: in a comment or a string, or in a file that is not parsed."""

MOST_IN_A_FILE = 500

_NAMED = re.compile(
    r"(?:\w+_)?(?:const|constant|var|variable|field|property|enum|enumerator|signature|type|alias|method|function)"
    r"(?:_\w+)?_(?:declaration|definition|declarator|spec|item|signature|specifier|elem|statement)"
    r"|(?:variable|init)_declarator|enumerator|enum_variant|type_alias\w*|pair"
)
_ASSIGNED = re.compile(r"(?:typed_)?assignment(?:_statement|_expression)?")
_LOCAL = re.compile(r"\w*(?:function|method|lambda|closure)\w*|\w*parameters?|\w*argument\w*")
_IDENTIFIER = re.compile(r"identifier|name|constant")
_MOST_NODES = 200
_WORD = re.compile(r"\w+")


@dataclass(frozen=True, slots=True)
class Occurrence:
    """A name at a line and column, both counted from 0, the column in code points."""

    line: int
    column: int
    role: Role


def is_name(text: str) -> bool:
    """Whether a text is one word, as names are."""
    return _WORD.fullmatch(text) is not None


def has_name(text: str, name: str) -> bool:
    """Whether a name stands in a text."""
    return next(places(text, name), None) is not None


def occurrences(language: str, text: str, name: str) -> tuple[Occurrence, ...] | None:
    """Every place of a name, the first `MOST_IN_A_FILE`, in order; None where the text cannot be parsed.

    It parses the whole text, with the interpreter locked: not for the event loop's process.
    """
    document = Document.of("", language, 0, text)
    window = parse_lines(document, 0, text, scale=1 + len(text) // CHARS_ABOVE)
    if window.tree is None:
        return None
    found = (_occurrence(document, window, at, len(name)) for at in places(text, name))
    return tuple(islice(found, MOST_IN_A_FILE))


def places(text: str, name: str) -> Iterator[int]:
    """The offsets at which a name stands as a whole word."""
    at = text.find(name)
    while at >= 0:
        end = at + len(name)
        if not (_WORD.match(text, max(at - 1, 0), at) or _WORD.match(text, end, end + 1)):
            yield at
        at = text.find(name, end)


def defined_name(document: Document, span: Span) -> str:
    """The name of the function or class that a span holds; empty where that cannot be told."""
    window = parse_window(document, document.position_at(span.start)[0])
    if window is None or window.tree is None:
        return ""
    text = document.slice(span.start, span.end)
    start = window.byte_at(span.start + len(text) - len(text.lstrip()))
    node = window.tree.root_node.named_descendant_for_byte_range(start, window.byte_at(span.end))
    waiting = deque([node] if node else [])
    for _ in range(_MOST_NODES):
        if not waiting:
            break
        node = waiting.popleft()
        named = node.child_by_field_name("name")
        path = _path(window.tree, node.start_byte, node.end_byte) if _IDENTIFIER.search(node.type) else []
        if named is not None or (path and _is_defined(path)):
            return ((named or node).text or b"").decode("utf-8", "replace")
        waiting.extend(child for child in node.named_children if child.start_byte >= start)
    return ""


def _occurrence(document: Document, window: Window, at: int, length: int) -> Occurrence:
    line, column = document.position_at(at)
    return Occurrence(line, column, _role(window, at, length))


def _role(window: Window, at: int, length: int) -> Role:
    assert window.tree is not None
    start, end = window.byte_at(at), window.byte_at(at + length)
    path = _path(window.tree, start, end)
    node = path[-1].node
    if (node.start_byte, node.end_byte) != (start, end):
        return "text" if cursor_kind(window, at + length) != "code" else "reference"
    if any(word in step.node.type for step in path[-2:] for word in ("comment", "string_")):
        return "text"
    return "definition" if _is_defined(path) else "reference"


class _Step(NamedTuple):
    """A node on the way down from the root, and what it is to the one above it."""

    node: Node
    field: str | None


def _path(tree: Tree, start: int, end: int) -> list[_Step]:
    """The named nodes that hold a stretch, down to the smallest. A node's `parent` would be looked
    for from the root on, which takes milliseconds in a flat file."""
    cursor = tree.walk()
    path = [_Step(tree.root_node, None)]
    while cursor.goto_first_child_for_byte(start) is not None:
        node = cursor.node
        if node is None or node.start_byte > start or node.end_byte < end:
            break
        if node.is_named:
            path.append(_Step(node, cursor.field_name))
    return path


def _is_defined(path: list[_Step]) -> bool:
    """Whether the last node is the name of what those above it define: through C's declarators, too."""
    above = path[-2::-1]
    for parent, (_, field) in zip(above, path[:0:-1], strict=True):
        kind = parent.node.type
        if field == "name":
            return bool(DEFINITION.fullmatch(kind) or _NAMED.fullmatch(kind))
        if field in ("left", "pattern"):
            return bool(_ASSIGNED.fullmatch(kind)) and not any(
                _LOCAL.fullmatch(step.node.type) for step in above
            )
        if field != "declarator":
            return False
        if kind.endswith(("_definition", "_declaration", "declaration")):
            return True
    return False
