"""A llama.cpp server as a model: raw prompts through `/completion`, in the dialect of the model's family.

`/completion` and not `/infill`, which puts what was typed into the prefix: the suffix behind it is then
computed again at every key (1.2 to 1.6 s for a model of 1.5 billion weights on two cores, instead of 0.2 s).
"""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import msgspec

from codestral_ls.core.dialect import FimTemplate, Piece, has_control, heal, template_for
from codestral_ls.core.model import BadReply, ModelError, Profile
from codestral_ls.core.privacy import THIS_MACHINE
from codestral_ls.providers.http import Host
from codestral_ls.providers.llama_completion import Reply, parameters

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from codestral_ls.core.model import Chunk, FimRequest
    from codestral_ls.core.privacy import Reach

PORTS = (9931, 8080)
"""Where llama.cpp's server listens unless told otherwise: new releases, and those before."""

PROBE_SECONDS = 0.3

_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A llama.cpp server that answers. `model` is a name or a file's name, `context` is tokens a slot."""

    base_url: str
    model: str
    context: int
    slots: int

    @property
    def template(self) -> FimTemplate | None:
        return template_for(self.model)


class LlamaCpp:
    """The model that a llama.cpp server holds. Without a template it is given the prefix alone."""

    def __init__(self, host: Host, profile: Profile, template: FimTemplate | None) -> None:
        self._host = host
        self._profile = profile
        self._template = template

    @property
    def profile(self) -> Profile:
        return self._profile

    async def fim(self, request: FimRequest) -> AsyncGenerator[Chunk, None]:
        """Fill the hole. Closing the generator closes the stream, which frees the server's slot."""
        private = (request.prefix, request.typed, request.suffix)
        typed, head = heal(request.typed)
        prompt = await self._prompt(self._pieces(request, typed))
        body = {**parameters(request, self._template, head), "prompt": prompt}
        reply = Reply(head)
        async with aclosing(self._host.events("/completion", body, private)) as events:
            async for data in events:
                if chunk := reply.read(data):
                    yield chunk
                    if chunk.finish:
                        return

    async def warm(self) -> None:
        """Ask whether the server is there. Its first request is no slower than others."""
        answer = await self._host.get("/health")
        if answer.status != 200:
            raise self._host.error(answer)

    async def aclose(self) -> None:
        await self._host.aclose()

    async def _prompt(self, pieces: tuple[Piece, ...]) -> str | list[int]:
        """The prompt as text, which the server cuts into tokens; or, where the user's text could be taken for
        a control token, as tokens in which it stands as what it is."""
        if any(has_control(piece.text, self._template) for piece in pieces if not piece.marker):
            return await self._tokens(pieces)
        return "".join(piece.text for piece in pieces)

    def _pieces(self, request: FimRequest, typed: str) -> tuple[Piece, ...]:
        if self._template is None:
            return (Piece(request.prefix + typed),)
        return self._template.render(request.prefix, request.suffix, typed)

    async def _tokens(self, pieces: tuple[Piece, ...]) -> list[int]:
        tokens: list[int] = []
        for piece in pieces:
            tokens += await self._tokenized(piece, first=not tokens)
        return tokens

    async def _tokenized(self, piece: Piece, *, first: bool) -> list[int]:
        body = {"content": piece.text, "add_special": first, "parse_special": piece.marker}
        answer = b""
        async with aclosing(self._host.stream("/tokenize", body, (piece.text,))) as reads:
            async for read in reads:
                answer += read
        try:
            return msgspec.json.decode(answer, type=_Tokens).tokens
        except msgspec.MsgspecError:
            raise BadReply(f"{self._host.name} gave no tokens for a text. Check base_url.") from None


async def probe(base_url: str, reach: Reach, key: str | None = None) -> ServerInfo | None:
    """What runs at `base_url`, asked within `PROBE_SECONDS`; None unless llama.cpp's server lets us in."""
    host = Host(base_url, reach, key, timeout=PROBE_SECONDS)
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            answer = await host.get("/props")
        props = msgspec.json.decode(answer.body, type=_Props) if answer.status == 200 else None
    except (ModelError, TimeoutError, msgspec.MsgspecError):
        return None
    finally:
        await host.aclose()
    if props is None or not (props.model_alias or props.model_path):
        return None
    return ServerInfo(base_url, _name(props), props.default_generation_settings.n_ctx, props.total_slots)


async def find() -> ServerInfo | None:
    """The first llama.cpp server on this machine, at one of its usual ports."""
    found = await asyncio.gather(*(probe(f"http://127.0.0.1:{port}", THIS_MACHINE) for port in PORTS))
    return next((info for info in found if info), None)


def connect(info: ServerInfo, reach: Reach, key: str | None = None) -> LlamaCpp:
    """The model of a server that `probe` found."""
    where = urlsplit(info.base_url).netloc.rpartition("@")[2]
    # A quarter of the context stays free for what is typed and for the answer.
    room = info.context * 3 // 4 if info.context else 2048
    profile = Profile(
        identity=f"llamacpp/{where}/{info.model}",
        label=f"{info.model} at {where}",
        model=info.model,
        host=urlsplit(info.base_url).hostname or "",
        fills=info.template is not None,
        streams=max(1, min(info.slots, 2)),
        prefix_tokens=min(1500, room * 4 // 5),
        suffix_tokens=min(375, room // 5),
    )
    advice = "Set the key that the server was started with."
    host = Host(info.base_url, reach, key, timeout=_TIMEOUT_SECONDS, unauthorized=advice)
    return LlamaCpp(host, profile, info.template)


class _Tokens(msgspec.Struct):
    tokens: list[int]


class _Settings(msgspec.Struct):
    n_ctx: int = 0


class _Props(msgspec.Struct):
    default_generation_settings: _Settings = msgspec.field(default_factory=_Settings)
    total_slots: int = 1
    model_alias: str = ""
    model_path: str = ""


def _name(props: _Props) -> str:
    """The alias, which is the model's path where none was given: of that the last part."""
    name = props.model_alias or props.model_path
    return name.replace("\\", "/").rpartition("/")[2].removesuffix(".gguf")
