"""Which Neovim a test runs in: each in both; and a model that is on the machine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from codestral_ls.providers import store
from tests.editors import neovim

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "smollm2-135m"


@pytest.fixture(scope="module", params=neovim.EDITIONS)
def edition(request: pytest.FixtureRequest) -> Iterator[neovim.Edition]:
    """Neovim 0.11 and 0.12, one after the other; skipped where it is not on this machine."""
    chosen: neovim.Edition = neovim.EDITIONS[request.param]
    if reason := chosen.missing:
        pytest.skip(reason)
    with neovim.using(chosen):
        yield chosen


@pytest.fixture(scope="session")
def weights() -> Path:
    """The file of the small embedded model, which is fetched if it is not on this machine."""
    return store.install(MODEL)
