"""An event loop on a virtual clock: where nothing is ready, time jumps to the next timer.

Hours of typing pass in seconds, and every run gives the same figures, because no time depends on the machine.
"""

from __future__ import annotations

import asyncio
import selectors
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Coroutine, Mapping

T = TypeVar("T")

_PATIENCE = 5.0
"""Seconds of real time that a thread may take where no timer is set."""


class Stuck(RuntimeError):
    """Everything waits, and nothing is left that could end the wait."""


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time` begins at 0 and passes only by waiting for timers."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now


class _JumpingSelector(selectors.BaseSelector):
    """Does not wait for a timeout but moves the clock by it, unless something is ready."""

    def __init__(self) -> None:
        self.now = 0.0
        self._selector = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        ready = self._selector.select(_PATIENCE if timeout is None else 0)
        if not ready and timeout is None:
            raise Stuck("The replay hangs: every task waits, and no timer is set.")
        if not ready and timeout:
            self.now += timeout
        return ready

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:  # noqa: ANN401
        return self._selector.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:  # noqa: ANN401
        return self._selector.unregister(fileobj)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._selector.get_map()

    def close(self) -> None:
        self._selector.close()


def run(main: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a virtual clock. Raises `Stuck` where it would wait for ever."""
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        return runner.run(main)
