"""Replies that are made to keep the server busy or to bring it down: each is refused, or read, at once.

Nothing is timed. What is mended here took from seconds to hours, with the event loop standing still.
"""

import pytest

from codestral_ls.core.answer import Block, change_by, code_blocks
from codestral_ls.core.elision import is_comment
from codestral_ls.core.privacy import redact
from codestral_ls.core.prompt import Budget
from codestral_ls.core.proposal import propose
from codestral_ls.core.refusal import Refused
from codestral_ls.core.rewrite import Order, ask_rewrite
from codestral_ls.core.text import Document, Span
from codestral_ls.core.withheld import Withheld

ABOVE = "".join(f"a{number:03} = 1\n" for number in range(1_100))
TARGET = "".join(f"def f{number}(): return {number}\n" for number in range(2_000))
REPEATED = "".join(ABOVE.splitlines(keepends=True)[-3:])
MANY = 100_000


def fenced(code: str) -> str:
    return f"```python\n{code}\n```\n"


REPLIES = {
    "a fence of tildes that is none": "~" * MANY + "`",
    "blanks behind a fence that is none": "~~~" + " " * MANY + "`",
    "comments in braces that do not end": fenced("{/*" * 20_000 + " unchanged" * 10_000),
    "blanks in braces": fenced("{/* same */" + " " * MANY),
    "blanks in a comment": fenced("#x" + " " * MANY + "y"),
    "short lines below repeated ones": fenced(REPEATED + "\n".join(f"z{n}" for n in range(30_000))),
    "a number of many digits": '{"replacements": [{"span": "target", "text": %s}]}' % ("1" * 5_000),
    "brackets in brackets": '{"replacements": ' + "[" * MANY,
}


@pytest.mark.parametrize("form", ["fence", "json"])
@pytest.mark.parametrize("reply", REPLIES.values(), ids=REPLIES)
def test_a_reply_that_is_a_trap_is_refused(reply, form):
    document = Document.of("file:///a.py", "python", 1, ABOVE + TARGET)
    span = Span(len(ABOVE), len(ABOVE) + len(TARGET))
    ask = ask_rewrite(document, Order("Do it.", span, span), Budget(24_000, 8_000), form)
    with pytest.raises(Refused):
        propose(ask, reply, "stop")


@pytest.mark.parametrize(
    "line", ["~" * 1_000_000 + "`", "~~~" + "\t" * 1_000_000 + "`"], ids=["fence", "blanks"]
)
def test_an_answer_that_is_a_trap_has_no_blocks(line):
    assert code_blocks(line) == ()


def test_a_long_comment_is_one():
    assert is_comment("# x" + " " * MANY + "y", "python")
    assert not is_comment("x" + " " * MANY + "# y", "python")


CODES = {
    "definitions": "def q():\n  pass\n" * 60_000,
    "brackets": "(" * 1_000_000,
    "lines": "x = 1\n" * 170_000,
}


@pytest.mark.parametrize("code", CODES.values(), ids=CODES)
def test_a_block_of_a_megabyte_is_refused(code):
    document = Document.of("file:///a.py", "python", 1, TARGET)
    with pytest.raises(Refused) as refused:
        change_by(Block("a.py", "python", code, True), document)
    assert refused.value.reason == "long"


def test_ten_thousand_secrets_in_a_text():
    real = "".join(f'key{number} = "sk-{"a1" * 15}"\n' for number in range(10_000))
    shown = redact(real)
    assert Withheld(real, shown).restored(shown) == shown
