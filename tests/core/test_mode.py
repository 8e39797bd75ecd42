"""Marked texts in, modes out."""

from __future__ import annotations

import pytest

from codestral_ls.core.languages import grammar_of, language_of
from codestral_ls.core.mode import empty_block, mode_at, opens_block
from codestral_ls.core.prompt import Site
from codestral_ls.core.syntax import parse_window
from codestral_ls.core.text import Document
from tests.support import parse_marked


def parse(language: str, marked: str) -> Site:
    place = parse_marked(marked)
    return Site(Document.of("file:///a", language, 1, place.text), place.cursor)


MODES = {
    "statement": ("python", "x = █\n", "single"),
    "argument before others": ("python", "f(█, b)\n", "single"),
    "argument list closed by the editor": ("python", "print(█)\n", "single"),
    "argument list left open": ("python", "x = f(█\n", "multi"),
    "list closed by the editor": ("python", "x = [█]\n", "single"),
    "block opened": ("python", "def f():█\n", "multi"),
    "block opened, body there": ("python", "def f():█\n    return 1\n", "single"),
    "block opened, blank lines and body there": ("python", "def f():█\n\n    return 1\n", "single"),
    "block opened, next one below": ("python", "def f():█\n\ndef g():\n    return 1\n", "multi"),
    "annotation": ("typescript", "let a:█\n", "single"),
    "case": ("javascript", "switch (a) {\n  case 1:█\n}\n", "multi"),
    "brace": ("javascript", "function f() {█\n", "multi"),
    "brace closed by the editor": ("javascript", "function f() {█}\n", "multi"),
    "arrow": ("javascript", "const f = () =>█\n", "multi"),
    "empty block": ("python", "def f():\n    █\n", "multi"),
    "empty block between braces": ("javascript", "function f() {\n  █\n}\n", "multi"),
    "empty block at the margin": ("javascript", "function f() {\n█\n}\n", "multi"),
    "blank line in a block": ("python", "def f():\n    a = 1\n    █\n", "multi"),
    "blank line at the margin": ("python", "a = 1\n█\nb = 2\n", "single"),
    "below a comment": ("python", "# sort by age\n█\n", "multi"),
    "below a block comment": ("javascript", "/* sort by age */\n█\n", "multi"),
    "below a comment behind code": ("python", "a = 1  # one\n█\n", "multi"),
    "in a comment": ("python", "# sort █\n", "single"),
    "in a string": ("python", 'x = "a█"\n', "single"),
    "in a string that ends like a block": ("python", 'x = "a:█"\n', "single"),
    "docstring opened": ("python", 'def f():\n    """█\n', "multi"),
    "docstring opened and closed": ("python", 'def f():\n    """█"""\n', "multi"),
    "raw docstring opened": ("python", 'def f():\n    r"""█\n', "multi"),
    "documentation opened": ("javascript", "/**█\nfunction f() {}\n", "multi"),
    "comment behind an opener": ("python", "if a:  # b█\n", "single"),
    "lua": ("lua", "function f(a)█\n", "multi"),
    "ruby": ("ruby", "def f(a)█\n", "multi"),
    "shell": ("shellscript", "if true; then█\n", "multi"),
    "windows": ("python", "def f():\r\n    █\r\n", "multi"),
    "tabs": ("go", "package a\n\nfunc f() {\n\t█\n}\n", "multi"),
    "prose": ("plaintext", "Dear (█\n", "single"),
    "no text": ("python", "█", "single"),
}


@pytest.mark.parametrize(("language", "marked", "mode"), MODES.values(), ids=MODES)
def test_mode(language: str, marked: str, mode: str) -> None:
    site = parse(language, marked)
    window = parse_window(site.document, site.position[0])
    assert mode_at(site, "automatic", window) == mode
    assert mode_at(site, "invoked", window) == "multi"


def test_mode_without_a_window() -> None:
    site = parse("python", f"{'a' * 50_000} █\n")
    assert mode_at(site, "automatic", parse_window(site.document, 0)) == "single"


OPENERS = {
    "colon": ("python", "if a:█", True),
    "colon and blanks": ("python", "if a:  █", True),
    "colon and comment": ("python", "if a:  # why█", True),
    "colon in a comment": ("python", "a()  # why:█", False),
    "hash in a string": ("python", "if a == '#':█", True),
    "left of the offset only": ("python", "if█ a:", False),
    "brace and comment": ("c", "if (a) {  // why█", True),
    "slice": ("python", "a[1:█]", True),
    "ternary": ("javascript", "a ? b :█", False),
    "else": ("c", "} else {█", True),
    "do": ("elixir", "def f(a) do█", True),
    "plain end": ("ruby", "end█", False),
}


@pytest.mark.parametrize(("language", "marked", "opens"), OPENERS.values(), ids=OPENERS)
def test_opens_block(language: str, marked: str, opens: bool) -> None:
    site = parse(language, marked)
    assert opens_block(site.document, site.offset) is opens


EMPTY = {
    "python": ("python", "def f():\n    █\n", True),
    "a signature over lines": ("python", "def f(\n    a,\n):\n    █\n", True),
    "a body above": ("python", "def f():\n    a = 1\n    █\n", False),
    "a body below": ("python", "def f():\n    █\n    a = 1\n", False),
    "not blank": ("python", "def f():\n    a█\n", False),
    "braces": ("javascript", "if (a) {\n  █\n}\n", True),
    "braces, tabs": ("javascript", "\tif (a) {\n\t\t█\n\t}\n", True),
    "start of the file": ("python", "█\n", False),
}


@pytest.mark.parametrize(("language", "marked", "empty"), EMPTY.values(), ids=EMPTY)
def test_empty_block(language: str, marked: str, empty: bool) -> None:
    site = parse(language, marked)
    assert empty_block(site.document, site.offset) is empty


FILES = {
    "cart.py": ("python", "python"),
    "App.TSX": ("typescriptreact", "tsx"),
    "run.sh": ("shellscript", "bash"),
    "main.go": ("go", "go"),
    "Makefile": ("makefile", "make"),
    "a.b.json": ("json", "json"),
    "view.m": ("objective-c", "objc"),
    "payroll.cob": ("plaintext", "plaintext"),
    "LICENSE": ("plaintext", "plaintext"),
}


@pytest.mark.parametrize(("name", "ids"), FILES.items(), ids=FILES)
def test_languages(name: str, ids: tuple[str, str]) -> None:
    language = language_of(name)
    assert (language, grammar_of(language)) == ids
