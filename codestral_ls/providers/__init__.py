"""Models over the network or in a child process. `choose` finds the one that the settings mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codestral_ls.core.model import BadRequest, Unavailable
from codestral_ls.providers import connect
from codestral_ls.providers.choice import Choice, Finding
from codestral_ls.providers.detect import anywhere, detect, named, with_key

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codestral_ls.core.config import Endpoint
    from codestral_ls.core.privacy import Reach

__all__ = ["Choice", "Finding", "anywhere", "choose", "detect"]


async def choose(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach) -> Choice:
    """The model that the settings mean; for `auto` the first that `detect` would find.

    Raises a `ModelError` where the settings cannot work.
    """
    why = f"completion.provider is {endpoint.provider!r}"
    match endpoint.provider:
        case "mistral":
            return connect.mistral(endpoint, environ, reach, why)
        case "ollama":
            return await _ollama(endpoint, environ, reach, why)
        case "llamacpp":
            return await _llamacpp(endpoint, environ, reach, why)
        case "openai":
            return await _openai(endpoint, environ, reach, why)
        case "embedded":
            return connect.embedded(endpoint, why)
        case "auto":
            return await _first_found(endpoint, environ, reach)


async def _first_found(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach) -> Choice:
    # Neither needs a look around, which takes a moment.
    first = named(endpoint) or with_key(endpoint, environ, reach)
    findings = (first,) if first.choice else await detect(endpoint, environ, reach)
    if found := next((finding.choice for finding in findings if finding.choice), None):
        return found
    raise BadRequest(findings[-1].says)


async def _ollama(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach, why: str) -> Choice:
    from codestral_ls.providers.ollama_find import best_model, find, local_address

    base_url, model = endpoint.base_url or local_address(environ), endpoint.model
    key = environ.get(endpoint.api_key_env, "").strip() or None
    if not model:
        server = None if endpoint.base_url else await find(environ)
        if server is None:
            raise Unavailable(
                f"No Ollama server tells its models at {base_url}: start it, or set completion.model."
            )
        model = best_model(server.models) or ""
    if not model:
        raise BadRequest("None of Ollama's models fills holes: get one, or set completion.model.")
    return connect.ollama(endpoint, reach, base_url, model, why, key)


async def _llamacpp(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach, why: str) -> Choice:
    from codestral_ls.providers.llama_server import PORTS, find, inspect

    key = environ.get(endpoint.api_key_env, "").strip() or None
    if endpoint.base_url:
        server = await inspect(endpoint.base_url, reach, key, _PATIENCE)
        return connect.llamacpp(endpoint, reach, server, why, key)
    if found := await find():
        return connect.llamacpp(endpoint, reach, found, why, key)
    where = " or ".join(f"http://127.0.0.1:{port}" for port in PORTS)
    raise Unavailable(
        f"No llama.cpp server answers at {where}: start one, or set completion.base_url to its address."
    )


async def _openai(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach, why: str) -> Choice:
    from codestral_ls.providers.discovery import PORTS, find

    base_url = endpoint.base_url
    if not base_url:
        found = await find(reach)
        if found is None:
            ports = ", ".join(map(str, PORTS))
            raise BadRequest(
                f"No server of OpenAI's protocol answers on this machine (ports {ports}):"
                " set completion.base_url to its address."
            )
        base_url = found.base_url
    return connect.openai(endpoint, environ, reach, base_url, endpoint.model, why)


_PATIENCE = 3.0
"""Seconds for a server that the settings name, which may be in another country."""
