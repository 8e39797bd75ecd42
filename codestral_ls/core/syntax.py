"""Tree-sitter over a window around the cursor.

Parsing a whole large file would cost 100 ms and more on every keystroke, with the interpreter locked; a
window of 300 lines costs 1 ms in a file of any size. Tree-sitter counts UTF-8 bytes, all others code points.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Literal, cast

from codestral_ls.core.languages import SAFE_GRAMMARS, grammar_of
from codestral_ls.core.lexis import lexer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from tree_sitter import Node, Parser, Tree

    from codestral_ls.core.text import Document

Kind = Literal["code", "comment", "string"]

LINES_ABOVE, LINES_BELOW = 200, 100
CHARS_ABOVE, CHARS_BELOW = 12_000, 6_000
PARSE_STEPS = 1_000
"""How often the parser may report progress: source text takes 4 to 50 for 1000 characters."""

_SLACK = 50
_DEEPEST = 8

_CLOSERS = re.compile(
    r"\s*(?:[\])}]|\"\"\"|'''|\*|(?:else|elif|elsif|except|catch|finally|end|then|esac|fi|done)\b)"
)
_BEGINS = re.compile(
    r"\s*(?:@\w|(?:(?:export|default|pub(?:\([^)]*\))?|public|private|protected|internal|static|async|abstract|final|"
    r"override|unsafe|extern|inline|local|open|sealed|data)\s+)*"
    r"(?:def|defp|defmodule|class|function|func|fun|fn|struct|enum|trait|impl|interface|module|mod|namespace|type)\b)"
)
DEFINITION = re.compile(
    r"(?:\w+_)?(?:function|method|class|struct|enum|interface|trait|impl|module|mod|namespace|constructor|"
    r"protocol|object|record|decorated)_(?:definition|declaration|item|specifier|statement)"
    r"|(?:singleton_)?method|class|module"
)
STRING = re.compile(
    r"(?!(?:concatenated|chained|keyword|macro|info|unquoted|key_path|system_lib)_)"
    r"(?:\w+_)?string(?:_literal|_lit|_content|_fragment|_value|_expression|_characters)?(?:_content)?"
    r"|(?:char|character|rune|regex)(?:_literal|_lit)?|charlist|(?:double|single)_quote_scalar|\w*heredoc\w*_"
    r"(?:body|content|template)|quoted_attribute_value|encapsed_string|\w*quoted_template|string_start"
)
INTERPOLATION = re.compile(
    r"(?:\w+_)?interpolation|interpolat(?:ed|ion)_expression|template_substitution|(?:command|process)_substitution"
    r"|(?:simple_|arithmetic_)?expansion"
)
_LONE_RETURN = re.compile(r"\r(?!\n)")
_BLOCK_COMMENTS = (
    (b"/*", b"*/"),
    (b"<!--", b"-->"),
    (b"(*", b"*)"),
    (b"{-", b"-}"),
    (b"--[", b"]"),
    (b"#|", b"|#"),
    (b"#=", b"=#"),
    (b"", b"\n"),
)
"""How comments begin and end behind whose end there is code; a line comment may hold its line's end."""


@dataclass(frozen=True, slots=True, repr=False)
class Window:
    """The text around a place, parsed by itself, with a line feed in place of each lone carriage return.

    `first` is the line, `start` the offset, at which it begins. `tree` is None without a grammar, and where
    the parse was given up.
    """

    grammar: str
    first: int
    start: int
    text: str
    data: bytes
    tree: Tree | None

    def byte_at(self, offset: int) -> int:
        """Where in `data` an offset of the document lies, clamped to the window."""
        inside = min(max(offset - self.start, 0), len(self.text))
        return inside if len(self.data) == len(self.text) else len(_encode(self.text[:inside]))

    def offset_at(self, byte: int) -> int:
        """The document's offset of a place in `data`."""
        inside = byte if len(self.data) == len(self.text) else len(self.data[:byte].decode())
        return self.start + inside

    @property
    def end(self) -> int:
        """The offset behind the window."""
        return self.start + len(self.text)


def parse_window(
    document: Document, line: int, deadline: Callable[[], bool] | None = None, scale: int = 1
) -> Window | None:
    """Parse the lines around a line, begun and ended where the outermost definitions nearby begin.

    None if the line itself is too long for source text. `deadline` is asked again and again; once it says
    true the parse is given up. Without one it may take `PARSE_STEPS`, a bound that is always the same. The
    window is `scale` times as large as the one for completions.
    """
    if len(document.line(line)) > CHARS_ABOVE:
        return None
    first, text = _excerpt(document, line, scale)
    return parse_lines(document, first, text, deadline, scale)


def parse_lines(
    document: Document, first: int, text: str, deadline: Callable[[], bool] | None = None, scale: int = 1
) -> Window:
    """Parse `text`, which stands in the document from line `first` on; for the rest see `parse_window`."""
    # To a grammar a lone carriage return ends no line.
    text = _LONE_RETURN.sub("\n", text) if "\r" in text else text
    data, grammar = _encode(text), grammar_of(document.language)
    tree = _parse(grammar, data, deadline or _steps(PARSE_STEPS * scale))
    return Window(grammar, first, document.line_start(first), text, data, tree)


def lines_around(document: Document, first: int, last: int) -> tuple[int, int]:
    """The lines from `first` to `last` with the context a completion has: the first, and behind the last."""
    return _boundary(document, first - LINES_ABOVE), _boundary(document, last + LINES_BELOW)


def cursor_kind(window: Window, offset: int) -> Kind:
    """What text typed at an offset would be: comment at the end of a line comment, code behind a string."""
    if window.tree is not None:
        found = _tree_kind(window.tree.root_node, window.data, window.byte_at(offset))
        if found != "code" or not window.tree.root_node.has_error:
            return found
    return _lexical_kind(window, offset)


def definition_lines(window: Window) -> tuple[int, ...]:
    """The document's lines on which functions, classes and top-level statements begin: good places to cut.

    Where the text does not parse, indentation and words tell, less surely.
    """
    root = window.tree.root_node if window.tree is not None else None
    if root is None or any(child.is_error for child in (root, *root.children)):
        return tuple(window.first + row for row in _outline(window.text.split("\n")))
    rows = {child.start_point.row for child in root.named_children if "comment" not in child.type}
    return tuple(window.first + row for row in sorted(rows.union(_definitions(root, 0))))


def _excerpt(document: Document, line: int, scale: int) -> tuple[int, str]:
    """First line and text of the window around a line."""
    first = _boundary(document, line - LINES_ABOVE * scale)
    above = document.lines(first, line)
    below = document.lines(line + 1, _boundary(document, line + LINES_BELOW * scale))
    kept = _fitting(reversed(above), CHARS_ABOVE * scale)
    text = [*above[len(above) - kept :], document.line(line), *below[: _fitting(below, CHARS_BELOW * scale)]]
    return line - kept, "".join(text)


def _fitting(lines: Iterable[str], limit: int) -> int:
    """How many of the lines have no more characters together than `limit`."""
    return bisect_right(list(accumulate(map(len, lines))), limit)


def _boundary(document: Document, target: int) -> int:
    """The line near `target` that is best to cut at, so that neither a docstring nor a block is cut open."""
    if target <= _SLACK:
        return 0
    if target >= document.line_count:
        return document.line_count
    start = target - _SLACK
    lines = document.lines(start, target + _SLACK)
    rows = list(_outline(lines)) or range(len(lines))
    return start + min(rows, key=lambda row: (*_rank(lines[row]), abs(row - _SLACK)))


def _rank(line: str) -> tuple[bool, int, bool]:
    """A definition at the margin is best; then what stands near the margin, definitions first."""
    inside, depth = not _BEGINS.match(line), indentation(line)
    return inside or depth > 0, depth, inside


def indentation(line: str) -> int:
    """The width of a line's leading blanks; a tab goes to the next multiple of eight."""
    wide = line.expandtabs(8)
    return len(wide) - len(wide.lstrip(" "))


def _encode(text: str) -> bytes:
    """UTF-8, with one byte for a lone surrogate, which has no UTF-8."""
    return text.encode("utf-8", "replace")


@lru_cache(maxsize=64)
def _parser(grammar: str) -> Parser | None:
    # The name comes from the client, and the pack would look for a file of that name.
    if grammar not in SAFE_GRAMMARS:
        return None
    import tree_sitter_language_pack as pack

    return pack.get_parser(cast("pack.SupportedLanguage", grammar))


def _parse(grammar: str, data: bytes, deadline: Callable[[], bool]) -> Tree | None:
    parser = _parser(grammar)
    if parser is None:
        return None
    try:
        return parser.parse(lambda at, _: data[at:], progress_callback=lambda _at, _error: deadline())
    except ValueError:
        # Given up. Without the reset the parser would resume this text at the next one.
        parser.reset()
        return None


def _steps(limit: int) -> Callable[[], bool]:
    counts = iter(range(limit))
    return lambda: next(counts, None) is None


def _tree_kind(root: Node, data: bytes, at: int) -> Kind:
    if at == 0:
        return "code"
    # A node around both neighbours of the place surely holds it.
    around = root.descendant_for_byte_range(at - 1, at + 1) if at < len(data) else None
    kind = _kind_around(around)
    if kind != "code":
        return kind
    left = root.descendant_for_byte_range(at - 1, at)
    while left is not None and left.end_byte == at:
        if "comment" in left.type and not _is_closed(data[left.start_byte : at]):
            return "comment"
        if STRING.fullmatch(left.type) and left.children and left.children[-1].is_missing:
            return "string"
        left = left.parent
    return "code"


def _is_closed(comment: bytes) -> bool:
    return any(comment.startswith(start) and comment.endswith(end) for start, end in _BLOCK_COMMENTS)


def _kind_around(node: Node | None) -> Kind:
    while node is not None:
        if node.is_named and INTERPOLATION.fullmatch(node.type):
            return "code"
        if node.is_named and "comment" in node.type:
            return "comment"
        if node.is_named and STRING.fullmatch(node.type):
            return "string"
        node = node.parent
    return "code"


def _lexical_kind(window: Window, offset: int) -> Kind:
    head = window.text[: max(offset - window.start, 0)]
    names = [found.lastgroup for found in lexer(window.grammar).finditer(head)]
    if not names or names[-1] is None:
        return "code"
    return "comment" if names[-1].startswith("comment") else "string"


def _definitions(node: Node, depth: int) -> Iterator[int]:
    """Rows of definitions below a node. A decorated one begins at its decorator, and only there."""
    for child in node.named_children:
        if DEFINITION.fullmatch(child.type) and node.type != "decorated_definition":
            yield child.start_point.row
        if depth < _DEEPEST and child.end_point.row > child.start_point.row:
            yield from _definitions(child, depth + 1)


def _outline(lines: list[str]) -> Iterator[int]:
    """Rows that look like the beginning of a definition, with its decorators, or of a top-level statement."""
    decorated = False
    for row, line in enumerate(lines):
        begins = _BEGINS.match(line) or (line[:1].isidentifier() and not _CLOSERS.match(line))
        if begins and not decorated:
            yield row
        decorated = line.lstrip().startswith("@")
