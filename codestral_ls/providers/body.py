"""The body of an answer, as it comes: unpacked, and in pieces of bounded size whoever packed it."""

from __future__ import annotations

import functools
import zlib
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterator

MAX_ANSWER = 16_000_000
"""Bytes of an answer, unpacked. 4,096 tokens, with the probabilities of 24 rivals each, take 12 MB."""

_PIECE = 65_536
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class EndlessError(Exception):
    """An answer is longer than any that was asked for."""


async def unpacked(response: httpx.Response) -> AsyncGenerator[bytes, None]:
    """The body's bytes. Compression is never asked for, but some proxies insist on it.

    Raises `httpx.DecodingError` for one that is damaged or unknown, and `EndlessError` after `MAX_ANSWER`.
    httpx would unpack a read of 64 kB, which can be 64 MB, in one piece.
    """
    size = 0
    unpack = _unpacker(response.headers.get("content-encoding", "identity").strip().lower())
    try:
        async for read in response.aiter_raw():
            for piece in unpack(read):
                size += len(piece)
                if size > MAX_ANSWER:
                    raise EndlessError
                yield piece
    except zlib.error as error:
        raise httpx.DecodingError(str(error)) from None


def _unpacker(encoding: str) -> Callable[[bytes], Iterator[bytes]]:
    if encoding in ("", "identity"):
        return _as_it_is
    if encoding in ("gzip", "x-gzip", "deflate"):
        return functools.partial(_inflated, zlib.decompressobj(_GZIP_OR_ZLIB))
    raise httpx.DecodingError("an unknown compression")


def _as_it_is(read: bytes) -> Iterator[bytes]:
    yield read


def _inflated(packed: zlib._Decompress, read: bytes) -> Iterator[bytes]:
    while piece := packed.decompress(read, _PIECE):
        yield piece
        read = packed.unconsumed_tail
