"""Does a text still parse after edits, and has nothing changed that has to stay?

The lines around the changed ones tell. Errors are counted, since some may be there before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from codestral_ls.core.syntax import lines_around, parse_lines
from codestral_ls.core.text import Edit, Span
from codestral_ls.core.tokens import before_code, code_of, first_change

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tree_sitter import Node, Tree

    from codestral_ls.core.syntax import Window
    from codestral_ls.core.text import Document
    from codestral_ls.core.tokens import Changes

Verdict = Literal["parses", "broken", "strays", "unchecked"]

MOST_CHARACTERS = 200_000
"""Longer windows are not parsed: it would take more than 30 ms, with the interpreter locked."""

_MOST_NODES, _MOST_EDITS = 10_000, 1_000


@dataclass(frozen=True, slots=True)
class Check:
    """`strays`: more was changed than may be. `unchecked`: there is no safe grammar for the language, or the
    text is too long or too odd to parse.

    `before` and `after` count errors. `line` is the new document's line of the first error that was not
    there before, or of the first change that may not be, counted from 0.
    """

    verdict: Verdict
    before: int = 0
    after: int = 0
    line: int | None = None


def check_syntax(old: Document, new: Document, edits: Sequence[Edit], changes: Changes = "code") -> Check:
    """Compare what is before and after sorted edits of `old`, which made `new` of it.

    Errors that were there may stay; one more than before is one too many. `changes` is what may change.
    """
    if not edits:
        return Check("parses")
    pair = _parsed(old, new, edits)
    if pair is None:
        return Check("unchecked")
    before, after = (_error_lines(*each) for each in pair)
    if len(after) > len(before):
        row = old.position_at(edits[0].span.start)[0]
        fresh = next((line for line in after if line >= row and line not in before), after[0])
        return Check("broken", len(before), len(after), fresh)
    line = None if changes == "code" else _first_change(pair, changes)
    return Check("parses" if line is None else "strays", len(before), len(after), line)


def within_comments(old: Document, new: Document, edits: Sequence[Edit]) -> tuple[Edit, ...]:
    """What the sorted edits, which made `new` of `old`, do to comments and doc strings: those that concern
    nothing else, and of others the lines of comments that they begin with.

    That their sum changes no code either is still to be checked.
    """
    pair = _parsed(old, new, edits) if 0 < len(edits) <= _MOST_EDITS else None
    if pair is None:
        return ()
    (before, old_code), (after, new_code) = ((each[0], code_of(*each)) for each in pair)
    kept: list[Edit] = []
    grown = 0
    for edit in edits:
        start, size = edit.span.start + grown, len(edit.text)
        grown += size - (edit.span.end - edit.span.start)
        ahead = before_code(old_code, before, edit.span)
        new_ahead = before_code(new_code, after, Span(start, start + size))
        kept += _allowed(old, edit, ahead, new_ahead)
    return tuple(kept)


def _allowed(old: Document, edit: Edit, ahead: int, new_ahead: int) -> Iterator[Edit]:
    """So much of an edit as takes out and puts in no code, which in both texts comes after so many signs."""
    start, end = edit.span.start, edit.span.end
    if ahead == end - start and new_ahead == len(edit.text):
        # A change of blanks may be one of what belongs to what.
        if edit.text.strip() or old.slice(start, end).strip():
            yield edit
        return
    lines, line_feed, _ = edit.text[:new_ahead].rpartition("\n")
    indent = old.slice(old.line_start(old.position_at(start)[0]), start)
    if lines.strip() and not f"{indent}{old.slice(start, start + ahead)}".strip():
        yield Edit(Span(start, start), f"{lines}{line_feed}{indent}")


_Parsed = tuple["Window", "Tree"]


def _parsed(old: Document, new: Document, edits: Sequence[Edit]) -> tuple[_Parsed, _Parsed] | None:
    """The lines around the edits in both, if they could be parsed."""
    first, last = lines_around(
        old, old.position_at(edits[0].span.start)[0], old.position_at(edits[-1].span.end)[0]
    )
    before, after = _window(old, first, last), _window(new, first, last + new.line_count - old.line_count)
    if before is None or after is None or before.tree is None or after.tree is None:
        return None
    return (before, before.tree), (after, after.tree)


def _window(document: Document, first: int, last: int) -> Window | None:
    text = "".join(document.lines(first, last))
    return parse_lines(document, first, text, scale=4) if len(text) <= MOST_CHARACTERS else None


def _first_change(pair: tuple[_Parsed, _Parsed], changes: Changes) -> int | None:
    """The line of the new document in which the code is another."""
    before, after = (code_of(*each, changes) for each in pair)
    at = first_change(before, after)
    window = pair[1][0]
    return None if at is None else window.first + window.data.count(b"\n", 0, at)


def _error_lines(window: Window, tree: Tree) -> list[int]:
    return sorted(window.first + row for row in _error_rows(tree))


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
