"""A question to the chat model with what it is about, and the answer."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from codestral_ls.core.answer import code_blocks

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codestral_ls.core.answer import Block
    from codestral_ls.core.applicable import Diagnostic
    from codestral_ls.core.conversation import Turn
    from codestral_ls.core.text import Document, Span
    from codestral_ls.engine.proposal import Bill


@dataclass(frozen=True, slots=True)
class Mention:
    """A document that a question is about: the lines of `extent`, those around it where it is empty, or
    without one the document from its head."""

    document: Document
    extent: Span | None = None


@dataclass(frozen=True, slots=True, repr=False)
class Question:
    """`diagnostics` are of the first document that is mentioned, `texts` other things to read, by title.

    With `open`, the model is shown the documents that are open beside; with `pinned`, what it is shown stays
    before its eyes for the rest of the conversation.
    """

    text: str
    mentions: tuple[Mention, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    open: bool = False
    pinned: bool = False

    @property
    def size(self) -> int:
        """Characters of the question and of what it points at."""
        spans = [each.extent for each in self.mentions if each.extent]
        whole = [each.document.length for each in self.mentions if each.extent is None]
        texts = [len(text) for _, text in self.texts]
        return len(self.text) + sum(span.end - span.start for span in spans) + sum(whole) + sum(texts)


@dataclass(frozen=True, slots=True, repr=False)
class Answer:
    """`context` lists what the model was shown, `notes` are sentences that the user should know."""

    conversation: str
    turn: str
    text: str
    blocks: tuple[Block, ...]
    context: tuple[str, ...]
    notes: tuple[str, ...]
    bill: Bill

    @property
    def facts(self) -> dict[str, object]:
        """For other programs; null is what nobody knows."""
        bill = self.bill
        return {
            "conversation": self.conversation,
            "turn": self.turn,
            "markdown": self.text,
            "blocks": _block_facts(self.blocks),
            "context": list(self.context),
            "notes": list(self.notes),
            "model": bill.model,
            "usage": asdict(bill.usage) if bill.usage else None,
            "cost_usd": bill.cost_usd,
        }


@dataclass(frozen=True, slots=True)
class Summary:
    """A conversation in a list: `title` is the beginning of its first question."""

    conversation: str
    title: str
    turns: int


def turn_facts(turn: Turn) -> dict[str, object]:
    """What is still known of an earlier question and its answer, as in `Answer.facts`."""
    return {
        "turn": turn.id,
        "question": turn.question,
        "markdown": turn.answer,
        "blocks": _block_facts(code_blocks(turn.answer)),
        "context": [each.title for each in turn.attached],
    }


def _block_facts(blocks: Iterable[Block]) -> list[dict[str, str]]:
    return [{"path": each.path, "language": each.language, "code": each.code} for each in blocks]
