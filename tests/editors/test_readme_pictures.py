"""The README's pictures are there, small, and described for those who do not see them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SHOWN = re.findall(
    r"!\[(.*?)\]\((editors/.+?)\)", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL
)

MOST_BYTES = 150_000


@pytest.mark.parametrize(("described", "path"), SHOWN, ids=[Path(path).stem for _, path in SHOWN])
def test_a_picture_is_small_and_described(described: str, path: str) -> None:
    content = (ROOT / path).read_bytes()
    assert content.startswith(b"\x89PNG\r\n")
    assert len(content) < MOST_BYTES
    assert len(described.split()) > 5


def test_every_picture_is_shown() -> None:
    kept = {file.name for file in (ROOT / "editors" / "vscode" / "pictures").iterdir()}
    assert kept == {Path(path).name for _, path in SHOWN} == {"ghost-text.png", "refactoring.png", "chat.png"}
