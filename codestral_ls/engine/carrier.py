"""Carries one request out: from the disk, or from the model until there is enough; and keeps the accounts."""

from __future__ import annotations

import asyncio
import logging
from contextlib import aclosing
from typing import TYPE_CHECKING

from codestral_ls.core.model import ModelError
from codestral_ls.core.polish import enough
from codestral_ls.core.prompt import TokenScale
from codestral_ls.core.suggestion import hole_at
from codestral_ls.engine.breaker import Breaker
from codestral_ls.engine.cache import disk_key
from codestral_ls.engine.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from codestral_ls.core.model import FimRequest, Model
    from codestral_ls.core.polish import Hole
    from codestral_ls.engine.cache import DiskTier
    from codestral_ls.engine.flight import Flight
    from codestral_ls.engine.ledger import Ledger
    from codestral_ls.engine.status import OnStatus, State

logger = logging.getLogger(__name__)


class Carrier:
    """One model, its breaker, and what was learnt of its tokens."""

    def __init__(
        self,
        model: Model,
        *,
        disk: DiskTier | None,
        ledger: Ledger,
        clock: Callable[[], float],
        on_status: OnStatus,
    ) -> None:
        self.breaker = Breaker(clock)
        self.scale = TokenScale()
        self._model = model
        self._disk = disk
        self._ledger = ledger
        self.clock = clock
        self._on_status = on_status
        # A stream that was given up still counts until it is closed.
        self._streams = asyncio.Semaphore(model.profile.streams)

    async def carry_out(self, flight: Flight, request: FimRequest) -> None:
        """Fill the flight with the reply, or with the error. Never raises a `ModelError`."""
        key = disk_key(self._model.profile.identity, request, flight.mode)
        if self._disk and (reply := await self._disk.get(key)):
            flight.replay(reply)
            return
        started = self.clock()
        try:
            self._tell("working")
            await self._stream(flight, request)
        except ModelError as error:
            flight.error = error
            self._failed(error)
        except asyncio.CancelledError:
            self._tell("ready")
            raise
        else:
            self.breaker.succeeded()
            self._tell("ready")
        self._account(flight, request, self.clock() - started)
        if self._disk and flight.reply:
            self._disk.put(key, flight.reply)

    async def _stream(self, flight: Flight, request: FimRequest) -> None:
        hole: Hole | None = None
        async with self._streams, aclosing(self._model.fim(request)) as chunks:
            async for chunk in chunks:
                flight.add(chunk)
                # Not before the request is out: it takes a third of a millisecond.
                hole = hole or hole_at(flight.site, flight.mode, self._model.profile.max_lines)
                if flight.finish is None and enough(flight.raw, hole):
                    flight.finish = "stop"
                    return

    def _failed(self, error: ModelError) -> None:
        """Leave the host alone for a while, and tell the user why. The log has it once for each rest: what is
        asked meanwhile, a user asked for by hand."""
        if not self.breaker.is_open:
            logger.warning("%s", error.message)
        self.breaker.failed(error)
        self._tell("error" if self.breaker.is_open_for_good else "warning", error.message)

    def _account(self, flight: Flight, request: FimRequest, seconds: float) -> None:
        usage = flight.usage
        if usage:
            sent = len(request.prefix) + len(request.typed) + len(request.suffix)
            self.scale = self.scale.after(sent, usage.prompt)
        self._ledger.record(
            "asked",
            flight.id,
            model=self._model.profile.identity,
            length=len(flight.raw),
            milliseconds=round(seconds * 1000),
            prompt_tokens=usage.prompt if usage else None,
            completion_tokens=usage.completion if usage else None,
            cached_tokens=usage.cached if usage else None,
            outcome=type(flight.error).__name__ if flight.error else "ok",
        )

    def _tell(self, state: State, message: str = "") -> None:
        self._on_status(Status(state, message, self._model.profile.label))
