"""What a model can call a tool with, as types: they check the arguments, and describe them to the model."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

_Path = Annotated[str, Meta(description="Path of a file from the workspace's folder on, with slashes")]
_Name = Annotated[str, Meta(description="A name of the code, without dots, brackets or arguments")]


class ReadFile(msgspec.Struct, frozen=True):
    path: _Path
    first_line: Annotated[int, Meta(description="Counted from 1")] = 1
    last_line: Annotated[int, Meta(description="Left out, or 0: the file's last line")] = 0


class FindSymbol(msgspec.Struct, frozen=True):
    name: _Name


class FindReferences(msgspec.Struct, frozen=True):
    name: _Name


class Search(msgspec.Struct, frozen=True):
    text: Annotated[str, Meta(description="A part of a line, letter by letter: no pattern")]


class ListFiles(msgspec.Struct, frozen=True):
    folder: Annotated[str, Meta(description="A folder of the workspace; all of it if left out")] = ""


class ProposeEdit(msgspec.Struct, frozen=True):
    path: _Path
    old: Annotated[
        str, Meta(description="Lines that stand in the file exactly once, with every blank, as they are now")
    ]
    new: Annotated[str, Meta(description="The lines that take their place, in full")]


class CreateFile(msgspec.Struct, frozen=True):
    path: _Path
    content: Annotated[str, Meta(description="The whole text of the new file")]


Call = ReadFile | FindSymbol | FindReferences | Search | ListFiles | ProposeEdit | CreateFile


def schema(call: type[Call]) -> dict[str, Any]:
    """The JSON schema of a tool's arguments, without references, which few hosts follow."""
    _, parts = msgspec.json.schema_components([call])
    (found,) = parts.values()
    return {name: value for name, value in found.items() if name != "title"}
