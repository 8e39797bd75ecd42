"""What the chat model is shown with a question: pieces of files, problems, symbols, each within a budget."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Literal

from codestral_ls.core.outline import definitions
from codestral_ls.core.privacy import redact
from codestral_ls.core.syntax import parse_window
from codestral_ls.core.target import LARGEST_SCALE, whole_lines
from codestral_ls.core.text import line_feeds, split_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from codestral_ls.core.applicable import Diagnostic
    from codestral_ls.core.text import Document, Span

Kind = Literal["code", "diagnostics", "symbols", "input"]

MOST_DIAGNOSTICS = 20
MOST_SYMBOLS = 200

_FRAME = 150
"""Characters for the tags around a part and what they say."""

_REDACTED_AROUND = 20_000
"""A private key is known by its first line: lines cut out of one look like any other."""


@dataclass(frozen=True, slots=True, repr=False)
class Attachment:
    """`title` is what the user is told of it, `text` what the model sees. Of code, `uri` is the document's
    and `code` the bare text as the model sees it, with line ends as in the document."""

    kind: Kind
    title: str
    text: str
    uri: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True, repr=False)
class Excerpt:
    """What to show of a document: the lines of `extent`, those around it where it is empty, or without one
    the document from its head. `path` is the document's in the project."""

    document: Document
    path: str
    extent: Span | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Topic:
    """What a question is about.

    Diagnostics belong to the document of the first excerpt. `texts` are other things to read, by title;
    `open` is what else is open in the editor.
    """

    excerpts: tuple[Excerpt, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    open: tuple[Excerpt, ...] = ()


def attachments(topic: Topic, characters: int) -> tuple[Attachment, ...]:
    """What to show of a topic, in a fixed order, with no more than about so many characters.

    Each part has at most its own share, so that a long file leaves room for the others.
    """
    found: list[Attachment] = []
    left = characters
    for share, make in _PARTS:
        for attachment in make(topic, min(left, int(characters * share))):
            if len(attachment.text) <= left:
                found.append(attachment)
                left -= len(attachment.text)
    return tuple(found)


def _code(topic: Topic, characters: int) -> Iterator[Attachment]:
    return _excerpts(topic.excerpts, characters)


def _diagnostics(topic: Topic, characters: int) -> Iterator[Attachment]:
    if not topic.excerpts or not topic.diagnostics:
        return
    first = topic.excerpts[0]
    lines = [_problem(first.document, each) for each in topic.diagnostics[:MOST_DIAGNOSTICS]]
    lines = lines[: _fitting(lines, characters - _FRAME)]
    if lines:
        count = len(lines)
        title = f"{count} diagnostic{'s' if count > 1 else ''}"
        yield Attachment("diagnostics", title, _tagged("diagnostics", first.path, "".join(lines)))


def _symbols(topic: Topic, characters: int) -> Iterator[Attachment]:
    """Of a document that is not shown whole: its definitions around."""
    if not topic.excerpts or topic.excerpts[0].extent is None:
        return
    first = topic.excerpts[0]
    lines = _outline(first)
    lines = lines[: _fitting(lines, characters - _FRAME)]
    if lines:
        text = _tagged("symbols", first.path, "".join(lines))
        yield Attachment("symbols", f"symbols of {first.path}", text)


def _texts(topic: Topic, characters: int) -> Iterator[Attachment]:
    share = characters // max(len(topic.texts), 1) - _FRAME
    for title, text in topic.texts:
        whole = redact(line_feeds(text))
        shown = whole if len(whole) <= share else f"{whole[:share]}\n(cut off here)"
        told = title if shown == whole else f"{title} (its beginning)"
        yield Attachment("input", told, _tagged("input", title, shown))


def _open(topic: Topic, characters: int) -> Iterator[Attachment]:
    return _excerpts(topic.open, characters)


_PARTS: tuple[tuple[float, Callable[[Topic, int], Iterator[Attachment]]], ...] = (
    (0.6, _code),
    (0.1, _diagnostics),
    (0.1, _symbols),
    (0.6, _texts),
    (1.0, _open),
)
"""Every part with its share, in the order in which the model reads them."""


def _excerpts(excerpts: Sequence[Excerpt], characters: int) -> Iterator[Attachment]:
    share = characters // max(len(excerpts), 1) - _FRAME
    return (found for excerpt in excerpts if (found := _excerpt(excerpt, share)).code)


def _excerpt(excerpt: Excerpt, characters: int) -> Attachment:
    document = excerpt.document
    first, last = _rows(excerpt, characters)
    start, end = document.line_start(first), document.line_start(last)
    shown = _redacted(document, start, end)
    whole = first == 0 and end >= document.length
    lines = "" if whole else f"{first + 1}–{last}" if last > first + 1 else f"{last}"
    about = f'language="{document.language}"' + (f' lines="{lines}"' if lines else "")
    title = f"{excerpt.path} {lines}".rstrip()
    text = _tagged("file", excerpt.path, line_feeds(shown), about)
    return Attachment("code", title, text, document.uri, shown)


def _rows(excerpt: Excerpt, characters: int) -> tuple[int, int]:
    """The first line to show, and the one behind the last."""
    document, extent = excerpt.document, excerpt.extent
    if extent is None:
        return 0, _fitting(document.lines(0, characters), characters)
    if extent.start == extent.end:
        line = document.position_at(extent.start)[0]
        return _around(document, line, characters)
    span = whole_lines(document, extent)
    first, last = document.position_at(span.start)[0], document.position_at(span.end)[0] + 1
    return first, first + _fitting(document.lines(first, last), characters)


def _around(document: Document, line: int, characters: int) -> tuple[int, int]:
    """Two thirds of what fits stand above the line, for what it belongs to."""
    above = document.lines(max(line - characters, 0), line)
    first = line - _fitting(above[::-1], characters * 2 // 3)
    room = characters - sum(map(len, document.lines(first, line)))
    return first, line + max(_fitting(document.lines(line, line + characters), room), 1)


def _fitting(lines: Sequence[str], characters: int) -> int:
    """How many of the lines have no more characters together."""
    return sum(size <= characters for size in accumulate(map(len, lines)))


def _redacted(document: Document, start: int, end: int) -> str:
    """The text between two offsets without secrets; it keeps its length."""
    origin = max(start - _REDACTED_AROUND, 0)
    text = redact(document.slice(origin, end + _REDACTED_AROUND))
    return text[start - origin : end - origin]


def _problem(document: Document, diagnostic: Diagnostic) -> str:
    line = document.position_at(diagnostic.span.start)[0] + 1
    who = " ".join(filter(None, [diagnostic.source, diagnostic.code]))
    return f"line {line}{f' ({who})' if who else ''}: {' '.join(diagnostic.message.split())}\n"


def _outline(excerpt: Excerpt) -> list[str]:
    """A line for each definition in the window around the excerpt: its number and its text."""
    document = excerpt.document
    row = document.position_at(excerpt.extent.start)[0] if excerpt.extent else 0
    window = parse_window(document, row, scale=LARGEST_SCALE)
    if window is None:
        return []
    lines = split_lines(_redacted(document, window.start, window.end))
    rows = [each.first for each in definitions(window)][:MOST_SYMBOLS]
    return [f"{row + 1}: {lines[row - window.first].rstrip()}\n" for row in rows]


def _tagged(tag: str, path: str, text: str, about: str = "") -> str:
    end = "" if text.endswith("\n") else "\n"
    return f'<{tag} path="{path}"{about and f" {about}"}>\n{text}{end}</{tag}>'
