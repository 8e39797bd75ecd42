"""What is remembered of an open document from one request to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codestral_ls.core.gate import Burst
    from codestral_ls.core.prompt import Site, Start
    from codestral_ls.core.suggestion import Known, Suggestion


@dataclass(slots=True)
class Memory:
    """What was shown last, and all that a user was shown who asked for several; the typing under way, and
    where a burst of it began of which the model had nothing to say; where the window that was sent began, and
    what followed it."""

    last: Known | None = None
    candidates: tuple[Known, ...] = ()
    burst: Burst | None = None
    barren: int | None = None
    start: Start | None = None
    suffix: str | None = None

    @property
    def asked_for(self) -> bool:
        """Whether what was shown last was asked for by hand."""
        return any(known is self.last for known in self.candidates)

    def follow(self, suggestion_id: str) -> None:
        """The editor shows this one of the candidates, which is the one to go on with."""
        if self.asked_for:
            self.last = next((known for known in self.candidates if known.id == suggestion_id), self.last)

    def rest(self, site: Site) -> Suggestion | None:
        """What is left of what was shown last, or else of the first candidate that goes on at a site."""
        for known in (self.last, *self.candidates):
            if known and (suggestion := known.at(site, "typed")):
                self.last = known
                return suggestion
        return None

    def fitting(self, site: Site) -> list[Known]:
        """The candidates of which something is left at a site."""
        return [known for known in self.candidates if known.at(site, "typed")]

    def beside(self, suggestion: Suggestion, site: Site) -> tuple[Suggestion, ...]:
        """A suggestion, and if it is one of the candidates, what is left of the others."""
        others = [known for known in self.candidates if known.id != suggestion.id]
        if len(others) == len(self.candidates):
            return (suggestion,)
        left = (known.at(site, "typed") or known.ahead(site) for known in others)
        return (suggestion, *filter(None, left))

    def show(self, first: Suggestion | None, others: Sequence[Known], site: Site) -> tuple[Suggestion, ...]:
        """All that a user is shown who asks for several: the first, which is what was shown last, and of the
        others what differs from it and from one another. These are the candidates from now on."""
        distinct = {first.text: first} if first else {}
        for known in others:
            if suggestion := known.at(site, "model"):
                distinct.setdefault(suggestion.text, suggestion)
        found = {known.id: known for known in (self.last, *others) if known}
        shown = tuple(distinct.values())
        self.candidates = tuple(found[suggestion.id] for suggestion in shown if suggestion.id in found)
        return shown

    def is_taken(self, site: Site) -> bool:
        """Whether all of a suggestion that was shown, and no more, stands before the site."""
        return any(known.is_taken(site) for known in (self.last, *self.candidates) if known)
