"""The blocks of code in an answer, and where in a document one of them belongs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from codestral_ls.core.applicable import MOST_CHARACTERS
from codestral_ls.core.fences import blocks
from codestral_ls.core.occurrences import places
from codestral_ls.core.outline import definitions
from codestral_ls.core.privacy import redact
from codestral_ls.core.prompt import Budget
from codestral_ls.core.proposal import propose
from codestral_ls.core.refusal import Refused
from codestral_ls.core.rewrite import TARGET, Order, ask_file, ask_rewrite
from codestral_ls.core.syntax import CHARS_ABOVE, parse_lines
from codestral_ls.core.target import View, definition_around, lines_span, whole_lines
from codestral_ls.core.text import Document, Span, line_feeds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from codestral_ls.core.outline import Definition
    from codestral_ls.core.proposal import Proposal

_NAMED = re.compile(
    r"\b(?:path|file|filename|title)\s*[=:]\s*(?:\"(?P<double>[^\"]+)\"|'(?P<single>[^']+)'|(?P<bare>\S+))"
)
_PATH = re.compile(r"[\w.@+~-]*(?:/[\w.@+~-]+)+|[\w@+~-]+\.\w{1,10}")
_WORD = re.compile(r"[\w+#.-]+")
_PATCHES = frozenset({"diff", "patch", "udiff"})

_AROUND = Budget(4_000, 4_000)
"""Characters above and below a place that a block may repeat."""

_LONGEST_INFO = 500
_LONGEST = 100_000
_MOST_NAMESAKES = 20
_ALIKE, _MUCH_ALIKE = 50, 80
"""Of 100: a block that is less like a text does not stand for it. Where no names tell, it has to be more."""


@dataclass(frozen=True, slots=True, repr=False)
class Block:
    """Code of an answer. `path` is the file's that it is for, as the model wrote it, empty where it did not;
    `language` is what the model called it. One that is not `closed` was cut off."""

    path: str
    language: str
    code: str
    closed: bool


def code_blocks(answer: str) -> tuple[Block, ...]:
    """Every fenced block, in order."""
    found = blocks(line_feeds(answer))
    return tuple(Block(*_reversed_info(block.info), block.text, block.closed) for block in found)


def change_by(
    block: Block, document: Document, shown: Iterable[str] = (), at: Span | None = None
) -> Proposal:
    """The edits by which a block gets into a document.

    It replaces the lines of `at`, or is put before the line of an empty one. Without `at` it replaces the
    definition of the same name, else what it was asked about (`shown` are such texts as the model saw them),
    else the document if it is like it. Raises `Refused`, also where none of these is clear.
    """
    if not block.closed:
        raise Refused("truncated")
    if len(block.code) > _LONGEST:  # To find its place it is parsed, and compared with the document.
        raise Refused("long")
    span = _lines_at(document, at) if at else _place(block, document, shown)
    order = Order("", span, span)
    ask = ask_rewrite(document, order, _AROUND)
    return propose(ask, _fenced(block, document.language), "stop")


def new_file(block: Block, document: Document) -> Proposal:
    """The edits by which a block fills an empty document. Raises `Refused`."""
    if not block.closed:
        raise Refused("truncated")
    nowhere = Span(0, 0)
    ask = ask_file(document, Order("", nowhere, nowhere), _AROUND, document, "")
    return propose(ask, _fenced(block, document.language), "stop")


def _reversed_info(info: str) -> tuple[str, str]:
    """Path and language of a block, from what stands behind its fence: `python path=a.py`, `python:a.py`,
    `a.py`, `python title="my file.py"`, `{.python file=a.py}`."""
    info = info[:_LONGEST_INFO]
    named = _NAMED.search(info)
    path = next(filter(None, named.groups()), "") if named else ""
    rest = info.replace(named[0], " ") if named else info
    if not path and (found := _PATH.search(rest)):
        path, rest = found[0], rest.replace(found[0], " ")
    word = _WORD.search(rest)
    return path.rstrip("}"), word[0].strip(".").lower() if word else ""


def _lines_at(document: Document, at: Span) -> Span:
    if at.start == at.end:
        start = document.line_start(document.position_at(at.start)[0])
        return Span(start, start)
    return whole_lines(document, at)


def _place(block: Block, document: Document, shown: Iterable[str]) -> Span:
    """Raises `Refused`."""
    whole = lines_span(document, 0, document.line_count - 1)
    code = block.code.strip()
    if block.language in _PATCHES or not document.text.strip():
        return whole
    outermost = _outermost(document, code)
    if len(outermost) == 1 and (namesakes := _namesakes(document, code, outermost[0])):
        if len(namesakes) > 1:
            raise Refused("unplaced")
        return namesakes.pop()
    for span in _asked_about(document, shown):
        if fuzz.ratio(document.slice(span.start, span.end).strip(), code) >= _ALIKE:
            return span
    if whole.end <= MOST_CHARACTERS and _stands_for(document, code):
        return whole
    raise Refused("unplaced")


def _stands_for(document: Document, code: str) -> bool:
    """Whether code is a new version of a whole document: nothing that is defined there may get lost."""
    text = document.text
    names = {each.name for each in _defined(document, text)}
    alike = fuzz.ratio(text.strip(), code) >= (_ALIKE if names else _MUCH_ALIKE)
    return alike and names <= {each.name for each in _defined(document, code)}


def _namesakes(document: Document, code: str, wanted: Definition) -> set[Span]:
    """The definitions in the document of the same kind and name as the one of the code.

    What stands above or before it, such as comments, decorators and `export`, belongs to it only where the
    code has such a thing, too: it is not to be lost because the model left it out.
    """
    is_bare = not code[: wanted.start].strip()
    found = set()
    for at in islice(places(document.text, wanted.name), _MOST_NAMESAKES):
        span = definition_around(View(document, at), Span(at, at + len(wanted.name)))
        text = document.slice(span.start, span.end) if span else ""
        outermost = _outermost(document, text)
        if span and [(each.kind, each.name) for each in outermost] == [(wanted.kind, wanted.name)]:
            ahead = text[: outermost[0].start]
            lost = is_bare and ahead.strip()
            found.add(Span(span.start + len(_whole_lines(ahead)), span.end) if lost else span)
    return found


def _whole_lines(ahead: str) -> str:
    """Without the indentation of a line that has just begun."""
    bare = ahead.rstrip(" \t")
    return bare if bare.endswith(("\n", "\r")) else ahead


def _outermost(document: Document, text: str) -> list[Definition]:
    return [each for each in _defined(document, text) if each.depth == 0]


def _defined(document: Document, text: str) -> list[Definition]:
    """What a piece of code in the document's language defines."""
    piece = Document.of(document.uri, document.language, 0, text)
    window = parse_lines(piece, 0, text, scale=1 + len(text) // CHARS_ABOVE)
    return definitions(window)


def _asked_about(document: Document, shown: Iterable[str]) -> Iterator[Span]:
    """Where texts that the model was shown stand now, each if it stands there once and is not all of it."""
    text = redact(document.text)
    for each in shown:
        start = text.find(each)
        if start >= 0 and text.find(each, start + 1) < 0:
            yield whole_lines(document, Span(start, start + len(each)))


def _fenced(block: Block, language: str) -> str:
    fence = "```"
    while fence in block.code:
        fence += "`"
    info = f"diff {TARGET}" if block.language in _PATCHES else f"{language} {TARGET}"
    return f"{fence}{info}\n{block.code}\n{fence}\n"
