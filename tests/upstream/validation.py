"""The host's view of a body: fields that are not in its table are refused, and values out of bounds."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from tests.upstream.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codestral_ls.bench.reply import Plain


@dataclass(frozen=True)
class _Field:
    kinds: tuple[type, ...]
    least: float | None = None
    most: float | None = None
    required: bool = False


_CALL_ID = re.compile(r"[A-Za-z0-9]{9}")
_NOTHING = type(None)
_COUNT = _Field((int, _NOTHING), least=0)

_COMMON = {
    "model": _Field((str,), required=True),
    "temperature": _Field((int, float, _NOTHING), 0, 1.5),
    "top_p": _Field((int, float), 0, 1),
    "max_tokens": _COUNT,
    "random_seed": _COUNT,
    "stream": _Field((bool,)),
    "stop": _Field((str, list)),
    "metadata": _Field((dict, _NOTHING)),
    "prompt_cache_key": _Field((str, _NOTHING)),
}
FIM_FIELDS = _COMMON | {
    "prompt": _Field((str,), required=True),
    "suffix": _Field((str, _NOTHING)),
    "min_tokens": _COUNT,
}
CHAT_FIELDS = _COMMON | {
    "messages": _Field((list,), required=True),
    "response_format": _Field((dict,)),
    "tools": _Field((list,)),
    "tool_choice": _Field((str, dict)),
    "parallel_tool_calls": _Field((bool,)),
    "prediction": _Field((dict,)),
    "n": _Field((int,), least=1),
    "presence_penalty": _Field((int, float), -2, 2),
    "frequency_penalty": _Field((int, float), -2, 2),
    "safe_prompt": _Field((bool,)),
}
_MESSAGE_FIELDS = {
    "system": {"role", "content"},
    "user": {"role", "content"},
    "assistant": {"role", "content", "tool_calls", "prefix"},
    "tool": {"role", "content", "tool_call_id", "name"},
}


def validate(raw: bytes, *, older: bool, fields: Mapping[str, _Field] = FIM_FIELDS) -> Plain | None:
    """The refusal of a body, or None if it will do."""
    try:
        body = msgspec.json.decode(raw)
    except msgspec.DecodeError:
        return invalid([_fault("json_invalid", "body", "JSON decode error", None)], older=older)
    faults = [*_missing(body, fields), *_wrong(body, fields), *_wrong_messages(body), *_wrong_tools(body)]
    return invalid(faults, older=older) if faults else None


def _missing(body: dict[str, object], fields: Mapping[str, _Field]) -> Iterator[dict[str, object]]:
    for name, known in fields.items():
        if known.required and name not in body:
            yield _fault("missing", name, "Field required", body)


def _wrong(body: dict[str, object], fields: Mapping[str, _Field]) -> Iterator[dict[str, object]]:
    for name, value in body.items():
        known = fields.get(name)
        if known is None:
            yield _fault("extra_forbidden", name, "Extra inputs are not permitted", value)
        elif not isinstance(value, known.kinds) or (isinstance(value, bool) and bool not in known.kinds):
            yield _fault("type_error", name, "Input should be of another type", value)
        elif isinstance(value, (int, float)):
            yield from _bounds(name, known, value)


def _wrong_messages(body: dict[str, Any]) -> Iterator[dict[str, object]]:
    messages = body.get("messages", [])
    for number, message in enumerate(messages):
        for name in message.keys() - _MESSAGE_FIELDS.get(message.get("role"), set()):
            where = f"messages.{number}.{name}"
            yield _fault("extra_forbidden", where, "Extra inputs are not permitted", message[name])
        if message.get("prefix") and number < len(messages) - 1:
            yield _fault("value_error", f"messages.{number}.prefix", "Only the last can be one", True)
        for call in (*(message.get("tool_calls") or ()), {"id": message.get("tool_call_id") or "a" * 9}):
            if not _CALL_ID.fullmatch(call["id"]):
                yield _fault("value_error", "tool_calls", "The id must be 9 letters or digits", call["id"])


def _wrong_tools(body: dict[str, Any]) -> Iterator[dict[str, object]]:
    if body.get("tools") == []:
        yield _fault("too_short", "tools", "List should have at least 1 item", [])
    for tool in body.get("tools", []):
        if "parameters" not in tool["function"]:
            yield _fault("missing", "tools.parameters", "Field required", tool)


def _bounds(name: str, known: _Field, value: float) -> Iterator[dict[str, object]]:
    if known.least is not None and value < known.least:
        text = f"Input should be greater than or equal to {known.least}"
        yield _fault("greater_than_equal", name, text, value) | {"ctx": {"ge": known.least}}
    if known.most is not None and value > known.most:
        text = f"Input should be less than or equal to {known.most}"
        yield _fault("less_than_equal", name, text, value) | {"ctx": {"le": known.most}}


def _fault(kind: str, name: str, text: str, value: object) -> dict[str, object]:
    return {"type": kind, "loc": ["body", name], "msg": text, "input": value}
