"""What there is to complete code with, where the settings name no provider: each place is asked at once, and
none for longer than 300 ms."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from msgspec.structs import replace

from codestral_ls.core.model import BadRequest, ModelError
from codestral_ls.core.privacy import THIS_MACHINE
from codestral_ls.providers import connect, store
from codestral_ls.providers.catalog import MODELS
from codestral_ls.providers.choice import Finding
from codestral_ls.providers.keys import host_with_key, key_name, no_key
from codestral_ls.providers.listener import other_user
from codestral_ls.providers.mistral import HOSTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codestral_ls.core.config import Endpoint
    from codestral_ls.core.privacy import Reach

KNOWN = frozenset(model.name for model in MODELS)

_TO_PULL = "qwen2.5-coder:1.5b"


async def detect(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach) -> tuple[Finding, ...]:
    """Everything that was found, best first: a key, Ollama, llama.cpp, another server of this machine, and at
    last the embedded model. Raises a `ModelError` where the settings cannot work."""
    if beforehand := named(endpoint):
        return (beforehand,)
    servers = await asyncio.gather(
        _ollama(endpoint, environ), _llamacpp(endpoint), _openai(endpoint, environ)
    )
    nothing = f"{no_key(endpoint, reach)} and no server on this machine that fills holes"
    return (with_key(endpoint, environ, reach), *servers, _embedded(endpoint, nothing))


def anywhere(endpoint: Endpoint) -> Endpoint:
    """The endpoint without what it says of one provider only: its name, its address, its model, and the key
    of a host that is none of Mistral's."""
    host, automatic = urlsplit(endpoint.base_url).hostname, endpoint.provider == "auto"
    mistral = (automatic or endpoint.provider == "mistral") and (host is None or host in HOSTS)
    return replace(
        endpoint,
        provider="auto",
        base_url="",
        model=endpoint.model if automatic else "",
        api_key_env=endpoint.api_key_env if mistral else "",
    )


def named(endpoint: Endpoint) -> Finding | None:
    """An embedded model that the settings name. Raises a `ModelError` where they cannot work."""
    if endpoint.base_url:
        raise BadRequest("completion.base_url needs completion.provider beside it: say which API that is.")
    if not (endpoint.model.endswith(".gguf") or endpoint.model in KNOWN):
        return None
    # Before any key: who names a model of this machine does not mean to send code away.
    choice = connect.embedded(endpoint, f"completion.model is {endpoint.model!r}")
    return Finding("embedded", f"{endpoint.model} on this machine", choice)


def with_key(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach) -> Finding:
    """The host of Mistral's for which there is a key."""
    host = host_with_key(endpoint, environ, reach)
    if host is None:
        return Finding("mistral", no_key(endpoint, reach))
    why = f"{key_name(endpoint, host)} is set"
    return Finding("mistral", f"{why}, for {host}", connect.mistral(endpoint, environ, reach, why))


async def _ollama(endpoint: Endpoint, environ: Mapping[str, str]) -> Finding:
    from codestral_ls.providers.ollama_find import best_model, find

    server = await find(environ)
    if server is None:
        return Finding("ollama", "no Ollama server answers on this machine")
    says = f"Ollama {server.version} runs at {server.base_url}"
    wanted = endpoint.model
    model = best_model(tuple(model for model in server.models if wanted in ("", model.name)))
    if model is None:
        lacks = f"has no {wanted} that fills holes" if wanted else "none of its models fills holes"
        return Finding("ollama", f"{says}, but {lacks}: try `ollama pull {wanted or _TO_PULL}`")
    choice = connect.ollama(endpoint, THIS_MACHINE, server.base_url, model, says)
    return _ours(Finding("ollama", f"{says}, with {model}", choice), server.base_url)


async def _llamacpp(endpoint: Endpoint) -> Finding:
    from codestral_ls.providers.llama_server import find

    server = await find()
    if server is None:
        return Finding("llamacpp", "no llama.cpp server answers on this machine")
    says = f"a llama.cpp server runs at {server.base_url}"
    choice = connect.llamacpp(endpoint, THIS_MACHINE, server, says)
    return _ours(Finding("llamacpp", f"{says}, with {server.model}", choice), server.base_url)


async def _openai(endpoint: Endpoint, environ: Mapping[str, str]) -> Finding:
    from codestral_ls.providers.discovery import best_model, find

    server = await find(THIS_MACHINE)
    if server is None:
        return Finding("openai", "no other server of models answers on this machine")
    says = f"a server of OpenAI's protocol runs at {server.base_url}"
    wanted = endpoint.model
    model = wanted if wanted in server.models else "" if wanted else best_model(server.models)
    if not model:
        return Finding("openai", f"{says}, but it has no model {wanted}")
    choice = connect.openai(endpoint, environ, THIS_MACHINE, server.base_url, model, says)
    return _ours(Finding("openai", f"{says}, with {model}", choice), server.base_url)


def _ours(finding: Finding, base_url: str) -> Finding:
    """Not to be used where another person's server is there: no code goes to whom nobody has named."""
    who = other_user(base_url)
    if who is None:
        return finding
    unless = f"it is used only where completion.provider is {finding.provider!r}"
    return Finding(finding.provider, f"{finding.says}, run by {who}: {unless}")


def _embedded(endpoint: Endpoint, why: str) -> Finding:
    try:
        choice = connect.embedded(endpoint, why)
    except ModelError as error:
        return Finding("embedded", error.message)
    if choice.install:
        return Finding("embedded", f"the embedded model {choice.install} has to be fetched first", choice)
    return Finding("embedded", f"the embedded model {endpoint.model or store.best()} is installed", choice)
