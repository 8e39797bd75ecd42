"""Where a block of code ends, told by indentation: a reply in the making rarely parses."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

from codestral_ls.core.brackets import OPENED_BY, QUOTES, Bracket, inner_lines, scan
from codestral_ls.core.hole import leading

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codestral_ls.core.hole import Around

Layout = Literal["code", "prose", "statements"]

PROSE = frozenset(
    ["markdown", "mdx", "plaintext", "restructuredtext", "latex", "tex", "asciidoc", "org", "git-commit"]
)
_STATEMENTS = frozenset(["sql", "plsql", "mysql", "pgsql", "sqlite"])
_PREPROCESSED = frozenset(["c", "cpp", "objective-c", "objective-cpp", "cuda-cpp", "csharp"])

# Lines that go on with a statement begun at the same indentation, and those that end one without a bracket.
_CONTINUATION = re.compile(
    r"(?:else|elif|elsif|elseif|except|finally|catch|rescue|ensure|then|do(?!\s*\{))\b(?!\s*[=.])"
    r"|(?:end|endif|fi|done|esac)\b(?!\s*[=.(\[:])",
    re.IGNORECASE,
)
_CLOSING = re.compile(r"[)\]}]|</")
_TOKEN = re.compile(r"</?\w*|\w+|\S")

_IF, _TRY = r"(?:if|elif|elsif|else if|elseif|unless)\b", r"(?:try|except|catch|else|begin)\b"
_BLOCK = (
    r"(?:def|if|unless|while|until|for|do|case|begin|class|module|function|local function|repeat|fn)\b"
    r"|.*\b(?:do|then)(?: *\|.*\|)?$|.*\bfunction\b.*\)$"
)
_BEGUN_BY = {
    "else": rf"{_IF}|{_TRY}|(?:for|while|case|when)\b",
    **dict.fromkeys(("elif", "elsif", "elseif"), _IF),
    **dict.fromkeys(("except", "finally", "catch"), _TRY),
    **dict.fromkeys(("rescue", "ensure"), r"(?:def|begin|rescue|do)\b|.* do(?: \|.*\|)?$"),
    **dict.fromkeys(("case", "default"), r"case\b"),
    "end": _BLOCK,
    "fi": _IF,
    "done": r"(?:for|while|until|select)\b",
    "esac": r"case\b",
}
"""What the line looks like at whose indentation a keyword belongs."""


def block_end(lines: Sequence[str], around: Around, *, complete: bool = True) -> int | None:
    """Number of the first line that no longer belongs to what is being written; None if all of them do.

    With `complete=False` the last line is still being written, and decided only if more text cannot change
    what it begins with.
    """
    seen = lines if complete or _is_settled(lines[-1]) else lines[:-1]
    first = next((number for number, line in enumerate(seen) if line.strip()), None)
    if first is None:
        return None
    layout = _layout(around.hole.language)
    return _ENDS[layout](seen, first, around)


def dedent(text: str, around: Around) -> int:
    """By how many columns the cursor's blank line is too deep for how the text begins, such as `else`."""
    token = _TOKEN.match(text)
    if token is None or not around.starts_line or not around.base:
        return 0
    target = _opener_width(token[0].lower(), text, around)
    return around.base - target if target is not None and target < around.base else 0


def missing_closers(around: Around, replaced: int) -> list[Bracket]:
    """Brackets open at the cursor that nothing below closes, outermost first. The first `replaced` characters
    right of the cursor do not count.

    A closer that begins a line belongs to the opener whose line is indented alike; so it shows which ones in
    between are still to be closed.
    """
    hole, suffix = around.hole, f"{around.rest[replaced:]}\n{around.below}"
    opened = around.opened if not replaced else ""
    openers = list(scan(around.prefix, hole.language).openers)
    missing: list[Bracket] = []
    for closer in scan(suffix, hole.language, opened).closers:
        width = _line_width(suffix, closer.offset, around)
        if _begins_line(suffix, closer.offset):
            while openers and _line_width(around.prefix, openers[-1].offset, around) > width:
                missing.append(openers.pop())
        if openers and openers[-1].kind == closer.kind:
            openers.pop()
    return [*openers, *reversed(missing)]


def _prose_end(lines: Sequence[str], first: int, around: Around) -> int | None:
    """A paragraph, or a fenced block as a whole."""
    fenced = around.prefix.count("```") % 2 == 1
    for number, line in enumerate(lines[first:], first):
        if not line.strip() and not fenced and number + 1 < len(lines):
            return number
        fenced ^= line.lstrip().startswith("```")
    return None


def _statement_end(lines: Sequence[str], first: int, around: Around) -> int | None:
    """Up to the semicolon: clauses of one statement often stand at the same indentation."""
    for number, line in enumerate(lines[first:-1], first):
        if not line.strip():
            return number
        if line.rstrip().endswith(";"):
            return number + 1
    return None


def _code_end(lines: Sequence[str], first: int, around: Around) -> int | None:
    """Lines at least as deep as the floor go on; at the floor itself, if `strict`, only what continues or
    closes the statement. One line that closes the block may stand below the floor."""
    inner = _inner(lines, around)
    floor, strict = _floor(lines, first, around)
    gap = first > 1
    for number in range(max(first, 1), len(lines)):
        line = lines[number]
        if number in inner or _is_directive(line, around):
            continue
        if not line.strip():
            gap = True
            continue
        width = around.width(line)
        at_floor = width == floor and (strict or (gap and not floor))
        if (at_floor and not _joins(line, width, around)) or (width < floor and strict):
            return _last_visible(lines, number)
        if width < floor:
            if not (_CLOSING.match(line.lstrip()) and _joins(line, width, around)):
                return _last_visible(lines, number)
            floor, strict = width, True
        gap = False
    return None


_ENDS = {"code": _code_end, "prose": _prose_end, "statements": _statement_end}


def _layout(language: str) -> Layout:
    return "prose" if language in PROSE else "statements" if language in _STATEMENTS else "code"


def _floor(lines: Sequence[str], first: int, around: Around) -> tuple[int, bool]:
    """Indentation of what is being written, and whether a further line at that depth is something new."""
    if first == 0 and not around.starts_line:
        return around.base, not _in_block_text(around)
    if first == 0:
        columns = dedent(lines[0], around)
        return around.base - columns + around.width(lines[0]), columns > 0
    width = around.width(lines[first])
    if width < around.base and _joins(lines[first], width, around):
        return width, True
    return around.base, width > around.base


def _in_block_text(around: Around) -> bool:
    return bool(around.opened) and around.opened not in QUOTES


def _inner(lines: Sequence[str], around: Around) -> frozenset[int]:
    text = "\n".join(lines)
    if not around.opened and not any(mark in text for mark in ('"""', "'''", "`", "/*", "<!--")):
        return frozenset()
    return inner_lines(text, around.hole.language, around.opened)


def _is_directive(line: str, around: Around) -> bool:
    """Preprocessor lines stand at the margin wherever they are."""
    return line.startswith("#") and around.hole.language in _PREPROCESSED


def _joins(line: str, width: int, around: Around) -> bool:
    """True for a line that continues or closes the statement above it, unless the document has that line."""
    code = line.lstrip()
    if not (_CLOSING.match(code) or _CONTINUATION.match(code)):
        return False
    below = next((other for other in around.following if around.width(other) <= width), "")
    return around.width(below) != width or _token(below) != _token(code)


def _token(line: str) -> str:
    found = _TOKEN.search(line)
    return found[0].lower() if found else ""


def _is_settled(line: str) -> bool:
    found = _TOKEN.search(line)
    return found is not None and (found.end() < len(line) or found[0] in OPENED_BY)


def _last_visible(lines: Sequence[str], number: int) -> int:
    """Blank lines before the end of a block are not part of it."""
    while number > 0 and not lines[number - 1].strip():
        number -= 1
    return number


def _opener_width(token: str, text: str, around: Around) -> int | None:
    if token in OPENED_BY:
        openers = scan(around.prefix, around.hole.language).openers
        return _line_width(around.prefix, openers[-1].offset, around) if openers else None
    pattern = rf"<{re.escape(token[2:])}\b" if token.startswith("</") else _BEGUN_BY.get(token)
    return _width_above(re.compile(pattern), around) if pattern else None


def _width_above(begins: re.Pattern[str], around: Around) -> int | None:
    """Width of the nearest line, among those which enclose the cursor, that begins a certain way."""
    limit = around.base + 1
    for line in reversed(around.above):
        width = around.width(line)
        if width < limit:
            if begins.match(line.lstrip()):
                return width
            limit = width
    return None


def _line_width(text: str, offset: int, around: Around) -> int:
    start = text.rfind("\n", 0, max(offset, 0)) + 1
    return around.width(text[start : max(offset, 0)])


def _begins_line(text: str, offset: int) -> bool:
    start = text.rfind("\n", 0, max(offset, 0)) + 1
    return start > 0 and start + len(leading(text[start:offset])) == offset
