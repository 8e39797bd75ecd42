"""One model in the chain of those that may answer."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from codestral_ls.core.prompt import Budget, TokenScale, fitted
from codestral_ls.engine.breaker import Breaker

if TYPE_CHECKING:
    from collections.abc import Callable

    from codestral_ls.core.model import FimRequest, Model, ModelError, Profile, Usage


SLOW = 0.4
"""Seconds to the first token from which a model is slow."""
_NEWEST_COUNTS = 0.2


class Link:
    """A model, its breaker, its streams, and what was learnt of its tokens and its pace. `trouble` is why it
    did not answer when it was last asked. Its profile may change while it is asked."""

    def __init__(self, model: Model, clock: Callable[[], float], lot: Callable[[], float]) -> None:
        self.model = model
        self.breaker = Breaker(clock, lot)
        self.scale = TokenScale()
        # A stream that was given up still counts until it is closed.
        self.streams = asyncio.Semaphore(model.profile.streams)
        self.times_overtaken = 0
        self._seconds: float | None = None
        self.trouble: ModelError | None = None

    @property
    def profile(self) -> Profile:
        return self.model.profile

    @property
    def is_slow(self) -> bool:
        """Whether its answers begin late, the latest counting most."""
        return self._seconds is not None and self._seconds > SLOW

    def began(self, seconds: float) -> None:
        """An answer began after so many seconds."""
        before = seconds if self._seconds is None else self._seconds
        self._seconds = before + _NEWEST_COUNTS * (seconds - before)

    def fitted(self, request: FimRequest) -> FimRequest:
        """A request that was built for another model, cut to what suits this one."""
        scale, profile = self.scale, self.profile
        budget = Budget(scale.characters(profile.prefix_tokens), scale.characters(profile.suffix_tokens))
        return fitted(request, budget)

    def learn(self, request: FimRequest, usage: Usage) -> None:
        """Take in how many tokens the host counted."""
        self.scale = self.scale.after(sent(request), usage.prompt)


def sent(request: FimRequest) -> int:
    """The characters of a prompt."""
    snippets = sum(len(snippet.path) + len(snippet.text) for snippet in request.snippets)
    return len(request.prefix) + len(request.typed) + len(request.suffix) + snippets
