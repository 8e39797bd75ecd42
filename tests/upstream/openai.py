"""Servers of OpenAI's protocol, each with what it refuses, ignores and leaves out.

    async with FakeOpenAI(VLLM, "return total") as upstream:
        model = connect(upstream.url, Reach(), model="Qwen/Qwen2.5-Coder-7B")

Behaviour is that of the servers' sources and of answers quoted in their issues.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import msgspec

from codestral_ls.bench.reply import Plain, Reply
from codestral_ls.bench.upstream import MODELS_PATH, Upstream
from tests.upstream import chat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from codestral_ls.bench.serve import Exchange
    from codestral_ls.bench.upstream import Answer

CODER = "Qwen/Qwen2.5-Coder-7B"
INSTRUCT = "some-instruct"
CHAT_PATH, COMPLETIONS_PATH = "/chat/completions", "/completions"


def told(status: int, message: str, kind: str = "invalid_request_error") -> Plain:
    """An error in OpenAI's shape."""
    return Plain(status, {"error": {"message": message, "type": kind, "param": None, "code": None}})


@dataclass(frozen=True)
class Kind:
    """A server. `refused` are the answers to fields that are there and not null, on either route; `missing`
    the answer where it has no `/completions`. `most_stops` is the limit of `stop`.

    `hidden` are control tokens that are taken out of the text before stops are looked for. A `suffix` that is
    not refused is not looked at.
    """

    models: tuple[str, ...] = (CODER, INSTRUCT)
    refused: Mapping[str, Plain] = field(default_factory=dict)
    missing: Plain | None = None
    most_stops: int | None = None
    hidden: tuple[str, ...] = ()


VLLM = Kind(
    refused={"suffix": told(400, "suffix is not currently supported", "BadRequestError")},
    hidden=("<|file_sep|>", "<|fim_pad|>", "<|endoftext|>"),
)
TGI = Kind(
    refused={
        "suffix": Plain(
            422,
            {
                "error": "Suffix is not supported and can be achieved by preprocessing the prompt.",
                "error_type": "suffix not supported",
            },
        )
    }
)
LM_STUDIO = Kind(models=("text-embedding-nomic-embed-text-v1.5", CODER))
OPENAI = Kind(
    models=("gpt-4.1", "gpt-3.5-turbo-instruct"),
    refused={"skip_special_tokens": told(400, "Unrecognized request argument supplied: skip_special_tokens")},
    most_stops=4,
)
THINKING = Kind(
    models=("o-model",),
    missing=told(
        404,
        "This is a chat model and not supported in the v1/completions endpoint. "
        "Did you mean to use v1/chat/completions?",
    ),
    refused={
        "max_tokens": told(
            400,
            "Unsupported parameter: 'max_tokens' is not supported with this model. "
            "Use 'max_completion_tokens' instead.",
        ),
        "temperature": told(400, "Unsupported value: 'temperature' does not support 0.0 with this model."),
        "top_p": told(400, "Unsupported parameter: 'top_p' is not supported with this model."),
    },
)
GROQ = Kind(
    refused={"stream_options": told(400, "property 'stream_options' is unsupported, did you mean 'stream'?")}
)
STRICT = Kind(
    refused={
        "stream_options": told(
            400, "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'msg': 'Extra inputs'}]"
        )
    }
)
RELAY = Kind(models=(INSTRUCT,), missing=Plain(404, {"detail": "Not Found"}))
METHODS = Kind(models=(INSTRUCT,), missing=Plain(405, b""))


class FakeOpenAI(Upstream):
    """One such server, without `/v1` in its `url`. With a `key` it lets nobody in without it."""

    routes = (COMPLETIONS_PATH,)

    def __init__(
        self,
        kind: Kind,
        reply: Answer | Callable[[Exchange], Answer] = "",
        *,
        key: str | None = None,
        latency: float = 0.0,
        port: int = 0,
    ) -> None:
        checks = (self._authorized, self._routed, self._acceptable)
        super().__init__(reply, latency=latency, checks=checks, port=port)
        self.kind = kind
        self.key = key

    def bodies(self, route: str = COMPLETIONS_PATH) -> list[dict[str, Any]]:
        """What was asked on a route, refused requests too."""
        return [exchange.json for exchange in self.requests if exchange.path == f"/v1{route}"]

    def whole(self, exchange: Exchange, reply: Reply) -> Mapping[str, Any]:
        return chat.whole(self._cleaned(exchange, reply), exchange.json, self._telling(exchange))

    def events(self, exchange: Exchange, reply: Reply) -> Iterable[bytes]:
        return chat.events(self._cleaned(exchange, reply), exchange.json, self._telling(exchange))

    def _telling(self, exchange: Exchange) -> chat.Telling:
        return chat.Telling(texts=not exchange.path.endswith(CHAT_PATH))

    def _cleaned(self, exchange: Exchange, reply: Reply) -> Reply:
        text = reply.text
        if exchange.json.get("skip_special_tokens", True):
            for token in self.kind.hidden:
                text = text.replace(token, "")
        return replace(reply, text=text)

    def _authorized(self, exchange: Exchange) -> Plain | None:
        if self.key and exchange.headers.get("authorization") != f"Bearer {self.key}":
            return told(401, "Incorrect API key provided.", "invalid_api_key")
        return None

    def _routed(self, exchange: Exchange) -> Plain | None:
        if exchange.path == f"/v1{MODELS_PATH.removeprefix('/v1')}":
            cards = [{"id": model, "object": "model", "owned_by": "x"} for model in self.kind.models]
            return Plain(200, {"object": "list", "data": cards})
        if exchange.path == f"/v1{COMPLETIONS_PATH}":
            return self.kind.missing
        return None if exchange.path == f"/v1{CHAT_PATH}" else Plain(404, {"detail": "Not Found"})

    def _acceptable(self, exchange: Exchange) -> Plain | None:
        try:
            body = exchange.json
        except msgspec.DecodeError:
            return told(400, "We could not parse the JSON body of your request.")
        if body.get("model") not in self.kind.models:
            return told(404, f"The model `{body.get('model')}` does not exist.", "NotFoundError")
        if self.kind.most_stops and len(body.get("stop") or ()) > self.kind.most_stops:
            return told(400, f"Invalid 'stop': array too long. Expected at most {self.kind.most_stops}.")
        given = (name for name, value in body.items() if value is not None)
        return next((self.kind.refused[name] for name in given if name in self.kind.refused), None)
