"""Which Neovim a test runs in: each in both."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.editors import neovim


@pytest.fixture(scope="module", params=neovim.EDITIONS)
def edition(request: pytest.FixtureRequest) -> Iterator[neovim.Edition]:
    """Neovim 0.11 and 0.12, one after the other; skipped where it is not on this machine."""
    chosen: neovim.Edition = neovim.EDITIONS[request.param]
    if reason := chosen.missing:
        pytest.skip(reason)
    with neovim.using(chosen):
        yield chosen
