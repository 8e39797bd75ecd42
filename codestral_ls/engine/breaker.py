"""After a failure, leave the host alone for a while: no error a keystroke, no request that cannot succeed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codestral_ls.core.model import BadRequest, NotAllowed, RateLimited, Unauthorized

if TYPE_CHECKING:
    from collections.abc import Callable

    from codestral_ls.core.model import ModelError

FIRST_REST = 2.0
LONGEST_REST = 60.0


class Breaker:
    """Open for a growing time after each failure in a row; for good where waiting cannot help.

    A new configuration makes a new breaker.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._failures = 0
        self._open_until = 0.0

    @property
    def is_open(self) -> bool:
        return self._clock() < self._open_until

    @property
    def is_open_for_good(self) -> bool:
        return self._open_until == float("inf")

    def failed(self, error: ModelError) -> None:
        self._failures += 1
        self._open_until = self._clock() + self._rest_after(error)

    def succeeded(self) -> None:
        self._failures = 0
        self._open_until = 0.0

    def _rest_after(self, error: ModelError) -> float:
        if isinstance(error, Unauthorized | NotAllowed):
            return float("inf")
        if isinstance(error, BadRequest) and self._failures == 1:
            return 0.0  # Perhaps only of this prompt; refused again, it is the settings.
        if isinstance(error, RateLimited) and error.retry_after is not None:
            return error.retry_after
        return min(FIRST_REST * 2.0 ** (self._failures - 1), LONGEST_REST)
