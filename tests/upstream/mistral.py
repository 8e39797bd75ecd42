"""Mistral as it meets a client: keys, strict bodies, limits, and every failure that was seen in the wild.

    async with FakeMistral("return total", latency=0.1) as upstream:
        Mistral(upstream.codestral_url, "codestral-latest", upstream.codestral_key, key_name="the test")

Two hosts share the port, under two base paths, each with a key that the other refuses. `reply` is a text, a
`Reply`, a `Plain`, or a function of the request that returns one of them. Stand-alone:
`python -m tests.upstream.mistral --port 0` prints the two base URLs and serves until it is ended.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from codestral_ls.bench.reply import Plain, Reply, prompt_tokens
from codestral_ls.bench.upstream import FIM_PATH, MODELS_PATH, NO_ROUTE, Upstream
from tests.upstream import chat
from tests.upstream.errors import CAPACITY, ERRORS, NOT_FIM, UNAUTHORIZED, invalid_model, too_long
from tests.upstream.validation import CHAT_FIELDS, FIM_FIELDS, validate

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from codestral_ls.bench.serve import Exchange
    from codestral_ls.bench.upstream import Answer

CHAT_PATH = "/v1/chat/completions"
CHAT_MODELS = ("mistral-small-latest",)
CONTEXT_TOKENS = 131_072


_TELLING = chat.Telling(usage_apart=False)


class FakeMistral(Upstream):
    """Both hosts. `older` gives error bodies the shape of 2025. Limits count down, but refuse nothing."""

    models = ("codestral-latest", "codestral-2508")
    routes = (FIM_PATH, CHAT_PATH)
    api_key = "api-key-of-the-tests"
    codestral_key = "codestral-key-of-the-tests"

    def __init__(
        self,
        reply: Answer | Callable[[Exchange], Answer] = "",
        *,
        latency: float = 0.0,
        token_delay: float = 0.0,
        older: bool = False,
        context_tokens: int = CONTEXT_TOKENS,
        requests_per_minute: int = 60,
        port: int = 0,
    ) -> None:
        super().__init__(
            reply,
            latency=latency,
            token_delay=token_delay,
            checks=(self._authorized, self._acceptable),
            headers=self._limits,
            port=port,
        )
        self.older = older
        self.context_tokens = context_tokens
        self.requests_per_minute = requests_per_minute

    @property
    def base_url(self) -> str:
        return self.api_url

    @property
    def api_url(self) -> str:
        return f"{self.url}/api"

    @property
    def codestral_url(self) -> str:
        return f"{self.url}/codestral"

    def _authorized(self, exchange: Exchange) -> Plain | None:
        # The Codestral host has no list of models, and says so before it looks at the key.
        if self._is_codestral(exchange) and exchange.path.endswith(MODELS_PATH):
            return NO_ROUTE
        key = self.codestral_key if self._is_codestral(exchange) else self.api_key
        fits = exchange.headers.get("authorization") == f"Bearer {key}"
        return None if fits else UNAUTHORIZED[self.older]

    def _acceptable(self, exchange: Exchange) -> Plain | None:
        if exchange.method != "POST":
            return None
        fields = CHAT_FIELDS if _is_chat(exchange) else FIM_FIELDS
        refused = validate(exchange.body, older=self.older, fields=fields)
        return refused or self._answerable(exchange.json, chatting=_is_chat(exchange))

    def whole(self, exchange: Exchange, reply: Reply) -> Mapping[str, Any]:
        if _is_chat(exchange):
            return chat.whole(_with_beginning(reply, exchange.json), exchange.json, _TELLING)
        return super().whole(exchange, reply)

    def events(self, exchange: Exchange, reply: Reply) -> Iterable[bytes]:
        if _is_chat(exchange):
            return chat.events(_with_beginning(reply, exchange.json), exchange.json, _TELLING)
        return super().events(exchange, reply)

    def _answerable(self, body: dict[str, Any], *, chatting: bool) -> Plain | None:
        if body["model"] in CHAT_MODELS and not chatting:
            return NOT_FIM
        if body["model"] not in (*self.models, *CHAT_MODELS):
            return invalid_model(body["model"])
        counted = prompt_tokens(body | {"prompt": chat.texts_of(body)})
        return too_long(counted, self.context_tokens) if counted > self.context_tokens else None

    def _is_codestral(self, exchange: Exchange) -> bool:
        return exchange.path.startswith("/codestral/")

    def _limits(self) -> Mapping[str, str]:
        left = self.requests_per_minute - len(self.requests) % max(1, self.requests_per_minute)
        return {
            "x-ratelimit-limit-req-minute": str(self.requests_per_minute),
            "x-ratelimit-remaining-req-minute": str(left),
            "x-ratelimit-limit-tokens-minute": "50000",
            "mistral-correlation-id": f"{len(self.exchanges):032x}",
        }


def _is_chat(exchange: Exchange) -> bool:
    return exchange.path.endswith(CHAT_PATH)


def _with_beginning(reply: Reply, body: Mapping[str, Any]) -> Reply:
    """The host repeats the text that its reply was told to begin with."""
    last = body["messages"][-1]
    return replace(reply, text=last["content"] + reply.text) if last.get("prefix") else reply


def grouped(count: int) -> Callable[[Iterable[bytes]], Iterator[bytes]]:
    """Several events in each write."""

    def pack(events: Iterable[bytes]) -> Iterator[bytes]:
        every = list(events)
        return (b"".join(every[at : at + count]) for at in range(0, len(every), count))

    return pack


def split(size: int) -> Callable[[Iterable[bytes]], Iterator[bytes]]:
    """Writes of `size` bytes, wherever that cuts: also inside a character."""

    def pack(events: Iterable[bytes]) -> Iterator[bytes]:
        whole = b"".join(events)
        return (whole[at : at + size] for at in range(0, len(whole), size))

    return pack


def flaky(seed: int, text: str, *, good: float = 0.6) -> Callable[[Exchange], Answer]:
    """Answers of which a share of `good` is well; the others are errors, cuts, resets and stalls by lot."""
    lot = random.Random(seed)
    faults: tuple[Callable[[], Answer], ...] = (
        lambda: lot.choice(list(ERRORS.values())),
        lambda: CAPACITY,
        lambda: Reply(text, ending="cut", sent=lot.randrange(4)),
        lambda: Reply(text, ending="reset", sent=lot.randrange(4)),
        lambda: Reply(text, ending="unmarked"),
        lambda: Reply(text, ending="stall", sent=lot.randrange(4)),
        lambda: Reply(text, pack=split(lot.randrange(1, 9))),
    )
    return lambda _: Reply(text, latency=lot.random() / 50) if lot.random() < good else lot.choice(faults)()


async def _serve(upstream: FakeMistral, until_stdin_closes: bool) -> None:
    async with upstream:
        print(upstream.api_url, upstream.codestral_url, flush=True)
        if until_stdin_closes:
            await asyncio.to_thread(sys.stdin.read)
        else:
            await asyncio.Event().wait()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--text", default="return total")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds to the first byte")
    parser.add_argument("--token-delay", type=float, default=0.0, help="seconds between tokens")
    parser.add_argument("--flaky", type=int, metavar="SEED", help="fail by lot")
    parser.add_argument(
        "--until-stdin-closes", action="store_true", help="end with the process that started this"
    )
    asked = parser.parse_args()
    reply = asked.text if asked.flaky is None else flaky(asked.flaky, asked.text)
    upstream = FakeMistral(reply, latency=asked.latency, token_delay=asked.token_delay, port=asked.port)
    asyncio.run(_serve(upstream, asked.until_stdin_closes))


if __name__ == "__main__":
    main()
