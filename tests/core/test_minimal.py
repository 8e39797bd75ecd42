"""The smallest edits: what they are, and what holds of them for any two texts."""

import difflib
from itertools import accumulate, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.minimal import apply_to, smallest_edits
from codestral_ls.core.text import Edit, Span, line_feeds, split_lines

EDITS = {
    "the same": ("a\nb\n", "a\nb\n", []),
    "a word": ("total = a + b\n", "total = a - b\n", [(10, 11, "-")]),
    "a name": ("def f(cart):\n    pass\n", "def f(basket):\n    pass\n", [(6, 10, "basket")]),
    "neighbouring words are one edit": ("go(x, new old)\n", "go(x, one thing)\n", [(6, 13, "one thing")]),
    "a line between": ("a\nc\n", "a\nb\nc\n", [(2, 2, "b\n")]),
    "a line less": ("a\nb\nc\n", "a\nc\n", [(2, 4, "")]),
    "a docstring": ("def f():\n    go()", 'def f():\n    """Go."""\n    go()', [(9, 9, '    """Go."""\n')]),
    "deeper": ("go()\n", "if x:\n    go()\n", [(0, 0, "if x:\n    ")]),
    "nothing alike": ("  abc\r\n", "  1 + 2\n", [(2, 5, "1 + 2")]),
    "line feeds for CRLF": ("a\r\nb\r\n", "a\nb\n", []),
    "a line more in CRLF": ("a\r\nc\r\n", "a\nb\nc\n", [(3, 3, "b\r\n")]),
    "mixed line ends stay": ("a\r\nb\ncde\r\n", "a\nb\nf cde\n", [(5, 5, "f ")]),
    "no last line end": ("a\nb", "a\nb\nc", [(3, 3, "\nc")]),
    "everything goes": ("a\nb\n", "", [(0, 4, "")]),
    "everything comes": ("", "a\nb", [(0, 0, "a\nb")]),
    "no part of an emoji": ('s = "😀"\n', 's = "😃"\n', [(5, 6, "😃")]),
}


@pytest.mark.parametrize(("old", "new", "want"), EDITS.values(), ids=EDITS)
def test_smallest_edits(old, new, want):
    eol = "\r\n" if "\r" in old else "\n"
    assert smallest_edits(old, new, eol) == tuple(Edit(Span(*place), text) for *place, text in want)


def test_offsets_are_the_document_s():
    assert smallest_edits("a b", "a c", at=100) == (Edit(Span(102, 103), "c"),)


lines = st.sampled_from(
    ["", "}", "    return total", "    return totals", "def f(a, b):", "😀 x", "x = 1", "\tx = 1"]
)
ends = st.sampled_from(["\n", "\r\n", "\r"])
texts = st.lists(st.tuples(lines, ends), max_size=12).map(lambda pairs: "".join(map("".join, pairs)))
any_text = st.one_of(
    texts, st.text(alphabet="ab \n\r\t(é😀", max_size=40), st.tuples(texts, lines).map("".join)
)


@given(any_text, any_text, ends)
def test_edits_give_the_new_text(old, new, eol):
    edits = smallest_edits(old, new, eol)
    assert line_feeds(apply_to(old, edits)) == line_feeds(new)
    assert all(left.span.end < right.span.start for left, right in pairwise(edits))
    assert all(edit.span.start < edit.span.end or edit.text for edit in edits)
    for edit in edits:
        assert not any(
            old[place - 1 : place + 1] == "\r\n" for place in (edit.span.start, edit.span.end) if place
        )


@given(texts.map(line_feeds), texts.map(line_feeds))
def test_as_many_lines_stay_as_can(old, new):
    """At least those that another algorithm keeps, which does not promise the most."""
    before, after = split_lines(old), split_lines(new)
    known = difflib.SequenceMatcher(None, before, after, autojunk=False)
    kept = sum(block.size for block in known.get_matching_blocks())
    starts = list(accumulate(map(len, before), initial=0))
    edits = smallest_edits(old, new)
    untouched = sum(
        all(edit.span.end <= start or edit.span.start >= end for edit in edits)
        for start, end in pairwise(starts)
    )
    assert untouched >= kept


def test_large_texts_take_bounded_work():
    """Lines in another order, and one endless line: neither is compared word by word with everything."""
    old = "".join(f"line {n} of many\n" for n in range(3000))
    new = "".join(f"line {n * 7 % 3001} of many\n" for n in range(3000))
    assert apply_to(old, smallest_edits(old, new)) == new
    assert len(smallest_edits("a " * 100_000, "b " * 100_000)) == 1
