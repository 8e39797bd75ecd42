"""What became of the suggestions that were handed out: accepted, typed, rejected or ignored, and retained.

LSP has one message for it, the command of an item, which editors run after they inserted it. GitHub's
copilot-language-server adds `didShowCompletion` and `didPartiallyAcceptCompletion`. What an editor does not
tell is inferred from its changes and from where it asks next. Each suggestion gets one verdict.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from codestral_ls.core.offer import Offer
from codestral_ls.engine.retention import Kept, Retention
from codestral_ls.engine.streak import Streaks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from codestral_ls.core.suggestion import Suggestion
    from codestral_ls.core.text import Document
    from codestral_ls.core.track import Change
    from codestral_ls.engine.ledger import Ledger
    from codestral_ls.engine.retention import CallLater

SEEN = 0.3
"""Seconds in sight from which a suggestion counts as seen."""

IGNORED = 0.75
"""Seconds in sight from which it counts as ignored when another takes its place or the cursor leaves."""

Verdict = Literal["accepted", "partial", "typed", "rejected", "ignored", "seen", "unseen"]

_WANTED = frozenset[Verdict]({"accepted", "partial", "typed"})
_JUDGED = _WANTED | {"rejected", "ignored"}
# An editor that says later than this that a suggestion was accepted is taken at its word once more.
_REMEMBERED = 200


@dataclass(eq=False, slots=True)
class _Showing:
    """An offer, and since and until when it is in sight. A menu's entry is `listed`: nobody knows."""

    offer: Offer
    uri: str
    language: str
    model: str
    listed: bool
    since: float | None
    until: float | None = None


class Feedback:
    """Follows what was handed out. `model` is the identity of the one whose suggestions come from now on.

    `clock` is in seconds, `document_of` has the open documents, `call_later` is the running event loop's.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Callable[[], float],
        document_of: Callable[[str], Document | None],
        call_later: CallLater | None = None,
    ) -> None:
        self.model = ""
        self._ledger = ledger
        self._clock = clock
        self._document_of = document_of
        self._retention = Retention(ledger, document_of, call_later)
        self._streaks = Streaks(clock)
        self._showing: dict[str, list[_Showing]] = {}
        self._verdicts: OrderedDict[str, Verdict] = OrderedDict()
        self._tells_shown = self._tells_accepted = False

    def offered(self, document: Document, suggestions: Sequence[Suggestion], *, listed: bool = False) -> None:
        """An answer goes out: one suggestion in sight, and alternatives to it. Nothing is concluded from an
        empty answer, nor from one for a document that has changed meanwhile: editors drop it."""
        if not suggestions or self._document_of(document.uri) is not document:
            return
        before = {showing.offer.id: showing for showing in self._showing.pop(document.uri, ())}
        group = []
        for suggestion in suggestions:
            offer = Offer.of(document, suggestion)
            same = before.get(offer.id)
            if same and same.offer.state != "whole":
                group.append(self._offered_again(before.pop(offer.id), offer, listed=listed))
            else:
                in_sight = not (group or listed or self._tells_shown)
                since = self._clock() if in_sight else None
                group.append(_Showing(offer, document.uri, document.language, self.model, listed, since))
        self._showing[document.uri] = group
        for showing in before.values():
            self._end(showing)

    def asked(self, uri: str, offset: int) -> None:
        """The editor asks at this place, so that the cursor is there."""
        for showing in self._showing.get(uri, ()):
            span = showing.offer.span
            if not span.start <= offset <= span.end:
                self._out_of_sight(showing)

    def shown(self, suggestion_id: str) -> None:
        """The editor says that a suggestion is in sight."""
        showing = self._find(suggestion_id)
        if showing and (showing.since is None or not self._tells_shown):
            showing.since = self._clock()
        self._tells_shown = True

    def accepted(self, suggestion_id: str) -> None:
        """The editor says that a suggestion was accepted, after it changed the document."""
        self._tells_accepted = True
        if showing := self._find(suggestion_id):
            for other in self._showing.pop(showing.uri):
                self._conclude(other, "accepted" if other is showing else self._verdict(other, left=False))
        elif self._verdicts.get(suggestion_id) not in _WANTED:
            self._ledger.record("accepted", suggestion_id, model=self.model)

    def partly_accepted(self, suggestion_id: str, length: int) -> None:
        """The editor says that so much of a suggestion's text, in UTF-16 units from its start, was accepted,
        after it changed the document."""
        if showing := self._find(suggestion_id):
            showing.offer = showing.offer.partly_accepted(_code_points(showing.offer.text, length))

    def changed(self, changes: Sequence[Change]) -> None:
        """The editor changed a document, by one notification."""
        if not changes:
            return
        uri = changes[0].before.uri
        group = [showing for showing in self._showing.pop(uri, ()) if self._goes_on(showing)]
        for change in changes:
            for showing in group:
                showing.offer = showing.offer.follow(change)
                if showing.offer.state != "open":
                    self._out_of_sight(showing)
            self._retention.changed(change)
        if group:
            self._showing[uri] = group

    def closed(self, uri: str) -> None:
        """A document was closed."""
        for showing in self._showing.pop(uri, ()):
            self._end(showing, left=False)
        self._retention.closed(uri)

    def close(self) -> None:
        """The session ends."""
        for uri in list(self._showing):
            self.closed(uri)
        self._retention.close()

    def ignored_in_a_row(self, language: str) -> int:
        """Suggestions that were seen and not wanted since the last that was; none after five idle minutes."""
        return self._streaks.ignored_in_a_row(language)

    def acceptance(self, language: str) -> float:
        """The share of the suggestions that were wanted, of those seen lately: from 0 to 1, at first 0.3."""
        return self._streaks.acceptance(language)

    def _find(self, suggestion_id: str) -> _Showing | None:
        every = (showing for group in self._showing.values() for showing in group)
        return next((showing for showing in every if showing.offer.id == suggestion_id), None)

    def _offered_again(self, showing: _Showing, offer: Offer, *, listed: bool) -> _Showing:
        """What is left of it, perhaps; it stays in sight, and what was accepted stays accepted."""
        showing.offer = replace(offer, taken=self._settled(showing).taken)
        showing.until = None
        showing.listed = showing.listed and listed
        if showing.since is None and not (listed or self._tells_shown):
            showing.since = self._clock()
        return showing

    def _goes_on(self, showing: _Showing) -> bool:
        """Whether it can still be accepted; if not, the verdict is out now: an editor that has something to
        say about the change before would have said it."""
        if showing.offer.state != "open":
            self._end(showing)
            return False
        showing.offer = self._settled(showing)
        return True

    def _settled(self, showing: _Showing) -> Offer:
        return showing.offer.settled(infer=not (self._tells_shown or showing.listed))

    def _out_of_sight(self, showing: _Showing) -> None:
        if showing.until is None:
            showing.until = self._clock()

    def _end(self, showing: _Showing, *, left: bool = True) -> None:
        showing.offer = self._settled(showing) if showing.offer.state == "open" else showing.offer
        self._conclude(showing, self._verdict(showing, left=left))

    def _verdict(self, showing: _Showing, *, left: bool) -> Verdict:
        """What the text and the time say. `left`: the user went on without it."""
        offer, seconds = showing.offer, self._seconds(showing)
        if offer.state == "whole" and offer.leapt and not self._tells_accepted:
            return "accepted"
        if offer.taken:
            return "partial"
        if seconds < SEEN:
            return "unseen"
        if offer.state == "whole":
            return "typed"
        if left and offer.state == "contradicted":
            return "rejected"
        return "ignored" if left and seconds >= IGNORED else "seen"

    def _conclude(self, showing: _Showing, verdict: Verdict) -> None:
        offer, model = showing.offer, showing.model
        self._remember(offer.id, verdict)
        if verdict == "unseen":
            return
        record = partial(self._ledger.record, suggestion=offer.id, model=model)
        if not showing.listed:
            milliseconds = round(self._seconds(showing) * 1000)
            record("shown", length=len(offer.text), milliseconds=milliseconds)
        if verdict != "seen":
            record(verdict, length=_length(offer, verdict), outcome="menu" if showing.listed else "")
        if verdict in _JUDGED and not showing.listed:
            self._streaks.add(showing.language, wanted=verdict in _WANTED)
        if verdict == "accepted" and offer.state != "open":
            self._retention.keep(Kept(showing.uri, offer.id, model, offer.inserted, offer.inserted_span))

    def _remember(self, suggestion_id: str, verdict: Verdict) -> None:
        self._verdicts.pop(suggestion_id, None)
        self._verdicts[suggestion_id] = verdict
        if len(self._verdicts) > _REMEMBERED:
            self._verdicts.popitem(last=False)

    def _seconds(self, showing: _Showing) -> float:
        if showing.since is None:
            return 0.0
        return (self._clock() if showing.until is None else showing.until) - showing.since


def _length(offer: Offer, verdict: Verdict) -> int | None:
    """The characters that were accepted, if any."""
    if verdict == "accepted":
        return offer.taken + offer.gain
    return offer.taken if verdict == "partial" else None


def _code_points(text: str, units: int) -> int:
    """The number of characters in so many UTF-16 units of a text."""
    head = text.encode("utf-16-le", "surrogatepass")[: 2 * max(units, 0)]
    return len(head.decode("utf-16-le", "replace"))
