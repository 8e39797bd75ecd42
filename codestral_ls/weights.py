"""The weights of embedded models: fetched when they are needed, and the user agrees."""

from __future__ import annotations

import asyncio
import logging
import threading
from contextlib import aclosing
from typing import TYPE_CHECKING

from codestral_ls.core.model import ModelError, NotAllowed, Unavailable
from codestral_ls.log import trace
from codestral_ls.providers.store import install, model_named

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from codestral_ls.core.model import Chunk, FimRequest, Model, Profile
    from codestral_ls.user import User

logger = logging.getLogger(__name__)


class Declined(NotAllowed):
    """The user did not want the weights."""


async def fetch(user: User, name: str, why: str) -> None:
    """Get the weights of a model by its name, if the user agrees; `why` is a sentence.

    Raises a `ModelError`: `Declined` if they do not.
    """
    model = model_named(name)
    size = f"{model.bytes / 1e6:,.0f} MB"
    if not await user.consent(f"{why} Fetch the model {name} ({size}, {model.licence})?", f"Fetch {size}"):
        raise Declined(f"No model: run `codestral-ls models install {name}`, or set a key.")
    stopped = threading.Event()
    with user.progress(f"Fetching {name}") as progress:
        try:
            await asyncio.to_thread(install, name, progress, stopped)
        except asyncio.CancelledError:
            stopped.set()
            raise


class Absent:
    """A fallback whose weights are not here. The first request to it has them fetched, and fails; those that
    come when they are here are answered by the model that `connect` makes."""

    def __init__(self, profile: Profile, user: User, connect: Callable[[], Model]) -> None:
        self._profile = profile
        self._user = user
        self._connect = connect
        self._model: Model | None = None
        self._fetching: asyncio.Task[None] | None = None
        self._error: ModelError | None = None

    @property
    def profile(self) -> Profile:
        return self._profile

    async def fim(self, request: FimRequest) -> AsyncGenerator[Chunk, None]:
        """Fill the hole. Raises a `ModelError`: `Unavailable` until the weights are here."""
        if self._model is None:
            self._need()
            raise self._error or Unavailable(f"The weights of {self._profile.label} are not here yet.")
        async with aclosing(self._model.fim(request)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def warm(self) -> None:
        """Nothing is done before it is needed."""

    async def aclose(self) -> None:
        if self._fetching:
            self._fetching.cancel()
            await asyncio.wait((self._fetching,))
        if self._model:
            await self._model.aclose()

    def _need(self) -> None:
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())

    async def _fetch(self) -> None:
        why = "A model on this machine could answer now."
        try:
            await fetch(self._user, self._profile.model, why)
            self._model = self._connect()
        except ModelError as error:
            self._error = error
        except Exception as error:  # noqa: BLE001 - nobody awaits the task; the chain goes on without it.
            logger.error("Fetching weights failed: %s", trace(error))
            self._error = Unavailable(f"The weights of {self._profile.label} could not be fetched.")
