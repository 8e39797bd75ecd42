"""Codestral at Mistral: `POST /v1/fim/completions` and `POST /v1/chat/completions`, streamed.

Fields, hosts and shapes are those of Mistral's OpenAPI description and of its own SDK (3.7). The host refuses
every field it does not know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from codestral_ls.core.model import ChatFeature, Profile
from codestral_ls.core.template import FimTemplate
from codestral_ls.providers.chat import ChatFields, chat
from codestral_ls.providers.http import Host
from codestral_ls.providers.route import Route

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from codestral_ls.core.model import ChatRequest, Chunk, FimRequest
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

_FIM = "/v1/fim/completions"
_CHAT = "/v1/chat/completions"
_MODELS = "/v1/models"
_EMPTY_SUFFIX = "\n"
_CACHE_KEY = "prompt_cache_key"
_CHAT_FEATURES: Final = frozenset[ChatFeature](("schema", "prefix", "prediction"))
_WINDOW: Final = 128_000
"""Tokens of the smallest that is still served, Codestral's."""
_CHAT_FIELDS: Final = ChatFields(cache_key=_CACHE_KEY, prediction=True, prefix=True, most_stops=16)

# Other files stand before the prefix as Continue has it, the habit that Codestral's users know.
_PROMPT: Final = FimTemplate(
    "mistral",
    ("{prefix}",),
    ends=("\n+++++ ",),
    repository=("{files}", "+++++ ", "{path}", "\n", "{prefix}"),
    file=("+++++ ", "{path}", "\n", "{text}", "\n"),
)

_ADVICE = {
    "CODESTRAL_API_KEY": (
        "Keys of api.mistral.ai do not work there: use a Codestral key, or put this key into MISTRAL_API_KEY."
    ),
    "MISTRAL_API_KEY": (
        "Keys of codestral.mistral.ai do not work there: use a key of Mistral's console, "
        "or put this key into CODESTRAL_API_KEY."
    ),
}


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
        self._host = Host(
            base_url.rstrip("/"),
            reach,
            key.strip(),
            timeout=timeout,
            unauthorized=_advice(base_url, key_name),
            http1=http1,
        )
        self._fim = Route(self._host, _FIM)
        self._chat = Route(self._host, _CHAT)
        self._profile = Profile(
            identity=f"mistral {self._host.base_url} {model}",
            label=f"{model} at {self._host.name}",
            model=model,
            host=urlsplit(base_url).hostname or "",
            window=_WINDOW if _key_variable(base_url) else 0,
            features=_CHAT_FEATURES,
        )

    def __repr__(self) -> str:
        return f"<Mistral {self._profile.label}>"

    @property
    def profile(self) -> Profile:
        return self._profile

    def fim(self, request: FimRequest) -> AsyncGenerator[Chunk, None]:
        """Fill the hole. The last chunk comes when the host has said that it is done, and holds no text."""
        return self._fim.chunks(self._body(request), request.texts)

    def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """Continue the conversation; a last message of the assistant's is gone on with."""
        return chat(self._chat, self._model, request, _CHAT_FIELDS)

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
            "prompt": _prompt(request),
            # The model continues less well before nothing at all than before an empty line.
            "suffix": request.suffix or _EMPTY_SUFFIX,
            "temperature": request.temperature,
            "max_tokens": request.max_tokens,
            "stream": True,
        }
        if stops := (*request.stop, *(_PROMPT.ends if request.snippets else ())):
            body["stop"] = list(stops)
        if request.seed is not None:
            body["random_seed"] = request.seed
        if request.cache_key:
            body[_CACHE_KEY] = request.cache_key
        return body


def _prompt(request: FimRequest) -> str:
    prefix, path = request.prefix + request.typed, request.path or ""
    pieces = _PROMPT.render(prefix, "", snippets=request.snippets, path=path)
    return "".join(piece.text for piece in pieces)


def _key_variable(base_url: str) -> str | None:
    return HOSTS.get(urlsplit(base_url).hostname or "")


def _advice(base_url: str, key_name: str) -> str:
    return (
        _ADVICE.get(_key_variable(base_url) or "", "Check that it is a key of that host.")
        + f" It came from {key_name}."
    )
