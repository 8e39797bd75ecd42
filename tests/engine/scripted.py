"""A model that says what a test tells it to, when the test tells it to."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from codestral_ls.core.model import ChatRequest, Chunk, FimRequest, Finish, ModelError, Profile, Usage


@dataclass(eq=False)
class Call:
    """One request to the model, under way until `end`, `fail` or `cut`; `closed` once its stream is."""

    request: FimRequest | ChatRequest
    closed: asyncio.Event = field(default_factory=asyncio.Event)
    _queue: asyncio.Queue[Chunk | ModelError | None] = field(default_factory=asyncio.Queue)

    def say(self, text: str, logprob: float | None = None) -> None:
        self._queue.put_nowait(Chunk(text, logprob=logprob))

    def end(self, text: str = "", finish: Finish = "stop", usage: Usage | None = None) -> None:
        self._queue.put_nowait(Chunk(text, finish, usage))
        self._queue.put_nowait(None)

    def fail(self, error: ModelError) -> None:
        self._queue.put_nowait(error)

    def cut(self) -> None:
        """End the stream without a finish, as a provider never should."""
        self._queue.put_nowait(None)

    async def stream(self):
        try:
            while (item := await self._queue.get()) is not None:
                if isinstance(item, ModelError):
                    raise item
                yield item
        finally:
            self.closed.set()


class ScriptedModel:
    """Hands each request to the test through `calls`."""

    def __init__(self, name: str = "scripted", **profile: object) -> None:
        self.profile = Profile(identity=name, label=name, **profile)
        self.calls: list[Call] = []
        self._asked = asyncio.Condition()

    def fim(self, request: FimRequest | ChatRequest):
        call = Call(request)
        self.calls.append(call)
        return call.stream()

    chat = fim

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...

    async def call(self, number: int) -> Call:
        """Wait for a request, counted from 0. The engine sends one within a few turns of the loop."""
        for _ in range(1000):
            if len(self.calls) > number:
                return self.calls[number]
            await asyncio.sleep(0)
        raise AssertionError(f"request {number} was never made; {len(self.calls)} were")
