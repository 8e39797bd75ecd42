"""Whatever packed an answer, it comes out whole, in pieces of bounded size, and not without end."""

from __future__ import annotations

import zlib
from collections.abc import AsyncIterator

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.providers.body import MAX_ANSWER, EndlessError, unpacked

PIECE = 65_536
GZIP, ZLIB = 31, 15
ENCODINGS = {"gzip": GZIP, "X-GZip": GZIP, "deflate": ZLIB}


def packed(data: bytes, wbits: int) -> bytes:
    squeeze = zlib.compressobj(wbits=wbits)
    return squeeze.compress(data) + squeeze.flush()


async def read(data: bytes, encoding: str, cut: int = 1000) -> list[bytes]:
    async def reads() -> AsyncIterator[bytes]:
        for at in range(0, len(data), cut):
            yield data[at : at + cut]

    response = httpx.Response(200, headers={"content-encoding": encoding}, content=reads())
    return [piece async for piece in unpacked(response)]


@given(data=st.binary(max_size=300), repeat=st.integers(1, 2000), cut=st.integers(1, 500))
@pytest.mark.parametrize(("encoding", "wbits"), ENCODINGS.items(), ids=ENCODINGS)
async def test_it_comes_out_as_it_went_in(encoding, wbits, data, repeat, cut):
    pieces = await read(packed(data * repeat, wbits), encoding, cut)
    assert b"".join(pieces) == data * repeat
    assert all(0 < len(piece) <= PIECE for piece in pieces)


@pytest.mark.parametrize("encoding", ["", "identity"])
async def test_what_is_not_packed_is_left_alone(encoding):
    assert await read(b"\x1f\x8b as it is", encoding, 5) == [b"\x1f\x8b as", b" it is"[:5], b"s"]


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip"])
async def test_a_packing_that_nobody_knows(encoding):
    with pytest.raises(httpx.DecodingError):
        await read(b"x", encoding)


async def test_what_was_damaged():
    with pytest.raises(httpx.DecodingError):
        await read(b"\x1f\x8b nonsense", "gzip")


@pytest.mark.parametrize("encoding", ["gzip", "identity"])
async def test_it_has_an_end(encoding):
    data = bytes(MAX_ANSWER + 1)
    with pytest.raises(EndlessError):
        await read(packed(data, GZIP) if encoding == "gzip" else data, encoding, PIECE)
