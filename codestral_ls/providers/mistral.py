"""Codestral at Mistral: `POST /v1/fim/completions`, streamed.

Fields, hosts and shapes are those of Mistral's OpenAPI description and of its own SDK (3.7). The host refuses
every field it does not know.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from codestral_ls.core.model import BadReply, BadRequest, Chunk, Finish, Profile, Usage
from codestral_ls.providers.errors import human_message
from codestral_ls.providers.http import Host

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from codestral_ls.core.model import FimRequest
    from codestral_ls.core.privacy import Reach

HOSTS: Final[Mapping[str, str]] = {
    "codestral.mistral.ai": "CODESTRAL_API_KEY",
    "api.mistral.ai": "MISTRAL_API_KEY",
    "api.eu.mistral.ai": "MISTRAL_API_KEY",
    "api.us.mistral.ai": "MISTRAL_API_KEY",
}
"""Which variable holds the keys of a host, the host that is preferred first. A key goes to no other host:
each refuses the other's."""

DEFAULT_HOST: Final = "api.mistral.ai"
MODEL: Final = "codestral-latest"

_PATH = "/v1/fim/completions"
_MODELS = "/v1/models"
_EMPTY_SUFFIX = "\n"
_CACHE_KEY = "prompt_cache_key"

_ADVICE = {
    "CODESTRAL_API_KEY": (
        "Keys of api.mistral.ai do not work there: use a Codestral key, or put this key into MISTRAL_API_KEY."
    ),
    "MISTRAL_API_KEY": (
        "Keys of codestral.mistral.ai do not work there: use a key of Mistral's console, "
        "or put this key into CODESTRAL_API_KEY."
    ),
}

_FINISH: Mapping[str, Finish] = {"length": "length", "model_length": "length", "error": "error"}


class Mistral:
    """A model at one of Mistral's hosts, or at another that speaks the same protocol under `base_url`.

    `key_name` is the variable or setting that `key` came from; messages name it, and never the key itself.
    `reach` is where the user lets code go.
    `timeout` is in seconds, to the first byte and between two.
    """

    def __init__(
        self,
        base_url: str,
        model: str,
        key: str,
        *,
        key_name: str,
        reach: Reach,
        timeout: float = 10.0,
        http1: bool = True,
    ) -> None:
        self._model = model
        self._takes_cache_key = True
        self._host = Host(
            base_url.rstrip("/"),
            reach,
            key.strip(),
            timeout=timeout,
            unauthorized=_advice(base_url, key_name),
            http1=http1,
        )
        self._profile = Profile(
            identity=f"mistral {self._host.base_url} {model}",
            label=f"{model} at {self._host.name}",
            model=model,
            host=urlsplit(base_url).hostname or "",
        )

    def __repr__(self) -> str:
        return f"<Mistral {self._profile.label}>"

    @property
    def profile(self) -> Profile:
        return self._profile

    async def fim(self, request: FimRequest) -> AsyncGenerator[Chunk, None]:
        """Fill the hole. The last chunk comes when the host has said that it is done, and holds no text."""
        body = self._body(request)
        try:
            async with aclosing(self._told(request, body)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except BadRequest as error:
            if _CACHE_KEY not in body or _CACHE_KEY not in error.message:
                raise
            # The field is younger than the route: a host without it loses nothing but the discount.
            self._takes_cache_key = False
            async with aclosing(self._told(request, self._body(request))) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def _told(self, request: FimRequest, body: dict[str, Any]) -> AsyncGenerator[Chunk, None]:
        private = (request.prefix, request.typed, request.suffix)
        finish: Finish = "stop"
        usage: Usage | None = None
        async with aclosing(self._host.events(_PATH, body, private)) as events:
            async for data in events:
                event = self._event(data, private)
                for choice in event.choices[:1]:
                    finish = _FINISH.get(choice.finish_reason or "", finish)
                    if text := choice.delta.text():
                        yield Chunk(text)
                usage = event.usage.counted() if event.usage else usage
        yield Chunk("", finish, usage)

    async def warm(self) -> None:
        """Open the connection, by a request that costs nothing. Raises a `ModelError`.

        Any answer proves the connection. That a key is refused counts at the ordinary hosts only: the
        Codestral host has no list of models, and another may keep its own from keys that can complete.
        """
        answer = await self._host.get(_MODELS)
        if answer.status == 401 and _key_variable(self._host.base_url) == "MISTRAL_API_KEY":
            raise self._host.error(answer)

    async def aclose(self) -> None:
        await self._host.aclose()

    def _body(self, request: FimRequest) -> dict[str, Any]:
        body: dict[str, Any] = {
            "model": self._model,
            "prompt": request.prefix + request.typed,
            # The model continues less well before nothing at all than before an empty line.
            "suffix": request.suffix or _EMPTY_SUFFIX,
            "temperature": request.temperature,
            "max_tokens": request.max_tokens,
            "stream": True,
        }
        if request.stop:
            body["stop"] = list(request.stop)
        if request.seed is not None:
            body["random_seed"] = request.seed
        if request.cache_key and self._takes_cache_key:
            body[_CACHE_KEY] = request.cache_key
        return body

    def _event(self, data: str, private: tuple[str, ...]) -> _Event:
        try:
            event = _decoder.decode(data)
        except msgspec.DecodeError:
            # The decoder's own words may quote the event, which is text of the user's file.
            raise BadReply(f"{self._host.name} sent an event that cannot be understood. Ask again.") from None
        if not event.choices and (said := human_message(data.encode())):
            raise self._host.broken_off(said, private)
        return event


class _Part(msgspec.Struct):
    text: str = ""


class _Delta(msgspec.Struct):
    content: str | list[_Part] | None = None

    def text(self) -> str:
        if isinstance(self.content, list):
            return "".join(part.text for part in self.content)
        return self.content or ""


class _Choice(msgspec.Struct):
    delta: _Delta = msgspec.field(default_factory=_Delta)
    finish_reason: str | None = None


class _CachedTokens(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int | None = None
    num_cached_tokens: int | None = None
    prompt_tokens_details: _CachedTokens | None = None

    def counted(self) -> Usage:
        details = self.prompt_tokens_details or _CachedTokens()
        cached = details.cached_tokens or self.num_cached_tokens or 0
        return Usage(self.prompt_tokens, self.completion_tokens or 0, cached)


class _Event(msgspec.Struct):
    choices: list[_Choice] = []
    usage: _Usage | None = None


_decoder = msgspec.json.Decoder(_Event)


def _key_variable(base_url: str) -> str | None:
    return HOSTS.get(urlsplit(base_url).hostname or "")


def _advice(base_url: str, key_name: str) -> str:
    return (
        _ADVICE.get(_key_variable(base_url) or "", "Check that it is a key of that host.")
        + f" It came from {key_name}."
    )
