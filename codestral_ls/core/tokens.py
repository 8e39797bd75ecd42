"""The code of a text as tokens with their nesting: what stays the same where only comments or names change.

The nesting is compared as well, since line ends and indentation may say what belongs to what. So is the
indentation itself: tree-sitter reads on over some that is wrong.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import cache
from itertools import zip_longest
from operator import itemgetter
from typing import TYPE_CHECKING, Final, Literal

from codestral_ls.core.syntax import INTERPOLATION, STRING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from tree_sitter import Node, Tree

    from codestral_ls.core.syntax import Window
    from codestral_ls.core.text import Span

Changes = Literal["code", "comments", "names"]
"""What an action may change: all code, only comments and doc strings, or only names (and comments)."""

_OPEN, _CLOSE, _NAME = b"\0open", b"\0close", b"\0name"

_COMMENT = re.compile(r"(?!keyword_)(?:\w+_)?[Cc]omment|comment_environment|haddock|marginalia|description")
_DIRECTIVE = re.compile(
    rb"(?:#|//|/\*|--|<!--)\s*(?:!|-\*-|go:|\+build|line\b|export\b|region\b|type:\s*ignore|noqa|no(?:sec|lint)\b"
    rb"|(?:pylint|pyright|mypy|ruff|flake8|fmt|isort|yapf|rubocop|swiftlint|sourcery|typed|encoding|coding"
    rb"|frozen_string_literal)\s*:|pragma\b|@ts-|@formatter:|@(?:no)?flow|(?:es|ts|style)lint-|prettier-ignore"
    rb"|biome-ignore|istanbul\s|c8\s|v8\s|NOLINT|clang-format|\$FlowFixMe|/\s*<reference)(?:\S|, |: )*",
    re.IGNORECASE,
)
"""Comments that tools go by. Behind such a word there may be prose, which no tool reads."""

_INDENT = re.compile(rb"^[ \t]*", re.MULTILINE)
_LOCAL = re.compile(r"identifier|simple_identifier|variable|variable_name|name|IDENTIFIER|value_name|var")
_SHORTHAND = re.compile(r"shorthand_\w+")
_WITH_SHORTHAND = frozenset({"javascript", "typescript", "tsx", "rust"})
_CAPTURED = re.compile(rb"\{[^\W\d]\w*")
_ELIXIR_DOC = re.compile(rb"""@(?:module|type)?doc\s*\(?\s*(?:~[sS])?["']""")


@dataclass(frozen=True, slots=True, repr=False)
class Code:
    """Tokens in order, where each begins in the window's data, and the blanks before the first of a line.

    `comments` are the stretches of it that are no code: comments but for those that tools go by, and doc
    strings.
    """

    tokens: tuple[bytes, ...]
    starts: tuple[int, ...]
    indents: tuple[bytes | None, ...]
    comments: tuple[tuple[int, int], ...]


def code_of(window: Window, tree: Tree, changes: Changes = "comments") -> Code:
    """The code of a parsed window; `changes` tells what of it is left out."""
    reading = _Reading(window.grammar, window.data, names=changes == "names")
    waiting: list[Node | None] = [tree.root_node]
    while waiting:
        node = waiting.pop()
        if node is None:
            reading.close()
        elif children := reading.taken(node):
            waiting.append(None)
            waiting += reversed(children)
    reading.gap(len(window.data))
    blanks = {found.end(): found[0] for found in _INDENT.finditer(window.data)}
    indents = tuple(map(blanks.get, reading.starts))
    return Code(tuple(reading.tokens), tuple(reading.starts), indents, tuple(reading.comments))


def first_change(old: Code, new: Code) -> int | None:
    """Where in the new data the code is another; None where it is the same."""
    if old.tokens != new.tokens:
        pairs = zip_longest(old.tokens, new.tokens)
        at = next(place for place, (before, after) in enumerate(pairs) if before != after)
        return new.starts[min(at, len(new.starts) - 1)] if new.starts else 0
    # A token that comes to begin a line has no indentation to keep.
    rows = zip(old.indents, new.indents, new.starts, strict=True)
    moved = (
        start
        for old_blanks, blanks, start in rows
        if None not in (old_blanks, blanks) and old_blanks != blanks
    )
    return next(moved, None)


def before_code(code: Code, window: Window, span: Span) -> int:
    """How many characters of a span of the document come before the first that is code; all, if none is."""
    start, end = window.byte_at(span.start), window.byte_at(span.end)
    inside = bytearray(window.data[start:end])
    # Comments do not overlap, so that their ends are in order as well.
    for first, last in code.comments[bisect_right(code.comments, start, key=itemgetter(1)) :]:
        if first >= end:
            break
        first, last = max(first, start) - start, min(last, end) - start
        inside[first:last] = b" " * (last - first)
    return window.offset_at(end - len(inside.lstrip())) - span.start


class _Reading:
    """The tokens so far of a tree that is walked through."""

    def __init__(self, grammar: str, data: bytes, *, names: bool) -> None:
        self.tokens: list[bytes] = []
        self.starts: list[int] = []
        self.comments: list[tuple[int, int]] = []
        self._grammar, self._data, self._names = grammar, data, names
        self._docs: set[int] = set()
        self._docs_among = _DOC_STRINGS.get(grammar, _no_docs)
        # What is written out with its new name is nested otherwise.
        self._is_flat = names and grammar in _WITH_SHORTHAND
        self._at = 0

    def taken(self, node: Node) -> Sequence[Node]:
        """Take in a node; its children, where they are to follow, and `close` behind them."""
        self.gap(node.start_byte)
        if _is_comment(node.type) or node.id in self._docs:
            self._comment(node)
        elif node.child_count and not self._is_whole(node):
            if not self._is_flat:
                self._add(_OPEN, node.start_byte)
            children = node.children
            self._docs.update(child.id for child in self._docs_among(node, children))
            return children
        else:
            self._leaf(node, self._data[node.start_byte : node.end_byte])
        self._at = max(self._at, node.end_byte)
        return ()

    def close(self) -> None:
        """The end of a node; one in which there is no code leaves no trace."""
        if self._is_flat:
            return
        if self.tokens[-1] is _OPEN:
            self.tokens.pop()
            self.starts.pop()
        else:
            self._add(_CLOSE, self._at)

    def gap(self, end: int) -> None:
        """Text that no node stands for is code as well."""
        if text := self._data[self._at : end].strip():
            self._add(text, self._at)
        self._at = max(self._at, end)

    def _add(self, token: bytes, start: int) -> None:
        self.tokens.append(token)
        self.starts.append(start)

    def _comment(self, node: Node) -> None:
        start, end = node.start_byte, node.end_byte
        if found := _DIRECTIVE.match(self._data, start, end):
            self._add(found[0], start)
            start = found.end()
        self.comments.append((start, end))

    def _is_whole(self, node: Node) -> bool:
        """A string is one token, since its blanks count; but for names, of which it may hold some."""
        if self._names and _SHORTHAND.fullmatch(node.type):
            return True
        if not _is_string(node.type):
            return False
        return not (self._names and any(INTERPOLATION.fullmatch(part.type) for part in node.named_children))

    def _leaf(self, node: Node, text: bytes) -> None:
        if self._names and _SHORTHAND.fullmatch(node.type):
            # With another name inside it has to be written out: `{a}` becomes `{a: b}`.
            for token in (text, b":", _NAME):
                self._add(token, node.start_byte)
        elif self._names and node.is_named and _LOCAL.fullmatch(node.type):
            self._add(_NAME, node.start_byte)
        elif text.strip():
            captured = self._names and self._grammar == "rust" and STRING.fullmatch(node.type)
            self._add(_CAPTURED.sub(b"{", text) if captured else text, node.start_byte)


@cache
def _is_comment(kind: str) -> bool:
    return bool(_COMMENT.fullmatch(kind))


@cache
def _is_string(kind: str) -> bool:
    return bool(STRING.fullmatch(kind))


def _no_docs(_parent: Node, _children: Sequence[Node]) -> Iterable[Node]:
    return ()


def _python_docs(parent: Node, children: Sequence[Node]) -> Iterable[Node]:
    """Python drops the value of a statement that is nothing but a string. Tree-sitter reads on over one that
    is indented as no other statement around it."""
    strings = [child for child in children if child.type == "string"]
    if not strings or parent.type not in {"module", "block"}:
        return ()
    others = {child.start_point.column for child in children if child.type not in {"string", "comment"}}
    return (
        child
        for child in strings
        if (not others or child.start_point.column in others)
        and not any(INTERPOLATION.fullmatch(part.type) for part in child.named_children)
    )


def _julia_docs(parent: Node, children: Sequence[Node]) -> Iterable[Node]:
    """Strings before another statement; at the end of a block one would be the result."""
    if parent.type not in {"source_file", "block", "module_definition"}:
        return ()
    last = max((at for at, child in enumerate(children) if not _is_comment(child.type)), default=0)
    return (child for child in children[:last] if child.type == "string_literal")


def _elixir_docs(_parent: Node, children: Sequence[Node]) -> Iterable[Node]:
    return (
        child for child in children if child.type == "unary_operator" and _ELIXIR_DOC.match(child.text or b"")
    )


_DOC_STRINGS: Final[Mapping[str, Callable[[Node, Sequence[Node]], Iterable[Node]]]] = {
    "python": _python_docs,
    "julia": _julia_docs,
    "elixir": _elixir_docs,
}
"""Which of a node's children document code and are no comments, by grammar."""
