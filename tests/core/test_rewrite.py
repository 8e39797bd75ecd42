"""What the model is asked."""

import pytest

from codestral_ls.core.applicable import Diagnostic
from codestral_ls.core.model import Snippet
from codestral_ls.core.privacy import redact
from codestral_ls.core.prompt import Budget
from codestral_ls.core.refusal import Refused
from codestral_ls.core.rewrite import Order, ask_explanation, ask_file, ask_rewrite
from codestral_ls.core.text import Document, Span
from tests.support import parse_marked

KEY = "sk-" + "a1B2" * 8
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{'MIIE0+/x' * 6}\n{'Qwert123' * 6}\n-----END RSA PRIVATE KEY-----"
SOURCE = "import os\nimport re\n\nx = 1\n\n⟦def f():\n    return x⟧\n\ny = 2\n"


def order(marked, language="python", **options):
    text = parse_marked(marked)
    document = Document.of("file:///a", language, 1, text.text)
    options.setdefault("focus", text.selection)
    return document, Order("Simplify.", text.selection, **options)


def said(request):
    return "\n".join(message.text for message in request.messages)


def test_the_span_stands_in_its_file():
    ask = ask_rewrite(*order(SOURCE, path="shop/a.py"), Budget(1000, 1000))
    assert ask.request.messages[1].text == (
        'Simplify.\n\n<file path="shop/a.py" language="python">\n\nimport os\nimport re\n\nx = 1\n\n'
        '<span name="target">\ndef f():\n    return x\n</span>\n\ny = 2\n\n\n</file>'
    )
    assert "```python target" in ask.request.messages[0].text
    assert ask.request.schema is None
    assert ask.request.prediction == "def f():\n    return x"


BUDGETS = {
    "all": (1000, 1000, "import os\nimport re\n\nx = 1\n\n", "\n\ny = 2\n"),
    "nothing": (0, 0, "", ""),
    "whole lines only": (7, 3, "x = 1\n\n", "\n\n"),
    "below only": (0, 1000, "", "\n\ny = 2\n"),
}


@pytest.mark.parametrize(("prefix", "suffix", "above", "below"), BUDGETS.values(), ids=BUDGETS)
def test_the_text_around_is_cut_to_the_budget(prefix, suffix, above, below):
    ask = ask_rewrite(*order(SOURCE), Budget(prefix, suffix))
    assert (ask.above, ask.below) == (above, below)


def test_imports_may_change_too():
    ask = ask_rewrite(*order(SOURCE, with_imports=True), Budget(0, 0), "json")
    assert [(target.name, target.shown) for target in ask.targets] == [
        ("target", "def f():\n    return x"),
        ("imports", "import os\nimport re"),
    ]
    assert '<span name="imports">\nimport os\nimport re\n</span>' in said(ask.request)
    span = ask.request.schema["properties"]["replacements"]["items"]["properties"]["span"]
    assert span["enum"] == ["target", "imports"]


def test_imports_that_are_in_the_target_are_not_named_again():
    ask = ask_rewrite(
        *order(f"⟦{SOURCE.replace('⟦', '').replace('⟧', '')}⟧", with_imports=True), Budget(0, 0)
    )
    assert [target.name for target in ask.targets] == ["target"]


def test_a_reply_can_be_begun():
    ask = ask_rewrite(*order(SOURCE), Budget(0, 0), begin=True)
    assert ask.request.messages[-1].role == "assistant"
    assert ask.request.messages[-1].text == ask.opening == "```python target\n"


def test_a_fence_is_longer_than_those_in_the_text():
    ask = ask_rewrite(*order("⟦````\na\n````⟧\n", "markdown"), Budget(0, 0), begin=True)
    assert ask.opening == "`````markdown target\n"


SECRETS = {
    "a key in the target": f'⟦key = "{KEY}"⟧\n',
    "a key above": f'key = "{KEY}"\n⟦x = 1⟧\n',
    "a key below": f'⟦x = 1⟧\nkey = "{KEY}"\n',
    "a key in the focus": f'⟦def f():\n    key = "{KEY}"⟧\n',
    "the window begins within a private key": PEM + "\n⟦x = 1⟧\n",
    "CRLF": f'⟦a = 1\nkey = "{KEY}"⟧\n'.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("marked", SECRETS.values(), ids=SECRETS)
@pytest.mark.parametrize("budget", [0, 90, 10_000])
def test_no_secret_is_told(marked, budget):
    document, given = order(marked, with_imports=True)
    focus = Span(given.target.start + 1, given.target.end)
    problem = Diagnostic(given.target, "unused")
    given = Order("Simplify.", given.target, focus, diagnostic=problem)
    requests = [
        ask_rewrite(document, given, Budget(budget, budget), "json").request,
        ask_rewrite(document, given, Budget(budget, budget), "fence").request,
        ask_explanation(document, given, Budget(budget, budget)),
    ]
    for request in requests:
        text = said(request) + (request.prediction or "")
        assert not any(secret in text for secret in ("a1B2", "MIIE", "Qwert"))
    assert (
        len(ask_rewrite(document, given, Budget(0, 0)).targets[0].shown)
        == given.target.end - given.target.start
    )


@pytest.mark.parametrize("budget", [0, 90, 10_000])
def test_a_part_of_a_private_key_is_not_sent(budget):
    """Where its first line is seen the marks of the span look like a part of the key as well."""
    document, given = order(PEM.replace("Qwert", "⟦Qwert", 1).replace("\n-----END", "⟧\n-----END"))
    try:
        text = said(ask_rewrite(document, given, Budget(budget, budget)).request)
    except Refused as refused:
        text = refused.message
    text += said(ask_explanation(document, given, Budget(budget, budget)))
    assert not any(secret in text for secret in ("MIIE", "Qwert"))


def test_the_problem_is_told_with_its_line():
    document, given = order(SOURCE, diagnostic=Diagnostic(Span(30, 31), "x is odd", "ruff", "X1"))
    text = said(ask_rewrite(document, given, Budget(0, 0)).request)
    assert "as told by ruff X1: x is odd\nIt is in this line:\ndef f():\n" in text


def test_a_new_file_is_about_the_target():
    document, given = order(
        SOURCE, snippets=(Snippet(redact("tests/test_b.py"), redact("def test_b(): ...")),)
    )
    new = Document.of("file:///test_a.py", "python", 0, "")
    ask = ask_file(document, given, Budget(100, 100), new, "tests/test_a.py")
    assert ask.document is new
    assert [(target.span, target.shown) for target in ask.targets] == [(Span(0, 0), "")]
    assert "tests/test_a.py" in ask.request.messages[0].text
    assert '<file path="tests/test_b.py">\ndef test_b(): ...\n</file>' in ask.request.messages[1].text
