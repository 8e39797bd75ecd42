"""What runs at an address: llama.cpp's server, its model, and whether that fills holes."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from codestral_ls.core.dialect import parse_template, template_for
from codestral_ls.core.model import BadReply, ModelError, Unavailable
from codestral_ls.core.privacy import THIS_MACHINE
from codestral_ls.providers.decoding import decode
from codestral_ls.providers.http import Host

if TYPE_CHECKING:
    from codestral_ls.core.privacy import Reach
    from codestral_ls.core.template import FimTemplate

PORTS = (9931, 8080, 8012)
"""Where llama.cpp's server listens unless told otherwise: new releases, those before, llama.vim's advice."""

PROBE_SECONDS = 0.3
KEY_ADVICE = "Set the key that the server was started with."


@dataclass(frozen=True, slots=True)
class ServerInfo:
    """A llama.cpp server that answers. `model` is a name or a file's name, `context` is tokens a slot.

    `infill` is the template by which `/infill` fills holes, asked where the model's name tells none; None
    where it cannot.
    """

    base_url: str
    model: str
    context: int
    slots: int
    infill: FimTemplate | None = None


async def inspect(
    base_url: str, reach: Reach, key: str | None = None, seconds: float = PROBE_SECONDS
) -> ServerInfo:
    """What runs at `base_url`, asked within so many seconds. Raises a `ModelError`, which tells whether
    nothing answers, the key is wrong, the model still loads, or it is another server."""
    host = Host(base_url, reach, key, timeout=seconds, unauthorized=KEY_ADVICE)
    deadline = asyncio.get_running_loop().time() + seconds
    try:
        async with asyncio.timeout_at(deadline):
            props = await _props(host)
        name = _name(props)
        shown = None if template_for(name) else await _shown(host, props, deadline)
        slot = props.default_generation_settings
        return ServerInfo(base_url, name, slot.n_ctx, props.total_slots, shown)
    except TimeoutError:
        raise Unavailable(
            f"{host.name} did not say within {seconds:g} s what it serves. Start it anew, or check base_url."
        ) from None
    finally:
        await host.aclose()


async def probe(
    base_url: str, reach: Reach, key: str | None = None, seconds: float = PROBE_SECONDS
) -> ServerInfo | None:
    """What runs at `base_url`; None unless llama.cpp's server lets us in within so many seconds."""
    with suppress(ModelError):
        return await inspect(base_url, reach, key, seconds)
    return None


async def find() -> ServerInfo | None:
    """The first llama.cpp server on this machine, at one of its usual ports."""
    found = await asyncio.gather(*(probe(f"http://127.0.0.1:{port}", THIS_MACHINE) for port in PORTS))
    return next((info for info in found if info), None)


_PROBE = {
    "input_prefix": "{prefix}",
    "input_suffix": "{suffix}",
    "n_predict": 0,
    "response_fields": ["prompt"],
}


async def _props(host: Host) -> _Props:
    answer = await host.get("/props")
    if answer.status != 200:
        raise host.error(answer)
    try:
        props = decode(answer.body, _Props)
    except msgspec.MsgspecError:
        props = _Props()
    if not _name(props):
        raise BadReply(f"{host.name} is no llama.cpp server. Check base_url.")
    return props


async def _shown(host: Host, props: _Props, deadline: float) -> FimTemplate | None:
    """The template by which `/infill` fills holes, read from the prompt that it makes; None where the model
    has no tokens for it, or no answer comes in time."""
    try:
        async with asyncio.timeout_at(deadline):
            answer = decode(await host.post("/infill", _PROBE), _Infilled)
    except (ModelError, TimeoutError, msgspec.MsgspecError):
        return None
    head, found, tail = answer.prompt.partition("{prefix}")
    # Other files, or a file's name, come before. What begins every prompt, the server puts there by itself.
    marker = head[head.rfind("\n") + 1 :].strip().removeprefix(props.bos_token or "\n")
    with suppress(ModelError):
        return parse_template(marker + found + tail)
    return None


class _Infilled(msgspec.Struct):
    prompt: str = ""


class _Settings(msgspec.Struct):
    n_ctx: int = 0


class _Props(msgspec.Struct):
    default_generation_settings: _Settings = msgspec.field(default_factory=_Settings)
    total_slots: int = 1
    model_alias: str = ""
    model_path: str = ""
    bos_token: str = ""


def _name(props: _Props) -> str:
    """The alias, which is the model's path where none was given: of that the last part."""
    name = props.model_alias or props.model_path
    return name.replace("\\", "/").rpartition("/")[2].removesuffix(".gguf")
