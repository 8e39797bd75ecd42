"""Positions and changes against a whole-text model that counts units one code point at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types as lsp

from codestral_ls import convert
from codestral_ls.core.text import Document, Span

if TYPE_CHECKING:
    from codestral_ls.convert import Encoding

ENCODINGS: tuple[Encoding, ...] = ("utf-8", "utf-16", "utf-32")
NASTY = ["\n", "\r\n", "\r", "\f", "\x85", "\u2028", "é", "日", "😀", "\u0301", "a", "\ud83d", "\ude00"]
texts = st.lists(st.sampled_from(NASTY) | st.characters(exclude_categories=[]), max_size=30).map("".join)
numbers = st.integers(0, 40) | st.just(2**31 - 1)
positions = st.builds(lsp.Position, line=st.integers(0, 8) | st.just(2**31 - 1), character=numbers)


def make(text: str) -> Document:
    return Document.of("file:///a.py", "python", 1, text)


def units(character: str, encoding: Encoding) -> int:
    """Units of one code point, by the ranges of the Unicode standard, table 3-6."""
    code = ord(character)
    if encoding == "utf-32":
        return 1
    if encoding == "utf-16":
        return 1 + (code > 0xFFFF)
    return 1 + (code > 0x7F) + (code > 0x7FF) + (code > 0xFFFF)


def naive_offset(text: str, position: lsp.Position, encoding: Encoding) -> int:
    """Walk to the line, then along it as long as whole code points fit."""
    offset = 0
    for _ in range(position.line):
        while offset < len(text) and text[offset] not in "\r\n":
            offset += 1
        if offset == len(text):
            return offset
        offset += 2 if text.startswith("\r\n", offset) else 1
    left = position.character
    while offset < len(text) and text[offset] not in "\r\n" and left >= units(text[offset], encoding):
        left -= units(text[offset], encoding)
        offset += 1
    return offset


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=texts, position=positions)
def test_offset_agrees_with_the_whole_text(encoding: Encoding, text: str, position: lsp.Position) -> None:
    assert convert.offset(make(text), position, encoding) == naive_offset(text, position, encoding)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=texts, data=st.data())
def test_offsets_go_there_and_back(encoding: Encoding, text: str, data: st.DataObject) -> None:
    document = make(text)
    offset = data.draw(st.integers(0, len(text)))
    back = convert.offset(document, convert.position(document, offset, encoding), encoding)
    between_ends = text[offset - 1 : offset + 1] == "\r\n"
    assert back == offset - between_ends


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=texts, ends=st.tuples(positions, positions))
def test_ranges_go_there_and_back(
    encoding: Encoding, text: str, ends: tuple[lsp.Position, lsp.Position]
) -> None:
    document = make(text)
    span = convert.span(document, lsp.Range(*ends), encoding)
    assert span.start <= span.end
    assert convert.span(document, convert.range_of(document, span, encoding), encoding) == span


partial = st.builds(
    lsp.TextDocumentContentChangePartial, range=st.builds(lsp.Range, positions, positions), text=texts
)
whole = st.builds(lsp.TextDocumentContentChangeWholeDocument, text=texts)


@pytest.mark.parametrize("encoding", ENCODINGS)
@given(text=texts, changes=st.lists(partial | partial | whole, max_size=5))
def test_changes_agree_with_the_whole_text(
    encoding: Encoding, text: str, changes: list[lsp.TextDocumentContentChangeEvent]
) -> None:
    document, _ = convert.changed(make(text), changes, encoding, 7)
    for change in changes:
        if isinstance(change, lsp.TextDocumentContentChangePartial):
            ends = (naive_offset(text, end, encoding) for end in (change.range.start, change.range.end))
            start, end = sorted(ends)
            text = text[:start] + change.text + text[end:]
        else:
            text = change.text
    assert document == Document.of("file:///a.py", "python", 7, text)


def change(start: tuple[int, int], end: tuple[int, int], text: str) -> lsp.TextDocumentContentChangePartial:
    return lsp.TextDocumentContentChangePartial(lsp.Range(lsp.Position(*start), lsp.Position(*end)), text)


CHANGES = {
    "typing": ("ab\n", [change((0, 1), (0, 1), "x")], "axb\n"),
    "at the end of a last line without line end": ("a\nb", [change((1, 1), (1, 1), "c")], "a\nbc"),
    "behind an emoji": ("😀x", [change((0, 2), (0, 3), "y")], "😀y"),
    "inside an emoji": ("😀x", [change((0, 1), (0, 1), "y")], "y😀x"),
    "column beyond the line": ("a\r\nb", [change((0, 99), (0, 99), "x")], "ax\r\nb"),
    "line beyond the document": ("a\n", [change((9, 9), (9, 9), "x")], "a\nx"),
    "inverted range": ("abc", [change((0, 2), (0, 1), "x")], "axc"),
    "form feed above": ("\f\nab\n", [change((1, 1), (1, 1), "x")], "\f\naxb\n"),
    "line separator above": ("\u2028\nab\n", [change((1, 1), (1, 1), "x")], "\u2028\naxb\n"),
    "next line character above": ("\x85\nab\n", [change((1, 1), (1, 1), "x")], "\x85\naxb\n"),
    "lone carriage return above": ("a\rb", [change((1, 0), (1, 1), "x")], "a\rx"),
    "delete a line": ("a\nb\nc\n", [change((1, 0), (2, 0), "")], "a\nc\n"),
    "the second change sees the first": (
        "a\n",
        [change((0, 0), (0, 0), "x\n"), change((1, 0), (1, 1), "y")],
        "x\ny\n",
    ),
    "full text between": (
        "a",
        [lsp.TextDocumentContentChangeWholeDocument("b\n"), change((1, 0), (1, 0), "c")],
        "b\nc",
    ),
    "none": ("a", [], "a"),
}


@pytest.mark.parametrize(("text", "changes", "result"), CHANGES.values(), ids=CHANGES)
def test_changes(text: str, changes: list[lsp.TextDocumentContentChangeEvent], result: str) -> None:
    document, _ = convert.changed(make(text), changes, "utf-16", 2)
    assert (document.text, document.version) == (result, 2)


OFFERS = {
    "nothing said": (None, "utf-16"),
    "empty list": ([], "utf-16"),
    "the client's order": (["utf-8", "utf-16"], "utf-8"),
    "its other order": (["utf-16", "utf-8"], "utf-16"),
    "as the library parses it": ([lsp.PositionEncodingKind.Utf32], "utf-32"),
    "one of the future": (["utf-64", "utf-8"], "utf-8"),
    "only of the future": (["utf-64"], "utf-16"),
}


@pytest.mark.parametrize(("offered", "chosen"), OFFERS.values(), ids=OFFERS)
def test_choose_encoding(offered: list[str] | None, chosen: Encoding) -> None:
    general = lsp.GeneralClientCapabilities(position_encodings=offered)
    assert convert.choose_encoding(lsp.ClientCapabilities(general=general)) == chosen


def test_choose_encoding_of_a_client_that_says_nothing_general() -> None:
    assert convert.choose_encoding(lsp.ClientCapabilities()) == "utf-16"


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_very_long_line(encoding: Encoding) -> None:
    """Half a million characters in one line: the far end is found as surely as the near one."""
    text = "日😀" * 250_000
    document = make(text)
    for offset in (0, 1, 250_001, len(text)):
        there = convert.position(document, offset, encoding)
        assert convert.offset(document, there, encoding) == offset
    far = lsp.Range(lsp.Position(0, 0), lsp.Position(0, 2**31 - 1))
    assert convert.span(document, far, encoding) == Span(0, len(text))
