from __future__ import annotations

import pytest
import pytest_asyncio

from codestral_ls.providers import store
from tests.providers.smol import NAME, embedded


@pytest.fixture(scope="session")
def weights():
    return store.install(NAME)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded(weights):
    """One process for the tests that do no harm to it."""
    async with embedded() as running:
        yield running
