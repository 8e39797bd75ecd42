"""A chat model that is asked: within the budget, cancellable, and with every request in the ledger."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from uuid import uuid4

from codestral_ls.core.model import BadRequest, ModelError, NotAllowed, Unavailable
from codestral_ls.core.privacy import is_loopback
from codestral_ls.core.prompt import Budget, TokenScale
from codestral_ls.engine.accounts import GIVEN_UP, OK
from codestral_ls.engine.proposal import Bill

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable

    from codestral_ls.core.model import ChatModel, ChatRequest, Chunk, Finish, Profile, ToolCall, Usage
    from codestral_ls.engine.accounts import Accounts
    from codestral_ls.engine.ledger import Task

MOST_CHARACTERS = 1_000_000
"""Where a reply is longer, its stream is closed."""

_REMOTE = (6_000, 2_000)
"""Tokens of the text above and below that are shown to a model of which many are read in a second."""

_ENLARGED = 3
_LEAST_REPLY = 64


@dataclass(frozen=True, slots=True, repr=False)
class Reply:
    """The whole of it. `finish` is None where it was cut off, by the host or because it got too long."""

    text: str
    finish: Finish | None
    calls: tuple[ToolCall, ...]
    bill: Bill


class Talker:
    """One chat model, and what was learnt of its tokens."""

    def __init__(self, model: ChatModel, accounts: Accounts, clock: Callable[[], float]) -> None:
        """`clock` is in seconds."""
        self.model = model
        self.scale = TokenScale()
        self._accounts = accounts
        self._clock = clock

    @property
    def profile(self) -> Profile:
        return self.model.profile

    @property
    def budget(self) -> Budget:
        """How much text around its target a request may show."""
        profile = self.profile
        above, below = profile.prefix_tokens, profile.suffix_tokens
        if profile.window:
            above, below = max(above, profile.window // 4), max(below, profile.window // 8)
        elif profile.host and not is_loopback(profile.host):
            above, below = _REMOTE
        above, below = min(above, _REMOTE[0]), min(below, _REMOTE[1])
        return Budget(self.scale.characters(above), self.scale.characters(below))

    def room(self, request: ChatRequest) -> int | None:
        """The tokens that the window has left for a reply; None where the window is not known."""
        window = self.profile.window
        return window - round(sent(request) / self.scale.measured) if window else None

    def larger(self, request: ChatRequest) -> ChatRequest | None:
        """The same request with room for a longer reply; None where the window has no more."""
        room, wanted = self.room(request), request.max_tokens * _ENLARGED
        limit = wanted if room is None else min(wanted, room)
        return replace(request, max_tokens=limit) if limit > request.max_tokens else None

    async def ask(
        self,
        request: ChatRequest,
        *,
        task: Task,
        uri: str = "",
        on_text: Callable[[str], None] = lambda _: None,
        on_bill: Callable[[Bill], None] = lambda _: None,
        most: int = MOST_CHARACTERS,
    ) -> Reply:
        """The reply, every piece of which `on_text` is told as it comes; `on_bill` is told what was taken for
        it, also where it fails or is given up.

        Asks once more where the host fails before it has sent anything. Cancelling ends the request at once,
        and what it took is noted. `uri` is the document's that it is about, `most` the longest reply in
        characters. Raises a `ModelError`: `NotAllowed` beyond the budget, `BadRequest` where the request does
        not fit the model's window.
        """
        request = self._fitting(request)
        await self._accounts.ready()
        first = _Received(on_text, on_bill, most)
        try:
            return await self._attempt(request, first, task, uri)
        except Unavailable:
            if first.began:
                raise
        return await self._attempt(request, _Received(on_text, on_bill, most), task, uri)

    def _fitting(self, request: ChatRequest) -> ChatRequest:
        room = self.room(request)
        if room is None or room >= request.max_tokens:
            return request
        if room < _LEAST_REPLY:
            raise BadRequest(
                f"This is too long for {self.profile.label}: select less, or set a larger model."
            )
        return replace(request, max_tokens=room)

    async def _attempt(self, request: ChatRequest, received: _Received, task: Task, uri: str) -> Reply:
        if why := self._accounts.why_refused(self.profile):
            raise NotAllowed(why)
        started, outcome = self._clock(), OK
        try:
            async with aclosing(self.model.chat(request)) as chunks:
                await received.all_of(chunks)
            if not received.began:
                # Hosts that send nothing raise: the model was closed meanwhile.
                raise Unavailable(f"{self.profile.label} was closed before it answered. Ask again.")
        except ModelError as error:
            outcome = type(error).__name__
            raise
        except BaseException:
            # Cancelled, or whoever listens has no use for it any more.
            outcome = GIVEN_UP
            raise
        finally:
            dollars = self._account(request, received, self._clock() - started, outcome, task, uri)
            bill = Bill(self.profile.label, received.usage, dollars)
            received.on_bill(bill)
        return Reply(received.text, received.finish, tuple(received.calls), bill)

    def _account(
        self, request: ChatRequest, received: _Received, seconds: float, outcome: str, task: Task, uri: str
    ) -> float | None:
        if received.usage:
            self.scale = self.scale.after(sent(request), received.usage.prompt)
        return self._accounts.asked(
            uuid4().hex,
            self.profile,
            uri=uri,
            sent=sent(request),
            length=len(received.text),
            usage=received.usage,
            scale=self.scale,
            milliseconds=round(seconds * 1000),
            outcome=outcome,
            task=task,
        )


def sent(request: ChatRequest) -> int:
    """The characters of a conversation and of what goes with it."""
    tools = sum(len(str(tool.parameters)) + len(tool.description) for tool in request.tools)
    return sum(map(len, request.texts)) - len(request.prediction or "") + tools


class _Received:
    """What has come of a reply; of one that is too long, the beginning."""

    def __init__(self, on_text: Callable[[str], None], on_bill: Callable[[Bill], None], most: int) -> None:
        self.on_bill = on_bill
        self.finish: Finish | None = None
        self.calls: list[ToolCall] = []
        self.usage: Usage | None = None
        self.began = False
        self._on_text = on_text
        self._most = most
        self._pieces: list[str] = []
        self._length = 0

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    async def all_of(self, chunks: AsyncGenerator[Chunk, None]) -> None:
        async for chunk in chunks:
            self.began = True
            self._add(chunk.text)
            if self._length > self._most:
                return
            self.calls += chunk.calls
            self.finish = chunk.finish or self.finish
            self.usage = chunk.usage or self.usage

    def _add(self, text: str) -> None:
        if text:
            self._pieces.append(text)
            self._length += len(text)
            self._on_text(text)
