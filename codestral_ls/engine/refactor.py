"""A refactoring: what was chosen at a place becomes changes that can be trusted, or a refusal."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from codestral_ls.core.actions import Answer, instruction
from codestral_ls.core.config import Chat
from codestral_ls.core.model import BadRequest, NotAllowed
from codestral_ls.core.occurrences import defined_name
from codestral_ls.core.rewrite import Order, ask_across, ask_explanation, ask_file, ask_rewrite
from codestral_ls.core.text import Document, apply_edits
from codestral_ls.engine.across import Across, limits
from codestral_ls.engine.new_tests import find_place
from codestral_ls.engine.proposal import FileChange, Proposal, unheard
from codestral_ls.engine.rewriting import Rewriting

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from codestral_ls.core import proposal
    from codestral_ls.core.applicable import Choice
    from codestral_ls.core.rewrite import Ask
    from codestral_ls.engine.across import Limits
    from codestral_ls.engine.models import ChatModels
    from codestral_ls.engine.proposal import Report
    from codestral_ls.engine.talker import Talker
    from codestral_ls.engine.workspace import Workspace

_NEEDS_NO_IMPORT = frozenset({"document", "document-file", "extract", "rename", "simplify", "translate"})

_SHARE_OF_WORDS = 8
"""An explanation takes at most one part in so many of the model's window."""

_UNCHECKED = "The syntax was not checked: there is no parser for this language, or the code is too long."
_UNKEPT = (
    "Neither the syntax was checked nor whether more was changed than may be: there is no parser for this "
    "language, or the code is too long."
)
_LEFT_OUT = "The model also changed code, which this action must not: those changes are left out."
_CUT_OFF = "The answer is cut off."


class Refactorer:
    """Refactorings of documents, open or not. `language` is the one in which the user reads, `rounds` how
    often a model may look things up in other files."""

    def __init__(self, models: ChatModels, workspace: Workspace) -> None:
        self.language = "English"
        self.rounds = Chat().rounds
        self._models = models
        self._workspace = workspace

    async def propose(
        self, document: Document, choice: Choice, request: str = "", report: Report = unheard
    ) -> Proposal:
        """What an action comes to, on the document as it is now: whoever applies it compares the versions.

        `request` is what the user typed, for an action that asks for it. Raises a `ModelError` (`NotAllowed`
        where nothing of the document may be sent or the budget is spent, `BadRequest` where the choice
        cannot be carried out) and `Refused`, each with a sentence for the user in `message`. Cancelling ends
        the request to the model at once.
        """
        if why := self._workspace.why_refused(document):
            raise NotAllowed(f"Nothing of this file is sent to a model, because {why}.")
        if choice.disabled:
            raise BadRequest(choice.disabled)
        if choice.action.asks and not request.strip():
            raise BadRequest("Say what is to be changed.")
        report("reading", 0)
        talker = await self._models.talker(choice.action.task, choice.target.end - choice.target.start)
        order = self._order(document, choice, request.strip())
        rewriting = Rewriting(talker, document.uri, report)
        job = _Job(document, choice, order, talker, rewriting, self._workspace, limits(talker, self.rounds))
        proposed = await _WAYS[choice.action.answer](job)
        return replace(proposed, title=choice.heading, bill=rewriting.bill)

    def _order(self, document: Document, choice: Choice, request: str) -> Order:
        return Order(
            instruction=instruction(choice.action, self.language, request),
            target=choice.target,
            focus=choice.focus,
            path=self._workspace.shown_path(document.uri),
            diagnostic=choice.diagnostic,
            with_imports=choice.action.name not in _NEEDS_NO_IMPORT,
            changes=choice.action.changes,
        )


@dataclass(frozen=True, slots=True, repr=False)
class _Job:
    """One refactoring, about to be asked for."""

    document: Document
    choice: Choice
    order: Order
    talker: Talker
    rewriting: Rewriting
    workspace: Workspace
    limits: Limits

    async def edited(self) -> Proposal:
        """The target, and if need be the imports, anew."""
        document = self.document
        found = await self.rewriting.rewrite(self._ask())
        new_text = apply_edits(document, reversed(found.edits), document.version).text
        version = document.version if self.workspace.get(document.uri) else None
        change = FileChange(document.uri, version, document, new_text, found.edits)
        return Proposal("", (change,), notes=notes(found))

    async def edited_everywhere(self) -> Proposal:
        """Whatever files the task concerns; the model looks them up."""
        across = Across(self.workspace, self.rewriting.asked, self.limits, report=self.rewriting.report)
        order = replace(self.order, path=across.name(self.document.uri))
        request = ask_across(self.document, order, self.talker.budget)
        of_definition = self.choice.action.scopes == ("definition",)
        name = defined_name(self.document, self.order.target) if of_definition else ""
        return await across.propose(request, name)

    async def explained(self) -> Proposal:
        """The model's words about the target."""
        request = ask_explanation(self.document, self.order, self.talker.budget)
        window = self.talker.profile.window
        if window:  # Small models have much to say and little sense of an end.
            request = replace(request, max_tokens=min(request.max_tokens, window // _SHARE_OF_WORDS))
        reply = await self.rewriting.answer(request)
        return Proposal("", text=reply.text.strip(), notes=(_CUT_OFF,) if reply.finish != "stop" else ())

    async def written(self) -> Proposal:
        """A new file of tests for the target, like those that the project has."""
        place = await asyncio.to_thread(find_place, self.document, self.workspace)
        new = Document.of(place.path.as_uri(), self.document.language, 0, "")
        order = replace(self.order, snippets=place.samples)
        ask = ask_file(self.document, order, self.talker.budget, new, place.shown)
        found = await self.rewriting.rewrite(ask)
        text = apply_edits(new, reversed(found.edits), 0).text
        return Proposal("", (FileChange(new.uri, None, None, text),), notes=notes(found), reads=place.reads)

    def _ask(self) -> Ask:
        """The reply is begun for the model where it goes on with that; else a schema holds it to the form."""
        features = self.talker.profile.features
        begun = "prefix" in features
        ask = ask_rewrite(self.document, self.order, self.talker.budget, "fence", begin=begun)
        if "schema" not in features or (begun and ask.opening):
            return ask
        return ask_rewrite(self.document, self.order, self.talker.budget, "json")


_WAYS: Final[Mapping[Answer, Callable[[_Job], Awaitable[Proposal]]]] = {
    "edit": _Job.edited,
    "edits": _Job.edited_everywhere,
    "explanation": _Job.explained,
    "file": _Job.written,
}


def notes(found: proposal.Proposal) -> tuple[str, ...]:
    """What the user should know of how a reply was read."""
    unchecked = found.check.verdict == "unchecked"
    cases = {
        _UNCHECKED: unchecked and found.changes == "code",
        _UNKEPT: unchecked and found.changes != "code",
        _LEFT_OUT: found.left_out,
    }
    return tuple(note for note, holds in cases.items() if holds)
