"""Whether one value may be what one setting is set to.

Messages never quote the value: people paste keys into the wrong place.
"""

from __future__ import annotations

import difflib
import re
from urllib.parse import urlsplit

import msgspec
from msgspec import inspect

from codestral_ls.core.config import Settings, parse_fallback
from codestral_ls.core.ignore import parse
from codestral_ls.core.privacy import redact
from codestral_ls.core.schema import Setting, expected

# What a workspace may add to the ignore patterns: each is matched with every file.
_WORKSPACE_PATTERNS = 100

_HOST = re.compile(r"[A-Za-z0-9._-]+|\[?[0-9A-Fa-f:.]+\]?")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_KEY_SHAPE = re.compile(r"(?=[A-Za-z]*\d)[A-Za-z0-9]{20,}")


class Refused(Exception):
    """Why a value is not taken, in a sentence or two for people."""


def checked(setting: Setting, value: object, current: object, workspace: bool) -> object:
    """The value to use. Raises Refused."""
    if workspace and setting.scope == "user":
        raise Refused("A workspace's file must not set this, so it is ignored. Set it in your own settings.")
    section, _, name = setting.path.partition(".")
    try:
        taken: object = getattr(msgspec.convert({name: value}, type(getattr(Settings(), section))), name)
    except msgspec.ValidationError:
        # The validator's own message may quote the value.
        raise Refused(wrong(setting, value)) from None
    for text in taken if isinstance(taken, tuple) else (taken,):
        if isinstance(text, str):
            _check_text(name, text)
    if workspace and setting.scope == "confine" and not _confines(setting, taken, current):
        raise Refused("A workspace's file may only make this stricter, so it is ignored.")
    if workspace and setting.scope == "restrict" and _exceeds(taken, current):
        raise Refused("A workspace's file may only lower this or switch it off, so it is ignored.")
    return taken


def wrong(setting: Setting, value: object = None) -> str:
    """What the value has to be, with a hint where it is nearly one of the setting's words."""
    hint = ""
    if isinstance(setting.type, inspect.LiteralType) and isinstance(value, str):
        near = difflib.get_close_matches(value[:60], map(str, setting.type.values), n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
    return f"This has to be {expected(setting.type)}, so it is ignored.{hint}"


def _exceeds(value: object, current: object) -> bool:
    """Whether a value allows more than the current one; true is more than false."""
    return isinstance(value, int) and isinstance(current, int) and value > current


def _confines(setting: Setting, value: object, current: object) -> bool:
    """Whether a value is the current one, or allows less: a switch turned on, or a first choice."""
    if isinstance(value, bool):
        return value
    return value == current or current == setting.default


def _check_text(name: str, text: str) -> None:
    """Raises Refused. Empty text stands for the provider's own choice and is always right."""
    if not text.isprintable():
        raise Refused("This holds a control character, so it is ignored.")
    if name == "base_url" and text and not _is_base_url(text):
        raise Refused(
            "This has to be like https://host:port/path, without a user, a key or a query, so it is ignored."
        )
    if name == "fallback" and not _is_fallback(text):
        raise Refused(
            "An entry has to be like `ollama/qwen2.5-coder:1.5b` or `openai/name@https://host`,"
            " so all are ignored."
        )
    if name == "hosts" and not _HOST.fullmatch(text):
        raise Refused("A host has to be a name or an address without scheme and port, so all are ignored.")
    if name == "template" and "{" in text and not ("{prefix}" in text and "{suffix}" in text):
        raise Refused("A template needs {prefix} and {suffix}, so it is ignored.")
    if name == "api_key_env" and text and not _is_variable(text):
        raise Refused(
            "This is not the name of a variable, so it is ignored."
            " Put the key into an environment variable and the NAME of that variable here."
        )


def _is_fallback(text: str) -> bool:
    try:
        endpoint = parse_fallback(text)
    except ValueError:
        return False
    return not endpoint.base_url or _is_base_url(endpoint.base_url)


def _is_base_url(text: str) -> bool:
    try:
        url = urlsplit(text)
        _ = url.port
    except ValueError:
        return False
    plain = not ({"@", "?", "#", " "} & set(text))
    return plain and url.scheme in ("http", "https") and bool(url.hostname)


def _is_variable(text: str) -> bool:
    """Keys of Mistral are letters and digits only, as a variable's name might be, but for their length."""
    looks_like_key = _KEY_SHAPE.fullmatch(text) or redact(text) != text
    return bool(_VARIABLE.fullmatch(text)) and not looks_like_key


def ignore_pattern(value: object, index: int, workspace: bool) -> str:
    """The pattern to use, the `index`th of its list. Raises Refused."""
    if not isinstance(value, str) or not parse([value]):
        raise Refused("This is not a gitignore pattern, so it is ignored.")
    if not workspace:
        return value
    if value.strip().startswith("!"):
        raise Refused("A workspace's file must not lift an ignore rule, so it is ignored.")
    if index >= _WORKSPACE_PATTERNS:
        raise Refused(f"A workspace's file may have {_WORKSPACE_PATTERNS} patterns: this one is ignored.")
    return value
