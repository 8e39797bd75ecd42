"""Stop texts in a stream: never shown, and nothing else is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.providers.stops import StopFilter

CASES = {
    "no stops": ((), ["ab", "c"], ["ab", "c"], "", False),
    "an empty stop is none": (("",), ["ab"], ["ab"], "", False),
    "within a piece": (("</s>",), ["a</s>b", "c"], ["a", ""], "", True),
    "over three pieces": (("</s>",), ["a<", "/s", ">b"], ["a", "", ""], "", True),
    "the first of two": (("b", "a"), ["xab"], ["x"], "", True),
    "a beginning that is none": (("\n\n",), ["a\n", "b"], ["a", "\nb"], "", False),
    "a beginning at the end": (("\n\n",), ["a\n"], ["a"], "\n", False),
    "the longer beginning is held": (("aab", "b"), ["xaa"], ["x"], "aa", False),
}


@pytest.mark.parametrize(("stops", "pieces", "shown", "rest", "met"), CASES.values(), ids=CASES)
def test_pieces(stops, pieces, shown, rest, met):
    found = StopFilter(stops)
    assert [found.feed(piece) for piece in pieces] == shown
    assert (found.rest(), found.met) == (rest, met)


@given(
    st.lists(st.text("ab\n", min_size=1, max_size=3), max_size=3),
    st.lists(st.text("ab\n", max_size=4), max_size=8),
)
def test_a_text_is_shown_up_to_a_stop(stops, pieces):
    found = StopFilter(tuple(stops))
    shown = "".join(found.feed(piece) for piece in pieces) + found.rest()
    text = "".join(pieces)
    assert found.met == any(stop in text for stop in stops)
    assert not any(stop in shown for stop in stops)
    assert text.startswith(shown)
    assert any(text.startswith(stop, len(shown)) for stop in stops) if found.met else shown == text
