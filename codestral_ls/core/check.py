"""Does a text still parse after edits? Counted are the parser's errors around the changed lines."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from codestral_ls.core.syntax import lines_around, parse_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tree_sitter import Node, Tree

    from codestral_ls.core.text import Document, Edit

Verdict = Literal["parses", "broken", "unchecked"]

MOST_CHARACTERS = 200_000
"""Longer windows are not parsed: it would take more than 30 ms, with the interpreter locked."""

_MOST_NODES = 10_000


@dataclass(frozen=True, slots=True)
class Check:
    """`unchecked`: there is no safe grammar for the language, or the text is too long or too odd to parse.

    `line` is the new document's line of the first error that was not there before, counted from 0.
    """

    verdict: Verdict
    before: int = 0
    after: int = 0
    line: int | None = None


def check_syntax(old: Document, new: Document, edits: Sequence[Edit]) -> Check:
    """Compare the errors before and after sorted edits of `old`, which made `new` of it.

    Errors that were there may stay; one more than before is one too many.
    """
    if not edits:
        return Check("parses")
    changed = old.position_at(edits[0].span.start)[0], old.position_at(edits[-1].span.end)[0]
    first, last = lines_around(old, *changed)
    grown = new.line_count - old.line_count
    before, after = _errors(old, first, last), _errors(new, first, last + grown)
    if before is None or after is None:
        return Check("unchecked")
    if len(after) <= len(before):
        return Check("parses", len(before), len(after))
    fresh = next((row for row in after if row >= changed[0] and row not in before), after[0])
    return Check("broken", len(before), len(after), fresh)


def _errors(document: Document, first: int, last: int) -> list[int] | None:
    """The lines of the errors; None where the text was not parsed."""
    text = "".join(document.lines(first, last))
    if len(text) > MOST_CHARACTERS:
        return None
    tree = parse_lines(document, first, text, scale=4).tree
    return None if tree is None else sorted(first + row for row in _error_rows(tree))


def _error_rows(tree: Tree) -> Iterator[int]:
    """Rows of errors and of what the parser had to add, only where the tree says that there are some."""
    waiting: list[Node] = [tree.root_node]
    for _ in range(_MOST_NODES):
        if not waiting:
            return
        node = waiting.pop()
        if node.is_error or node.is_missing:
            yield node.start_point.row
        waiting += [child for child in node.children if child.has_error or child.is_missing]
