"""The table of actions, and what is offered where."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.actions import ACTIONS, instruction, user_action
from codestral_ls.core.applicable import MOST_CHARACTERS, MOST_DIAGNOSTICS, Diagnostic, applicable
from codestral_ls.core.text import Document, Span
from tests.support import parse_marked

FUNCTION = "import os\n\ndef f(a):\n    # TODO: sum\n    b = █1\n    return b\n"
SELECTED = FUNCTION.replace("b = █1", "⟦b = 1⟧")
WHOLE = "def f(a):\n    # TODO: sum\n    b = 1\n    return b"
NO_DEFINITION = "There is no function or class around the cursor, or it is too long."

OFFERS = {
    "a function around the cursor": (FUNCTION, "simplify", WHOLE),
    "the selection before the function": (SELECTED, "simplify", "    b = 1"),
    "the function, though something is selected": (SELECTED, "document", WHOLE),
    "a function is extracted within the definition": (SELECTED, "extract", WHOLE),
    "nothing to extract": (FUNCTION, "extract", "Select the code to extract."),
    "a TODO": (FUNCTION, "complete", WHOLE),
    "no TODO": ("def f():\n    █go()\n", "complete", "There is no TODO here."),
    "a comment": (FUNCTION, "translate", WHOLE),
    "no comment": ("def f():\n    █go()\n", "translate", "There is no comment here."),
    "no definition": ("x = 1█\n", "simplify", "Select some code."),
    "no definition to document": ("x = 1█\n", "document", NO_DEFINITION),
    "the file where nothing else is": ("x = 1█\n", "explain", "x = 1\n"),
    "an empty file can be filled": ("█", "instruct", ""),
    "an empty file cannot be explained": ("█", "explain", "There is no code here."),
    "a file": (FUNCTION, "document-file", FUNCTION.replace("█", "")),
    "a file that is too long": ("█" + "x = 1\n" * MOST_CHARACTERS, "document-file", "The file is too long."),
}


def offered(marked, name, language="python", **options):
    text = parse_marked(marked)
    document = Document.of("file:///a", language, 1, text.text)
    selection = text.selection or Span(text.cursor, text.cursor)
    return document, [c for c in applicable(document, selection, **options) if c.action.name == name]


@pytest.mark.parametrize(("marked", "name", "want"), OFFERS.values(), ids=OFFERS)
def test_applicable(marked, name, want):
    document, (choice,) = offered(marked, name)
    assert (choice.disabled or document.slice(choice.target.start, choice.target.end)) == want


def problem(text, at, message="bad"):
    start = text.replace("█", "").index(at)
    return Diagnostic(Span(start, start + len(at)), message)


def test_each_problem_has_its_fix():
    problems = [problem(FUNCTION, "b = 1", "unused"), problem(FUNCTION, "import os", "un" * 60)]
    document, fixes = offered(FUNCTION, "fix", diagnostics=problems)
    assert [document.slice(fix.target.start, fix.target.end) for fix in fixes] == [WHOLE, "import os"]
    assert [fix.diagnostic for fix in fixes] == problems
    assert [fix.title for fix in fixes] == ["Fix: unused", f"Fix: {'un' * 29}u…"]


def test_a_problem_far_away_is_found():
    text = "█x = 1\n" + "".join(f"def f{n}():\n    return {n}\n\n" for n in range(500))
    document, (fix,) = offered(text, "fix", diagnostics=[problem(text, "return 400")])
    assert document.slice(fix.target.start, fix.target.end) == "def f400():\n    return 400"


def test_few_problems_are_looked_at():
    _, fixes = offered(FUNCTION, "fix", diagnostics=[problem(FUNCTION, "b = 1")] * 50)
    assert len(fixes) == MOST_DIAGNOSTICS


ONLY = {
    "all below": (["refactor"], {"refactor"}),
    "one": (["refactor.extract.codestral"], {"refactor.extract.codestral.function"}),
    "two": (["quickfix", "source"], {"quickfix.codestral.fix", "source.codestral.document"}),
    "no part of a word": (["refact"], set()),
    "the empty kind is every kind": ([""], {"codestral", "quickfix", "refactor", "source"}),
}


@pytest.mark.parametrize(("only", "want"), ONLY.values(), ids=ONLY)
def test_only_some_kinds(only, want):
    text = parse_marked(SELECTED)
    document = Document.of("file:///a.py", "python", 1, text.text)
    found = applicable(document, text.selection, [problem(FUNCTION, "b = 1")], only=only)
    assert all(any(choice.action.kind.startswith(kind) for kind in want) for choice in found)
    assert all(any(choice.action.kind.startswith(kind) for choice in found) for kind in want)


def test_a_language_without_types_is_not_offered_any():
    assert offered(FUNCTION, "types")[1]
    assert not offered(FUNCTION, "types", language="lua")[1]


def test_a_language_without_a_grammar():
    document, (choice,) = offered("val a = 1\n\nfun f() {\n    go█()\n}\n", "simplify", language="kotlin")
    assert document.slice(choice.target.start, choice.target.end) == "fun f() {\n    go()\n}"


def test_own_actions():
    own = user_action("Make it SQL:2016!", "Use window functions.", "selection", ["sql"])
    assert own.kind == "refactor.rewrite.codestral.user.make-it-sql-2016"
    document, (choice,) = offered("SELECT ⟦1⟧;\n", own.name, language="sql", actions=[own])
    assert document.slice(choice.target.start, choice.target.end) == "SELECT 1;"
    assert not offered("⟦1⟧\n", own.name, actions=[own])[1]


def test_instructions_are_filled_in():
    actions = {action.name: action for action in ACTIONS}
    assert "doc strings into French" in instruction(actions["translate"], "French")
    assert instruction(actions["instruct"], "English", "use {language}") == "use {language}"
    texts = [instruction(action, "English", "do it") for action in ACTIONS]
    assert not [text for text in texts if re.search(r"\{\w*\}", text)]


def test_names_and_kinds_tell_actions_apart():
    assert len({action.name for action in ACTIONS}) == len(ACTIONS)
    assert len({action.kind for action in ACTIONS}) == len(ACTIONS)


TEXTS = st.lists(
    st.sampled_from(
        [
            "def f(a):\n",
            "class A:\n",
            "    return a\n",
            "    # TODO\n",
            "\n",
            "}\n",
            "function f() {\n",
            "\t😀\r\n",
            "@x\n",
            "    def g(self):\r",
            '"""',
            "(",
            "x = 1",
            "\ud800\n",
        ]
    ),
    max_size=12,
).map("".join)


@given(
    TEXTS,
    st.integers(0, 60),
    st.integers(0, 60),
    st.sampled_from(["python", "typescript", "rust", "kotlin", "plaintext"]),
)
def test_targets_are_whole_lines(text, start, length, language):
    document = Document.of("file:///a", language, 1, text)
    span = Span(min(start, len(text)), min(start + length, len(text)))
    for choice in applicable(document, span, [Diagnostic(span, "bad")]):
        if not choice.disabled:
            target = choice.target
            assert 0 <= target.start <= target.end <= len(text)
            assert document.position_at(target.start)[1] == 0 or target.start == len(text)
            assert document.slice(target.end, target.end + 1) in ("", "\r", "\n")
