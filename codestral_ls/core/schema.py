"""The settings one by one, as `core/config.py` describes them: for checks and for the README."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import msgspec
from msgspec import inspect

from codestral_ls.core.config import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

Scope = Literal["user", "restrict", "confine"]
"""Who may set a key: only the user ("user"), or also a workspace's file, but only so that less is done or
sent than without it: by a lower value ("restrict"), or by one where the default confines nothing ("confine").
A cloned repository must not decide where a key or the code goes."""


@dataclass(frozen=True, slots=True)
class Setting:
    """One key: its path ("completion.max_tokens"), type with bounds, default, meaning and scope."""

    path: str
    type: inspect.Type
    default: object
    meaning: str
    scope: Scope


def settings_table() -> str:
    """The settings as a Markdown table, for the README."""
    head = ("Key", "Default", "Values", "A workspace's file may", "Meaning")
    rows = [head, tuple("---" for _ in head), *(_row(setting) for setting in SETTINGS.values())]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def expected(kind: inspect.Type) -> str:
    """What a value of this type has to be, in words."""
    match kind:
        case inspect.BoolType():
            return "true or false"
        case inspect.IntType(ge=low, le=high):
            return f"a whole number from {low} to {high}"
        case inspect.FloatType(ge=low, le=high):
            return f"a number from {low} to {high}"
        case inspect.DictType():
            return "a table"
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(map(str, values))
        case inspect.UnionType(types=(first, *_)):
            return expected(first)
        case inspect.VarTupleType(item_type=inspect.StructType()):
            return "a list of tables"
        case inspect.VarTupleType():
            return "a list of texts"
    return "text"


def _row(setting: Setting) -> tuple[str, ...]:
    default = "" if setting.default is None else f"`{json.dumps(setting.default)}`"
    return f"`{setting.path}`", default, expected(setting.type), _may(setting), setting.meaning


def _may(setting: Setting) -> str:
    if setting.scope == "user":
        return "no"
    if setting.scope == "confine":
        return "switch on" if isinstance(setting.default, bool) else "set"
    if isinstance(setting.type, inspect.VarTupleType):
        return "add"
    return "switch off" if setting.default is True else "lower"


def _settings() -> Iterator[Setting]:
    for section in _fields(Settings):
        assert isinstance(section.type, inspect.StructType)
        for field in _fields(section.type.cls):
            assert isinstance(field.type, inspect.Metadata)
            schema = field.type.extra_json_schema or {}
            yield Setting(
                path=f"{section.name}.{field.name}",
                type=field.type.type,
                default=field.default
                if field.default_factory is msgspec.NODEFAULT
                else field.default_factory(),
                meaning=schema["description"],
                scope=schema.get("scope", "user"),
            )


def _fields(struct: type) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return info.fields


SETTINGS = {setting.path: setting for setting in _settings()}
"""Every setting by its path, in the order of the README's table."""
