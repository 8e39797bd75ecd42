"""Whether, and when, a place is worth a request that nobody asked for."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codestral_ls.core.prompt import Site

MIN_DOCUMENT_CHARACTERS = 10
MAX_LINE_CHARACTERS = 1000

QUIET_SECONDS = 0.3
"""How long to wait after a deletion or a paste. Both are seldom alone, and who types on is served at once."""
PASTED_CHARACTERS = 80
"""More than this at once was not typed."""

_WORD = re.compile(r"\w")
_NAME = re.compile(r"\w+\Z")
_GOES_ON = re.compile(r"[\s)\]},;:'\"`.=]")
_COMPLETE = re.compile(r"[)\]};]\Z")
_ASKS_FOR_MORE = ("(", ",", "=", " ", "\t", "[", "{", ".")


BACK_OFF_AFTER, BACK_OFF_SECONDS, LONGEST_BACK_OFF = 8, 0.15, 1.0
"""So many suggestions in a row were seen and not wanted until the next one waits, how long, and at most."""


@dataclass(frozen=True, slots=True)
class Burst:
    """Typing without a break: where it began, where the cursor is, how long the document is, and by how much
    the last change made it longer."""

    start: int
    offset: int
    length: int
    grown: int = 0

    @property
    def quiet(self) -> float:
        """Seconds to wait after the last change before asking."""
        return QUIET_SECONDS if self.grown < 0 or self.grown > PASTED_CHARACTERS else 0.0


def typed_on(before: Burst | None, site: Site) -> Burst:
    """The burst that a request belongs to, after that of the request before. Brackets that an editor closes
    behind the cursor do not end it."""
    length, offset = site.document.length, site.offset
    if before is None:
        return Burst(offset, offset, length)
    grown = length - before.length
    goes_on = 0 < offset - before.offset <= grown
    return Burst(before.start if goes_on else offset - max(grown, 0), offset, length, grown)


def back_off(ignored: int) -> float:
    """Seconds to wait after so many suggestions that were seen and not wanted. It only delays."""
    over = ignored - BACK_OFF_AFTER
    return 0.0 if over < 0 else min(BACK_OFF_SECONDS * 2.0**over, LONGEST_BACK_OFF)


def worth_asking(site: Site, burst: Burst, *, eager: bool = False) -> bool:
    """Whether an automatic request is likely to be of use here.

    Before other code only where that begins with a blank or a sign that closes, divides or goes on, and what
    stood left of the cursor when the typing began waits for more; not behind what looks complete; not in a
    minified line, and not in a document that says next to nothing yet.

    `eager` asks before a statement, too, at the head of its line. Most suggestions there are not wanted, and
    a model that reads what is right of the cursor first reads all of its prompt anew; but where answers take
    long, only what was asked early comes in time.
    """
    head, rest = site.line_head, site.line_rest
    if len(head) + len(rest) > MAX_LINE_CHARACTERS or site.document.length < MIN_DOCUMENT_CHARACTERS:
        return False
    if not _WORD.search(rest):
        return not (_COMPLETE.search(head) and not rest.strip())
    began = head[: max(len(head) - (site.offset - burst.start), 0)]
    if not _GOES_ON.match(rest):
        return eager and not began.strip()
    return not began.strip() or _NAME.sub("", began).endswith(_ASKS_FOR_MORE)
