"""A document, what is asked about it, and a chat model's answers: for every action one that is right."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from codestral_ls.bench.reply import Reply
from codestral_ls.core.model import ToolCall
from tests.upstream.chat import ChatReply
from tests.upstream.mistral import split

if TYPE_CHECKING:
    from codestral_ls.bench.serve import Exchange

Body = dict[str, Any]

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

TILL = "from cart import pay\n\n\nprint('💶', pay([2]))\n"
"""Another file of the project, which is not open."""

CURSOR = "def pay"
OWN = {"title": "Be polite", "instruction": "Greet.", "scope": "definition"}
TESTS = "from cart import pay\n\n\ndef test_pay():\n    assert pay([1, 2]) == ('😀', 3)"
EXPLANATION = "It adds `prices` up. 💶"


@dataclass(frozen=True)
class Case:
    """An action at a place: what of the document it replaces by what, or what it says.

    `asked` is what the user has to type for it, and `calls` are the tools that the model calls, turn by turn.
    """

    old: str = ""
    new: str = ""
    place: str = CURSOR
    says: str = ""
    asked: str = ""
    calls: tuple[tuple[Body, ...], ...] = ()

    @property
    def after(self) -> str:
        return self._after("cart.py", TEXT.replace(self.old, self.new) if self.old else TEXT)

    @property
    def till(self) -> str:
        """What the other file comes to."""
        return self._after("till.py", TILL)

    def _after(self, path: str, text: str) -> str:
        for call in (call for turn in self.calls for call in turn if call.get("path") == path):
            text = text.replace(call["old"], call["new"]) if "old" in call else text
        return text


CASES: Mapping[str, Case] = {
    "fix": Case("sum(prices)", "sum(prices, 0)", place="total = sum(prices)"),
    "instruct": Case("'😀'):", "'🙂'):", asked="Be less toothy."),
    "instruct-everywhere": Case(
        asked="Call them amounts.",
        calls=(
            ({"path": "cart.py", "old": "def pay(prices,", "new": "def pay(amounts,"},),
            ({"path": "cart.py", "old": "sum(prices)", "new": "sum(amounts)"},),
        ),
    ),
    "rename-everywhere": Case(
        asked="charge",
        calls=(
            ({"name": "pay"}, {"path": "till.py"}),
            (
                {"path": "cart.py", "old": "def pay(", "new": "def charge("},
                {"path": "cart.py", "old": "print(pay(", "new": "print(charge("},
                {"path": "till.py", "old": "import pay", "new": "import charge"},
                {"path": "till.py", "old": ", pay(", "new": ", charge("},
            ),
        ),
    ),
    "change-signature": Case(
        asked="No face.",
        calls=(
            (
                {"path": "cart.py", "old": "prices, face='😀'", "new": "prices"},
                {"path": "cart.py", "old": "return face, total", "new": "return '😀', total"},
            ),
        ),
    ),
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
        turn = sum(message["role"] == "assistant" for message in body["messages"])
        calls = tuple(map(_call, case.calls[turn] if turn < len(case.calls) else ()))
        said = "Let me look." if calls else _said(case, body)
        return ChatReply(said, calls=calls, thoughts="Let me see …", pack=split(50), **how)

    return told


def _said(case: Case, body: Mapping[str, Any]) -> str:
    if case.says == EXPLANATION or case.calls:
        return case.says or "Done."
    code = case.says or _target(body).replace(_lf(case.old), _lf(case.new))
    if body.get("response_format"):
        return msgspec.json.encode({"replacements": [{"span": "target", "text": code}]}).decode()
    begun = body["messages"][-1]["role"] == "assistant"
    return f"{code}\n```\n" if begun else f"```python target\n{code}\n```\n"


def _call(arguments: Body) -> ToolCall:
    """The tool is known by its arguments."""
    tools = {
        ("path", "old", "new"): "propose_edit",
        ("path", "content"): "create_file",
        ("path",): "read_file",
    }
    name = tools.get(tuple(arguments), "find_references")
    return ToolCall("call00001", name, msgspec.json.encode(arguments).decode())


def _target(body: Mapping[str, Any]) -> str:
    """The span as the model is shown it."""
    asked = next(message["content"] for message in body["messages"] if message["role"] == "user")
    rest: str = asked.partition('<span name="target">\n')[2]
    return rest.partition("\n</span>")[0]


def _lf(text: str) -> str:
    return text.replace("\r\n", "\n")
