"""Where a text is after edits, against a model that marks every character."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.text import Document, Edit, Span, apply_edits
from codestral_ls.core.track import agreement, minimal, moved, pieces

# Few characters, so that edits often replace a text by what partly agrees with it.
texts = st.text("ab\n", max_size=12)
several_lines = st.lists(st.sampled_from(["a\n", "b\n", "ab\n", "b"]), max_size=8).map("".join)


def make(text: str) -> Document:
    return Document.of("file:///a.py", "python", 1, text)


@st.composite
def edit_of(draw: st.DrawFn, length: int, new: st.SearchStrategy[str] = texts) -> Edit:
    start, end = sorted(draw(st.tuples(*[st.integers(0, length)] * 2)))
    return Edit(Span(start, end), draw(new))


def marked_after(marks: list[bool], edit: Edit) -> list[bool]:
    """A new character is marked where only marked ones are replaced, or where both neighbours are."""
    start, end = edit.span.start, edit.span.end
    around = marks[start:end] if start < end else [start > 0 and marks[start - 1], *marks[start : start + 1]]
    inside = all(around) and (start < end or start < len(marks))
    return [*marks[:start], *[inside] * len(edit.text), *marks[end:]]


@given(st.data())
def test_moved_as_marked_characters_are(data):
    text = data.draw(st.text("ab\n", min_size=1, max_size=20))
    start, end = sorted(data.draw(st.tuples(*[st.integers(0, len(text))] * 2)))
    span, marks = Span(start, end), [start <= index < end for index in range(len(text))]
    for _ in range(data.draw(st.integers(1, 8))):
        edit = data.draw(edit_of(len(marks)))
        span, marks = moved(span, edit), marked_after(marks, edit)
        assert 0 <= span.start <= span.end <= len(marks)
        if any(marks):
            assert [index for index, mark in enumerate(marks) if mark] == list(range(span.start, span.end))
        else:
            assert span.start == span.end


@given(st.data(), several_lines)
def test_smaller_edits_do_the_same(data, text):
    document = make(text)
    edit = data.draw(edit_of(len(text), several_lines))
    after = apply_edits(document, [edit], 2).text
    assert apply_edits(document, [minimal(edit, document)], 2).text == after
    small = pieces(edit, document)
    assert apply_edits(document, small, 2).text == after
    assert all(later.span.start >= earlier.span.end for later, earlier in pairwise(small))


@given(texts, texts, texts)
def test_agreement(head, one, other):
    count = agreement(head + one, head + other)
    assert count >= len(head)
    assert (head + one)[:count] == (head + other)[:count]
    assert count == min(len(head + one), len(head + other)) or (head + one)[count] != (head + other)[count]


@pytest.mark.parametrize(
    ("before", "after", "kept", "now"),
    [
        pytest.param("def f():\n  KEPT\n", "def f():\n    KEPT\n", "KEPT", "KEPT", id="indented anew"),
        pytest.param("a\nb = (KEPT)\nc\n", "A\nb = (KEPT)\nC\n", "KEPT", "KEPT", id="lines around it"),
        pytest.param("x=KEPT;y=2\nz\n", "x = KEPT; y = 2\nz\n", "KEPT", "KEPT", id="blanks around it"),
        pytest.param(
            "import b\n\nKEPT\n", "import a\nimport b\n\n\nKEPT\n", "KEPT", "KEPT", id="lines before"
        ),
        pytest.param("i\nf(a,b)\nj\n", "I\nf(a, b)\nJ\n", "f(a,b)", "f(a, b)", id="blanks in it"),
        pytest.param("i\nKEPT\nj\n", "i\nj\n", "KEPT\n", "", id="removed"),
    ],
)
def test_a_formatter_s_single_edit(before, after, kept, now):
    """The whole text anew, as some editors send it."""
    start = before.index(kept)
    span = Span(start, start + len(kept))
    for piece in pieces(Edit(Span(0, len(before)), after), make(before)):
        span = moved(span, piece)
    assert after[span.start : span.end] == now
