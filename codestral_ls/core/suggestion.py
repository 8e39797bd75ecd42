"""What a model said, where it was said, and what is left of it once the user has typed on."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from codestral_ls.core.follow import closers_between, follow, holds, over_closers
from codestral_ls.core.model import Finish, Usage  # noqa: TC001
from codestral_ls.core.polish import Hole, Polished, indent_unit, line_end, polish
from codestral_ls.core.prompt import Mode  # noqa: TC001
from codestral_ls.core.text import Edit, Span, apply_edits, line_feeds

if TYPE_CHECKING:
    from codestral_ls.core.model import Profile
    from codestral_ls.core.prompt import Site

# Two places with the same characters around them, as many as these, are taken for the same place.
AROUND = 200
# So far a suggestion is followed backwards, while the user deletes what stands before it.
DELETED = 20
# What polishing looks at: brackets and repeated lines further away hardly matter.
BEFORE, AFTER = 8000, 4000

_LINE_END = re.compile(r"\r\n?|\n")
_LINE_ENDS = re.compile(r"[ \t]*\n")

Source = Literal["typed", "memory", "joined", "model"]


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
    """A site, remembered by the text around it, so that it is known again in later versions.

    `before` ends at the cursor, `rest` is the remainder of its line, `below` the next line that says
    something.
    """

    uri: str
    anchor: int
    before: str
    rest: str
    below: str

    @classmethod
    def of(cls, site: Site) -> Place:
        document, offset = site.document, site.offset
        rest, below = _behind(site)
        return cls(document.uri, offset, document.slice(offset - AROUND, offset), rest, below)

    def typed_since(self, site: Site) -> str | None:
        """What was typed between this place and the site; None where anything else differs, but for closing
        brackets that came or went."""
        document, closers = site.document, self.closers_at(site)
        if document.uri != self.uri or site.offset < self.anchor or closers is None:
            return None
        if document.slice(self.anchor - len(self.before), self.anchor) != self.before:
            return None
        typed = document.slice(self.anchor, site.offset)
        return typed if holds(typed, closers[1]) else None

    def deleted_since(self, site: Site) -> str | None:
        """What was deleted left of this place, on its line, to come to the site; None for anything else."""
        count = self.anchor - site.offset
        if site.document.uri != self.uri or not 0 < count <= min(DELETED, len(self.before)):
            return None
        kept, deleted = self.before[:-count], self.before[-count:]
        same = site.document.slice(site.offset - len(kept), site.offset) == kept
        return deleted if same and "\n" not in deleted and self.is_unchanged_behind(site) else None

    def is_unchanged_behind(self, site: Site) -> bool:
        """Whether what stands right of the cursor is what stood there."""
        return self.closers_at(site) == ("", "")

    def closers_at(self, site: Site) -> tuple[str, str] | None:
        """What an editor closed right of the cursor since then, and the closing brackets there that were
        typed over; None where the text behind it is another."""
        rest, below = _behind(site)
        return closers_between(self.rest, rest) if below == self.below else None


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Replace `span`, which lies on the cursor's line and contains the cursor, by `text`.

    `logprob` is the model's confidence: the sum over the text, where it is known; `doubted` says that it is
    less than is good enough from that model. `usage` is that of the request it comes from, `model` the
    identity of who made it.
    """

    id: str
    span: Span
    text: str
    source: Source
    logprob: float | None = None
    usage: Usage | None = None
    model: str = ""
    doubted: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A polished reply at the place it was made for, and who made it. Its text is empty where nothing is
    worth showing. `foreseen`: the model said it before it was at that place."""

    place: Place
    reply: Reply
    polished: Polished
    profile: Profile
    foreseen: bool = False

    @property
    def id(self) -> str:
        """That of every suggestion that is made of it."""
        return self.reply.id

    def at(self, site: Site, source: Source) -> Suggestion | None:
        """What is left of it at a later site: the rest, while its own text is typed. Never anything else."""
        typed = self.place.typed_since(site)
        return None if typed is None else self.after(typed, site, source)

    def is_taken(self, site: Site) -> bool:
        """Whether all of it, and no more, stands between its place and the site."""
        return bool(self.polished.text) and self.place.typed_since(site) == self.polished.text

    def ahead(self, site: Site) -> Suggestion | None:
        """All of it, and what stood before it and was deleted, while the user goes back on the line."""
        deleted = self.place.deleted_since(site)
        if deleted is None or self.polished.replace_left or not self.polished.text:
            return None
        return self._suggestion(deleted + self.polished.text, 0, site, "typed", typed=0)

    def after(self, typed: str, site: Site, source: Source) -> Suggestion | None:
        """What is left of it once `typed` stands between its place and the site."""
        # The text first: of the many that a look-up tries, few are followed, and only those look around.
        rest = follow(self.polished.text, typed)
        if not rest or (typed and self.polished.replace_left):
            return None
        if (closers := self.place.closers_at(site)) is None:
            return None
        added, gone = closers
        fitted = over_closers(rest, added)
        if fitted is None or len(gone) > self.polished.replace_right:
            return None
        return self._suggestion(fitted[0], fitted[1] - len(gone), site, source, typed=len(typed))

    def _suggestion(self, text: str, closers: int, site: Site, source: Source, *, typed: int) -> Suggestion:
        right = closers + self.polished.replace_right
        logprob = self.reply.logprob(typed, len(self.polished.text))
        least = self.profile.min_logprob
        return Suggestion(
            id=self.reply.id,
            span=Span(site.offset - self.polished.replace_left, site.offset + right),
            text=text,
            source=source,
            logprob=logprob,
            usage=self.reply.usage,
            model=self.profile.identity,
            doubted=least is not None and logprob is not None and logprob < least,
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


def know(site: Site, reply: Reply, profile: Profile, min_chars: int) -> Known:
    """A reply, polished for the site it was made for; without text where nothing is worth showing."""
    hole = replace(hole_at(site, reply.mode, profile.max_lines), finish=reply.finish)
    polished = polish(reply.raw, hole) or Polished("")
    if sum(map(len, polished.text.split())) < min_chars:
        polished = Polished("")
    return Known(Place.of(site), reply, polished, profile)


def beyond(known: Known) -> str | None:
    """What the model said behind the part of its reply that is shown, from the line end on; None where that
    is not at a line end, or the shown text was changed so that it cannot be told."""
    if not (shown := line_feeds(known.polished.text)):
        return None
    _, found, rest = line_feeds(known.reply.raw).partition(shown)
    return rest if found and _LINE_ENDS.match(rest) else None


def know_next(site: Site, known: Known, said: str, reply_id: str) -> Known | None:
    """What comes next once a suggestion, made at this site, is accepted: the whole lines that the model said
    beyond it. None where it stands before other code."""
    start, end = site.offset - known.polished.replace_left, site.offset + known.polished.replace_right
    edit = Edit(Span(start, end), known.polished.text)
    document = apply_edits(site.document, (edit,), site.document.version)
    there = replace(site, document=document, offset=start + len(edit.text))
    lines = said.rpartition("\n")[0]
    if there.line_rest.strip() or not lines.strip():
        return None
    return replace(know(there, Reply(reply_id, lines, "stop", "multi"), known.profile, 1), foreseen=True)


def _behind(site: Site) -> tuple[str, str]:
    """The rest of the cursor's line, and the next line below that says something, nearby."""
    behind = site.document.slice(site.offset, site.offset + AROUND)
    rest, *below = _LINE_END.split(behind)
    return rest.rstrip(), next((line.strip() for line in below if line.strip()), "")
