"""A model at any server or relay of OpenAI's protocol: `/v1/completions` and `/v1/chat/completions`."""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from codestral_ls.core.dialect import template_for
from codestral_ls.core.model import BadRequest, Profile
from codestral_ls.core.privacy import is_loopback
from codestral_ls.core.unwrap import Unwrapping
from codestral_ls.providers.chat import ChatFields, chat
from codestral_ls.providers.discovery import MODELS_PATH, best_model, models_of, root
from codestral_ls.providers.http import Host
from codestral_ls.providers.openai_fim import CONTROL, body_of, shown, stops_of, way_of
from codestral_ls.providers.question import CURSOR, question
from codestral_ls.providers.route import Route

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from codestral_ls.core.config import Fim
    from codestral_ls.core.model import ChatRequest, Chunk, FimRequest
    from codestral_ls.core.privacy import Reach
    from codestral_ls.providers.openai_fim import Way

API: Final = "https://api.openai.com"

HOSTS: Final[Mapping[str, str]] = {
    "api.openai.com": "OPENAI_API_KEY",
    "api.deepseek.com": "DEEPSEEK_API_KEY",
}
"""Which variable holds the keys of a host. Any other host's has to be named in the settings."""

_LOCAL_SECONDS, _REMOTE_SECONDS = 60.0, 10.0

_FIXED: Final = {"top_p": 1.0, "stream_options": {"include_usage": True}}
_CHAT_FIELDS: Final[Mapping[str, ChatFields]] = {
    "api.openai.com": ChatFields(cache_key="prompt_cache_key", prediction=True, fixed=_FIXED),
    "api.deepseek.com": ChatFields(prefix=True, fixed=_FIXED),
    "": ChatFields(fixed=_FIXED),
}

_ASKED = "a chat model asked to fill the hole"
_PREFIX_ONLY = "of an unknown family, it sees only what is before the cursor"


class OpenAI:
    """A model of such a server. Without a name it is one that the server lists.

    `fim`, `template` and `stop` are the settings of these names. Making it raises `BadRequest` where they
    cannot work.
    """

    def __init__(
        self,
        host: Host,
        model: str = "",
        *,
        fim: Fim = "auto",
        template: str = "",
        stop: tuple[str, ...] = (),
    ) -> None:
        if fim == "infill":
            raise BadRequest(
                "completion.fim is 'infill', which only llama.cpp knows: set the provider to it."
            )
        self._host = host
        self._address = urlsplit(host.base_url).hostname or ""
        self._stop = stop
        self._fim = fim
        self._family = template
        self._completions = Route(host, "/completions", marked=False)
        self._chats = Route(host, "/chat/completions", marked=False)
        self._chat_fields = _CHAT_FIELDS.get(self._address, _CHAT_FIELDS[""])
        self._way: Way = "chat"
        self._take(model)

    def __repr__(self) -> str:
        return f"<OpenAI {self.profile.label}>"

    @property
    def profile(self) -> Profile:
        """It changes when the model's name becomes known, or that the server cannot do what was expected."""
        family = self._template.name if self._template else ""
        return Profile(
            identity=f"openai {self._host.base_url} {self._model} {self._way} {family}",
            label=f"{self._model or 'a model'} at {self._host.name}",
            model=self._model,
            host=self._address,
            degraded=self._degraded(),
            fills=self._way != "template" or (self._template is not None and self._template.fills),
        )

    async def fim(self, request: FimRequest) -> AsyncGenerator[Chunk, None]:
        """Fill the hole. Closing the generator closes the stream, at which servers stop generating."""
        await self._named()
        if self._way != "chat":
            try:
                async with aclosing(self._completed(request)) as chunks:
                    async for chunk in chunks:
                        yield chunk
                return
            except BadRequest as error:
                if not self._lacks_completions(error):
                    raise
                self._way = "chat"
        async with aclosing(self._asked(request)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """Continue the conversation."""
        await self._named()
        told = chat(self._chats, self._model, request, self._chat_fields)
        async with aclosing(shown(told, request.stop)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def warm(self) -> None:
        """Open the connection by asking for the names of the models. Raises a `ModelError` where none comes
        about, where the key is refused, and where a name is needed but none is told."""
        if not self._model:
            return await self._named()
        answer = await self._host.get(MODELS_PATH)
        # A relay may have no list, or keep it from keys that can complete.
        if answer.status == 401:
            raise self._host.error(answer)
        return None

    async def aclose(self) -> None:
        await self._host.aclose()

    async def _named(self) -> None:
        if self._model:
            return
        best = best_model(await models_of(self._host))
        if best is None:
            raise BadRequest(f"{self._host.name} serves no model for text: load one there, or set its name.")
        self._take(best)

    def _take(self, model: str) -> None:
        self._model = model
        self._template = template_for(model, self._family)
        self._way = way_of(self._address, model, self._fim, self._template)

    def _degraded(self) -> str:
        if not self._model:
            return ""
        if self._way == "chat":
            return _ASKED
        return _PREFIX_ONLY if self._way == "template" and self._template is None else ""

    async def _completed(self, request: FimRequest) -> AsyncGenerator[Chunk, None]:
        template = self._template if self._way == "template" else None
        stops = stops_of(request, template, self._stop)
        body = body_of(self._way, self._model, request, template, stops)
        async with aclosing(shown(self._completions.chunks(body, request.texts), stops)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _asked(self, request: FimRequest) -> AsyncGenerator[Chunk, None]:
        asked = question(request)
        if asked is None:
            raise BadRequest(CONTROL)
        told = chat(self._chats, self._model, asked, self._chat_fields)
        stops = (*stops_of(request, None, self._stop), CURSOR)
        async with aclosing(shown(told, stops, Unwrapping(request.typed))) as chunks:
            async for chunk in chunks:
                yield chunk

    def _lacks_completions(self, error: BadRequest) -> bool:
        """Whether there is no such route, or none for this model; not whether there is no such model."""
        said = error.message.replace(self._host.name, "").lower()
        if error.status in (404, 405):
            return "model" not in said or "chat" in said
        return error.status == 400 and "completions" in said and "support" in said


def connect(
    base_url: str,
    reach: Reach,
    *,
    model: str = "",
    key: str | None = None,
    key_name: str = "",
    fim: Fim = "auto",
    template: str = "",
    stop: tuple[str, ...] = (),
    timeout: float | None = None,
) -> OpenAI:
    """The model at `base_url`, with or without `/v1`. `key_name` is where `key` came from, for messages;
    `timeout` is in seconds, to the first byte and between two. Raises `BadRequest`."""
    here = is_loopback(urlsplit(base_url).hostname or "")
    patience = timeout or (_LOCAL_SECONDS if here else _REMOTE_SECONDS)
    advice = (
        f"Check that it is a key of that host. It came from {key_name}."
        if key
        else "Name the variable that holds its key in api_key_env."
    )
    host = Host(root(base_url), reach, key, timeout=patience, unauthorized=advice)
    return OpenAI(host, model, fim=fim, template=template, stop=stop)


def key_variable(base_url: str, named: str = "") -> str:
    """The variable that holds the key of a host: the one `named` in the settings, or the usual one; empty if
    the host has none."""
    return named or HOSTS.get(urlsplit(base_url).hostname or "", "")
