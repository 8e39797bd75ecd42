"""What a model said, where it was said, and what is left of it once the user has typed on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from codestral_ls.core.model import Finish, Usage  # noqa: TC001
from codestral_ls.core.polish import Hole, indent_unit, line_end, polish
from codestral_ls.core.prompt import Mode  # noqa: TC001
from codestral_ls.core.text import Span

if TYPE_CHECKING:
    from codestral_ls.core.polish import Polished
    from codestral_ls.core.prompt import Site

# Two places with the same characters around them, as many as these, are taken for the same place.
AROUND = 200
# What polishing looks at: brackets and repeated lines further away hardly matter.
BEFORE, AFTER = 8000, 4000

Source = Literal["typed", "memory", "disk", "joined", "model"]


@dataclass(frozen=True, slots=True)
class Reply:
    """A model's answer as it came, under the id of its request.

    `pieces` are the parts it came in: where each ends in `raw`, and its summed log-probability. The type is
    read from disk as well, so that its annotations have to be there at run time.
    """

    id: str
    raw: str
    finish: Finish
    mode: Mode
    pieces: tuple[tuple[int, float], ...] = ()
    usage: Usage | None = None

    def logprob(self, start: int, end: int) -> float | None:
        """Summed log-probability of the parts that reach into `raw[start:end]`; None if unknown."""
        if not self.pieces:
            return None
        total, before = 0.0, 0
        for stop, logprob in self.pieces:
            if stop > start and before < end:
                total += logprob
            before = stop
        return total


@dataclass(frozen=True, slots=True)
class Place:
    """A site, remembered by the text around it, so that it is known again in later versions."""

    uri: str
    anchor: int
    before: str
    after: str

    @classmethod
    def of(cls, site: Site) -> Place:
        document, offset = site.document, site.offset
        before = document.slice(offset - AROUND, offset)
        return cls(document.uri, offset, before, document.slice(offset, offset + AROUND))

    def typed_since(self, site: Site) -> str | None:
        """What was typed between this place and the site; None where anything else differs."""
        document = site.document
        if document.uri != self.uri or site.offset < self.anchor:
            return None
        if document.slice(site.offset, site.offset + AROUND) != self.after:
            return None
        if document.slice(self.anchor - len(self.before), self.anchor) != self.before:
            return None
        return document.slice(self.anchor, site.offset)


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Replace `span`, which lies on the cursor's line and contains the cursor, by `text`.

    `logprob` is the model's confidence: the sum over the text, where it is known. `usage` is that of the
    request it comes from.
    """

    id: str
    span: Span
    text: str
    source: Source
    logprob: float | None = None
    usage: Usage | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A polished reply at the place it was made for."""

    place: Place
    reply: Reply
    polished: Polished

    def at(self, site: Site, source: Source) -> Suggestion | None:
        """What is left of it at a later site: the rest, while its own text is typed. Never anything else."""
        typed = self.place.typed_since(site)
        if typed is None or (typed and self.polished.replace_left):
            return None
        text = self.polished.text
        if not text.startswith(typed) or len(text) == len(typed):
            return None
        return Suggestion(
            id=self.reply.id,
            span=Span(site.offset - self.polished.replace_left, site.offset + self.polished.replace_right),
            text=text[len(typed) :],
            source=source,
            logprob=self.reply.logprob(len(typed), len(text)),
            usage=self.reply.usage,
        )


def hole_at(site: Site, mode: Mode, max_lines: int) -> Hole:
    """What polishing needs to know of a site."""
    prefix = site.document.slice(site.offset - BEFORE, site.offset)
    suffix = site.document.slice(site.offset, site.offset + AFTER)
    return Hole(
        prefix=prefix,
        suffix=suffix,
        language=site.document.language,
        mode=mode,
        eol=line_end(prefix + suffix),
        indent=indent_unit(prefix.splitlines()),
        max_lines=max_lines,
    )


def know(site: Site, reply: Reply, max_lines: int) -> Known | None:
    """Polish a reply for the site it was made for; None where nothing is worth showing."""
    hole = replace(hole_at(site, reply.mode, max_lines), finish=reply.finish)
    polished = polish(reply.raw, hole)
    return Known(Place.of(site), reply, polished) if polished else None
