"""Documents against a whole-text model that is written without looking at them."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.text import CHUNK_LINES, Document, Edit, Span, apply_edits, split_lines, without_end

NASTY = [
    "\n",
    "\r\n",
    "\r",
    "\f",
    "\x0b",
    "\x1c",
    "\x85",
    "\u2028",
    "\u2029",
    "é",
    "日",
    "😀",
    "\u0301",
    "a",
    " ",
]
texts = st.lists(st.sampled_from(NASTY) | st.characters(exclude_categories=[]), max_size=40).map("".join)


def make(text: str) -> Document:
    return Document.of("file:///a.py", "python", 1, text)


def naive_lines(text: str) -> list[str]:
    """Walk the text character by character; LSP's last line is there even when it is empty."""
    lines, current = [], ""
    for index, character in enumerate(text):
        current += character
        if character == "\n" or (character == "\r" and text[index + 1 : index + 2] != "\n"):
            lines.append(current)
            current = ""
    return [*lines, current]


def naive_position(text: str, offset: int) -> tuple[int, int]:
    """The line that holds the character at `offset`, counted from that line's start."""
    start = 0
    lines = naive_lines(text)
    for number, line in enumerate(lines[:-1]):
        if offset < start + len(line):
            return number, offset - start
        start += len(line)
    return len(lines) - 1, offset - start


def check(document: Document, text: str) -> None:
    """Everything a document tells of itself, against the whole text."""
    lines = naive_lines(text)
    assert document.text == text
    assert document.length == len(text)
    assert document.line_count == len(lines)
    assert [document.line(index) for index in range(len(lines))] == lines
    assert document.lines(-1, len(lines) + 1) == lines
    assert all(document.chunks)
    assert document == Document.of(document.uri, document.language, document.version, text)


CASES = {
    "empty": ("", [""]),
    "no line end": ("a", ["a"]),
    "final line end": ("a\n", ["a\n", ""]),
    "windows": ("a\r\nb\r\n", ["a\r\n", "b\r\n", ""]),
    "lone carriage return": ("a\rb", ["a\r", "b"]),
    "mixed": ("a\n\r\n\r\rb", ["a\n", "\r\n", "\r", "\r", "b"]),
    "line feed then carriage return": ("a\n\rb", ["a\n", "\r", "b"]),
    "form feed and friends are text": (
        "a\fb\x0bc\x1cd\x85e\u2028f\u2029g\n",
        ["a\fb\x0bc\x1cd\x85e\u2028f\u2029g\n", ""],
    ),
}


@pytest.mark.parametrize(("text", "lines"), CASES.values(), ids=CASES)
def test_lines_end_where_lsp_ends_them(text: str, lines: list[str]) -> None:
    document = make(text)
    assert [document.line(index) for index in range(document.line_count)] == lines
    assert split_lines(text) == [line for line in lines if line]


EDITS = {
    "type at the end": ("ab", (2, 2), "c", "abc"),
    "into nothing": ("", (0, 0), "a\n", "a\n"),
    "delete everything": ("a\nb\n", (0, 4), "", ""),
    "join carriage return and line feed": ("a\rx\nb", (2, 3), "", "a\r\nb"),
    "part carriage return and line feed": ("a\r\nb", (2, 2), "x", "a\rx\nb"),
    "carriage return before a line feed": ("a\nb", (1, 1), "\r", "a\r\nb"),
    "line feed behind a carriage return": ("a\rb", (2, 2), "\n", "a\r\nb"),
    "delete a line": ("a\nb\nc\n", (2, 4), "", "a\nc\n"),
    "join two lines": ("a\nb\n", (1, 2), "", "ab\n"),
}


@pytest.mark.parametrize(("text", "span", "new", "result"), EDITS.values(), ids=EDITS)
def test_one_edit(text: str, span: tuple[int, int], new: str, result: str) -> None:
    check(apply_edits(make(text), [Edit(Span(*span), new)], 2), result)


@pytest.mark.parametrize("row", [0, 1, CHUNK_LINES - 1, CHUNK_LINES, CHUNK_LINES + 1, 3 * CHUNK_LINES - 1])
@pytest.mark.parametrize("new", ["", "x", "\n", "\r", "x\r\ny"])
def test_edits_where_chunks_meet(row: int, new: str) -> None:
    text = "ab\r" * CHUNK_LINES * 3
    for start in range(3 * row, 3 * row + 3):
        for end in (start, start + 1, start + 3 * CHUNK_LINES):
            document = apply_edits(make(text), [Edit(Span(start, min(end, len(text))), new)], 2)
            check(document, text[:start] + new + text[end:])


@given(text=texts, data=st.data())
def test_edits_agree_with_the_whole_text(text: str, data: st.DataObject) -> None:
    document = make(text)
    for version in range(2, 5):
        ends = [data.draw(st.integers(0, len(text))) for _ in range(2)]
        new = data.draw(texts)
        document = apply_edits(document, [Edit(Span(min(ends), max(ends)), new)], version)
        text = text[: min(ends)] + new + text[max(ends) :]
        assert document.version == version
    check(document, text)


@given(text=texts.map(lambda text: text * 20), data=st.data())
def test_positions_agree_with_the_whole_text(text: str, data: st.DataObject) -> None:
    document, lines = make(text), naive_lines(text)
    offset = data.draw(st.integers(-2, len(text) + 2))
    inside = min(max(offset, 0), len(text))
    line, column = document.position_at(offset)
    assert (line, column) == naive_position(text, inside)
    assert document.line_start(line) == len("".join(lines[:line])) == inside - column
    if column <= len(without_end(lines[line])):
        assert document.offset_at(line, column) == inside
    other = data.draw(st.integers(-2, len(text) + 2))
    assert document.slice(offset, other) == text[max(offset, 0) : max(other, 0)]


POSITIONS = {
    "beyond the line": ((0, 9), 2),
    "beyond the line, windows": ((1, 9), 5),
    "beyond the document": ((9, 0), 8),
    "before the line": ((1, -1), 3),
    "before the document": ((-1, 5), 0),
    "the last line": ((2, 1), 8),
}


@pytest.mark.parametrize(("position", "offset"), POSITIONS.values(), ids=POSITIONS)
def test_positions_clamp(position: tuple[int, int], offset: int) -> None:
    assert make("ab\ncd\r\ne").offset_at(*position) == offset


@pytest.mark.parametrize("line", [-1, 2, 3])
def test_a_line_that_is_not_there(line: int) -> None:
    with pytest.raises(IndexError):
        make("a\n").line(line)


def test_editing_leaves_the_old_document_alone() -> None:
    before = make("a\nb\n")
    after = apply_edits(before, [Edit(Span(0, 1), "x"), Edit(Span(2, 3), "y")], 2)
    assert (before.text, before.version) == ("a\nb\n", 1)
    assert (after.text, after.version) == ("x\ny\n", 2)


def test_a_document_shows_no_text_in_logs() -> None:
    assert "secret" not in repr(make("secret = 1\n"))


def test_long_editing_does_not_pile_up_chunks() -> None:
    """Grow one place by a hundred lines, shrink another to the bone, over and over."""
    dice = random.Random(7)
    document = make("line\n" * 2000)
    for version in range(2, 2000):
        start = document.line_start(dice.randrange(document.line_count))
        new, end = ("line\n" * 100, start) if document.line_count < 2000 else ("", start + 5 * 100)
        document = apply_edits(document, [Edit(Span(start, min(end, document.length)), new)], version)
        assert len(document.chunks) <= document.line_count / (CHUNK_LINES / 4) + 2
        assert max(map(len, document.chunks)) <= CHUNK_LINES
    check(document, "line\n" * (document.line_count - 1))
