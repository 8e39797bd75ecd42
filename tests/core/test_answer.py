"""The blocks of an answer: which file each is for, and where in it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.answer import Block, change_by, code_blocks, new_file
from codestral_ls.core.minimal import apply_to
from codestral_ls.core.privacy import redact
from codestral_ls.core.refusal import Refused
from codestral_ls.core.text import Document
from tests.support import parse_marked

INFOS = {
    "python path=src/x.py": ("src/x.py", "python"),
    'python path="my file.py"': ("my file.py", "python"),
    "python path='my file.py'": ("my file.py", "python"),
    'python title="src/x.py"': ("src/x.py", "python"),
    "python filename=x.py": ("x.py", "python"),
    "python file: x.py": ("x.py", "python"),
    "python:src/x.py": ("src/x.py", "python"),
    "python src/x.py:10-20": ("src/x.py", "python"),
    "ts src/a.ts": ("src/a.ts", "ts"),
    "src/x.py": ("src/x.py", ""),
    "path=Makefile": ("Makefile", ""),
    "{.python file=a.py}": ("a.py", "python"),
    "C++": ("", "c++"),
    "js {1,3}": ("", "js"),
    "python": ("", "python"),
    "": ("", ""),
}


@pytest.mark.parametrize(("info", "expected"), INFOS.items(), ids=INFOS)
def test_the_fence_names_file_and_language(info, expected):
    [block] = code_blocks(f"So:\n\n```{info}\nx = 1\n```\n")
    assert (block.path, block.language) == expected
    assert (block.code, block.closed) == ("x = 1", True)


def test_blocks_come_in_order_and_the_last_may_be_cut_off():
    found = code_blocks("a\n```py\r\n1\r\n```\nb\n~~~sh\nls\n~~~\n```\n2")
    assert [(block.language, block.code, block.closed) for block in found] == [
        ("py", "1", True),
        ("sh", "ls", True),
        ("", "2", False),
    ]


CART = """\
import os


def total(prices):
    return sum(prices)


class Cart:
    def add(self, price):
        self.prices.append(price)

    @property
    def count(self):
        return len(self.prices)
"""
TOTAL = "def total(prices):\n    return sum(prices)\n"
FITTING = {
    "a function by its name": (
        CART,
        "def total(prices, tax=0):\n    return sum(prices) + tax",
        ("def total(prices):", "def total(prices, tax=0):", "sum(prices)\n", "sum(prices) + tax\n"),
    ),
    "a method, at the margin": (
        CART,
        "def add(self, price):\n    return price",
        ("self.prices.append(price)", "return price"),
    ),
    "a decorated method": (
        CART,
        "@property\ndef count(self):\n    return 0",
        ("len(self.prices)", "0"),
    ),
    "a method whose decorator was left out": (
        CART,
        "def count(self):\n    return 0",
        ("len(self.prices)", "0"),
    ),
    "a function whose comment was left out": (
        f"# One.\n# Two.\n{CART[CART.index('def') :]}",
        "def total(prices):\n    return 0",
        ("sum(prices)", "0"),
    ),
    "a function whose comment was changed": (
        f"# One.\n# Two.\n{CART[CART.index('def') :]}",
        "# One.\n# Three.\ndef total(prices):\n    return 0",
        ("Two", "Three", "sum(prices)", "0"),
    ),
    "the file as a whole": (CART, CART.replace("sum(prices)", "0").rstrip("\n"), ("sum(prices)", "0")),
    "a class with code left out": (
        CART,
        "class Cart:\n    def add(self, price):\n        self.prices.append(price)\n"
        "        self.sum += price\n\n    # ... rest unchanged ...",
        ("append(price)\n", "append(price)\n        self.sum += price\n"),
    ),
    "CRLF": (CART.replace("\n", "\r\n"), "def total(prices):\n    return 0", ("sum(prices)", "0")),
}


@pytest.mark.parametrize(("text", "code", "changes"), FITTING.values(), ids=FITTING)
def test_a_block_finds_its_place(text, code, changes):
    wanted = text
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        eol = "\r\n" if "\r\n" in text else "\n"
        assert old in wanted
        wanted = wanted.replace(old.replace("\n", eol), new.replace("\n", eol))
    document = Document.of("file:///cart.py", "python", 1, text)
    assert apply_to(text, change_by(Block("cart.py", "python", code, True), document).edits) == wanted


def applied(marked, code, language="python", shown=(), of="python"):
    text = parse_marked(marked)
    document = Document.of("file:///a", of, 1, text.text)
    change = change_by(Block("", language, code, True), document, shown, text.selection)
    return apply_to(text.text, change.edits)


def test_lines_that_the_user_has_selected_are_replaced():
    assert applied("a = 1\n⟦b⟧ = 2\nc = 3\n", "b = 20\nbb = 21") == "a = 1\nb = 20\nbb = 21\nc = 3\n"


def test_a_block_goes_before_the_line_of_an_empty_selection():
    assert applied("a = 1\n⟦⟧c = 3\n", "b = 2") == "a = 1\nb = 2\nc = 3\n"


def test_a_block_without_a_name_replaces_what_was_asked_about():
    text = "a = 1\n\nfor x in y:\n    print(x)\n\nb = 2\n"
    asked_about = redact("for x in y:\n    print(x)\n")
    new = "for x in sorted(y):\n    print(x)"
    assert applied(text, new, shown=[asked_about]) == text.replace("in y", "in sorted(y)")


RUST = "struct S {\n    a: i32,\n}\n\nimpl S {\n    fn m(&self) -> i32 {\n        self.a\n    }\n}\n"
TS = "export const f = (a: number) => {\n  return a;\n};\n\nconst g = 1;\n"
LANGUAGES = {
    "a type and what is implemented for it": (RUST, "struct S {\n    a: i64,\n}", "rust", "a: i32", "a: i64"),
    "a method": (RUST, "fn m(&self) -> i32 {\n    0\n}", "rust", "self.a\n", "0\n"),
    "a function that is a value": (
        TS,
        "const f = (a: number) => {\n  return 0;\n};",
        "typescript",
        "a;",
        "0;",
    ),
    "a language without a parser": ("fun f() = 1\n", "fun f() = 2", "kotlin", "1", "2"),
}


@pytest.mark.parametrize(("text", "code", "language", "old", "new"), LANGUAGES.values(), ids=LANGUAGES)
def test_other_languages(text, code, language, old, new):
    assert applied(text, code, language, of=language) == text.replace(old, new, 1)


def test_a_patch_is_applied():
    patch = "@@ -4,2 +4,2 @@\n def total(prices):\n-    return sum(prices)\n+    return 0"
    assert applied(CART, patch, "diff") == CART.replace("sum(prices)", "0")


def test_an_empty_document_is_filled():
    assert applied("", "x = 1") == "x = 1\n"


ELIDED = "class Cart:\n    def pay(self):\n        # ... existing code ...\n        return 1"
REFUSED = {
    "a part of the file": (CART, CART[: CART.index("    @property")] + "\n\nX = 1", (), "unplaced"),
    "half a script": ("a = 1\nb = 2\nc = 3\nd = 4\n", "a = 10\nb = 20", (), "unplaced"),
    "unknown code": (CART, "print(1)", (), "unplaced"),
    "a new class": (CART, "class Shop:\n    pass", (), "unplaced"),
    "a name that is there twice": (
        TOTAL + "\n\n" + TOTAL,
        "def total(prices):\n    return 0",
        (),
        "unplaced",
    ),
    "what was asked about is not there any more": (
        CART,
        "for x in y:\n    pass",
        ["for x in z:\n"],
        "unplaced",
    ),
    "what was asked about is there twice": ("x = 1\n" * 2 + CART, "x = 2", ["x = 1\n"], "unplaced"),
    "code left out that nobody knows": (
        CART,
        ELIDED,
        (),
        "elided",
    ),
    "a syntax error": (CART, "def total(prices):\n    return sum(prices", (), "syntax"),
    "nothing new": (CART, TOTAL.rstrip(), (), "unchanged"),
}


@pytest.mark.parametrize(("text", "code", "shown", "reason"), REFUSED.values(), ids=REFUSED)
def test_what_has_no_clear_place_is_refused(text, code, shown, reason):
    with pytest.raises(Refused) as refused:
        change_by(Block("", "python", code, True), Document.of("file:///a.py", "python", 1, text), shown)
    assert refused.value.reason == reason


def test_a_block_that_was_cut_off_is_refused():
    for make in (change_by, new_file):
        with pytest.raises(Refused, match="cut off"):
            make(Block("", "python", TOTAL, False), Document.of("file:///a.py", "python", 1, CART))


def test_a_new_file_ends_with_a_line_end():
    change = new_file(Block("b.py", "python", "x = 1", True), Document.of("file:///b.py", "python", 0, ""))
    assert apply_to("", change.edits) == "x = 1\n"


@pytest.mark.parametrize("letter", ["a", "/", "a/", "=", "path=", '"', "`"])
def test_an_endless_line_behind_a_fence_is_read_in_time(letter):
    """The work must not grow with its square: that would be minutes."""
    assert len(code_blocks(f"```{letter * 500_000}\nx\n")) <= 1


@given(st.text(max_size=300), st.text("`~ \nab=./", max_size=60))
def test_any_answer_can_be_read(answer, fenced):
    assert all(isinstance(block, Block) for block in code_blocks(f"{answer}\n```{fenced}"))


CODE = st.lists(st.sampled_from([*CART.split("\n"), "x = 1", "...", "# ...", "é", "\t}", "```"]), max_size=12)


@given(CODE)
def test_a_block_changes_nothing_outside_of_the_lines_it_is_put_to(lines):
    head, target, tail = "a = 1\n", "b = 2\n", "\nc = 3\n"
    text = f"{head}⟦{target}⟧{tail}"
    try:
        after = applied(text, "\n".join(lines))
    except Refused:
        return
    assert after.startswith(head)
    assert after.endswith(tail)
