"""A stand-in for Mistral's FIM endpoint, on this machine, for measurements and tests.

    async with Upstream("return total", latency=0.1) as upstream:
        model = Mistral(upstream.base_url, "codestral-latest", "key", key_name="the test")

`upstream.requests` then tells what was asked, on which connection, and how each request ended.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any

import msgspec

from codestral_ls.bench.reply import Plain, Reply, events, whole
from codestral_ls.bench.serve import Exchange, Server

FIM_PATH = "/v1/fim/completions"
MODELS_PATH = "/v1/models"
NO_ROUTE = Plain(404, {"message": "no Route matched with those values"})

Answer = str | Reply | Plain
Check = Callable[[Exchange], Plain | None]


class Upstream(Server):
    """The server. `reply` is what it answers, or makes it from the request; a check that fails comes before.

    `latency` is the time to the first byte and `token_delay` that between tokens, in seconds. `headers` are
    those of every answer.
    """

    models: tuple[str, ...] = ("codestral-latest",)
    routes: tuple[str, ...] = (FIM_PATH,)

    def __init__(
        self,
        reply: Answer | Callable[[Exchange], Answer] = "",
        *,
        latency: float = 0.0,
        token_delay: float = 0.0,
        checks: tuple[Check, ...] = (),
        headers: Callable[[], Mapping[str, str]] = dict,
        port: int = 0,
    ) -> None:
        super().__init__(self._respond, port)
        self.reply = reply
        self.latency = latency
        self.token_delay = token_delay
        self._checks = checks
        self._headers = headers

    @property
    def base_url(self) -> str:
        return self.url

    @property
    def requests(self) -> list[Exchange]:
        """The completion requests so far, in the order of their arrival."""
        return [exchange for exchange in self.exchanges if exchange.path.endswith(self.routes)]

    def whole(self, exchange: Exchange, reply: Reply) -> Mapping[str, Any]:
        """The answer to a request that does not ask for a stream."""
        return whole(reply, exchange.json)

    def events(self, exchange: Exchange, reply: Reply) -> Iterable[bytes]:
        """The stream of events that tells a reply."""
        return events(reply, exchange.json)

    async def _respond(self, exchange: Exchange) -> None:
        failed = next((found for check in self._checks if (found := check(exchange))), None)
        answer = failed or self._route(exchange)
        match answer:
            case Plain():
                await asyncio.sleep(answer.latency)
                self._say(exchange, answer.status, answer.body, answer.headers)
            case Reply():
                await self._tell(exchange, answer)
            case _:
                await self._tell(exchange, Reply(answer))

    def _route(self, exchange: Exchange) -> Answer:
        if exchange.path.endswith(MODELS_PATH):
            return Plain(200, {"object": "list", "data": [_card(model) for model in self.models]})
        if exchange.method != "POST" or not exchange.path.endswith(self.routes):
            return NO_ROUTE
        return self.reply(exchange) if callable(self.reply) else self.reply

    def _say(self, exchange: Exchange, status: int, body: object, headers: Mapping[str, str]) -> None:
        raw = body if isinstance(body, bytes) else msgspec.json.encode(body)
        kind = "text/html" if raw.startswith(b"<") else "application/json"
        basic = {"content-type": kind, "content-length": str(len(raw))}
        exchange.start(status, basic | dict(self._headers()) | dict(headers))
        exchange.write(raw, last=True)

    async def _tell(self, exchange: Exchange, reply: Reply) -> None:
        body = exchange.json
        await asyncio.sleep(self.latency if reply.latency is None else reply.latency)
        if not body.get("stream"):
            return self._say(exchange, 200, self.whole(exchange, reply), reply.headers)
        exchange.start(200, {"content-type": "text/event-stream", **self._headers(), **reply.headers})
        await self._stream(exchange, reply)
        return None

    async def _stream(self, exchange: Exchange, reply: Reply) -> None:
        delay = self.token_delay if reply.token_delay is None else reply.token_delay
        writes = [*reply.pack(self.events(exchange, reply)), b""]
        for number, (data, following) in enumerate(pairwise(writes)):
            if number > 1 and delay:
                await asyncio.sleep(delay)
            whole_sent = not following and reply.ending in ("done", "unmarked")
            exchange.write(data, last=whole_sent)
        if reply.ending == "cut":
            exchange.cut()
        elif reply.ending == "reset":
            exchange.reset()
        elif reply.ending == "stall":
            await asyncio.Event().wait()


def _card(model: str) -> dict[str, Any]:
    return {"id": model, "object": "model", "capabilities": {"completion_fim": True}}
