"""Which chat model is asked for what, and its connection."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec

from codestral_ls.core.config import Chat, Completion, Endpoint
from codestral_ls.engine.talker import Talker

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from codestral_ls.core.actions import Task
    from codestral_ls.core.model import ChatModel
    from codestral_ls.engine.accounts import Accounts

    Connect = Callable[[Endpoint], Awaitable[ChatModel]]

MOST_QUICK = 12_000
"""Targets with more characters than that are no quick task, whatever the action."""

_HEAVY: Final[Mapping[str, str]] = dict.fromkeys(
    ("api.mistral.ai", "api.eu.mistral.ai", "api.us.mistral.ai"), "mistral-medium-latest"
)
"""The best model for code at hosts that have a better one than that of completion."""


def endpoint_of(task: Task, chat: Chat, completion: Completion) -> Endpoint:
    """Where a task's model is; an empty name is the provider's default. What chat leaves unset is as for
    completion, but for what belongs to another provider or address: a key goes to no other host."""
    moved = chat.provider not in ("auto", completion.provider)
    base = Endpoint(provider=chat.provider) if moved else _plain(completion)
    if chat.base_url not in ("", base.base_url):
        base = msgspec.structs.replace(base, base_url=chat.base_url, api_key_env="", model="")
    named = _named(task, chat) or base.model
    return msgspec.structs.replace(
        base,
        model=named,
        api_key_env=chat.api_key_env or base.api_key_env,
        timeout_s=chat.timeout_s or base.timeout_s,
        context_tokens=chat.context_tokens or base.context_tokens,
        keep_alive=base.keep_alive if chat.keep_alive == Endpoint().keep_alive else chat.keep_alive,
    )


class ChatModels:
    """One chat model for each task, connected when it is first asked for.

    `connect` makes the model of an endpoint, without a request to it; `completing` is the model of completion
    once it is there, which is used again where it is the same one.
    """

    def __init__(
        self,
        connect: Connect,
        completing: Callable[[], Awaitable[ChatModel | None]],
        accounts: Accounts,
        clock: Callable[[], float],
    ) -> None:
        self._connect = connect
        self._completing = completing
        self._accounts = accounts
        self._clock = clock
        self._settings = Chat(), Completion()
        self._generation = 0
        self._talkers: dict[Task, Talker] = {}
        self._made: list[ChatModel] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._lock = asyncio.Lock()

    async def talker(self, task: Task, size: int = 0) -> Talker:
        """The model for a task on a target of so many characters. Raises a `ModelError`."""
        if size > MOST_QUICK:
            task = "heavy"
        async with self._lock:
            while True:
                generation = self._generation
                talker = await self._talker(task)
                if generation == self._generation:
                    return talker
                self.drop()

    def configure(self, chat: Chat, completion: Completion) -> None:
        """Other settings from now on. Requests that are under way end."""
        self._settings = chat, completion
        self.drop()

    def drop(self) -> None:
        """Forget the models; the next request connects anew."""
        self._generation += 1
        made, self._made, self._talkers = self._made, [], {}
        if made:
            closing = asyncio.create_task(_close(made))
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)

    async def aclose(self) -> None:
        """End every connection and process."""
        self.drop()
        if self._closing:
            await asyncio.wait(self._closing)

    async def _talker(self, task: Task) -> Talker:
        if task not in self._talkers:
            model = await self._model(task)
            shared = next((known for known in self._talkers.values() if known.model is model), None)
            self._talkers[task] = shared or Talker(model, self._accounts, self._clock)
        return self._talkers[task]

    async def _model(self, task: Task) -> ChatModel:
        chat, completion = self._settings
        endpoint = endpoint_of(task, chat, completion)
        model = await self._connect(endpoint)
        if task == "heavy" and not _named(task, chat) and (better := _HEAVY.get(model.profile.host)):
            await model.aclose()
            endpoint = msgspec.structs.replace(endpoint, model=better)
            model = await self._connect(endpoint)
        same_place = msgspec.structs.replace(endpoint, model=completion.model) == _plain(completion)
        completing = await self._completing() if same_place else None
        for known in (completing, *self._made):
            if known and known.profile.identity == model.profile.identity:
                await model.aclose()
                return known
        self._made.append(model)
        return model


def _named(task: Task, chat: Chat) -> str:
    return (chat.quick if task == "quick" else chat.heavy) or chat.model


def _plain(completion: Completion) -> Endpoint:
    fields = Endpoint.__struct_fields__
    return Endpoint(**{name: getattr(completion, name) for name in fields})


async def _close(models: list[ChatModel]) -> None:
    for model in models:
        await model.aclose()
