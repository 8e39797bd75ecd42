"""Ollama as it meets a client, with its silent traps: after `server/routes.go` and recorded answers.

    async with FakeOllama("return total") as upstream:
        model = connect("qwen2.5-coder:7b", Reach(), base_url=upstream.url)

`upstream.prompts` tells what the models were given in the end, `upstream.loads` how often they were loaded.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import msgspec

from codestral_ls.bench.reply import Plain, Reply, limited, tokens
from codestral_ls.bench.serve import Exchange, Server
from tests.upstream.ollama_models import MODELS, FakeModel, done, lasts, merged, piece, rendered, too_long

Answer = str | Reply | Plain

NUM_KEEP = 4
DEFAULT_CONTEXT = 4096

_BUSY = "server busy, please try again.  maximum pending requests exceeded"


@dataclass
class Loaded:
    """What has to be the same for a loaded model to be used again."""

    model: str
    num_ctx: int
    shift: bool


@dataclass
class _Settings:
    """Knobs of the server: how old it is, whether its queue is full, and what its models do."""

    knows_truncate: bool = True
    knows_stops: bool = True
    tells_capabilities: bool = True
    busy: bool = False
    error_after: int | None = None
    calls: tuple[Mapping[str, Any], ...] = ()
    thoughts: str = ""
    missing: set[str] = field(default_factory=set)


class FakeOllama(Server):
    """The server. `reply` is what its models answer, or makes it from the request."""

    def __init__(
        self,
        reply: Answer | Callable[[Exchange], Answer] = "",
        *,
        models: Mapping[str, FakeModel] = MODELS,
        port: int = 0,
        **settings: Any,
    ) -> None:
        super().__init__(self._respond, port)
        self.reply = reply
        self.models = dict(models)
        self.settings = _Settings(**settings)
        self.loads: list[Loaded] = []
        self._loaded: Loaded | None = None
        self.prompts: list[str] = []

    def asked(self, path: str) -> list[Exchange]:
        """The requests for a path so far, in the order of their arrival."""
        return [exchange for exchange in self.exchanges if exchange.path == path]

    async def _respond(self, exchange: Exchange) -> None:
        routes: dict[tuple[str, str], Callable[[Exchange], Any]] = {
            ("GET", "/api/version"): lambda _: Plain(200, {"version": "0.34.2"}),
            ("GET", "/api/tags"): lambda _: Plain(200, {"models": [*map(self._tag, self.models)]}),
            ("POST", "/api/show"): self._show,
            ("POST", "/api/generate"): self._generate,
            ("POST", "/api/chat"): self._chat,
        }
        route = routes.get((exchange.method, exchange.path))
        answer = route(exchange) if route else Plain(404, b"404 page not found")
        if isinstance(answer, Plain):
            respond(exchange, answer)
        else:
            await self._tell(exchange, *answer)

    def _tag(self, name: str) -> dict[str, Any]:
        model = self.models[name]
        details = {"family": "x", "parameter_size": model.parameter_size, "quantization_level": "Q4_K_M"}
        tag = {"name": name, "model": name, "size": model.size, "details": details}
        if self.settings.tells_capabilities:
            tag["capabilities"] = model.told
        return tag | ({"remote_host": model.remote_host} if model.remote_host else {})

    def _show(self, exchange: Exchange) -> Plain:
        name = exchange.json.get("model", "")
        if (model := self._model(name)) is None:
            return Plain(404, {"error": f"model '{name}' not found"})
        shown: dict[str, Any] = {
            "template": model.template,
            "parameters": model.parameters,
            "details": {"family": "x"},
            "model_info": {"general.architecture": "x", "x.context_length": model.context},
        }
        if self.settings.tells_capabilities:
            shown["capabilities"] = model.told
        return Plain(200, shown | ({"remote_host": model.remote_host} if model.remote_host else {}))

    def _model(self, name: str) -> FakeModel | None:
        known = name if ":" in name else f"{name}:latest"
        return None if known in self.settings.missing else self.models.get(known)

    def _generate(self, exchange: Exchange) -> Plain | tuple[Reply, str]:
        body = exchange.json
        name, prompt, suffix = body.get("model", ""), body.get("prompt", ""), body.get("suffix", "")
        if (model := self._model(name)) is None:
            return Plain(404, {"error": f"model '{name}' not found"})
        if not lasts(keep := body.get("keep_alive", "5m")):
            return Plain(400, {"error": f'time: missing unit in duration "{keep}"'})
        if not prompt and keep in (0, "0"):
            self._loaded = None
            return done(name, "unload")
        if body.get("raw") and any(body.get(other) for other in ("template", "system", "context")):
            return Plain(400, {"error": "raw mode does not support template, system, or context"})
        if suffix and "insert" not in model.told:
            return Plain(400, {"error": f"{name} does not support insert"})
        if refused := self._load(body):
            return refused
        if not prompt:
            return done(name, "load")
        return self._completed(exchange, model, rendered(model, prompt, suffix, raw=body.get("raw", False)))

    def _chat(self, exchange: Exchange) -> Plain | tuple[Reply, str]:
        body = exchange.json
        name, said = body.get("model", ""), body.get("messages") or []
        if (model := self._model(name)) is None:
            return Plain(404, {"error": f"model '{name}' not found"})
        if body.get("tools") and "tools" not in model.told:
            return Plain(400, {"error": f"{name} does not support tools"})
        arguments = [call["function"]["arguments"] for one in said for call in one.get("tool_calls", ())]
        if any(not isinstance(given, dict) for given in arguments):
            return Plain(400, {"error": "json: cannot unmarshal string into Go struct field .arguments"})
        if refused := self._load(body):
            return refused
        prompt = "".join(f"<|{one['role']}|>{one['content']}" for one in said)
        return self._completed(exchange, model, prompt)

    def _load(self, body: Mapping[str, Any]) -> Plain | None:
        """Queue and load: anew if what is loaded was loaded otherwise."""
        if self.settings.busy:
            return Plain(503, {"error": _BUSY})
        context = (body.get("options") or {}).get("num_ctx", DEFAULT_CONTEXT)
        wanted = Loaded(body["model"], context, body.get("shift", True))
        if self._loaded != wanted:
            self.loads.append(wanted)
        self._loaded = wanted
        return None

    def _completed(self, exchange: Exchange, model: FakeModel, prompt: str) -> Plain | tuple[Reply, str]:
        body = exchange.json
        context, pieces = self.loads[-1].num_ctx, tokens(prompt)
        truncate = body.get("truncate", True) or not self.settings.knows_truncate
        if len(pieces) > context and not truncate:
            return too_long(len(pieces), context)
        if len(pieces) > context:
            pieces = [*pieces[:NUM_KEEP], *pieces[len(pieces) - context + NUM_KEEP :]]
        self.prompts.append("".join(pieces))
        reply = self.reply(exchange) if callable(self.reply) else self.reply
        if isinstance(reply, Plain):
            return reply
        return (reply if isinstance(reply, Reply) else Reply(reply)), self.prompts[-1]

    async def _tell(self, exchange: Exchange, reply: Reply, prompt: str) -> None:
        await asyncio.sleep(reply.latency or 0)
        lines = [*self._lines(reply, exchange, prompt)]
        if exchange.json.get("stream") is False:
            return respond(exchange, Plain(200, merged(lines)))
        exchange.start(200, {"content-type": "application/x-ndjson"})
        await _stream(exchange, reply, [msgspec.json.encode(line) + b"\n" for line in lines])
        return None

    def _lines(self, reply: Reply, exchange: Exchange, prompt: str) -> list[dict[str, Any]]:
        body = exchange.json
        asked = body.get("options") or {}
        stops = asked.get("stop") if self.settings.knows_stops else None
        text, finish = limited(reply.text, {"stop": stops, "max_tokens": asked.get("num_predict")})
        chat, name = exchange.path == "/api/chat", body["model"]
        thinks = [piece(chat, name, thinking=self.settings.thoughts)] if self.settings.thoughts else []
        pieces = [piece(chat, name, text=word) for word in tokens(text)]
        if chat and self.settings.calls:
            pieces.append(piece(chat, name, tool_calls=[*self.settings.calls]))
        told = [*thinks, *pieces][: reply.sent]
        if self.settings.error_after is not None:
            return [*told[: self.settings.error_after], {"error": "an error was encountered while running"}]
        if reply.ending != "done":
            return told
        counts = {"prompt_eval_count": len(tokens(prompt)), "eval_count": len(tokens(text)) + 1}
        last = piece(chat, name) | {"done": True, "done_reason": reply.finish or finish, **counts}
        return [*told, last | dict(reply.extra)]


def respond(exchange: Exchange, answer: Plain) -> None:
    """Give an answer in one piece."""
    raw = answer.body if isinstance(answer.body, bytes) else msgspec.json.encode(answer.body)
    kind = "text/plain" if isinstance(answer.body, bytes) else "application/json; charset=utf-8"
    exchange.start(answer.status, {"content-type": kind, "content-length": str(len(raw)), **answer.headers})
    exchange.write(raw, last=True)


async def _stream(exchange: Exchange, reply: Reply, lines: list[bytes]) -> None:
    writes = [*reply.pack(lines), b""]
    for data, following in pairwise(writes):
        exchange.write(data, last=not following and reply.ending in ("done", "unmarked"))
        await asyncio.sleep(reply.token_delay or 0)
    if reply.ending == "cut":
        exchange.cut()
    elif reply.ending == "reset":
        exchange.reset()
    elif reply.ending == "stall":
        await asyncio.Event().wait()
