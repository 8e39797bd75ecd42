"""An Ollama server on this machine, and which of its models to take."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

import msgspec

from codestral_ls.core.dialect import FAMILIES, template_for
from codestral_ls.core.model import ModelError
from codestral_ls.core.privacy import THIS_MACHINE, is_loopback
from codestral_ls.providers.decoding import decode
from codestral_ls.providers.http import Host
from codestral_ls.providers.ollama import HOST
from codestral_ls.providers.ollama_wire import remote_of

if TYPE_CHECKING:
    from collections.abc import Mapping

PROBE_SECONDS: Final = 0.3

_MAX_LIST = 4_000_000
_PREFERRED = ("codestral", "qwen", "deepseek")
_PORTS = {"": 11434, "http": 80, "https": 443}
_ANYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}
_COUNT = re.compile(r"([\d.]+)\s*([KMBT])", re.IGNORECASE)
_UNITS = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}


@dataclass(frozen=True, slots=True)
class Installed:
    """A model that a server lists. `weights` is how many it has, or its bytes if that is not told.

    Without `capabilities` the server is too old to tell them. `remote` is the host that runs it if the server
    does not.
    """

    name: str
    weights: float = 0.0
    capabilities: tuple[str, ...] = ()
    remote: str = ""


@dataclass(frozen=True, slots=True)
class OllamaServer:
    """An Ollama server that answers."""

    base_url: str
    version: str
    models: tuple[Installed, ...]


async def find(environ: Mapping[str, str]) -> OllamaServer | None:
    """The Ollama server on this machine, asked within `PROBE_SECONDS`; None if there is none."""
    base_url = local_address(environ)
    host = Host(base_url, THIS_MACHINE, timeout=PROBE_SECONDS)
    try:
        async with asyncio.timeout(PROBE_SECONDS):
            version = await host.get("/api/version")
            tags = await host.get("/api/tags", _MAX_LIST)
        told = decode(version.body, _Version)
        listed = decode(tags.body, _Tags)
    except (ModelError, TimeoutError, msgspec.MsgspecError):
        return None
    finally:
        await host.aclose()
    if (version.status, tags.status) != (200, 200):
        return None
    return OllamaServer(base_url, told.version, tuple(tag.installed() for tag in listed.models or ()))


def local_address(environ: Mapping[str, str]) -> str:
    """Where a server of this machine listens: by `OLLAMA_HOST`, unless that names another machine."""
    scheme, mark, rest = environ.get("OLLAMA_HOST", "").strip().strip("\"'").rpartition("://")
    try:
        address = urlsplit(f"//{rest}")
        host, port = address.hostname or "", address.port
    except ValueError:
        return HOST
    host = _ANYWHERE.get(host, host)
    if not is_loopback(host) or scheme not in _PORTS or (mark and not scheme):
        return HOST
    bracketed = f"[{host}]" if ":" in host else host
    return f"{scheme or 'http'}://{bracketed}:{port or _PORTS[scheme]}"


def best_model(models: tuple[Installed, ...]) -> str | None:
    """The model to take where the user named none, the larger before the smaller; None if none fills holes.

    A model that the server only passes on is none of this machine's.
    """
    filling = [model for model in models if _fills(model) and not model.remote]
    best = min(filling, key=lambda model: (_rank(model.name), -model.weights, model.name), default=None)
    return best.name if best else None


class _Details(msgspec.Struct):
    parameter_size: str = ""


class _Tag(msgspec.Struct):
    name: str
    size: float = 0
    details: _Details | None = None
    capabilities: list[str] | None = None
    remote_host: str = ""

    def installed(self) -> Installed:
        count = _COUNT.fullmatch(self.details.parameter_size.strip()) if self.details else None
        return Installed(
            self.name,
            float(count[1]) * _UNITS[count[2].upper()] if count else self.size,
            tuple(self.capabilities or ()),
            urlsplit(self.remote_host).hostname or self.remote_host or remote_of(self.name),
        )


class _Tags(msgspec.Struct):
    models: list[_Tag] | None


class _Version(msgspec.Struct):
    version: str


def _fills(model: Installed) -> bool:
    if model.capabilities and "completion" not in model.capabilities:
        return False
    return "insert" in model.capabilities or template_for(model.name) is not None


def _rank(model: str) -> int:
    """The place of a model's family: preferred ones, others known by name, those that only a server knows."""
    template = template_for(model)
    if template is None:
        return len(_PREFERRED) + len(FAMILIES)
    preferred = (place for place, name in enumerate(_PREFERRED) if template.name.startswith(name))
    return next(preferred, len(_PREFERRED) + FAMILIES.index(template))
