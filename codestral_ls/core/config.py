"""Every setting: its type, its default, what it means and who may set it.

The tree of keys is the same in the user's file, the workspace's file, the editor and on the command line.
What stands beside a field here is the only description of it: the README's table is made from it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta, inspect

if TYPE_CHECKING:
    from collections.abc import Iterator

Scope = Literal["user", "restrict"]
"""Who may set a key: only the user ("user"), or also a workspace's file, but only so that less is done or
sent than without it ("restrict"). A cloned repository must not decide where a key or the code goes."""

_RESTRICT = {"scope": "restrict"}

Provider = Literal["auto", "mistral", "llamacpp", "embedded"]


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """Which model, and how it is reached."""

    provider: Annotated[
        Provider,
        Meta(
            description="Where the model runs. `auto`: with a key in the cloud, else, and if `model` is one"
            " of this machine's, on this machine."
        ),
    ] = "auto"
    model: Annotated[
        str, Meta(description="Name of the model, or path of a GGUF file. Empty: the provider's own default.")
    ] = ""
    base_url: Annotated[
        str, Meta(description="Another address of the provider's API, without `/v1`. Empty: its usual one.")
    ] = ""
    api_key_env: Annotated[
        str,
        Meta(description="The environment variable that holds the key, by name. Empty: the usual ones."),
    ] = ""


class Completion(Endpoint, frozen=True, kw_only=True):
    """Completion while typing."""

    enabled: Annotated[
        bool, Meta(description="Whether anything is suggested at all.", extra_json_schema=_RESTRICT)
    ] = True
    max_tokens: Annotated[
        Annotated[int, Meta(ge=1, le=4096)] | None,
        Meta(description="Longest reply. Unset: 48 for a line, 160 for several, less for a local model."),
    ] = None
    prefix_tokens: Annotated[
        Annotated[int, Meta(ge=16, le=100_000)] | None,
        Meta(description="How much text before the cursor is sent. Unset: what suits the model."),
    ] = None
    suffix_tokens: Annotated[
        Annotated[int, Meta(ge=0, le=100_000)] | None,
        Meta(description="How much text after the cursor is sent. Unset: what suits the model."),
    ] = None
    multiline: Annotated[
        Literal["auto", "never"],
        Meta(description="Whether a suggestion may have several lines where the code asks for it."),
    ] = "auto"
    debounce_ms: Annotated[
        int,
        Meta(
            ge=0, le=2000, description="Milliseconds to wait for further typing, while another request runs."
        ),
    ] = 75
    min_chars: Annotated[
        int, Meta(ge=2, le=100, description="Shortest suggestion that is shown, in visible characters.")
    ] = 2
    candidates: Annotated[
        int,
        Meta(ge=1, le=5, description="Different suggestions to bring when asked by key, if the model can."),
    ] = 2
    menu: Annotated[
        Literal["auto", "always", "never"],
        Meta(description="Whether the menu gets an entry. `auto`: where the editor has no ghost text."),
    ] = "auto"
    menu_wait_ms: Annotated[
        int, Meta(ge=0, le=5000, description="Milliseconds that the menu may wait for the model's entry.")
    ] = 150
    max_file_kb: Annotated[
        int,
        Meta(
            ge=1,
            le=65_536,
            description="Files larger than this get no suggestions.",
            extra_json_schema=_RESTRICT,
        ),
    ] = 2048


class Chat(Endpoint, frozen=True, kw_only=True):
    """The chat model, for refactoring."""


class Cache(msgspec.Struct, frozen=True, kw_only=True):
    """Replies of the model kept on disk."""

    disk: Annotated[
        bool,
        Meta(
            description="Whether replies are kept on disk, under a hash of the request.",
            extra_json_schema=_RESTRICT,
        ),
    ] = True
    size_mb: Annotated[int, Meta(ge=1, le=10_240, description="Most disk space for them, in MB.")] = 64
    days: Annotated[int, Meta(ge=1, le=365, description="Days after which a reply is forgotten.")] = 7


class Privacy(msgspec.Struct, frozen=True, kw_only=True):
    """What never leaves the machine, beside the files whose names say that they hold secrets."""

    ignore: Annotated[
        tuple[str, ...],
        Meta(
            description="Files that are never sent, as gitignore patterns. Those of all places are added up.",
            extra_json_schema=_RESTRICT,
        ),
    ] = ()


class Log(msgspec.Struct, frozen=True, kw_only=True):
    """The server's log. It never holds source code or keys."""

    level: Annotated[
        Literal["error", "warning", "info", "debug"], Meta(description="How much is written to the log.")
    ] = "warning"
    file: Annotated[str, Meta(description="File the log is appended to. Empty: standard error.")] = ""


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Every setting at one moment."""

    completion: Completion = Completion()
    chat: Chat = Chat()
    cache: Cache = Cache()
    privacy: Privacy = Privacy()
    log: Log = Log()


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
        case inspect.LiteralType(values=values):
            return "one of " + ", ".join(map(str, values))
        case inspect.UnionType(types=(first, *_)):
            return expected(first)
        case inspect.VarTupleType():
            return "a list of texts"
    return "text"


def _row(setting: Setting) -> tuple[str, ...]:
    default = "" if setting.default is None else f"`{json.dumps(setting.default)}`"
    return f"`{setting.path}`", default, expected(setting.type), _may(setting), setting.meaning


def _may(setting: Setting) -> str:
    if setting.scope == "user":
        return "no"
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
                default=field.default,
                meaning=schema["description"],
                scope=schema.get("scope", "user"),
            )


def _fields(struct: type) -> tuple[inspect.Field, ...]:
    info = inspect.type_info(struct)
    assert isinstance(info, inspect.StructType)
    return info.fields


SETTINGS = {setting.path: setting for setting in _settings()}
"""Every setting by its path, in the order of the README's table."""
