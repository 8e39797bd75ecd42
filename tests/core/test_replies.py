"""From a reply to the file afterwards, or to the reason why it stays as it is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.minimal import apply_to
from codestral_ls.core.prompt import Budget
from codestral_ls.core.proposal import propose
from codestral_ls.core.refusal import SENTENCES, Refused
from codestral_ls.core.replies import longest_reply
from codestral_ls.core.rewrite import Order, ask_file, ask_rewrite
from codestral_ls.core.text import Document, Edit, Span
from tests.core.rewrite_cases import CASES, FILES, outcome, read, render, updated

TEXT = """import os


def total(items):
    result = 0
    for item in items:
        result += item
    return result
"""
HEAD, TAIL = "import os\n\n\n", "\n\n\nprint(total([]))\r\n"


@pytest.mark.parametrize("case", CASES)
def test_fixture(case, update_fixtures):
    if update_fixtures:
        pytest.skip("the fixtures are being written")
    assert outcome(case) == (case.want, case.refused)


def test_fixtures_are_in_their_own_form(update_fixtures):
    """So that `--update-fixtures` changes only what is new."""
    for path in FILES:
        cases = read(path)
        if update_fixtures:
            path.write_text(render([*map(updated, cases)]), "utf-8", newline="\n")
        assert path.read_text("utf-8") == render(read(path))


@pytest.mark.parametrize("case", CASES)
def test_a_reply_that_was_cut_off_is_never_half_applied(case):
    """A cut behind the code may be applied, in whole; none elsewhere."""
    ask = case.ask()
    for end in range(0, len(case.raw), 1 + len(case.raw) // 40):
        try:
            edits = propose(ask, case.raw[:end], "length").edits
        except Refused:
            continue
        # The first of two answers is whole.
        assert apply_to(case.before, edits) == case.want or case.refused == "several"


def order():
    document = Document.of("file:///a.py", "python", 1, HEAD + TEXT[len(HEAD) : -1] + TAIL)
    span = Span(len(HEAD), len(TEXT) - 1)
    return document, Order("Do it.", span, span)


PIECES = st.sampled_from(
    [
        "```",
        "```python target\n",
        "~~~\n",
        "\n",
        "\r\n",
        "    ",
        "\t",
        "def total(items):",
        "    return result",
        "# ... rest unchanged ...",
        "import os",
        "print(total([]))",
        "@@ -1 +1 @@\n",
        "-    result = 0\n",
        "+    result = 1\n",
        "<<<<<<< SEARCH\n",
        "=======\n",
        ">>>>>>> REPLACE\n",
        '{"replacements": [{"span": "target", "text": "',
        '"}]}',
        "Here is the code:",
        "x = 1",
        "😀",
        "\x00",
        "\ud800",
        "\u2028",
        "\f",
    ]
)
REPLIES = st.one_of(st.lists(PIECES, max_size=12).map("".join), st.text(max_size=60))


def check_confined(ask, raw, finish):
    """Either nothing happens, for a reason, or all that changes is in the span, and can be undone."""
    document = ask.document
    try:
        edits = propose(ask, raw, finish).edits
    except Refused:
        return
    after = apply_to(document.text, edits)
    assert after.startswith(HEAD)
    assert after.endswith(TAIL)
    assert apply_to(after, undo(document.text, edits)) == document.text


@given(REPLIES, st.sampled_from(["json", "fence"]), st.sampled_from(["stop", "length", None]), st.booleans())
def test_whatever_comes_back_changes_nothing_outside_of_the_span(raw, form, finish, begin):
    check_confined(ask_rewrite(*order(), Budget(500, 500), form, begin), raw, finish)


def undo(text, edits):
    """Edits of the changed text that bring the old one back."""
    back, grown = [], 0
    for edit in edits:
        start = edit.span.start + grown
        back.append(Edit(Span(start, start + len(edit.text)), text[edit.span.start : edit.span.end]))
        grown += len(edit.text) - (edit.span.end - edit.span.start)
    return back


HOSTILE = {
    "10 MB": "a" * 10_000_000,
    "blanks": "```python target\n" + " " * 30_000 + "x",
    "one endless sentence": "Take " + "a, " * 12_000 + "{",
    "words that elide": "# " + "the rest of the other existing code " * 1_000,
    "many such lines": "# rest of the code\n" * 2_000,
    "fences": "```a\n" * 7_000,
    "braces": "{" * 40_000,
    "brackets in JSON": '{"replacements": ' + "[" * 39_000,
    "hunks": "@@\n-a\n+b\n" * 4_000,
    "searches": "<<<<<<< SEARCH\na\n=======\nb\n>>>>>>> REPLACE\n" * 900,
    "one letter lines": "```\n" + "x\n" * 19_000 + "```",
    "half the old code": "```\n" + "    result = 0\n" * 2_500 + "# ... rest unchanged\n```",
    "thoughts without an end": "<think>" * 5_000,
    "tags": "<span " * 6_000 + ">",
    "tokens of the end": "</s>\n" * 8_000,
}


@pytest.mark.parametrize("raw", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("form", ["json", "fence"])
def test_hostile_replies_do_no_harm(raw, form):
    check_confined(ask_rewrite(*order(), Budget(500, 500), form), raw, "stop")


def test_the_longest_reply_is_known_before_it_has_come():
    ask = ask_rewrite(*order(), Budget(500, 500))
    reply = "```python target\n" + TEXT[len(HEAD) :].replace("result", "total") + "#"
    with pytest.raises(Refused, match="far longer"):
        propose(ask, reply + "a" * longest_reply(ask), "stop")


def test_an_error_s_line_is_told():
    document, given_order = order()
    with pytest.raises(Refused) as refused:
        propose(
            ask_rewrite(document, given_order, Budget(0, 0)),
            "```\ndef total(items):\n    return (\n```",
            "stop",
        )
    assert refused.value.reason == "syntax"
    assert "line 5" in refused.value.message


def test_a_new_file_is_written():
    new = Document.of("file:///test_a.py", "python", 0, "")
    ask = ask_file(*order(), Budget(100, 100), new, "test_a.py")
    proposal = propose(
        ask, "Here you are:\n```python\ndef test_total():\n    assert total([]) == 0\n```", "stop"
    )
    assert proposal.edits == (Edit(Span(0, 0), "def test_total():\n    assert total([]) == 0\n"),)
    assert proposal.check.verdict == "parses"


def test_every_sentence_is_a_sentence():
    assert all(sentence.endswith(".") for sentence in SENTENCES.values())


KEY = "sk-" + "a1B2" * 8
SECRET = f'def connect(host):\n    key = "{KEY}"\n    client = Client(host, key)\n    return client'
SHOWN = SECRET.replace(KEY, "x" * len(KEY))
LINES = st.sampled_from(
    [*SHOWN.split("\n"), '    key = "xxxxxxxxxx"', "x" * 40, "    client.open()", '    key = ""', ""]
)


@given(st.lists(LINES, max_size=8).map("\n".join), st.sampled_from(["def f():\n    pass\n\n\n", ""]))
def test_no_secret_is_lost_or_blanked_out(code, head):
    document = Document.of("file:///a.py", "python", 1, f"{head}{SECRET}\n")
    span = Span(len(head), document.length - 1)
    ask = ask_rewrite(document, Order("Do it.", span, span), Budget(500, 500))
    try:
        edits = propose(ask, f"```python target\n{code}\n```", "stop").edits
    except Refused:
        return
    after = apply_to(document.text, edits)
    assert f'"{KEY}"' in after
    assert "x" * 16 not in after
