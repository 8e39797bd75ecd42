"""Newline-delimited JSON, read incrementally: bytes in, whole lines out."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from codestral_ls.core.model import BadReply

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Iterator, Mapping

    from codestral_ls.providers.http import Host

MAX_LINE = 1_000_000
"""Bytes of one line. A host that sends more is not streaming tokens, and must not fill our memory."""


async def lines(
    host: Host, path: str, body: Mapping[str, Any], private: tuple[str, ...] = ()
) -> AsyncGenerator[bytes, None]:
    """POST `body` and yield each line of the answer as it comes. Raises a `ModelError`."""
    parser = LineParser()
    async with aclosing(host.stream(path, body, private)) as reads:
        async for read in reads:
            for line in parser.feed(read):
                yield line


class LineParser:
    """Cuts a stream of bytes into lines, however the network has cut it into reads.

    A line is left in bytes: no character of UTF-8 holds the byte that ends one. A line that never ends is no
    line; blank ones are left out.
    """

    def __init__(self) -> None:
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, read: bytes) -> Iterator[bytes]:
        """Each line that ends within `read`. Raises `BadReply` on one over `MAX_LINE`."""
        *ended, rest = read.split(b"\n")
        for end in ended:
            self._take(end)
            line = b"".join(self._parts).strip()
            self._parts, self._size = [], 0
            if line:
                yield line
        self._take(rest)

    def _take(self, part: bytes) -> None:
        self._parts.append(part)
        self._size += len(part)
        if self._size > MAX_LINE:
            raise BadReply("The model's host sent an endless line where JSON was expected. Check base_url.")
