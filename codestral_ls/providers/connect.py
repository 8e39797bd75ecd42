"""The five providers, each from the settings of an endpoint; other rooms know them by a `Choice`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codestral_ls.core.config import Completion
from codestral_ls.providers import store
from codestral_ls.providers.catalog import MODELS, model_named
from codestral_ls.providers.choice import Choice
from codestral_ls.providers.keys import access
from codestral_ls.providers.mistral import MODEL, Mistral

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codestral_ls.core.config import Endpoint
    from codestral_ls.core.privacy import Reach
    from codestral_ls.providers.llama_server import ServerInfo

SMALL, BEST = MODELS[0].name, MODELS[-1].name

_CLOUD_SECONDS = 10.0


def mistral(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach, why: str) -> Choice:
    """A host of Mistral's, or one that speaks its protocol. Raises a `ModelError`."""
    found = access(endpoint, environ, reach)
    model, timeout = endpoint.model or MODEL, endpoint.timeout_s or _CLOUD_SECONDS
    return Choice(
        lambda: Mistral(
            found.base_url, model, found.key, key_name=found.key_name, reach=reach, timeout=timeout
        ),
        why,
    )


def ollama(
    endpoint: Endpoint, reach: Reach, base_url: str, model: str, why: str, key: str | None = None
) -> Choice:
    """A model of an Ollama server."""
    from codestral_ls.core.dialect import parse_template
    from codestral_ls.providers.ollama import connect

    way = _ways(endpoint)
    template = parse_template(way.template) if way.template else None
    return Choice(
        lambda: connect(
            model,
            reach,
            base_url=base_url,
            key=key,
            timeout=endpoint.timeout_s,
            context_tokens=endpoint.context_tokens,
            keep_alive=endpoint.keep_alive,
            template=template,
            stop=way.stop,
        ),
        why,
    )


def llamacpp(
    endpoint: Endpoint, reach: Reach, server: ServerInfo, why: str, key: str | None = None
) -> Choice:
    """The model of a llama.cpp server."""
    from codestral_ls.providers.llamacpp import connect

    way, timeout = _ways(endpoint), endpoint.timeout_s
    return Choice(
        lambda: connect(
            server, reach, key, timeout=timeout, template=way.template, stop=way.stop, fim=way.fim
        ),
        why,
    )


def openai(
    endpoint: Endpoint, environ: Mapping[str, str], reach: Reach, base_url: str, model: str, why: str
) -> Choice:
    """A model of any server that speaks OpenAI's protocol."""
    from codestral_ls.providers.openai import connect, key_variable

    way, name = _ways(endpoint), key_variable(base_url, endpoint.api_key_env)
    return Choice(
        lambda: connect(
            base_url,
            reach,
            model=model,
            key=environ.get(name, "").strip() or None,
            key_name=name,
            fim=way.fim,
            template=way.template,
            stop=way.stop,
            timeout=endpoint.timeout_s,
        ),
        why,
    )


def embedded(endpoint: Endpoint, why: str) -> Choice:
    """A model in a process of ours. Raises `BadRequest`."""
    from codestral_ls.providers.child import check_extra
    from codestral_ls.providers.embedded import Embedded

    check_extra()
    way, chosen = _ways(endpoint), endpoint.model or store.best() or SMALL
    missing = None if store.path_of(chosen) else chosen
    return Choice(
        lambda: Embedded(chosen, template=way.template, stop=way.stop), why, missing, _better(chosen)
    )


def _ways(endpoint: Endpoint) -> Completion:
    """How holes are put: completion's own settings, for other endpoints the defaults."""
    return endpoint if isinstance(endpoint, Completion) else Completion()


def _better(chosen: str) -> str:
    if chosen != SMALL:
        return ""
    size = f"{model_named(BEST).bytes / 1e9:.1f} GB"
    return f"One that fills holes, three times as often right ({size}): codestral-ls models install {BEST}"
