"""Server-sent events, read incrementally: bytes in, the data of whole events out.

The rules are those of the HTML standard, "9.2 Server-sent events". Of an event only its data is kept: no
host we talk to says anything in `event`, `id` or `retry`.
"""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from codestral_ls.core.model import BadReply

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_EVENT = 1_000_000
"""Characters of one event. A host that sends more is not streaming tokens, and must not fill our memory."""

_LINE_END = re.compile(r"\r\n|\r|\n")


class EventParser:
    """Cuts a stream of bytes into events, however the network has cut it into reads."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8-sig")(errors="replace")
        self._open: list[str] = []
        self._length = 0
        self._data: list[str] = []
        self._size = 0
        self._after_return = False

    def feed(self, read: bytes) -> Iterator[str]:
        """The data of each event that ends within `read`. Raises `BadReply` on an event over `MAX_EVENT`."""
        for line in self._lines(self._decoder.decode(read)):
            if line:
                self._field(line)
            elif self._data:
                yield "\n".join(self._data)
                self._data, self._size = [], 0

    def _lines(self, text: str) -> list[str]:
        if not text:
            return []
        # A "\r" ends its line at once, so that no event waits for the next read; the "\n" that may follow
        # there belongs to it.
        if self._after_return:
            text = text.removeprefix("\n")
        self._after_return = text.endswith("\r")
        # Only what is new is looked through, and an open line is not copied: it may come byte by byte.
        first, *rest = _LINE_END.split(text)
        self._open.append(first)
        self._length += len(first)
        self._check(self._length)
        if not rest:
            return []
        ended, self._open, self._length = "".join(self._open), [rest[-1]], len(rest[-1])
        self._check(self._length)
        return [ended, *rest[:-1]]

    def _field(self, line: str) -> None:
        name, _, value = line.partition(":")
        if name == "data":
            self._data.append(value.removeprefix(" "))
            self._size += len(line)
            self._check(self._size)

    def _check(self, size: int) -> None:
        if size > MAX_EVENT:
            raise BadReply(
                "The model's host sent an endless line where events were expected. Check base_url."
            )
