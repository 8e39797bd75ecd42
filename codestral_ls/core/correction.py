"""What the model is told of a reply that could not be applied, when it is asked a second time."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from codestral_ls.core.model import Message
from codestral_ls.core.privacy import redact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codestral_ls.core.model import ChatRequest
    from codestral_ls.core.refusal import Reason, Refused
    from codestral_ls.core.rewrite import Ask

WRONG: Final[Mapping[Reason, str]] = {
    "empty": "It holds no code.",
    "prose": "It is in words, and code was asked for.",
    "garbled": "It is not in the form that was asked for.",
    "several": "It holds several pieces of code, and only one per span was asked for.",
    "elided": "It leaves code out. Every line of the span has to be written, also those that do not change.",
    "diff": "It is a patch, and the whole new text was asked for.",
    "elsewhere": "It changes or repeats code that stands outside of the span.",
    "secret": "It changes a run of the letter x that stands for a secret. Copy those lines as they are.",
    "syntax": "With it the file would have a syntax error.",
    "code": "It changes code, but nothing may change except comments and doc strings.",
    "names": "It changes more than names, but nothing else may change.",
}
"""The faults that a second try may mend."""


def correction(ask: Ask, raw: str, refused: Refused) -> ChatRequest | None:
    """The request once more, with the reply and what is wrong with it; None where that would not help."""
    if refused.reason not in WRONG:
        return None
    asked = ask.request.messages
    begun = tuple(message for message in asked[-1:] if message.role == "assistant")
    told = f"This reply cannot be used. {_wrong(ask, refused)} Answer again, in full and in the same form."
    reply = raw if raw.startswith(ask.opening) else f"{ask.opening}{raw}"
    said = Message("assistant", redact(reply)), Message("user", redact(told))
    messages = (*asked[: len(asked) - len(begun)], *said, *begun)
    return replace(ask.request, messages=messages)


def _wrong(ask: Ask, refused: Refused) -> str:
    """The line of an error is told as one of the target, the only lines that the model can count."""
    wrong = WRONG[refused.reason]
    if refused.line is None:
        return wrong
    first = ask.document.position_at(ask.targets[0].span.start)[0]
    row = refused.line - first
    return f"{wrong[:-1]}, near line {row} of the span." if row > 0 else wrong
