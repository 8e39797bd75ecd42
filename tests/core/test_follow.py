"""A suggestion while it is typed, by a user and an editor that helps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.follow import closers_between, follow, over_closers

FOLLOWED = {
    "nothing typed": ("a + b", "", "a + b"),
    "its own characters": ("a + b", "a +", " b"),
    "all of it": ("a + b", "a + b", ""),
    "something else": ("a + b", "x", None),
    "more than it": ("a", "ab", None),
    "a line end and its own indentation": ("\n    return x", "\n    ", "return x"),
    "a line end and no indentation": ("\n    return x", "\n", "    return x"),
    "an editor that indents further": (
        "\n  return {\n    a\n  }",
        "\n    ",
        "return {\n      a\n    }",
    ),
    "an editor that indents by tabs": ("\n    return x", "\n\t", "return x"),
    "a line end where there is none": ("return x", "\n    ", None),
    "two lines down": ("a\n    b\n    c", "a\n    b\n  ", "  c"),
    "a carriage return": ("a\r\n    b", "a\r\n    ", "b"),
}


@pytest.mark.parametrize(("text", "typed", "left"), FOLLOWED.values(), ids=FOLLOWED)
def test_follow(text, typed, left):
    assert follow(text, typed) == left


CLOSERS = {
    "nothing": ("", "", ("", "")),
    "a bracket": ("", ")", (")", "")),
    "a quote and a bracket": (")", '")', ('"', "")),
    "the same": ("), b", "), b", ("", "")),
    "a word": ("", "b", None),
    "one that is typed over": (")", "", ("", ")")),
    "one of two": (')")', '")', ("", ")")),
    "another": (")", "]", None),
    "a word that went": ("b)", ")", None),
}


@pytest.mark.parametrize(("before", "now", "closers"), CLOSERS.values(), ids=CLOSERS)
def test_closers_between(before, now, closers):
    assert closers_between(before, now) == closers


OVER = {
    "none": ("a, b)", "", ("a, b)", 0)),
    "at its end": ("a, b)", ")", ("a, b", 0)),
    "nothing else left": (")", ")", None),
    "in the middle": ("a) + b", ")", ("a) + b", 1)),
    "on another line": ("\n  1,\n]", "]", ("\n  1,\n]", 1)),
    "not in it": ("a + b", ")", ("a + b", 0)),
}


@pytest.mark.parametrize(("text", "closers", "fitted"), OVER.values(), ids=OVER)
def test_over_closers(text, closers, fitted):
    assert over_closers(text, closers) == fitted


@given(st.text(alphabet="ab \n\t(é😀"), st.integers(0, 40))
def test_typing_the_text_itself_leaves_its_rest(text, count):
    assert follow(text, text[:count]) == text[count:]


@given(st.text(alphabet="ab \n\t"), st.text(alphabet="ab \n\t"))
def test_what_is_left_is_never_more_than_the_text(text, typed):
    left = follow(text, typed)
    assert left is None or len(left.split()) <= len(text.split())
