"""The models of completion as the settings line them up: the first, and those that answer in its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codestral_ls.core.budget import limits
from codestral_ls.core.config import Endpoint, parse_fallback
from codestral_ls.core.model import ModelError, Unavailable
from codestral_ls.weights import Absent, Declined, fetch

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from codestral_ls.core.config import Settings
    from codestral_ls.core.model import ChatModel, Model
    from codestral_ls.engine.carrier import Carrier
    from codestral_ls.engine.status import State
    from codestral_ls.providers import Choice
    from codestral_ls.user import User

    Chosen = Callable[[Endpoint], Awaitable[Choice]]


class Lineup:
    """Makes the models one after the other, and keeps them until they are closed.

    `chosen` finds the model that an endpoint means. `choice` is how the first came to be.
    """

    def __init__(self, settings: Settings, chosen: Chosen, user: User) -> None:
        completion = settings.completion
        self.choice: Choice | None = None
        self.models: list[Model] = []
        self.missing: list[ModelError] = []
        self._waiting: list[Endpoint] = [completion, *map(parse_fallback, completion.fallback)]
        self._has_limits = bool(limits(settings.budget))
        self._chosen = chosen
        self._user = user

    @property
    def may_come(self) -> bool:
        """Whether one of those that cannot be had may be there later."""
        return any(isinstance(error, Unavailable) for error in self.missing)

    @property
    def state(self) -> State:
        """What is to be shown while there is no model, by what is wrong with the first."""
        match self.missing[0]:
            case Declined():
                return "off"
            case Unavailable():
                return "warning"
        return "error"

    async def first(self) -> ChatModel | None:
        """The first that can be had; None if none can. Those before it are `missing`."""
        while self._waiting:
            try:
                choice = await self._chosen(self._waiting.pop(0))
                model = await made(choice, self._user)
            except ModelError as error:
                self.missing.append(error)
                continue
            for left_out in self.missing[1:]:
                self._warn(left_out)
            self.choice = choice
            self.models.append(model)
            return model
        return None

    async def add_others(self, carrier: Carrier) -> None:
        """The models that answer where the first does not, those that can be had, each once."""
        for endpoint in self._waiting:
            try:
                self._add(await self._chosen(endpoint), carrier)
            except ModelError as error:
                self._warn(error)
        if self._has_limits and all(model.profile.host for model in self.models):
            await self._add_free(carrier)

    async def aclose(self) -> None:
        for model in self.models:
            await model.aclose()

    async def _add_free(self, carrier: Carrier) -> None:
        """A model on this machine for the time after the budget is spent, if it is here."""
        try:
            choice = await self._chosen(Endpoint(provider="embedded"))
            if not choice.install:
                self._add(choice, carrier)
        except ModelError:
            return

    def _add(self, choice: Choice, carrier: Carrier) -> None:
        """Raises a `ModelError`."""
        from codestral_ls.providers.embedded import profile_of

        absent = choice.install and Absent(profile_of(choice.install), self._user, choice.connect)
        model = absent or choice.connect()
        known = {model.profile.identity for model in self.models}
        self.models.append(model)
        if model.profile.identity not in known:
            carrier.add(model)

    def _warn(self, error: ModelError) -> None:
        self._user.warn(f"A model of completion.fallback is left out: {error.message}")


async def made(choice: Choice, user: User) -> ChatModel:
    """The model, with its weights fetched where they are missing. Raises a `ModelError`."""
    if choice.install:
        await fetch(user, choice.install, f"{choice.why[:1].upper()}{choice.why[1:]}.")
    return choice.connect()
