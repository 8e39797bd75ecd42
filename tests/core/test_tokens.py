"""Whatever a model replies, code stays where only comments or names may change. Python's own parser tells."""

from __future__ import annotations

import ast

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from codestral_ls.core.check import check_syntax
from codestral_ls.core.minimal import apply_to, smallest_edits
from codestral_ls.core.prompt import Budget
from codestral_ls.core.proposal import propose
from codestral_ls.core.refusal import Refused
from codestral_ls.core.rewrite import Order, ask_rewrite
from codestral_ls.core.text import Document, Span, apply_edits

CODE = '''def total(items, rate=1):
    """Die Summe."""
    result = 0  # Anfang
    for item in items:
        # weiter
        result = result + item.price
        if rate:
            result *= rate
    print(f"{result} Euro", "zusammen")
    return result'''
LINES = st.sampled_from(
    [
        *CODE.split("\n"),
        '    """The sum."""',
        '    """',
        "    # more",
        "# more",
        "        result += item.price",
        "    result = 0",
        "    return result  # the end",
        "        return result",
        '    f"{result}"',
        "    pass",
        "    x = (1,",
        "",
    ]
)


@st.composite
def replies(draw):
    """The code, with some lines taken out, put in or changed."""
    lines = CODE.split("\n")
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines)))
        lines[at : at + draw(st.integers(0, 2))] = draw(st.lists(LINES, max_size=2))
    return "\n".join(lines)


def proposed(reply, changes, last):
    """The text that comes of a reply, None if it is refused."""
    document = Document.of("file:///a.py", "python", 1, f"import os\n\n\n{CODE}\n")
    span = Span(document.text.index("def"), document.length - 1)
    ask = ask_rewrite(document, Order("Do it.", span, span, changes=changes), Budget(500, 500))
    try:
        return apply_to(document.text, propose(ask, f"```\n{reply}\n```", "stop", last=last).edits)
    except Refused:
        return None


def said(code):
    """What Python runs of it: the tree without doc strings."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(body := getattr(node, "body", None), list):
            node.body = [each for each in body if not is_doc(each)]
    return tree


def is_doc(node):
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def nameless(tree):
    for node in ast.walk(tree):
        for field in {"id", "arg", "attr", "name"}.intersection(node._fields):
            setattr(node, field, "")
    return tree


@given(replies(), st.booleans())
@example(CODE.replace("Die Summe.", "The sum.").replace("*= rate", "*= 2"), True)
@example(CODE.replace("    return", "        return").replace("Die Summe.", "The sum."), True)
def test_where_only_comments_may_change_the_code_stays(reply, last):
    text = proposed(reply, "comments", last)
    if text is not None:
        assert ast.dump(said(text)) == ast.dump(said(f"import os\n\n\n{CODE}\n"))


NAMES = st.sampled_from(["result", "item", "rate", "total", "price", "Euro", "0", "print"])
OTHERS = st.sampled_from(["amount", "x", "1", "a.b", "a, b", "f(a)", "*a", "item", ""])


@given(st.lists(st.tuples(NAMES, OTHERS), max_size=3), replies() | st.just(CODE))
def test_where_only_names_may_change_all_else_stays(renamed, reply):
    for old, new in renamed:
        reply = reply.replace(old, new)
    text = proposed(reply, "names", last=True)
    if text is not None:
        assert ast.dump(nameless(said(text))) == ast.dump(nameless(said(f"import os\n\n\n{CODE}\n")))


def test_what_is_asked_for_comes_through():
    """So that the properties speak of something."""
    assert proposed(CODE.replace("Die Summe", "The sum"), "comments", last=False) is not None
    assert proposed(CODE.replace("result", "amount"), "names", last=False) is not None


KEPT = {
    "a comment at the end": ("go", "f()\n", "f() // now\n", "comments", "parses"),
    "blanks": ("javascript", "f( 1 )\n", "f(1)\n", "comments", "parses"),
    "blanks of a string": ("javascript", "f('a b')\n", "f('a  b')\n", "comments", "strays"),
    "a comment in brackets": ("c", "int a(int b);\n", "int a(int /* size */ b);\n", "comments", "parses"),
    "a shebang": ("python", "#!/bin/a\nx = 1\n", "#!/bin/b\nx = 1\n", "comments", "strays"),
    "a script in a page": (
        "html",
        "<script>\n// a\nf()\n</script>\n",
        "<script>\n// b\nf()\n</script>\n",
        "comments",
        "strays",
    ),
    "a comment of a page": ("html", "<!-- a --><p>x</p>\n", "<!-- b --><p>x</p>\n", "comments", "parses"),
    "COMMENT ON is a statement": (
        "sql",
        "COMMENT ON TABLE a IS 'b';\n",
        "COMMENT ON TABLE a IS 'c';\n",
        "comments",
        "strays",
    ),
    "what GraphQL describes": (
        "graphql",
        "type A { b: Int }\n",
        '"""An A."""\ntype A { b: Int }\n',
        "comments",
        "parses",
    ),
    "a capital in a string": ("python", "f('a')\n", "f('A')\n", "names", "strays"),
    "a field in C": ("c", "int f() { return a->b; }\n", "int f() { return a->c; }\n", "names", "strays"),
    "a keyword": ("python", "async def f(): pass\n", "def f(): pass\n", "names", "strays"),
    "signs beyond ASCII": ("python", "é = 'ü'  # ß\n", "é = 'ü'  # ss\n", "comments", "parses"),
    "indentation": ("go", "if a {\n\tf()\n}\n", "if a {\n  f()\n}\n", "comments", "strays"),
    "an indentation that the grammar reads over": (
        "python",
        "f()\ng()\n",
        "f()\n  g()\n",
        "comments",
        "strays",
    ),
    "a line in two": ("go", "f(a, b)\n", "f(a, // one\n\tb)\n", "comments", "parses"),
    "code": ("python", "x = 1\n", "x = 2\n", "code", "parses"),
    "a syntax error that was there": ("python", "x = (\n# a\n", "x = (\n# b\n", "comments", "parses"),
}


@pytest.mark.parametrize(("language", "old", "new", "changes", "verdict"), KEPT.values(), ids=KEPT)
def test_what_may_change(language, old, new, changes, verdict):
    before = Document.of("file:///a", language, 1, old)
    edits = smallest_edits(old, new)
    after = apply_edits(before, reversed(edits), 2)
    assert check_syntax(before, after, edits, changes).verdict == verdict
