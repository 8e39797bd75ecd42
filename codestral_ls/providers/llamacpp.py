"""A llama.cpp server as a model: raw prompts through `/completion`, in the dialect of the model's family.

`/infill` knows more models, but puts what was typed into the prefix: the suffix behind it is then computed
again at every key (1.2 to 1.6 s for a model of 1.5 billion weights on two cores, instead of 0.2 s). So it is
for models whose family is not known by name.
"""

from __future__ import annotations

from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from codestral_ls.core.dialect import BLIND, PREFIX_ONLY, has_control, heal, template_for
from codestral_ls.core.model import BadRequest, Profile
from codestral_ls.providers.chat import ChatFields, chat
from codestral_ls.providers.http import Host, drain
from codestral_ls.providers.llama_chat import completion_fields, holds_control
from codestral_ls.providers.llama_completion import Reply, infill_fields, parameters
from codestral_ls.providers.llama_server import KEY_ADVICE, PORTS, ServerInfo, find, inspect, probe
from codestral_ls.providers.llama_tokens import Tokenizer, overflow, shrunk
from codestral_ls.providers.route import Route

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from codestral_ls.core.config import Fim
    from codestral_ls.core.model import ChatRequest, Chunk, FimRequest
    from codestral_ls.core.privacy import Reach
    from codestral_ls.core.template import FimTemplate, Piece

__all__ = ["PORTS", "LlamaCpp", "ServerInfo", "connect", "find", "inspect", "probe"]

TIMEOUT_SECONDS: Final = 60.0

# Source code has 3 to 4 characters a token. A prompt that would fit with so few is not counted.
_FEWEST_CHARACTERS = 2
_MOST_CUTS = 2

_USELESS: Final = {
    "suffix": "llama.cpp's server takes a suffix and does not look at it",
    "chat": "that is for servers of OpenAI's protocol: set completion.provider to openai",
}
_CHAT: Final = ChatFields(fixed={"stream_options": {"include_usage": True}})


class LlamaCpp:
    """The model that a llama.cpp server holds. Without a template it is given the prefix alone.

    `infill` leaves the prompt to the server; `template` then only says what a marker is. `context` is tokens
    a slot, 0 if not known. `stop` ends every answer.
    """

    def __init__(
        self,
        host: Host,
        profile: Profile,
        template: FimTemplate | None,
        *,
        infill: bool = False,
        context: int = 0,
        stop: tuple[str, ...] = (),
    ) -> None:
        self._host = host
        self._profile = profile
        self._template = template
        self._infill = infill
        self._context = context
        self._stop = stop
        self._tokenizer = Tokenizer(host)
        self._chat = Route(host, "/v1/chat/completions")

    @property
    def profile(self) -> Profile:
        return self._profile

    async def fim(self, request: FimRequest) -> AsyncGenerator[Chunk, None]:
        """Fill the hole. Closing the generator closes the stream, which frees the server's slot.

        What is too long for the server's context is cut, at most twice by our count and once by its own.
        """
        request = await self._fitting(request)
        try:
            async with aclosing(self._filled(request)) as chunks:
                async for chunk in chunks:
                    yield chunk
            return
        except BadRequest as error:
            share = overflow(error)
            if share is None:
                raise
        async with aclosing(self._filled(shrunk(request, share))) as chunks:
            async for chunk in chunks:
                yield chunk

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """Continue the conversation, in the model's own chat template."""
        spelled = holds_control(request, self._template)
        told = self._spelled(request) if spelled else chat(self._chat, self._profile.model, request, _CHAT)
        async with aclosing(told) as chunks:
            async for chunk in chunks:
                yield chunk

    async def warm(self) -> None:
        """Ask whether the server is there. Its first request is no slower than others."""
        answer = await self._host.get("/health")
        if answer.status != 200:
            raise self._host.error(answer)

    async def aclose(self) -> None:
        await self._host.aclose()

    async def _filled(self, request: FimRequest) -> AsyncGenerator[Chunk, None]:
        typed, head = heal(request.typed)
        path, prompt = await self._prompt(request, typed)
        body = {**parameters(request, head, self._stops(), whole_line=not self._profile.fills), **prompt}
        async with aclosing(self._told(path, body, _private(request), head)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _spelled(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """Continue a conversation in which control tokens are named."""
        body = await completion_fields(request, self._template, self._host, self._tokenizer)
        async with aclosing(self._told("/completion", body, request.texts)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _told(
        self, path: str, body: Mapping[str, Any], private: tuple[str, ...], head: str = ""
    ) -> AsyncGenerator[Chunk, None]:
        """What the server answers, without the `head` that it had to begin with."""
        reply = Reply(head, lambda said: self._host.broken_off(said, private))
        async with aclosing(self._host.events(path, body, private)) as events:
            async for data in events:
                if chunk := reply.read(data):
                    if chunk.finish:
                        # llama.cpp closes the connection after a stream; what may stand before it does not.
                        await drain(events)
                    yield chunk
                    if chunk.finish:
                        return

    def _stops(self) -> tuple[str, ...]:
        return (*(self._template.stops if self._template else ()), *self._stop)

    async def _prompt(self, request: FimRequest, typed: str) -> tuple[str, dict[str, Any]]:
        """The path that is asked, and the prompt as it takes it: as text, which the server cuts into tokens;
        or, where the user's text could be taken for a control token, as tokens in which it is what it is."""
        if self._infill:
            return "/infill", infill_fields(request, typed, self._context)
        pieces = self._pieces(request, typed)
        exact = self._template is not None and self._template.exact
        if exact or any(has_control(piece.text, self._template) for piece in pieces if not piece.marker):
            return "/completion", {"prompt": await self._tokenizer.tokens(pieces)}
        return "/completion", {"prompt": "".join(piece.text for piece in pieces)}

    def _pieces(self, request: FimRequest, typed: str) -> tuple[Piece, ...]:
        template = self._template or PREFIX_ONLY
        return template.render(request.prefix, request.suffix, typed, request.snippets, request.path or "")

    async def _fitting(self, request: FimRequest) -> FimRequest:
        """The request cut to the slot's context: by the server's own count, where an estimate comes near."""
        room = self._context - request.max_tokens
        for _ in range(_MOST_CUTS if room > 0 else 0):
            pieces = self._pieces(request, request.typed)
            if sum(len(piece.text) for piece in pieces) <= room * _FEWEST_CHARACTERS:
                break
            count = len(await self._tokenizer.tokens(pieces))
            if count <= room:
                break
            request = shrunk(request, room / count)
        return request


def connect(
    info: ServerInfo,
    reach: Reach,
    key: str | None = None,
    *,
    timeout: float | None = None,
    template: str = "",
    stop: tuple[str, ...] = (),
    fim: Fim = "auto",
) -> LlamaCpp:
    """The model of a server that `probe` or `inspect` found. `timeout` is seconds without a byte; `template`,
    `stop` and `fim` are the settings of those names. Raises `BadRequest` where they cannot work."""
    if fim in _USELESS:
        raise BadRequest(f"completion.fim {fim!r} cannot be used here: {_USELESS[fim]}.")
    known = template_for(info.model, template)
    infill = fim == "infill" or (fim == "auto" and known is None and info.infill is not None)
    # Read from the server's own prompt, it does as well as a known one where it is asked for.
    used = known or (info.infill if infill or fim == "template" else None)
    host = Host(info.base_url, reach, key, timeout=timeout or TIMEOUT_SECONDS, unauthorized=KEY_ADVICE)
    profile = _profile(info, host.name, fills=infill or bool(used and used.fills), way=f"{template}{fim}")
    return LlamaCpp(host, profile, used, infill=infill, context=info.context, stop=stop)


def _profile(info: ServerInfo, where: str, *, fills: bool, way: str) -> Profile:
    # A quarter of the context stays free for what is typed and for the answer.
    room = info.context * 3 // 4 if info.context else 2048
    return Profile(
        identity=f"llamacpp/{where}/{info.model}" + ("" if way == "auto" else f"/{way}"),
        label=f"{info.model} at {where}",
        model=info.model,
        host=urlsplit(info.base_url).hostname or "",
        degraded="" if fills else BLIND,
        fills=fills,
        streams=max(1, min(info.slots, 2)),
        prefix_tokens=min(1500, room * 4 // 5),
        suffix_tokens=min(375, room // 5),
        window=info.context,
        features=frozenset(("schema",)),
    )


def _private(request: FimRequest) -> tuple[str, ...]:
    files = (text for snippet in request.snippets for text in (snippet.path, snippet.text))
    return (request.prefix, request.typed, request.suffix, request.path or "", *files)
