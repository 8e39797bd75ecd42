"""Ollama as it meets a client, with its silent traps: after `server/routes.go` and recorded answers.

    async with FakeOllama("return total") as upstream:
        model = connect("qwen2.5-coder:7b", Reach(), base_url=upstream.url)

`upstream.prompts` tells what the models were given in the end, `upstream.loads` how often they were loaded.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import msgspec

from codestral_ls.bench.reply import Plain, Reply, limited, tokens
from codestral_ls.bench.serve import Exchange, Server

Answer = str | Reply | Plain

QWEN = "{{- if .Suffix }}<|fim_prefix|>{{ .Prompt }}<|fim_suffix|>{{ .Suffix }}<|fim_middle|>{{- else }}…"
NUM_KEEP = 4
DEFAULT_CONTEXT = 4096

_DURATION = re.compile(r"-?(\d+(\.\d+)?(ns|us|ms|s|m|h))+|0")
_BUSY = "server busy, please try again.  maximum pending requests exceeded"


@dataclass(frozen=True)
class FakeModel:
    """A model of the server. `template` is Go's; that it names `.Suffix` is what gives it "insert"."""

    template: str = ""
    capabilities: tuple[str, ...] = ("completion", "tools")
    context: int = 32_768
    parameters: str = ""
    remote_host: str = ""
    size: int = 4_700_000_000
    parameter_size: str = "7.6B"

    @property
    def told(self) -> list[str]:
        return [*self.capabilities, *(["insert"] if ".Suffix" in self.template else [])]


MODELS = {
    "qwen2.5-coder:7b": FakeModel(QWEN, parameters='stop    "<|endoftext|>"\nstop    "<|im_end|>"'),
    "codestral:22b": FakeModel("[SUFFIX]{{ .Suffix }}[PREFIX] {{ .Prompt }}", parameter_size="22.2B"),
    "deepseek-coder-gguf:latest": FakeModel(),
    "mine:latest": FakeModel("<A>{{ .Prompt }}<B>{{ .Suffix }}<C>"),
    "llama3.1:8b": FakeModel(),
    "qwen3-coder:480b-cloud": FakeModel(QWEN, remote_host="https://ollama.com:443"),
}


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
        if not _lasts(keep := body.get("keep_alive", "5m")):
            return Plain(400, {"error": f'time: missing unit in duration "{keep}"'})
        if not prompt and keep in (0, "0"):
            self._loaded = None
            return _done(name, "unload")
        if body.get("raw") and any(body.get(other) for other in ("template", "system", "context")):
            return Plain(400, {"error": "raw mode does not support template, system, or context"})
        if suffix and "insert" not in model.told:
            return Plain(400, {"error": f"{name} does not support insert"})
        if refused := self._load(body):
            return refused
        if not prompt:
            return _done(name, "load")
        return self._completed(exchange, model, _rendered(model, prompt, suffix, raw=body.get("raw", False)))

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
            return _too_long(len(pieces), context)
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
            return respond(exchange, Plain(200, _merged(lines)))
        exchange.start(200, {"content-type": "application/x-ndjson"})
        await _stream(exchange, reply, [msgspec.json.encode(line) + b"\n" for line in lines])
        return None

    def _lines(self, reply: Reply, exchange: Exchange, prompt: str) -> list[dict[str, Any]]:
        body = exchange.json
        asked = body.get("options") or {}
        stops = asked.get("stop") if self.settings.knows_stops else None
        text, finish = limited(reply.text, {"stop": stops, "max_tokens": asked.get("num_predict")})
        chat, name = exchange.path == "/api/chat", body["model"]
        thinks = [_piece(chat, name, thinking=self.settings.thoughts)] if self.settings.thoughts else []
        pieces = [_piece(chat, name, text=piece) for piece in tokens(text)]
        if chat and self.settings.calls:
            pieces.append(_piece(chat, name, tool_calls=[*self.settings.calls]))
        told = [*thinks, *pieces][: reply.sent]
        if self.settings.error_after is not None:
            return [*told[: self.settings.error_after], {"error": "an error was encountered while running"}]
        if reply.ending != "done":
            return told
        counts = {"prompt_eval_count": len(tokens(prompt)), "eval_count": len(tokens(text)) + 1}
        last = _piece(chat, name) | {"done": True, "done_reason": reply.finish or finish, **counts}
        return [*told, last | dict(reply.extra)]


def respond(exchange: Exchange, answer: Plain) -> None:
    """Give an answer in one piece."""
    raw = answer.body if isinstance(answer.body, bytes) else msgspec.json.encode(answer.body)
    kind = "text/plain" if isinstance(answer.body, bytes) else "application/json; charset=utf-8"
    exchange.start(answer.status, {"content-type": kind, "content-length": str(len(raw)), **answer.headers})
    exchange.write(raw, last=True)


def _piece(chat: bool, model: str, text: str = "", **more: Any) -> dict[str, Any]:
    said = {"message": {"role": "assistant", "content": text, **more}} if chat else {"response": text, **more}
    return {"model": model, "created_at": "2026-11-23T10:00:00.000000001Z", **said, "done": False}


def _done(model: str, reason: str) -> Plain:
    return Plain(200, {"model": model, "response": "", "done": True, "done_reason": reason})


def _merged(lines: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer in one piece."""
    if "message" in lines[-1]:
        text = "".join(line["message"]["content"] for line in lines)
        calls = [call for line in lines for call in line["message"].get("tool_calls", ())]
        return lines[-1] | {"message": {"role": "assistant", "content": text, "tool_calls": calls}}
    return lines[-1] | {"response": "".join(line.get("response", "") for line in lines)}


def _lasts(keep: object) -> bool:
    """Whether Go understands a duration: a bare number only if it is one."""
    return isinstance(keep, (int, float)) or bool(_DURATION.fullmatch(str(keep)))


def _rendered(model: FakeModel, prompt: str, suffix: str, *, raw: bool) -> str:
    if raw:
        return prompt
    if not suffix:
        return f"<|im_start|>user\n{prompt}<|im_end|>\n<|im_start|>assistant\n"
    shape = model.template.replace("{{- if .Suffix }}", "").partition("{{- else }}")[0]
    return shape.replace("{{ .Prompt }}", prompt).replace("{{ .Suffix }}", suffix)


def _too_long(counted: int, context: int) -> Plain:
    """The refusal of llama.cpp's server, which Ollama hands on as a text."""
    message = f"request ({counted} tokens) exceeds the available context size ({context} tokens)"
    fault = {"code": 400, "message": message, "type": "exceed_context_size_error", "n_ctx": context}
    return Plain(400, {"error": msgspec.json.encode({"error": fault}).decode()})


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
