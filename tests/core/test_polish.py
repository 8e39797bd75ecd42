"""Polishing: what belongs into the document of what a model said."""

import json

import pytest

from codestral_ls.core.polish import Hole, Polished, enough, indent_unit, line_end, polish
from tests.core.polish_cases import FOLDER, read, render

FILES = sorted(FOLDER.rglob("*.toml"))
CASES = [
    pytest.param(path.parent.name, case, id=f"{path.parent.name}-{path.stem}-{case.rule}-{case.description}")
    for path in FILES
    for case in read(path)
]


@pytest.mark.parametrize(("language", "case"), CASES)
def test_fixture(language, case, update_fixtures):
    if update_fixtures:
        pytest.skip("the fixtures are being written")
    assert polish(case.raw, case.hole(language)) == case.want


def test_fixtures_are_in_their_own_form(update_fixtures):
    """So that `--update-fixtures` changes only what is new."""
    for path in FILES:
        cases = read(path)
        if update_fixtures:
            path.write_text(render([case.updated(path.parent.name) for case in cases]), "utf-8", newline="\n")
        assert path.read_text("utf-8") == render(read(path))


@pytest.mark.parametrize(("language", "case"), CASES)
def test_a_polished_text_is_polished(language, case):
    if case.want is not None and case.options.get("finish", "stop") == "stop":
        assert polish(case.want.text, case.hole(language)) == case.want


@pytest.mark.parametrize(("language", "case"), CASES)
def test_a_stream_that_is_closed_early_loses_nothing(language, case):
    hole = case.hole(language)
    end = next((end for end in range(len(case.raw)) if enough(case.raw[:end], hole)), len(case.raw))
    if end < len(case.raw):
        stopped = polish(case.raw[:end], case.hole(language))
        assert stopped == case.want


def hole(prefix="", suffix="\n", mode="multi", **options):
    return Hole(prefix, suffix, options.pop("language", "python"), mode, **options)


ENOUGH = {
    "nothing yet": ("", hole("x = "), False),
    "a line that may go on": ("compute(a", hole("x = ", mode="single"), False),
    "the line ends": ("compute(a)\n", hole("x = ", mode="single"), True),
    "a line feed before the first word": ("\n", hole("# add", mode="single"), False),
    "the next line ends": ("\nadd()\n", hole("# add", mode="single"), True),
    "inside the block": ("if x:\n        go()\n    st", hole("def f():\n    "), False),
    "behind the block": ("if x:\n        go()\nd", hole("def f():\n    "), False),
    "surely behind the block": ("if x:\n        go()\ndef ", hole("def f():\n    "), True),
    "perhaps an else": (" go()\nel", hole("if x:"), False),
    "an else": (" go()\nelse:", hole("if x:"), False),
    "no else": (" go()\nelbow ", hole("if x:"), True),
    "a blank line": ("a = 1\n\n", hole("def f():\n    "), False),
    "a blank line and the next function": ("a = 1\n\n\ndef ", hole("def f():\n    "), True),
    "a control token": ("a[SUFFIX]", hole("x = "), True),
    "half a control token": ("a[SUFF", hole("x = "), False),
    "an open fence": ("```python\n", hole("x = ", mode="single"), False),
    "a closed fence": ("```python\nsum(a)\n```", hole("x = "), True),
    "the next line of the document": ("total = sum(xs)\n", hole("x = 1\n", "\ntotal = sum(xs)\n"), True),
    "twice the same": ("step()\nstep()\n", hole("x = 1\n"), False),
    "three times the same": ("step()\nstep()\nstep()\n", hole("x = 1\n"), True),
    "too many lines": ("1,\n    2,\n    3,\n    4,\n", hole("xs = [\n    ", max_lines=3), True),
    "only blank lines": ("\n" * 6, hole("x = 1\n"), True),
    "an answer in prose": ("Here is the code", hole("x = 1\n"), True),
}


@pytest.mark.parametrize(("raw", "hole", "want"), ENOUGH.values(), ids=ENOUGH)
def test_enough(raw, hole, want):
    assert enough(raw, hole) is want


INDENTED = {
    "nothing": ("", ""),
    "no indentation": ("a\nb\n", ""),
    "four": ("def f():\n    if x:\n        a\n    b\n", "    "),
    "two": ("a {\n  b {\n    c\n  }\n}\n", "  "),
    "tabs": ("a {\n\tb {\n\t\tc\n\t}\n}\n", "\t"),
    "a block comment does not count": ("/*\n * a\n * b\n */\nf {\n    a\n}\n", "    "),
    "one aligned line among tabs": ("f(\n\ta,\n\tb)\n\tc\n  d\n", "\t"),
    "blank lines with blanks in them": ("a:\n  b\n       \n  c\n", "  "),
}


@pytest.mark.parametrize(("text", "want"), INDENTED.values(), ids=INDENTED)
def test_indent_unit(text, want):
    assert indent_unit(text.split("\n")) == want


@pytest.mark.parametrize(
    ("text", "want"),
    [("", "\n"), ("a\n", "\n"), ("a\r\nb\r\nc\n", "\r\n"), ("a\rb\r", "\r"), ("a\r\nb\n", "\n")],
    ids=json.dumps,
)
def test_line_end(text, want):
    assert line_end(text) == want


def test_replaced_columns_count_tabs_as_one():
    where = hole("if a {\n\tif b {\n\t\tgo()\n\t\t", indent="\t", language="go")
    assert polish("} else {\n\t\t\tstop()\n\t\t}", where) == Polished(
        "} else {\n\t\tstop()\n\t}", replace_left=1
    )
