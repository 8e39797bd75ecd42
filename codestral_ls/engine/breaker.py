"""After a failure, leave the host alone for a while: no error a keystroke, no request that cannot succeed."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from codestral_ls.core.model import BadRequest, NotAllowed, RateLimited, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable

    from codestral_ls.core.model import ModelError

FIRST_REST, LONGEST_REST = 2.0, 8.0
"""Seconds: a host whose fault has ended is back within ten."""

_JITTER = 0.25
"""The most that is taken off a rest, so that many servers do not return in the same moment."""


class Breaker:
    """Open for a growing time after each failure in a row; for good where waiting cannot help. After a rest
    it is half-open: one request, the probe, decides whether it closes.

    A new configuration makes a new breaker. `lot` gives numbers from 0 to 1.
    """

    def __init__(self, clock: Callable[[], float], lot: Callable[[], float] = random.random) -> None:
        self._clock = clock
        self._lot = lot
        self._failures = 0
        self._open_until = 0.0
        self._probing = False

    @property
    def admits(self) -> bool:
        """Whether a request may go now. While a probe is under way none may."""
        return not self._probing and self._clock() >= self._open_until

    @property
    def is_open_for_good(self) -> bool:
        return self._open_until == float("inf")

    def begin(self) -> bool:
        """A request goes; whether it is the probe, which has to come back by one of the three below."""
        if self._open_until == 0.0 or not self.admits:
            return False
        self._probing = True
        return True

    def succeeded(self) -> None:
        self._failures = 0
        self._open_until = 0.0
        self._probing = False

    def failed(self, error: ModelError, *, probe: bool = False) -> None:
        """Requests that fail together, or on the way when the first of them did, count as one."""
        if probe or self._clock() >= self._open_until:
            self._failures += 1
        if rest := self._rest_after(error):
            self._open_until = max(self._open_until, self._clock() + rest)
        self._probing = self._probing and not probe

    def given_up(self, *, probe: bool) -> None:
        """Nobody waited for its end: nothing is known, and another may be the probe."""
        self._probing = self._probing and not probe

    def _rest_after(self, error: ModelError) -> float:
        if isinstance(error, Unauthorized | NotAllowed):
            return float("inf")
        if isinstance(error, BadRequest) and self._failures == 1:
            return 0.0  # Perhaps only of this prompt; refused again, it is the settings.
        if isinstance(error, RateLimited) and error.retry_after:
            return error.retry_after
        rest = min(FIRST_REST * 2.0 ** (self._failures - 1), LONGEST_REST) * (1 - _JITTER * self._lot())
        return max(rest, error.pace) if isinstance(error, RateLimited) else rest
