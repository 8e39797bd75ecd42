"""Servers of OpenAI's protocol: where they are, what they serve, and which run on this machine."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from codestral_ls.core.dialect import template_for
from codestral_ls.core.model import BadRequest, ModelError
from codestral_ls.providers.decoding import decode
from codestral_ls.providers.http import Host

if TYPE_CHECKING:
    from collections.abc import Sequence

    from codestral_ls.core.privacy import Reach
    from codestral_ls.providers.errors import Answer

PORTS: Final = (8000, 1234, 8080)
"""Where they listen unless told otherwise: vLLM and llama-cpp-python; LM Studio; LocalAI and llamafile. Jan's
is left out: it lets nobody in without a key."""

PROBE_SECONDS: Final = 0.3

MODELS_PATH: Final = "/models"

_LONGEST_LIST = 2_000_000

# The protocol's version ends an address that somebody has copied from a manual; DeepSeek's holes are a beta.
_VERSION = re.compile(r"/(v\d+\w*|beta|openai)/?\Z")
_ROOTS: Final = {"api.deepseek.com": "/beta"}

_NOT_FOR_TEXT = re.compile(r"embed|rerank|whisper|tts|\bbge\b", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A server that told which models it serves."""

    base_url: str
    models: tuple[str, ...]


async def find(reach: Reach) -> Found | None:
    """The first server on this machine, at one of the usual ports, that serves a model."""
    found = await asyncio.gather(*(probe(f"http://127.0.0.1:{port}", reach) for port in PORTS))
    return next((server for server in found if server and best_model(server.models)), None)


async def probe(base_url: str, reach: Reach, key: str | None = None) -> Found | None:
    """What runs at `base_url`, asked within `PROBE_SECONDS`; None unless it lists its models to us."""
    host = Host(root(base_url), reach, key, timeout=PROBE_SECONDS)
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            return Found(base_url, await models_of(host))
    except (ModelError, TimeoutError):
        return None
    finally:
        await host.aclose()


async def models_of(host: Host) -> tuple[str, ...]:
    """The names of the models that a host lists. Raises a `ModelError`."""
    answer = await host.get(MODELS_PATH, _LONGEST_LIST)
    if answer.status != 200:
        raise host.error(answer)
    names = _names(answer)
    if names is None:
        raise BadRequest(f"{host.name} gives no list of models. Check base_url.")
    return names


def best_model(models: Sequence[str]) -> str | None:
    """Which one to take where the user has named none: the first that is known to fill holes, else the first
    that makes text."""
    texts = [model for model in models if not _NOT_FOR_TEXT.search(model)]
    return next((model for model in texts if template_for(model)), texts[0] if texts else None)


def root(base_url: str) -> str:
    """The address to which `/completions` is added: with `/v1`, unless a version is in it already."""
    address = base_url.rstrip("/")
    if _VERSION.search(address):
        return address
    return address + _ROOTS.get(urlsplit(address).hostname or "", "/v1")


class _Card(msgspec.Struct):
    id: str


class _List(msgspec.Struct):
    data: list[_Card]


def _names(answer: Answer) -> tuple[str, ...] | None:
    try:
        return tuple(card.id for card in decode(answer.body, _List).data)
    except msgspec.DecodeError:
        return None
