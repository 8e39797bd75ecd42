"""A suggestion in the editor's hands: what becomes of it as its document changes.

No message tells that a suggestion was typed out, taken in part or contradicted, so the text has to.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from codestral_ls.core.text import Span
from codestral_ls.core.track import agreement, minimal, moved

if TYPE_CHECKING:
    from codestral_ls.core.suggestion import Suggestion
    from codestral_ls.core.text import Document, Edit
    from codestral_ls.core.track import Change

State = Literal["open", "whole", "contradicted"]
"""The text can still become the suggestion's; it has; it no longer can."""

# So many letters at once are no keystroke: Enter brings blanks along and a bracket its partner, no letters.
LEAP = 2
_CLOSERS = frozenset(")]}>\"'`")


@dataclass(frozen=True, slots=True)
class Offer:
    """A suggestion to put `text` in place of `span`, where `replaced` stood.

    The first `standing` characters of it are in the document, the first `base` since before the last change;
    `taken` of them the user accepted, in parts.
    """

    id: str
    span: Span
    text: str
    replaced: str
    standing: int
    base: int
    taken: int = 0
    state: State = "open"

    @classmethod
    def of(cls, document: Document, suggestion: Suggestion) -> Offer:
        span = suggestion.span
        replaced = document.slice(span.start, span.end)
        standing = agreement(suggestion.text, replaced)
        return cls(suggestion.id, span, suggestion.text, replaced, standing, standing)

    @property
    def leapt(self) -> bool:
        """Whether the last change put in more than a keystroke does."""
        return sum(map(_is_letter, self.text[self.base : self.standing])) >= LEAP

    @property
    def inserted(self) -> str:
        """What accepting it put in, or would."""
        return self.text[self._accepted_from :]

    @property
    def gain(self) -> int:
        """The number of characters in that which were not there before."""
        return len(self.inserted) - agreement(self.inserted[::-1], self.replaced[::-1])

    @property
    def inserted_span(self) -> Span:
        """Where that is, once it was put in."""
        return Span(min(self.span.start + self._accepted_from, self.span.end), self.span.end)

    def settled(self, *, infer: bool) -> Offer:
        """Before the next change. `infer`: a leap to the end of a word or line was a part accepted."""
        leapt = infer and self.state == "open" and self.leapt and not self._inside_word
        part = self.standing - self.base if leapt else 0
        return replace(self, base=self.standing, taken=self.taken + part)

    def partly_accepted(self, length: int) -> Offer:
        """The user accepted the first `length` characters, which the last change put in."""
        return replace(self, taken=self.taken + max(length - self.base, 0), base=max(length, self.base))

    def follow(self, change: Change) -> Offer:
        """The offer after a change of its document."""
        edit = minimal(change.edit, change.before)
        if self.state == "contradicted" or _elsewhere(edit, self.span):
            return replace(self, span=moved(self.span, edit))
        shift = len(edit.text) - (edit.span.end - edit.span.start)
        span = Span(min(self.span.start, edit.span.start), max(self.span.end, edit.span.end) + shift)
        inside = self.span.start <= edit.span.start and edit.span.end <= self.span.end
        standing = self._standing(change.after.slice(span.start, span.end)) if inside else None
        if standing is None:
            return replace(self, span=span, state="contradicted")
        return replace(self, span=span, standing=standing, state=self._state(standing))

    @property
    def _accepted_from(self) -> int:
        return self.standing if self.state == "open" else self.base

    @property
    def _inside_word(self) -> bool:
        return all(map(_is_letter, self.text[self.standing - 1 : self.standing + 1]))

    def _standing(self, now: str) -> int | None:
        """How much of it stands there, if what follows was there before or is a closer of the editor."""
        count = agreement(self.text, now)
        rest = now[count:]
        return count if self.replaced.endswith(rest) or _CLOSERS.issuperset(rest) else None

    def _state(self, standing: int) -> State:
        return "whole" if standing == len(self.text) else "open"


def _elsewhere(edit: Edit, span: Span) -> bool:
    return edit.span.end < span.start or span.end < edit.span.start


def _is_letter(character: str) -> bool:
    return character.isalnum() or character == "_"
