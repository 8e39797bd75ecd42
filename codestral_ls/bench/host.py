"""The oracle behind HTTP, for servers in processes of their own: as Mistral, llama.cpp or Tabby serves.

What goes out is counted by pieces of four characters, as in the replay on the virtual clock.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from codestral_ls.bench.oracle import Call
from codestral_ls.bench.serve import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from codestral_ls.bench.future import Playhead
    from codestral_ls.bench.oracle import Latency, Oracle, Said
    from codestral_ls.bench.serve import Exchange

_AT_ONCE = 0.004
"""Seconds after a piece within which a client that had enough has closed the stream: half a token's time."""

_TABBY_TOKENS = 64
"""What Tabby's own server decodes at most for a completion."""

_Body = dict[str, Any]


class Host:
    """Serves one replay. `calls` tells what was asked and how each request ended."""

    def __init__(self, oracle: Oracle, playhead: Playhead, latency: Latency, seed: int) -> None:
        self.calls: list[Call] = []
        self.server = Server(self._handle)
        self._oracle = oracle
        self._playhead = playhead
        self._latency = latency
        self._lot = random.Random(seed)
        self._slots = asyncio.Semaphore(latency.streams)

    async def _handle(self, exchange: Exchange) -> None:
        wire = next((wire for end, wire in _WIRES.items() if exchange.path.endswith(end)), None)
        if wire and exchange.method == "POST":
            await self._complete(exchange, wire)
        else:
            found = next((answer for end, answer in _ANSWERS.items() if exchange.path.endswith(end)), {})
            _write(exchange, [msgspec.json.encode(found)], "application/json")

    async def _complete(self, exchange: Exchange, wire: _Wire) -> None:
        body = exchange.json
        before, after, most = wire.asked(body)
        said = self._oracle.answer(before, most, tuple(body.get("stop") or ()))
        loop = asyncio.get_running_loop()
        call = Call(after + before, self._playhead.line, loop.time(), said)
        self.calls.append(call)
        first = self._latency.first * self._lot.lognormvariate(0.0, self._latency.sigma)
        last = loop.time()
        try:
            async with self._slots:
                await asyncio.sleep(first)
                exchange.start(200, {"content-type": wire.kind})
                for number, token in enumerate(said.tokens):
                    await asyncio.sleep(self._latency.token if number else 0)
                    call.generated += 1
                    last = loop.time()
                    if wire.piece:
                        exchange.write(wire.piece(token))
                call.outcome = "complete"
                exchange.write(wire.end(said), last=True)
        finally:
            if call.outcome == "running":
                at_once = call.generated and loop.time() - last < _AT_ONCE
                call.outcome = "stopped" if at_once else "cancelled"


@dataclass(frozen=True, slots=True)
class _Wire:
    """A wire format: text before, text after and the most tokens of a request; a piece of the answer, None
    where it comes as one; and its end."""

    asked: Callable[[_Body], tuple[str, str, int]]
    piece: Callable[[str], bytes] | None
    end: Callable[[Said], bytes]
    kind: str = "text/event-stream"


def _event(data: Mapping[str, Any]) -> bytes:
    return b"data: " + msgspec.json.encode(data) + b"\n\n"


def _mistral(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    kind = "chat.completion.chunk"
    return _event({"id": "1", "object": kind, "created": 1, "model": "oracle", "choices": [choice]})


_WIRES = {
    "/fim/completions": _Wire(
        lambda body: (body["prompt"], body.get("suffix") or "", body.get("max_tokens") or 256),
        _mistral,
        lambda said: _mistral("", said.finish) + b"data: [DONE]\n\n",
    ),
    "/infill": _Wire(
        lambda body: (body["input_prefix"], body.get("input_suffix", ""), body.get("n_predict") or 128),
        lambda text: _event({"content": text, "stop": False}),
        lambda said: _event({"content": "", "stop": True}),
    ),
    "/v1/completions": _Wire(
        lambda body: (body["segments"]["prefix"], body["segments"].get("suffix") or "", _TABBY_TOKENS),
        None,
        lambda said: msgspec.json.encode({"id": "cmpl-1", "choices": [{"index": 0, "text": said.text}]}),
        "application/json",
    ),
}
_ANSWERS: dict[str, object] = {
    "/models": {"object": "list", "data": [{"id": "oracle", "object": "model"}]},
    "/v1/health": {
        "model": "oracle",
        "device": "cpu",
        "arch": "x86_64",
        "cpu_info": "",
        "cpu_count": 1,
        "cuda_devices": [],
        "version": {"build_date": "", "build_timestamp": "", "git_sha": "", "git_describe": "v0.30.0"},
    },
    "/v1beta/server_setting": {"disable_client_side_telemetry": True},
}


def _write(exchange: Exchange, pieces: Iterator[bytes] | list[bytes], kind: str) -> None:
    body = b"".join(pieces)
    exchange.start(200, {"content-type": kind, "content-length": str(len(body))})
    exchange.write(body, last=True)
