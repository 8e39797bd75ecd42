"""The definitions in a text, by name: what tree-sitter sees of functions, classes and the like."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from codestral_ls.core.target import defines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tree_sitter import Node

    from codestral_ls.core.syntax import Window

_NAME = re.compile(r"(?:\w+_)?identifier|constant|name|word")
_HOLDS_NAME = re.compile(r"type_spec|variable_declarator|init_declarator")
_AROUND = re.compile(r"decorated_definition|export_statement")
_DEEPEST = 8


@dataclass(frozen=True, slots=True)
class Definition:
    """`kind` is the grammar's word for it. `first` and `last` are lines of the document, counted from 0;
    `depth` is 0 for the outermost. `start` is the offset at which it begins, behind decorators, `export` and
    the like."""

    kind: str
    name: str
    first: int
    last: int
    depth: int
    start: int


def definitions(window: Window) -> list[Definition]:
    """Every definition that has a name, in order; none where the text has no grammar."""
    if window.tree is None:
        return []
    return [*_below(window, window.tree.root_node, 0, 0)]


def _below(window: Window, node: Node, depth: int, level: int) -> Iterator[Definition]:
    for child in node.named_children:
        inner = _defined(child)
        name = _name(inner) if inner else ""
        if inner and name:
            rows = child.start_point.row, child.end_point.row
            start = window.offset_at(inner.start_byte)
            yield Definition(inner.type, name, window.first + rows[0], window.first + rows[1], depth, start)
        if level < _DEEPEST and child.end_point.row > child.start_point.row:
            yield from _below(window, inner or child, depth + bool(name), level + 1)


def _defined(node: Node) -> Node | None:
    """The definition that a node is, or that decorators and the like stand around."""
    if _AROUND.fullmatch(node.type):
        return next(filter(None, map(_defined, node.named_children)), None)
    return node if defines(node) else None


def _name(node: Node) -> str:
    """In C and its kin a name is deep in the declarator."""
    found: Node | None = node
    for _ in range(_DEEPEST):
        if found is None:
            return ""
        if _NAME.fullmatch(found.type):
            return found.text.decode("utf-8", "replace") if found.text else ""
        found = found.child_by_field_name("name") or found.child_by_field_name("declarator") or _named(found)
    return ""


def _named(node: Node) -> Node | None:
    """The first child that is or holds a name: some grammars have no field for it."""
    children = node.named_children
    return next(
        (each for each in children if _NAME.fullmatch(each.type) or _HOLDS_NAME.fullmatch(each.type)), None
    )
