"""Replies in OpenAI's protocol, which Mistral and most servers speak: a body out, events in, as chunks."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from codestral_ls.core.model import BadReply, BadRequest, Chunk, Unavailable
from codestral_ls.providers.errors import human_message
from codestral_ls.providers.fields import SPARE
from codestral_ls.providers.reply import Event, Reply, event_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from codestral_ls.providers.http import Host


LAST_WORDS = 0.5
"""Seconds in which the counts and the end mark have to follow the reason of the end."""


@dataclass(eq=False)
class Route:
    """One route of a host. A field that the host refuses by its name is not sent there again.

    `marked`: a reply without its end mark counts as cut off, even where the reason of its end was told. Of
    others nothing is waited for after that for longer than `LAST_WORDS`.
    """

    host: Host
    path: str
    marked: bool = True
    _refused: set[str] = field(default_factory=set)

    async def chunks(self, body: Mapping[str, Any], private: tuple[str, ...]) -> AsyncGenerator[Chunk, None]:
        """POST `body` and yield the reply. The last chunk comes when the host has said that it is done, and
        holds no text.

        Raises a `ModelError`. `private` are the texts in `body` that no error may repeat.
        """
        while True:
            sent = self._accepted(body)
            try:
                async with aclosing(self._told(sent, private)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            except BadRequest as error:
                refused = error.fields & sent.keys()
                if not refused:
                    raise
                self._refused |= refused

    def _accepted(self, body: Mapping[str, Any]) -> dict[str, Any]:
        names = {name: SPARE[name] if name in self._refused else name for name in body}
        return {names[name]: value for name, value in body.items() if names[name]}

    async def _told(self, body: Mapping[str, Any], private: tuple[str, ...]) -> AsyncGenerator[Chunk, None]:
        reply, end = Reply(), None
        try:
            async with aclosing(self.host.events(self.path, body, private)) as events:
                while (data := await _next(events, end)) is not None:
                    if text := reply.take(self._event(data, private)):
                        yield Chunk(text)
                    if reply.finish and end is None and not self.marked:
                        end = asyncio.get_running_loop().time() + LAST_WORDS
        except (Unavailable, TimeoutError):
            if self.marked or reply.finish is None:
                raise
        yield Chunk("", reply.finish or "stop", reply.usage, calls=reply.calls())

    def _event(self, data: str, private: tuple[str, ...]) -> Event:
        try:
            event = event_of(data)
        except msgspec.DecodeError:
            # The decoder's own words may quote the event, which is text of the user's file.
            raise BadReply(f"{self.host.name} sent an event that cannot be understood. Ask again.") from None
        said = human_message(data.encode()) if event.error or not event.choices else None
        if event.error or said:
            raise self.host.broken_off(said or "", private)
        return event


async def _next(events: AsyncGenerator[str, None], end: float | None) -> str | None:
    """The data of the next event; None behind the last. Raises `TimeoutError` when the loop's clock passes
    `end`."""
    async with asyncio.timeout_at(end):
        return await anext(events, None)
