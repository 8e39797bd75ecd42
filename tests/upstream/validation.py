"""The host's view of a body: fields that are not in its table are refused, and values out of bounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from tests.upstream.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codestral_ls.bench.reply import Plain


@dataclass(frozen=True)
class _Field:
    kinds: tuple[type, ...]
    least: float | None = None
    most: float | None = None
    required: bool = False


_NOTHING = type(None)
_COUNT = _Field((int, _NOTHING), least=0)

FIELDS = {
    "model": _Field((str,), required=True),
    "prompt": _Field((str,), required=True),
    "suffix": _Field((str, _NOTHING)),
    "temperature": _Field((int, float, _NOTHING), 0, 1.5),
    "top_p": _Field((int, float), 0, 1),
    "max_tokens": _COUNT,
    "min_tokens": _COUNT,
    "random_seed": _COUNT,
    "stream": _Field((bool,)),
    "stop": _Field((str, list)),
    "metadata": _Field((dict, _NOTHING)),
    "prompt_cache_key": _Field((str, _NOTHING)),
}


def validate(raw: bytes, *, older: bool) -> Plain | None:
    """The refusal of a body, or None if it will do."""
    try:
        body = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return invalid([_fault("json_invalid", "body", "JSON decode error", None)], older=older)
    faults = [*_missing(body), *_wrong(body)]
    return invalid(faults, older=older) if faults else None


def _missing(body: dict[str, object]) -> Iterator[dict[str, object]]:
    for name, known in FIELDS.items():
        if known.required and name not in body:
            yield _fault("missing", name, "Field required", body)


def _wrong(body: dict[str, object]) -> Iterator[dict[str, object]]:
    for name, value in body.items():
        known = FIELDS.get(name)
        if known is None:
            yield _fault("extra_forbidden", name, "Extra inputs are not permitted", value)
        elif not isinstance(value, known.kinds) or (isinstance(value, bool) and bool not in known.kinds):
            yield _fault("type_error", name, "Input should be of another type", value)
        elif isinstance(value, (int, float)):
            yield from _bounds(name, known, value)


def _bounds(name: str, known: _Field, value: float) -> Iterator[dict[str, object]]:
    if known.least is not None and value < known.least:
        text = f"Input should be greater than or equal to {known.least}"
        yield _fault("greater_than_equal", name, text, value) | {"ctx": {"ge": known.least}}
    if known.most is not None and value > known.most:
        text = f"Input should be less than or equal to {known.most}"
        yield _fault("less_than_equal", name, text, value) | {"ctx": {"le": known.most}}


def _fault(kind: str, name: str, text: str, value: object) -> dict[str, object]:
    return {"type": kind, "loc": ["body", name], "msg": text, "input": value}
