"""The requests of one refactoring: streamed, asked again where that may help, and added up."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from codestral_ls.core.correction import correction
from codestral_ls.core.model import Usage
from codestral_ls.core.proposal import propose
from codestral_ls.core.refusal import Refused
from codestral_ls.core.replies import MOST_GROWTH, SPARE_CHARACTERS
from codestral_ls.engine.proposal import Bill
from codestral_ls.engine.talker import MOST_CHARACTERS

if TYPE_CHECKING:
    from codestral_ls.core.model import ChatRequest
    from codestral_ls.core.proposal import Proposal
    from codestral_ls.core.rewrite import Ask
    from codestral_ls.engine.proposal import Report, Stage
    from codestral_ls.engine.talker import Reply, Talker


_FIRST: Stage = "asking"


class Rewriting:
    """A model that is asked about one document. `bill` is for all that it was asked so far."""

    def __init__(self, talker: Talker, uri: str, report: Report) -> None:
        self.bill = Bill(talker.profile.label, Usage(0, 0), 0.0)
        self._talker = talker
        self._uri = uri
        self.report = report
        self._received = 0

    async def rewrite(self, ask: Ask) -> Proposal:
        """The edits that the model wants.

        A reply that is cut off is asked for once more with more room, one that cannot be applied once more
        with what is wrong with it. Raises a `ModelError` or `Refused`.
        """
        most = SPARE_CHARACTERS + MOST_GROWTH * sum(len(target.shown) for target in ask.targets)
        request, stage = ask.request, _FIRST
        enlarged = corrected = False
        while True:
            reply = await self.asked(request, stage, most)
            self.report("checking", self._received)
            try:
                return propose(ask, reply.text, reply.finish, last=corrected)
            except Refused as refused:
                larger = self._talker.larger(request) if refused.reason == "truncated" else None
                mended = correction(ask, reply.text, refused)
                if larger and reply.finish == "length" and not enlarged:
                    request, enlarged = larger, True
                elif mended and not corrected:
                    request, stage, corrected = (
                        replace(mended, max_tokens=request.max_tokens),
                        "repairing",
                        True,
                    )
                else:
                    raise

    async def answer(self, request: ChatRequest) -> Reply:
        """The model's words, perhaps cut off. Raises a `ModelError`, and `Refused` where there are none."""
        reply = await self.asked(request, "asking")
        if not reply.text.strip():
            raise Refused("empty")
        return reply

    async def asked(self, request: ChatRequest, stage: Stage, most: int = MOST_CHARACTERS) -> Reply:
        """One reply, which is added to the bill. Raises a `ModelError`."""
        self.report(stage, self._received)
        reply = await self._talker.ask(
            request, task="refactoring", uri=self._uri, on_text=self._came, most=most
        )
        self.bill = _added(self.bill, reply.bill)
        return reply

    def _came(self, text: str) -> None:
        self._received += len(text)
        self.report("writing", self._received)


def _added(one: Bill, other: Bill) -> Bill:
    """What is unknown of one is unknown of both."""
    usage, more = one.usage, other.usage
    both = usage and more and Usage(*map(sum, zip(_counts(usage), _counts(more), strict=True)))
    dollars = None if one.cost_usd is None or other.cost_usd is None else one.cost_usd + other.cost_usd
    return Bill(other.model, both, dollars)


def _counts(usage: Usage) -> tuple[int, int, int]:
    return usage.prompt, usage.completion, usage.cached
