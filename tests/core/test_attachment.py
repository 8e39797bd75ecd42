"""What the model is shown with a question, and what the user is told of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.applicable import Diagnostic
from codestral_ls.core.attachment import Excerpt, Topic, attachments
from codestral_ls.core.text import Document, Span
from tests.support import parse_marked

KEY = "sk-" + "a1B2" * 8
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{'MIIE0+/x' * 6}\n{'Qwert123' * 6}\n-----END RSA PRIVATE KEY-----"
CART = """\
import os


def total(prices):
    return sum(prices)


class Cart:
    def add(self):
        pass
"""


def excerpt(marked, path="cart.py", language="python"):
    text = parse_marked(marked)
    extent = text.selection or (Span(text.offset, text.offset) if text.offset is not None else None)
    return Excerpt(Document.of(f"file:///w/{path}", language, 1, text.text), path, extent)


def shown(topic, characters=10_000):
    return {each.title: each.text for each in attachments(topic, characters)}


SELECTED = CART.replace("def total", "⟦def total").replace("sum(prices)\n", "sum(prices)⟧\n")
EXCERPTS = {
    "a selection": (SELECTED, "cart.py 4–5", "def total(prices):\n    return sum(prices)\n"),
    "parts of lines": ("a\nb⟦b\nc⟧c\nd\n", "cart.py 2–3", "bb\ncc\n"),
    "a line": ("a\n⟦b⟧\nc\n", "cart.py 2", "b\n"),
    "everything": ("⟦a\nb⟧\n", "cart.py", "a\nb\n"),
    "around the cursor": ("a\nb█\nc\n", "cart.py", "a\nb\nc\n"),
    "CRLF": ("a\r\n⟦b\r\nc⟧\r\nd", "cart.py 2–3", "b\nc\n"),
    "a whole file": ("a\nb\n", "cart.py", "a\nb\n"),
    "without a last line end": ("a\nb", "cart.py", "a\nb\n"),
}


@pytest.mark.parametrize(("marked", "title", "text"), EXCERPTS.values(), ids=EXCERPTS)
def test_code_is_shown_by_lines(marked, title, text):
    found = attachments(Topic((excerpt(marked),)), 10_000)[0]
    lines = f' lines="{title.partition(" ")[2]}"' if " " in title else ""
    assert found.title == title
    assert found.text == f'<file path="cart.py" language="python"{lines}>\n{text}</file>'
    assert found.uri == "file:///w/cart.py"


def test_everything_in_its_order():
    code = excerpt(SELECTED)
    problem = Diagnostic(Span(14, 17), "prices may be\nempty", "ruff", "B1")
    topic = Topic(
        (code,), (problem, problem), (("standard input", "+ diff"),), (excerpt("x = 1\n", "tax.py"),)
    )
    found = shown(topic)
    assert [*found] == ["cart.py 4–5", "2 diagnostics", "symbols of cart.py", "standard input", "tax.py"]
    problems = '<diagnostics path="cart.py">\n' + "line 4 (ruff B1): prices may be empty\n" * 2
    assert found["2 diagnostics"] == problems + "</diagnostics>"
    symbols = (
        '<symbols path="cart.py">\n4: def total(prices):\n8: class Cart:\n9:     def add(self):\n</symbols>'
    )
    assert found["symbols of cart.py"] == symbols
    assert found["standard input"] == '<input path="standard input">\n+ diff\n</input>'


def test_one_diagnostic_is_one():
    topic = Topic((excerpt("x = 1\n"),), (Diagnostic(Span(0, 1), "odd"),))
    assert shown(topic)["1 diagnostic"] == '<diagnostics path="cart.py">\nline 1: odd\n</diagnostics>'


LONG = "".join(f"line {number}\n" for number in range(1, 1001))
CUTS = {
    "a long file from its head": (LONG, "cart.py 1–"),
    "a long selection from its head": (f"⟦{LONG}⟧", "cart.py 1–"),
    "a selection in the middle": (LONG.replace("line 500\n", "⟦line 500\nline 501⟧\n"), "cart.py 500–501"),
    "lines around the cursor": (LONG.replace("line 500\n", "line 500█\n"), "cart.py 4"),
}


@pytest.mark.parametrize(("marked", "title"), CUTS.values(), ids=CUTS)
def test_what_is_too_long_is_cut_to_whole_lines(marked, title):
    [(told, text)] = shown(Topic((excerpt(marked),)), 2000).items()
    assert told.startswith(title)
    assert len(text) < 2000
    first, _, last = told.removeprefix("cart.py ").partition("–")
    body = text.splitlines()[1:-1]
    assert body == [f"line {number}" for number in range(int(first), int(last) + 1)]


def test_the_cursors_line_is_shown_with_what_is_around():
    [text] = shown(Topic((excerpt(LONG.replace("line 500\n", "line 500█\n")),)), 2000).values()
    assert all(f"line {number}\n" in text for number in (460, 500, 520))


def test_long_input_is_cut_and_that_is_said():
    found = shown(Topic(texts=(("standard input", "+ line\n" * 1000),)), 2000)
    assert "(cut off here)" in found["standard input (its beginning)"]


SECRETS = {
    "a key": (f'⟦key = "{KEY}"⟧\n', ()),
    "a part of a private key": (PEM.replace("Qwert", "⟦Qwert", 1).replace("\n-----END", "⟧\n-----END"), ()),
    "a diagnostic is told by a tool": ("x = 1\n", (Diagnostic(Span(0, 1), "odd"),)),
}


@pytest.mark.parametrize(("marked", "diagnostics"), SECRETS.values(), ids=SECRETS)
def test_no_secret_is_shown(marked, diagnostics):
    code = excerpt(marked)
    texts = (("standard input", f'password = "{KEY}"'),)
    told = str(shown(Topic((code,), diagnostics, texts, (excerpt(f'k = "{KEY}"\n', "b.py"),))))
    assert not any(secret in told for secret in ("a1B2", "MIIE", "Qwert"))


@given(
    st.lists(st.text("ab \n{}é", max_size=400), max_size=4),
    st.integers(0, 2000),
    st.booleans(),
    st.integers(0, 400),
)
def test_the_budget_holds(texts, characters, has_extent, at):
    excerpts = tuple(
        Excerpt(
            Document.of(f"file:///{n}.py", "python", 1, text),
            f"{n}.py",
            Span(at, at + 9) if has_extent else None,
        )
        for n, text in enumerate(texts)
    )
    topic = Topic(excerpts, texts=(("input", "x\n" * 300),), open=excerpts)
    assert sum(len(each.text) for each in attachments(topic, characters)) <= characters
