"""Brackets, strings and comments of a few lines of source text, found by regular expressions.

Text around a cursor rarely parses, so this errs towards seeing no bracket where it is unsure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

CLOSED_BY = {"(": ")", "[": "]", "{": "}"}
OPENED_BY = {closer: opener for opener, closer in CLOSED_BY.items()}

_BRACKETS = frozenset("()[]{}")
QUOTES = frozenset("\"'")
"""What opens a string that ends with the line at the latest."""

_BRACKET = r"[()\[\]{}]"
_TRIPLE = r'"""[\s\S]*?(?:"""|\Z)|' + r"'''[\s\S]*?(?:'''|\Z)"
_DOUBLE = r'"(?:\\.|[^"\\\n])*(?:"|\\?(?=\n|\Z))'
_SINGLE = r"'(?:\\.|[^'\\\n])*(?:'|\\?(?=\n|\Z))"
_CHARACTER = r"'(?:\\[^'\n]+|[^'\\\n])'"
_TEMPLATE = r"`(?:\\[\s\S]|[^`\\])*(?:`|\\?\Z)"
_HASH, _SLASHES, _DASHES, _PERCENT = r"#[^\n]*", r"//[^\n]*", r"--[^\n]*", r"%[^\n]*"
_BLOCK = r"/\*[\s\S]*?(?:\*/|\Z)"
_MARKUP = r"<!--[\s\S]*?(?:-->|\Z)"

_C = (_BLOCK, _SLASHES, _DOUBLE, _CHARACTER)
_SCRIPT = (_BLOCK, _SLASHES, _DOUBLE, _SINGLE, _TEMPLATE)
_SHELL = (_HASH, _DOUBLE, _SINGLE)
_LEXICON = {
    **dict.fromkeys(["c", "cpp", "csharp", "java", "kotlin", "rust", "swift", "scala", "dart", "zig"], _C),
    **dict.fromkeys(["javascript", "typescript", "javascriptreact", "typescriptreact", "vue"], _SCRIPT),
    **dict.fromkeys(["ruby", "shellscript", "perl", "r", "yaml", "toml", "elixir", "makefile"], _SHELL),
    **dict.fromkeys(["scss", "less"], (_BLOCK, _SLASHES, _DOUBLE, _SINGLE)),
    **dict.fromkeys(["sql", "lua", "ada", "elm"], (_DASHES, _DOUBLE, _SINGLE)),
    **dict.fromkeys(["haskell", "vhdl"], (_DASHES, _DOUBLE, _CHARACTER)),
    **dict.fromkeys(["latex", "tex", "erlang", "matlab"], (_PERCENT,)),
    **dict.fromkeys(["html", "xml"], (_MARKUP,)),
    **dict.fromkeys(["markdown", "plaintext", "restructuredtext", "git-commit"], ()),
    "python": (_TRIPLE, _HASH, _DOUBLE, _SINGLE),
    "go": (*_C, _TEMPLATE),
    "php": (_BLOCK, _SLASHES, *_SHELL),
    "css": (_BLOCK, _DOUBLE, _SINGLE),
}
_UNKNOWN = (_DOUBLE,)

# Where the text begins somewhere in a Python file, a triple quote may open or close a string. A definition is
# hardly ever inside one, so reading begins there.
_PYTHON_CODE = re.compile(r"^[ \t]*(?:(?:async )?def \w+\(|class \w+[(:]|@\w)", re.MULTILINE)

_OPENING = re.compile(r"\"\"\"|'''|/\*|//|--|<!--|.", re.DOTALL)


class Bracket(NamedTuple):
    """`kind` is the character that opens, also where this is the bracket that closes."""

    kind: str
    offset: int


@dataclass(frozen=True, slots=True)
class Scan:
    """`openers` are open at the end, outermost first; `closers` close what was open before the text.

    `pairs` are (offset of the opener, offset of the closer) of the other ones.
    """

    openers: tuple[Bracket, ...]
    closers: tuple[Bracket, ...]
    pairs: tuple[tuple[int, int], ...]


def scan(text: str, language: str, opened: str = "") -> Scan:
    """Match the brackets of a text that begins inside what `opened` begins."""
    whole, shift = opened + text, len(opened)
    stack: list[Bracket] = []
    closers: list[Bracket] = []
    pairs: list[tuple[int, int]] = []
    for token in _lexer(language).finditer(whole):
        character, offset = token[0], token.start() - shift
        if character in CLOSED_BY:
            stack.append(Bracket(character, offset))
        elif character in OPENED_BY and stack and stack[-1].kind == OPENED_BY[character]:
            pairs.append((stack.pop().offset, offset))
        elif character in OPENED_BY:
            closers.append(Bracket(OPENED_BY[character], offset))
    return Scan(tuple(stack), tuple(closers), tuple(pairs))


def unterminated(text: str, language: str) -> str:
    """What begins the string or comment in which a text ends: a quote, `#`, `/*` and so on; empty in code."""
    found = _PYTHON_CODE.search(text) if language == "python" else None
    last = None
    for token in _lexer(language).finditer(text, found.start() if found else 0):
        last = token
    if (
        last is None
        or last.end() < len(text)
        or (len(last[0]) == 1 and last[0] not in QUOTES | {"`", "#", "%"})
    ):
        return ""
    opening = _OPENING.match(last[0])
    mark = opening[0] if opening else ""
    return "" if _is_closed(last[0], mark) else mark


def inner_lines(text: str, language: str, opened: str = "") -> frozenset[int]:
    """Numbers of the lines that begin inside a string or a comment."""
    whole, inner = opened + text, set[int]()
    for token in _lexer(language).finditer(whole):
        breaks = token[0].count("\n")
        if breaks:
            first = whole.count("\n", 0, token.start()) + 1
            inner.update(range(first, first + breaks))
    return frozenset(inner)


def _is_closed(token: str, mark: str) -> bool:
    closing = {"/*": "*/", "<!--": "-->"}.get(mark, mark)
    if mark in {"#", "//", "--", "%"} or len(token) < len(mark) + len(closing) or not token.endswith(closing):
        return False
    body = token[: -len(closing)]
    return mark in {"/*", "<!--"} or (len(body) - len(body.rstrip("\\"))) % 2 == 0


@cache
def _lexer(language: str) -> re.Pattern[str]:
    return re.compile("|".join((*_LEXICON.get(language, _UNKNOWN), _BRACKET)))
