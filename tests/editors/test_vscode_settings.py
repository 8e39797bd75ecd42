"""The settings that the VS Code extension offers are the server's, and a workspace cannot redirect anything.

`pytest --update-fixtures` writes the extension's manifest anew.
"""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Any

from msgspec import inspect

from codestral_ls.core.schema import SETTINGS, Setting

MANIFEST = Path(__file__).parents[2] / "editors" / "vscode" / "package.json"

TITLES = {"completion": "Completion", "chat": "Refactoring and Chat", "cache": "Cache", "log": "Log"}


def type_of(kind: inspect.Type) -> dict[str, Any]:
    """A setting's type as JSON schema has it, by which VS Code draws a field for it."""
    match kind:
        case inspect.BoolType():
            return {"type": "boolean"}
        case inspect.IntType(ge=low, le=high):
            return {"type": "integer", "minimum": low, "maximum": high}
        case inspect.FloatType(ge=low, le=high):
            return {"type": "number", "minimum": low, "maximum": high}
        case inspect.LiteralType(values=values):
            return {"type": "string", "enum": list(values)}
        case inspect.UnionType(types=(first, *_)):
            known = type_of(first.type if isinstance(first, inspect.Metadata) else first)
            return {**known, "type": [known["type"], "null"]}
        case inspect.VarTupleType(item_type=inspect.StructType()):
            return {"type": "array", "items": {"type": "object"}}
        case inspect.VarTupleType():
            return {"type": "array", "items": {"type": "string"}}
        case inspect.DictType():
            return {"type": "object"}
    return {"type": "string"}


def property_of(setting: Setting) -> dict[str, Any]:
    return {
        **type_of(setting.type),
        "default": list(setting.default) if isinstance(setting.default, tuple) else setting.default,
        "scope": "machine",
        "markdownDescription": setting.meaning,
    }


def sections() -> list[dict[str, Any]]:
    """The server's part of `contributes.configuration`."""
    return [
        {
            "title": TITLES.get(name, name.capitalize()),
            "properties": {f"codestral.{setting.path}": property_of(setting) for setting in settings},
        }
        for name, settings in groupby(SETTINGS.values(), lambda setting: setting.path.partition(".")[0])
    ]


def generated(manifest: dict[str, Any]) -> dict[str, Any]:
    """The manifest as it should be; its first section is the extension's own."""
    made: dict[str, Any] = json.loads(json.dumps(manifest))
    contributes = made["contributes"]
    contributes["configuration"] = [contributes["configuration"][0], *sections()]
    properties = {
        key: value for each in contributes["configuration"] for key, value in each["properties"].items()
    }
    restricted = [key for key, value in properties.items() if value["scope"] == "machine"]
    made["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"] = restricted
    return made


def test_the_extensions_settings_are_the_servers(update_fixtures: bool) -> None:
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    expected = generated(manifest)
    if update_fixtures and manifest != expected:
        MANIFEST.write_text(json.dumps(expected, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
        manifest = expected
    assert manifest == expected


def test_a_workspace_cannot_say_where_code_goes_or_what_runs() -> None:
    manifest = json.loads(MANIFEST.read_text(encoding="utf-8"))
    restricted = set(manifest["capabilities"]["untrustedWorkspaces"]["restrictedConfigurations"])
    assert restricted > {
        "codestral.server.path",
        "codestral.server.source",
        "codestral.completion.base_url",
        "codestral.completion.api_key_env",
        "codestral.chat.base_url",
        "codestral.privacy.local_only",
        "codestral.privacy.hosts",
        "codestral.log.file",
    }
