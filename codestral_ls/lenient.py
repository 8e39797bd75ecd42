"""How an editor's messages are read where LSP grows: what is newer than lsprotocol refuses nothing.

lsprotocol 2025.0.0 knows the enumerations and capabilities of its own day. A newer editor says more, and some
say wrong what nobody reads.
"""

from __future__ import annotations

from enum import Enum
from functools import cache
from typing import TYPE_CHECKING, TypeAlias

from lsprotocol import types
from pygls.protocol import default_converter

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cattrs import Converter

Shape: TypeAlias = "Mapping[str, Shape | None]"

_READ: Shape = {
    "processId": None,
    "rootPath": None,
    "rootUri": None,
    "workspaceFolders": None,
    "initializationOptions": None,
    "clientInfo": {"name": None},
    "capabilities": {
        "general": {"positionEncodings": None},
        "textDocument": {
            "inlineCompletion": {},
            "codeAction": {
                "codeActionLiteralSupport": {"codeActionKind": {"valueSet": None}},
                "dataSupport": None,
                "disabledSupport": None,
                "honorsChangeAnnotations": None,
                "resolveSupport": {"properties": None},
                "tagSupport": {"valueSet": None},
            },
        },
        "window": {"showDocument": {"support": None}, "workDoneProgress": None},
        "workspace": {
            "applyEdit": None,
            "configuration": None,
            "didChangeConfiguration": {"dynamicRegistration": None},
            "didChangeWatchedFiles": {"dynamicRegistration": None},
            "workspaceEdit": {
                "changeAnnotationSupport": {},
                "documentChanges": None,
                "resourceOperations": None,
            },
        },
        "experimental": {"codestral": None},
    },
}
"""All that this server reads of `initialize`; a capability that it begins to read is entered here. What
stands where an object should is left out: that refuses an editor only where LSP demands the object."""


@cache
def converter() -> Converter:
    """pygls' converter, for which an unknown value of an enumeration stays the number or string it is, and
    what this server does not read of `initialize` may be anything.

    Made once: it keeps nothing of what it reads but the code that it writes for each type.
    """
    made: Converter = default_converter()  # type: ignore[no-untyped-call]
    for kind in vars(types).values():
        if isinstance(kind, type) and issubclass(kind, Enum):
            made.register_structure_hook(kind, _member_or_value)
    strict = made.get_structure_hook(types.InitializeParams)
    made.register_structure_hook(types.InitializeParams, lambda said, kind: strict(_only(said, _READ), kind))
    return made


def _member_or_value(value: object, kind: type[Enum]) -> object:
    try:
        return kind(value)
    except ValueError:
        if isinstance(value, type(next(iter(kind)).value)):
            return value
        raise


def _only(value: object, shape: Shape | None) -> object:
    """The part of a JSON value that has a shape. The whole one stays if it is no object, to be refused."""
    if shape is None or not isinstance(value, dict):
        return value
    return {
        key: _only(value[key], inner)
        for key, inner in shape.items()
        if key in value and (inner is None or isinstance(value[key], dict))
    }
