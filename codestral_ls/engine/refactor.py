"""A refactoring: what was chosen at a place becomes changes that can be trusted, or a refusal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codestral_ls.core.actions import instruction
from codestral_ls.core.model import BadRequest, NotAllowed
from codestral_ls.core.rewrite import Order
from codestral_ls.engine.proposal import unheard

if TYPE_CHECKING:
    from codestral_ls.core.applicable import Choice
    from codestral_ls.core.text import Document
    from codestral_ls.engine.models import ChatModels
    from codestral_ls.engine.proposal import Proposal, Report
    from codestral_ls.engine.workspace import Workspace


class Refactorer:
    """Refactorings of documents, open or not. `language` is the one in which the user reads."""

    def __init__(self, models: ChatModels, workspace: Workspace) -> None:
        self.language = "English"
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
        order = self._order(document, choice, request)
        raise NotImplementedError(order)

    def _order(self, document: Document, choice: Choice, request: str) -> Order:
        if why := self._workspace.why_refused(document):
            raise NotAllowed(f"Nothing of this file is sent to a model, because {why}.")
        if choice.disabled:
            raise BadRequest(choice.disabled)
        if choice.action.asks and not request.strip():
            raise BadRequest("Say what is to be changed.")
        return Order(
            instruction=instruction(choice.action, self.language, request.strip()),
            target=choice.target,
            focus=choice.focus,
            diagnostic=choice.diagnostic,
        )
