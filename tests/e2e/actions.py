"""A document, what is asked about it, and a chat model's answers: for every action one that is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from codestral_ls.bench.reply import Reply
from tests.upstream.chat import ChatReply
from tests.upstream.mistral import split

if TYPE_CHECKING:
    from codestral_ls.bench.serve import Exchange

TEXT = (
    "# 💰 Was kostet es?\r\n"
    "\r\n"
    "def pay(prices, face='😀'):  # 😀 TODO: add the tax\r\n"
    "\ttotal = sum(prices)  # Summe 💶\r\n"
    "\treturn face, total\r\n"
    "\r\n"
    "\r\n"
    "print(pay([1]), '😀')"
)
"""Line ends of Windows, tabs, no final line end, and signs that each encoding counts differently."""

CURSOR = "def pay"
OWN = {"title": "Be polite", "instruction": "Greet.", "scope": "definition"}
TESTS = "from cart import pay\n\n\ndef test_pay():\n    assert pay([1, 2]) == ('😀', 3)"
EXPLANATION = "It adds `prices` up. 💶"


@dataclass(frozen=True)
class Case:
    """An action at a place: what of the document it replaces by what, or what it says."""

    old: str = ""
    new: str = ""
    place: str = CURSOR
    says: str = ""

    @property
    def after(self) -> str:
        return TEXT.replace(self.old, self.new) if self.old else TEXT


CASES: Mapping[str, Case] = {
    "fix": Case("sum(prices)", "sum(prices, 0)", place="total = sum(prices)"),
    "instruct": Case("'😀'):", "'🙂'):"),
    "complete": Case("  # 😀 TODO: add the tax\r\n", "\r\n"),
    "simplify": Case(
        "\ttotal = sum(prices)  # Summe 💶\r\n\treturn face, total", "\treturn face, sum(prices)"
    ),
    "extract": Case(
        "def pay(", "def added(prices):\r\n\treturn sum(prices)\r\n\r\n\r\ndef pay(", "total = sum(prices)"
    ),
    "rename": Case("total", "amount"),
    "types": Case("(prices, face='😀')", "(prices: list[int], face: str = '😀') -> tuple[str, int]"),
    "modernise": Case("face, total", "(face, total)"),
    "document": Case("the tax\r\n", 'the tax\r\n\t"""Adds up 💶."""\r\n'),
    "translate": Case("# Summe 💶", "# the sum 💶"),
    "tests": Case(says=TESTS),
    "explain": Case(says=EXPLANATION),
    "document-file": Case("# 💰 Was kostet es?", '"""What it costs 💰."""\r\n\r\n# 💰 Was kostet es?'),
    "user.be-polite": Case("\treturn face", '\tprint("Hello 👋")\r\n\treturn face'),
}

DIAGNOSTIC = {"message": "sum() is odd", "source": "odd", "code": 7, "severity": 2}


def answer(case: Case, **how: Any) -> Any:
    """What the model says: in whichever form it was asked, thinking aloud first, in small pieces."""

    def told(exchange: Exchange) -> Reply:
        body = exchange.json
        return ChatReply(_said(case, body), thoughts="Let me see …", pack=split(50), **how)

    return told


def _said(case: Case, body: Mapping[str, Any]) -> str:
    if case.says == EXPLANATION:
        return case.says
    code = case.says or _target(body).replace(_lf(case.old), _lf(case.new))
    if body.get("response_format"):
        return msgspec.json.encode({"replacements": [{"span": "target", "text": code}]}).decode()
    begun = body["messages"][-1]["role"] == "assistant"
    return f"{code}\n```\n" if begun else f"```python target\n{code}\n```\n"


def _target(body: Mapping[str, Any]) -> str:
    """The span as the model is shown it."""
    asked = next(message["content"] for message in body["messages"] if message["role"] == "user")
    rest: str = asked.partition('<span name="target">\n')[2]
    return rest.partition("\n</span>")[0]


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n")
