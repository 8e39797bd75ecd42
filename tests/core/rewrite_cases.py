"""The cases of `fixtures/refactor` for tests, and how they are written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from codestral_ls.bench.goldens import Golden, read
from codestral_ls.core.minimal import apply_to
from codestral_ls.core.refusal import Refused
from tests.core.polish_cases import toml_value

FOLDER = Path(__file__).parents[2] / "fixtures" / "refactor"
FILES = sorted(FOLDER.rglob("*.toml"))
CASES = [
    pytest.param(golden, id=f"{golden.language}-{path.stem}-{golden.description}")
    for path in FILES
    for golden in read(path)
]


def outcome(golden: Golden) -> tuple[str | None, str | None]:
    """The file afterwards, or the reason for a refusal."""
    try:
        return apply_to(golden.before, golden.proposal().edits), None
    except Refused as refused:
        return None, refused.reason


def updated(golden: Golden) -> Golden:
    want, refused = outcome(golden)
    return replace(golden, want=want, refused=refused)


def render(goldens: list[Golden]) -> str:
    return "\n".join(map(_render, goldens))


def _render(golden: Golden) -> str:
    table = {"description": golden.description, **golden.options, "text": golden.text, "raw": golden.raw}
    table |= {"want": golden.want} if golden.refused is None else {"refused": golden.refused}
    return "[[case]]\n" + "".join(f"{key} = {toml_value(value)}\n" for key, value in table.items())
