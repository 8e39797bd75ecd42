"""Marked texts in, kinds and definition lines out."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codestral_ls.core.syntax import CHARS_ABOVE, Window, cursor_kind, definition_lines, parse_window
from codestral_ls.core.text import Document
from tests.support import parse_marked


def make(text: str, language: str) -> Document:
    return Document.of("file:///a", language, 1, text)


def parsed(document: Document, offset: int) -> Window:
    window = parse_window(document, document.position_at(offset)[0])
    assert window is not None
    return window


KINDS = {
    "code": ("python", "x = █1\n", "code"),
    "inside a string": ("python", 'x = "a█b"\n', "string"),
    "between quotes": ("python", 'x = "█"\n', "string"),
    "before a string": ("python", 'x = █"ab"\n', "code"),
    "behind a string": ("python", 'x = "ab"█\n', "code"),
    "between two strings": ("python", 'x = "ab" █ "cd"\n', "code"),
    "inside a comment": ("python", "x = 1  # a█b\n", "comment"),
    "end of a comment": ("python", "x = 1  # ab█\n", "comment"),
    "end of a comment, windows": ("python", "x = 1  # ab█\r\ny = 2\r\n", "comment"),
    "end of a comment, end of the file": ("python", "# ab█", "comment"),
    "blanks behind a comment": ("python", "x = 1  # ab  █\n", "comment"),
    "below a comment": ("python", "# ab\n█\n", "code"),
    "before a comment": ("python", "x = 1 █ # ab\n", "code"),
    "docstring": ("python", 'def f():\n    """Do█ it."""\n', "string"),
    "docstring over lines": ("python", 'def f():\n    """Do\n    █\n    """\n', "string"),
    "docstring just opened": ("python", 'def f():\n    """█\n    return 1\n', "string"),
    "docstring just opened, another below": (
        "python",
        'def f():\n    """█\n    return 1\n\ndef g():\n    """Do."""\n',
        "string",
    ),
    "unclosed string": ("python", "x = 'ab█\ny = 1\n", "string"),
    "line below an unclosed string": ("python", "x = 'ab\ny = █1\n", "code"),
    "formatted string": ("python", 'x = f"a█ {b} c"\n', "string"),
    "expression in a formatted string": ("python", 'x = f"a {b█} c"\n', "code"),
    "hash in a string": ("python", "x = '# no█'\n", "string"),
    "behind an emoji": ("python", 'x = "😀" + █y\n', "code"),
    "behind an emoji, in a string": ("python", 'x = "😀" + "é█"\n', "string"),
    "behind an emoji, in a comment": ("python", "x = '😀日本'  # é█\n", "comment"),
    "tabs": ("python", "def f():\n\tx = '😀'\n\treturn 'a█'\n", "string"),
    "no text": ("python", "█", "code"),
    "start of the file": ("python", "█# a\n", "code"),
    "javascript line comment": ("javascript", "f(); // a█\ng();\n", "comment"),
    "behind a string, end of the file": ("python", "x = 'ab'█", "code"),
    "behind a block comment, end of the file": ("javascript", "/* a */█", "code"),
    "lone carriage returns": ("python", "# a\rb = 'c█'\r", "string"),
    "behind a comment, lone carriage return": ("python", "# a\r█b\r", "code"),
    "end of a comment that looks closed": ("python", "x = 1  # a[b[0]]█\n", "comment"),
    "behind a long lua comment": ("lua", "--[[ a ]]█ b = 1\n", "code"),
    "javascript block comment": ("javascript", "/* a█ */ f();\n", "comment"),
    "behind a block comment": ("javascript", "/* a */█\n", "code"),
    "unclosed block comment": ("javascript", "f();\n/* a\n b█\n", "comment"),
    "javascript template": ("javascript", "x = `a█ ${b}`;\n", "string"),
    "expression in a template": ("javascript", "x = `a ${b█}`;\n", "code"),
    "unclosed javascript string": ("javascript", 'f("ab█\ng();\n', "string"),
    "typescript's type string": ("typescript", "let a: stri█ng = 1;\n", "code"),
    "jsx": ("typescriptreact", 'const a = <b c="d█" />;\n', "string"),
    "go raw string": ("go", "package a\n\nvar b = `c\nd█`\n", "string"),
    "go comment": ("go", "package a\n\n// b█\nfunc c() {}\n", "comment"),
    "rust documentation": ("rust", "/// a█\nfn b() {}\n", "comment"),
    "below rust documentation": ("rust", "/// a\n█fn b() {}\n", "code"),
    "rust lifetime": ("rust", "fn a<'b>(c: &'b █str) {}\n", "code"),
    "rust lifetime in broken code": ("rust", "fn a<'b>(c: &'b █", "code"),
    "c character": ("c", "char a = 'b█';\n", "string"),
    "unclosed c string": ("c", 'int main() {\n  puts("a█\n}\n', "string"),
    "java": ("java", 'class A { String b = "c█"; }\n', "string"),
    "c#": ("csharp", 'class A { string b = "c█"; }\n', "string"),
    "ruby": ("ruby", "a = 'b█'\n", "string"),
    "ruby interpolation": ("ruby", 'a = "b #{c█}"\n', "code"),
    "php": ("php", "<?php\n$a = 'b█';\n# c\n", "string"),
    "shell": ("shellscript", 'a="b█"\n', "string"),
    "shell comment": ("shellscript", "a=b # c█\n", "comment"),
    "lua comment": ("lua", "a = 1 -- b█\n", "comment"),
    "kotlin": ("kotlin", 'val a = "b█"\n', "string"),
    "json": ("jsonc", '{"a": "b█"}\n', "string"),
    "html comment": ("html", "<p><!-- a█ --></p>\n", "comment"),
    "sql comment": ("sql", "select 1; -- a█\n", "comment"),
    "no grammar": ("plaintext", "it's \"so█\n", "code"),
    "unknown language": ("nothing-known", "x = 1 // a█\n", "comment"),
    "cobol is not parsed": ("cobol", "MOVE 1█ TO X.\n", "code"),
}


@pytest.mark.parametrize(("language", "marked", "kind"), KINDS.values(), ids=KINDS)
def test_cursor_kind(language: str, marked: str, kind: str) -> None:
    place = parse_marked(marked)
    assert cursor_kind(parsed(make(place.text, language), place.cursor), place.cursor) == kind


DEFINITIONS = {
    "functions": ("python", "import a\n\ndef b():\n    c()\n    d()\n\ndef e():\n    pass\n", (0, 2, 6)),
    "methods": ("python", "class A:\n    b = 1\n\n    def c(self):\n        pass\n", (0, 3)),
    "decorators": (
        "python",
        "class A:\n    @b\n    def c(self):\n        pass\n\n@d\nclass E:\n    f = 1\n",
        (0, 1, 5),
    ),
    "comments do not count": ("python", "# a\nb = 1\n# c\n", (1,)),
    "nested": ("python", "def a():\n    def b():\n        pass\n    return b\n", (0, 1)),
    "windows": ("python", "a = '😀'\r\n\r\ndef b():\r\n    pass\r\n", (0, 2)),
    "javascript": (
        "javascript",
        "import a from 'b';\nexport class C {\n  d() {\n    e();\n  }\n}\n",
        (0, 1, 2),
    ),
    "go": ("go", "package a\n\ntype B struct {\n\tc int\n}\n\nfunc (b B) d() {\n}\n", (0, 2, 6)),
    "rust": ("rust", "struct A;\nimpl A {\n    fn b() {}\n    fn c() {}\n}\n", (0, 1, 2, 3)),
    "java": ("java", "class A {\n  int b;\n  void c() {\n  }\n}\n", (0, 2)),
    "ruby": ("ruby", "class A\n  def b\n    1\n  end\nend\n", (0, 1)),
    "does not parse": ("python", "import a\n\n@b\ndef c(:\n    d = (\n\ndef e():\n    pass\n", (0, 2, 6)),
    "does not parse, braces": ("javascript", "f(;\nclass A {\n  b( {\n}\nfunction c() {\n}\n", (0, 1, 4)),
    "no grammar": ("plaintext", "Title\n\n  quoted\n\nMore\n", (0, 4)),
    "no text": ("python", "", ()),
}


@pytest.mark.parametrize(("language", "text", "lines"), DEFINITIONS.values(), ids=DEFINITIONS)
def test_definition_lines(language: str, text: str, lines: tuple[int, ...]) -> None:
    assert definition_lines(parsed(make(text, language), 0)) == lines


FUNCTION = (
    'def f{0}(a):\n    """Do.\n\nAt the margin.\n    """\n    if a:\n        return "{0}"\n    return a\n\n\n'
)


def test_a_window_begins_and_ends_at_definitions() -> None:
    document = make("".join(FUNCTION.format(number) for number in range(5_000)), "python")
    window = parsed(document, document.line_start(25_003))
    assert window.tree is not None
    assert not window.tree.root_node.has_error
    assert window.text.startswith("def f")
    assert document.slice(window.start, window.start + len(window.text)) == window.text
    assert len(window.text.splitlines()) <= 400
    assert definition_lines(window) == tuple(range(window.first, window.first + window.text.count("\n"), 10))


@pytest.mark.parametrize("eol", ["\n", "\r\n", "\r"])
def test_kinds_far_down_a_file_with_wide_characters(eol: str) -> None:
    document = make(f"x = '日本😀'  # é{eol}" * 2_000, "python")
    for line in (0, 150, 1_000, 1_999):
        start = document.line_start(line)
        window = parsed(document, start)
        columns = (0, 5, 8, 10, 11, 13)
        kinds = [cursor_kind(window, start + column) for column in columns]
        assert kinds == ["code", "string", "string", "code", "code", "comment"]


def test_a_line_too_long_for_source_is_not_parsed() -> None:
    document = make("x = 1\n" + "a" * 500_000 + "\ny = 2\n", "python")
    assert parse_window(document, 1) is None
    window = parsed(document, document.length - 2)
    assert len(window.text) <= CHARS_ABOVE


def test_a_parse_ends_with_its_deadline_and_leaves_no_trace() -> None:
    document = make(FUNCTION.format(1) * 30, "python")
    stopped = parse_window(document, 100, deadline=lambda: True)
    assert stopped is not None
    assert stopped.tree is None
    assert {0, 10, 90} <= set(definition_lines(stopped))
    assert cursor_kind(stopped, document.line_start(1) + 8) == "string"
    other = parsed(make("y = 1\n", "python"), 0)
    assert other.tree is not None
    assert (other.tree.root_node.end_byte, other.tree.root_node.has_error) == (6, False)


def test_a_parse_without_deadline_stops_by_itself() -> None:
    """On this text the grammar tries so many readings that it would take half a minute."""
    window = parse_window(make("+-" * 5_000, "rust"), 0)
    assert window is not None
    assert window.tree is None
    assert cursor_kind(window, 100) == "code"


@pytest.mark.parametrize(
    "language",
    [
        "kotlin",
        "yaml",
        "markdown",
        "perl",
        "cobol",
        "shellscript",
        "plaintext",
        "__init__",
        pytest.param("x" * 5_000, id="too long"),
    ],
)
def test_no_grammar_that_can_crash_or_is_none_is_loaded(language: str) -> None:
    assert parsed(make("a: b\n", language), 0).tree is None


@pytest.mark.parametrize("language", sorted({language for language, *_ in KINDS.values()}))
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_random_text_never_raises(language: str, data: st.DataObject) -> None:
    pieces = st.sampled_from(
        ["\"'`", '"""', "/*", "*/", "#", "//", "(", "}", "{", "\n", "\r\n", "\t", "def f():\n", "😀"]
    )
    text = "".join(data.draw(st.lists(pieces | st.characters(exclude_categories=[]), max_size=40)))
    document = make(text, language)
    offset = data.draw(st.integers(0, len(text)))
    window = parsed(document, offset)
    assert cursor_kind(window, offset) in ("code", "comment", "string")
    lines = definition_lines(window)
    assert list(lines) == sorted(set(lines))
    assert all(0 <= line < document.line_count for line in lines)
