"""An upstream in a thread with its own event loop, for tests whose subject is another process."""

from __future__ import annotations

import asyncio
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.upstream.mistral import FakeMistral

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from codestral_ls.bench.upstream import Upstream


class Running:
    """A served upstream, and how another thread waits for what happens to it."""

    def __init__(self, upstream: Upstream, loop: asyncio.AbstractEventLoop) -> None:
        self.upstream = upstream
        self._loop = loop

    def wait_for(self, condition: Callable[[], bool], timeout: float = 10.0) -> None:
        """Wait until `condition` holds. Raises `TimeoutError`."""
        asyncio.run_coroutine_threadsafe(self.upstream.wait_for(condition), self._loop).result(timeout)


@contextmanager
def in_thread(upstream: Upstream) -> Iterator[Running]:
    """Serve `upstream` until the block ends; what went wrong in its handlers is raised there."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="upstream", daemon=True)
    thread.start()
    try:
        asyncio.run_coroutine_threadsafe(upstream.__aenter__(), loop).result(10)
        try:
            yield Running(upstream, loop)
        finally:
            asyncio.run_coroutine_threadsafe(upstream.__aexit__(*sys.exc_info()), loop).result(10)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


@pytest.fixture
def threaded_mistral() -> Iterator[Running]:
    """A `FakeMistral` in a thread; a test sets `running.upstream.reply` to what it needs."""
    with in_thread(FakeMistral("return total")) as running:
        yield running
