"""The window that is sent, as marked texts: █ is the cursor."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.model import FimRequest, Snippet
from codestral_ls.core.privacy import redact
from codestral_ls.core.prompt import (
    Budget,
    Site,
    Start,
    TokenScale,
    Window,
    build_fim,
    fitted,
    steady_suffix,
    window,
    window_start,
)
from codestral_ls.core.text import Document

WIDE = Budget(prefix=10_000, suffix=10_000)
LINES = "".join(f"line {n:03}\n" for n in range(100))


def site(marked: str) -> Site:
    text = marked.replace("█", "", 1)
    return Site(Document.of("file:///a.py", "python", 1, text), marked.index("█"))


CASES = {
    "an empty file": ("█", Window("", "", "\n")),
    "the end of a file": ("a\nb█", Window("a\n", "b", "\n")),
    "the middle of a file": ("a\nb█\nc\n", Window("a\n", "b", "\nc\n")),
    "closers right of the cursor are left out": ("f(█)\nc\n", Window("", "f(", "\nc\n")),
    "words right of the cursor are kept": ("f(█, b)\nc\n", Window("", "f(", ", b)\nc\n")),
    "line ends become line feeds": ("a\r\nb█\r\nc\rd", Window("a\n", "b", "\nc\nd")),
    "a lone carriage return": ("a\rb█\rc", Window("a\n", "b", "\nc")),
}


def cut(place: Site, budget: Budget, definitions=(), previous: Start | None = None) -> Window:
    return window(place, budget, window_start(place, budget, definitions, previous))


@pytest.mark.parametrize(("marked", "expected"), CASES.values(), ids=CASES.keys())
def test_window(marked, expected):
    assert cut(site(marked), WIDE) == expected


def test_the_prefix_begins_at_a_line_and_the_suffix_ends_at_one():
    view = cut(site(LINES + "x█\n" + LINES), Budget(prefix=121, suffix=100))
    assert view.prefix == LINES[-90:]
    assert view.typed == "x"
    assert view.suffix == "\n" + LINES[:99]


def test_the_prefix_begins_at_a_definition_where_that_costs_little():
    place = site(LINES + "x█\n")
    assert cut(place, Budget(301, 10), definitions=(3, 78, 99)).prefix.startswith("line 078")
    assert cut(place, Budget(301, 10), definitions=(3, 99)).prefix.startswith("line 075")
    assert cut(place, Budget(301, 10), definitions=()).prefix.startswith("line 075")


def test_a_window_moves_in_steps():
    """While one types line after line, its start stays; when it has to move, there is room for many lines."""
    text, starts, previous = LINES, [], None
    budget = Budget(prefix=450, suffix=10)
    for number in range(60):
        text += f"more {number:02}\n"
        place = Site(Document.of("file:///a.py", "python", number, text), len(text))
        start = window_start(place, budget, (), previous)
        previous = Start.of(place.document, start)
        starts.append(start)
        assert len(cut(place, budget, (), previous).prefix) <= 450
    assert len(set(starts)) <= 6
    assert starts == sorted(starts)


def test_a_window_starts_anew_where_its_head_has_changed():
    place = site(LINES + "x█\n")
    budget = Budget(301, 10)
    start = window_start(place, budget)
    other = Site(
        Document.of("file:///a.py", "python", 2, "y" * 500 + place.document.text), place.offset + 500
    )
    assert window_start(other, budget, (), Start.of(place.document, start)) == start + 500


def test_a_line_longer_than_the_budget_is_cut():
    view = cut(site("a\n" + "x" * 500 + "█\n"), Budget(prefix=100, suffix=100))
    assert view == Window("", "x" * 100, "\n")


@given(
    st.text(alphabet="ab \n\r\té😀"),
    st.data(),
    st.integers(1, 50),
    st.integers(1, 50),
    st.builds(Start, st.integers(0, 20), st.text(alphabet="ab \n", max_size=80)),
)
def test_a_window_is_what_stands_around_the_cursor(text, data, prefix, suffix, previous):
    offset = data.draw(st.integers(0, len(text)))
    document = Document.of("file:///a.py", "python", 1, text)
    view = cut(Site(document, offset), Budget(prefix, suffix), (), previous)

    def line_feeds(part: str) -> str:
        return part.replace("\r\n", "\n").replace("\r", "\n")

    before = view.prefix + view.typed
    assert len(before) <= prefix
    assert len(view.suffix) <= max(suffix, 1)
    assert line_feeds(text[:offset]).endswith(before) or "\r\n" in text[offset - 1 : offset + 1]
    assert "\r" not in before + view.suffix


STEADY = {
    "the same": ("\nx = 1\n", True),
    "an empty line came": ("\n\nx = 1\n", True),
    "a brace that the editor closed": ("\n    }\nx = 1\n", True),
    "two brackets and a semicolon": ("\n  })\n});\nx = 1\n", True),
    "another word": ("\ny = 1\n", False),
    "the rest of the line": (");\nx = 1\n", False),
    "a bracket in a line that says something": ("\nx = (1\n", False),
}


@pytest.mark.parametrize(("suffix", "stays"), STEADY.values(), ids=STEADY)
def test_a_suffix_stays_where_nothing_that_matters_has_changed(suffix, stays):
    before = "\nx = 1\n"
    assert steady_suffix(suffix, before) == (before if stays else suffix)
    assert steady_suffix(suffix, None) == suffix


def test_a_single_line_stops_at_its_end_but_may_begin_on_the_next():
    assert build_fim(Window("", "x = ", "\n"), "single", 48).stop == ("\n",)
    assert build_fim(Window("", "    ", "\n"), "single", 48).stop == ()
    assert build_fim(Window("", "x = ", "\n"), "multi", 48).stop == ()


def test_a_request_holds_no_secret():
    secret = "ghp_" + "a1B2" * 9
    request = build_fim(Window(f"A = {secret}\n", f"B = {secret}", f"\nC = {secret}\n"), "multi", 9)
    assert secret not in request.prefix + request.typed + request.suffix
    assert request.prefix == redact(request.prefix)


def test_the_token_scale_follows_the_host_in_steps():
    scale = TokenScale()
    assert scale.characters(100) == 300
    assert scale.after(4000, 10) == scale
    for _ in range(20):
        scale = scale.after(4000, 1000)
    assert scale.characters(100) == 375
    for _ in range(40):
        scale = scale.after(1000, 1000)
    assert scale.characters(100) == 100


THREE = "one\ntwo\nthree\n"
SNIPPETS = tuple(Snippet(redact(name), redact("x" * 10)) for name in "ab")

# What is there, the budget, and what is left: prefix, typed, suffix, and the snippets' paths.
FITTED = {
    "all fits": ((THREE, "x = ", THREE), Budget(60, 14), (THREE, "x = ", THREE, "ab")),
    "whole lines from the front": (
        (THREE, "x = ", THREE),
        Budget(14, 14),
        ("two\nthree\n", "x = ", THREE, ""),
    ),
    "none in the middle of a line": ((THREE, "", THREE), Budget(9, 14), ("three\n", "", THREE, "")),
    "what is typed goes first": (
        (THREE, "x = compute(", THREE),
        Budget(12, 14),
        ("", "x = compute(", THREE, ""),
    ),
    "the end of a long line": (("", "x = compute(", THREE), Budget(5, 14), ("", "pute(", THREE, "")),
    "no prefix": ((THREE, "x", THREE), Budget(0, 14), ("", "", THREE, "")),
    "the suffix ends with a line": ((THREE, "", THREE), Budget(14, 9), (THREE, "", "one\ntwo\n", "")),
    "the suffix is never empty": ((THREE, "", THREE), Budget(14, 0), (THREE, "", "\n", "")),
    "the most useful snippet": ((THREE, "", THREE), Budget(30, 14), (THREE, "", THREE, "b")),
}


@pytest.mark.parametrize(("texts", "budget", "left"), FITTED.values(), ids=FITTED)
def test_fitted(texts, budget, left):
    prefix, typed, suffix = map(redact, texts)
    small = fitted(FimRequest(prefix, typed, suffix, 9, snippets=SNIPPETS), budget)
    paths = "".join(snippet.path for snippet in small.snippets)
    assert (small.prefix, small.typed, small.suffix, paths) == left
    assert small.max_tokens == 9


@given(
    st.text("ab\n", max_size=60),
    st.text("ab", max_size=20),
    st.text("ab\n", max_size=60),
    st.integers(0, 60),
    st.integers(0, 60),
)
def test_what_is_fitted_is_what_stands_around_the_hole(prefix, typed, suffix, before, behind):
    request = FimRequest(redact(prefix), redact(typed), redact(suffix), 9)
    small = fitted(request, Budget(before, behind))
    assert (prefix + typed).endswith(small.prefix + small.typed)
    assert suffix.startswith(small.suffix) or small.suffix == "\n"
    assert len(small.prefix + small.typed) <= before
    assert len(small.suffix) <= max(behind, 1)
    assert small.prefix in ("", prefix) or prefix[-len(small.prefix) - 1] == "\n"
