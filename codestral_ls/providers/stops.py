"""Stop texts, looked for in what a host sends: some hosts know none or only a few, some let them through."""

from __future__ import annotations


class StopFilter:
    """Ends a streamed text before the first stop in it, however the host cuts it into pieces.

    What could be the beginning of a stop is held back until it is known to be none. `met` tells that the text
    has ended.
    """

    def __init__(self, stops: tuple[str, ...]) -> None:
        self.met = False
        self._stops = tuple(filter(None, stops))
        self._held = ""

    def feed(self, piece: str) -> str:
        """What may be shown of the text so far and was not yet."""
        if self.met:
            return ""
        text = self._held + piece
        ends = [end for stop in self._stops if (end := text.find(stop)) >= 0]
        self.met = bool(ends)
        shown = min(ends, default=len(text) - self._beginning(text))
        self._held = "" if self.met else text[shown:]
        return text[:shown]

    def rest(self) -> str:
        """What was held back, when nothing follows any more."""
        held, self._held = self._held, ""
        return held

    def _beginning(self, text: str) -> int:
        """The length of the longest end of `text` with which a stop begins."""
        longest = max((len(stop) - 1 for stop in self._stops), default=0)
        lengths = range(min(longest, len(text)), 0, -1)
        return next((n for n in lengths if any(stop.startswith(text[-n:]) for stop in self._stops)), 0)
