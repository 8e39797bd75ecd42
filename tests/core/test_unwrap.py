"""What a chat model says around the code it was asked for."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codestral_ls.core.unwrap import Unwrapping, unwrap

CODE = "return total\nprint(total)"

REPLIES = {
    "code": (CODE, "", CODE),
    "nothing": ("", "", ""),
    "fence": (f"```python\n{CODE}\n```", "", CODE),
    "fence, a line end behind": (f"```python\n{CODE}\n```\n", "", CODE),
    "fence without a language": (f"```\n{CODE}\n```", "", CODE),
    "fence of tildes": (f"~~~python\n{CODE}\n~~~", "", CODE),
    "long fence": (f"````python\n{CODE}\n```\nx\n````", "", f"{CODE}\n```\nx"),
    "fence behind empty lines": (f"\n\n```\n{CODE}\n```", "", CODE),
    "fence that stays open": (f"```python\n{CODE}", "", CODE),
    "fence that closes in part": (f"```python\n{CODE}\n``", "", f"{CODE}\n``"),
    "fence of nothing": ("```python\n```", "", ""),
    "fence alone": ("```python", "", ""),
    "fence in one line": ("```return total```", "", "return total"),
    "empty lines in a fence": ("```\na\n\n\nb\n```", "", "a\n\n\nb"),
    "other marks in a fence": ("```\n~~~\na ` b\n```", "", "~~~\na ` b"),
    "prose behind a fence": (f"```python\n{CODE}\n```\nThis returns the total.", "", CODE),
    "prose before a fence": (f"Here is the missing code:\n\n```python\n{CODE}\n```", "", CODE),
    "two sentences before a fence": (f"Sure!\nThis is it.\n```\n{CODE}\n```\nDone.", "", CODE),
    "prose before code": (f"Here is the missing code:\n\n{CODE}", "", CODE),
    "an apology": ("I'm sorry, but I can't help with that.", "", ""),
    "a refusal": ("I cannot see the file.", "", ""),
    "a comment's text": ("The sum of all items.", '    """', "The sum of all items."),
    "a name that begins like prose": ("Theory = 1", "", "Theory = 1"),
    "thoughts": (f"<think>\nThe user wants\n```\nx\n```\n</think>\n\n{CODE}", "", CODE),
    "thoughts before a fence": (f"<think>x</think>\n```\n{CODE}\n```", "", CODE),
    "thoughts without an end": ("<think>\nThe user", "", ""),
    "a template literal": ("`${total}`", "const s = ", "`${total}`"),
    "the line again": ("    return total", "    return ", "total"),
    "the line again, without its blanks": ("return total", "    return ", "total"),
    "the line again, in a fence": ("```python\n    return total\n```", "    return ", "total"),
    "the word again": ("compute(x)", "    total = com", "pute(x)"),
    "the line's blanks again": (f"    {CODE}", "    ", CODE),
    "the rest of the line": ("total", "    return ", "total"),
    "the rest of the word": ("pute(x)", "    total = com", "pute(x)"),
    "deeper than the line": ("    pass", "def f():\n", "    pass"),
}


@pytest.mark.parametrize(("reply", "typed", "code"), REPLIES.values(), ids=REPLIES)
def test_unwrap(reply, typed, code):
    assert unwrap(reply, typed) == code


@pytest.mark.parametrize(("reply", "typed", "code"), REPLIES.values(), ids=REPLIES)
@pytest.mark.parametrize("size", [1, 2, 5])
def test_in_pieces(reply, typed, code, size):
    pieces = Unwrapping(typed)
    shown = [pieces.feed(reply[at : at + size]) for at in range(0, len(reply), size)]
    assert "".join(shown) + pieces.rest() == code


def test_code_is_shown_as_it_comes():
    assert unwrap("return to", done=False) == "return to"
    assert unwrap("```python\nreturn to", done=False) == "return to"


PARTS = st.sampled_from(
    ["```", "`", "~~~", "\n", " ", "ret", "return ", "Here", "The", "<think>", "</think>", ":", "x", "python"]
)


@given(st.lists(PARTS, max_size=12).map("".join), st.sampled_from(["", "    ", "  return ", "x = ret"]))
@example("```\nx\n```", "")
def test_what_is_shown_stays(reply, typed):
    whole = unwrap(reply, typed)
    for end in range(len(reply)):
        assert whole.startswith(unwrap(reply[:end], typed, done=False))
