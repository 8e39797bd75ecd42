"""Where a name stands, and what it is there; and what a definition is called."""

import pytest

from codestral_ls.core.occurrences import MOST_IN_A_FILE, defined_name, has_name, is_name, occurrences
from codestral_ls.core.text import Document, Span

# Marked with what is behind each name: a definition `:d`, a reference `:r`, or mere text `:t`.
NAMES = {
    "python": "from m import n:r\nn:d = 1\ndef n:d(a):\n    n:r = a  # n:t\n"
    "    return f'n:t {n:r}', self.n:r(n:r=1)\n"
    "@n:r\nclass n:d:\n    def n:d(self): ...\n",
    "typescript": "import {n:r} from 'm'\nexport function n:d() { return n:r() }\nconst n:d = () => n:r\n"
    "class A { n:d() { return this.n:r } }\ninterface I { n:d(): void }\ntype n:d = number // n:t\n",
    "javascript": "const n:d = 1\nmodule.exports = { n:r }\nx?.n:r('n:t')\n",
    "go": "func n:d() int { return n:r() }\ntype n:d struct { n:d int }\nfunc (t T) n:d() {}\nvar n:d = 3\n",
    "rust": "pub fn n:d() -> i32 { n:r() }\nstruct n:d { n:d: i32 }\nenum E { n:d }\n"
    "const n:d: i32 = a.n:r();\n",
    "c": "int n:d(int a);\nint *n:d(int a) { return n:r(a); }\nint n:d = 3;\n/* n:t */\n",
    "java": "class n:d { int n:d() { return this.n:r(); } int n:d = 3; }\n",
    "ruby": "def n:d(a)\n  n:r(a)\nend\nx.n:r # n:t\n",
    "csharp": "class A { int n:d() => n:r(); int n:d { get; set; } }\n",
    "php": "<?php function n:d() { return $this->n:r(); }\n",
    "lua": "local function n:d() return n:r() end\n",
}


@pytest.mark.parametrize(("language", "marked"), NAMES.items(), ids=NAMES)
def test_occurrences(language, marked):
    pieces = marked.split("n:")
    text = pieces[0] + "".join(f"nom{piece[1:]}" for piece in pieces[1:])
    found = occurrences(language, text, "nom")
    lines = text.split("\n")
    assert [lines[each.line][each.column : each.column + 3] for each in found] == ["nom"] * len(found)
    assert "".join(each.role[0] for each in found) == "".join(piece[0] for piece in pieces[1:])


def test_only_whole_words_count():
    text = "total, totals, subtotal, _total, total2, é_total, total"
    assert [each.column for each in occurrences("python", text, "total")] == [0, len(text) - 5]


def test_columns_are_code_points():
    [found] = occurrences("python", "é = '🙂'; total()\n", "total")
    assert (found.line, found.column) == (0, 9)


def test_a_text_without_a_grammar_is_not_parsed():
    assert occurrences("kotlin", "fun total() = 1", "total") is None


def test_the_count_is_bounded():
    assert len(occurrences("python", "x\n" * 10_000, "x")) == MOST_IN_A_FILE


@pytest.mark.parametrize(("text", "is_there"), [("a", True), ("ab", False), ("b.a", True), ("", False)])
def test_has_name(text, is_there):
    assert has_name(text, "a") is is_there


@pytest.mark.parametrize("text", ["", "a.b", "a b", "a\n", "a()"])
def test_what_is_no_name(text):
    assert not is_name(text)


DEFINITIONS = {
    "a function with a decorator and comments": (
        "python",
        "# of c\n@deco(a=1)\ndef total(a):\n    return b(a)\n",
    ),
    "a class": ("python", "class total(Base):\n    def other(self): ...\n"),
    "an arrow function": ("typescript", "export const total = (x) => x\n"),
    "an exported class": ("typescript", "// one\nexport default class total { other() {} }\n"),
    "a method": ("go", "func (t T) total() {}\n"),
    "a function that gives a pointer": ("c", "static int *total(void) { return other(); }\n"),
    "an attribute above": ("rust", "#[inline]\npub fn total() -> i32 { other() }\n"),
}


@pytest.mark.parametrize(("language", "text"), DEFINITIONS.values(), ids=DEFINITIONS)
def test_defined_name(language, text):
    document = Document.of("file:///a", language, 1, text)
    assert defined_name(document, Span(0, document.length - 1)) == "total"


@pytest.mark.parametrize("language", ["kotlin", "python"])
def test_no_definition_has_no_name(language):
    assert defined_name(Document.of("file:///a", language, 1, "1 + 1\n"), Span(0, 5)) == ""
