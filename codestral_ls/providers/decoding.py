"""JSON from a host, which may be anything."""

from __future__ import annotations

from typing import Annotated, TypeVar

import msgspec

Count = Annotated[int, msgspec.Meta(lt=1 << 40)]
"""A number of tokens. One that no float can hold would bring down whoever works out the costs."""

_T = TypeVar("_T")


def decode(data: bytes | str, kind: type[_T]) -> _T:
    """The value in `data`. Raises `msgspec.DecodeError`, also for what is nested deeper than our stack."""
    try:
        return msgspec.json.decode(data, type=kind)
    except RecursionError:
        raise msgspec.DecodeError("nested too deep") from None
