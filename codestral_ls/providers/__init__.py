"""Models over the network or in a child process. `choose` finds the one that the settings mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from codestral_ls.core.model import BadRequest, NotAllowed, Unauthorized, Unavailable
from codestral_ls.core.privacy import Reach
from codestral_ls.providers import store
from codestral_ls.providers.catalog import MODELS, model_named
from codestral_ls.providers.mistral import DEFAULT_HOST, HOSTS, MODEL, Mistral

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from codestral_ls.core.config import Endpoint
    from codestral_ls.core.model import Model

SMALL, BEST = MODELS[0].name, MODELS[-1].name

KNOWN = frozenset(model.name for model in MODELS)


@dataclass(frozen=True, slots=True)
class Choice:
    """How to make the model; in words why this one ("because …"); which embedded model has to be installed
    before; and a sentence on how to get a better one."""

    connect: Callable[[], Model]
    why: str
    install: str | None = None
    hint: str = ""


async def choose(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach) -> Choice:
    """The model that the settings mean; for `auto` the first of: an embedded one that is named, a key,
    a llama.cpp server, the embedded one.

    Raises a `ModelError` where the settings cannot work.
    """
    why = f"completion.provider is {endpoint.provider!r}"
    if endpoint.provider == "mistral":
        return _mistral(endpoint, environ, reach, why)
    if endpoint.provider == "llamacpp":
        return await _llamacpp(endpoint, environ, reach, why)
    if endpoint.provider == "embedded":
        return _embedded(endpoint.model, why)
    return await _first_found(endpoint, environ, reach)


async def _first_found(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach) -> Choice:
    from codestral_ls.providers.llamacpp import PORTS, connect, find

    if endpoint.base_url:
        raise BadRequest("completion.base_url needs completion.provider beside it: say which API that is.")
    if endpoint.model.endswith(".gguf") or endpoint.model in KNOWN:
        # Before any key: who names a model of this machine does not mean to send code away.
        return _embedded(endpoint.model, f"completion.model is {endpoint.model!r}")
    if host := _host_with_key(endpoint, environ, reach):
        return _mistral(endpoint, environ, reach, f"{_key_name(endpoint, host)} is set")
    if server := await find():
        return Choice(lambda: connect(server, reach), f"a llama.cpp server runs at {server.base_url}")
    ports = " or ".join(str(port) for port in PORTS)
    nothing = f"{_no_key(endpoint, reach)} and no llama.cpp server on port {ports} of this machine"
    return _embedded(endpoint.model, nothing)


def _mistral(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach, why: str) -> Choice:
    base_url = endpoint.base_url or f"https://{_mistral_host(endpoint, environ, reach)}"
    host = urlsplit(base_url).hostname or ""
    if refused := reach.why_refused(urlsplit(base_url).scheme, host):
        raise NotAllowed(refused)
    key_name = _key_name(endpoint, host)
    if key_name is None:
        raise Unauthorized(
            f"No key belongs to {host}: name the variable that holds its key in completion.api_key_env."
        )
    key = environ.get(key_name, "").strip()
    if not key:
        raise Unauthorized(f"There is no key for {host}: set the environment variable {key_name}.")
    model = endpoint.model or MODEL
    return Choice(lambda: Mistral(base_url, model, key, key_name=key_name, reach=reach), why)


def _mistral_host(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach) -> str:
    """The one of Mistral's hosts to ask: where the user lets code go, and has a key for. Raises `NotAllowed`,
    or `Unauthorized` where the keys are for other hosts."""
    if host := _host_with_key(endpoint, environ, reach):
        return host
    hosts = _allowed(reach)
    if not hosts:
        raise NotAllowed(reach.why_refused("https", DEFAULT_HOST) or "")
    wanted = DEFAULT_HOST if DEFAULT_HOST in hosts else hosts[0]
    elsewhere = _host_with_key(endpoint, environ, Reach())
    refused = reach.why_refused("https", elsewhere) if elsewhere else None
    if refused:
        raise Unauthorized(
            f"{refused} There is no key for {wanted}: set the environment variable {HOSTS[wanted]}."
        )
    return wanted


def _host_with_key(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach) -> str | None:
    """The first of Mistral's hosts that may be asked and whose key is there."""
    named = endpoint.api_key_env
    # What a variable of the user's own holds is a key of Mistral's console.
    kind = named if named in ("", *HOSTS.values()) else HOSTS[DEFAULT_HOST]
    for host in _allowed(reach):
        if kind in ("", HOSTS[host]) and environ.get(named or HOSTS[host], "").strip():
            return host
    return None


def _no_key(endpoint: Endpoint, reach: Reach) -> str:
    hosts = _allowed(reach)
    if not hosts:
        return "your privacy settings keep code from every host of Mistral"
    names = [endpoint.api_key_env] if endpoint.api_key_env else dict.fromkeys(HOSTS[host] for host in hosts)
    return f"no key was found ({', '.join(names)})"


def _allowed(reach: Reach) -> list[str]:
    return [host for host in HOSTS if reach.why_refused("https", host) is None]


def _key_name(endpoint: Endpoint, host: str) -> str | None:
    return endpoint.api_key_env or HOSTS.get(host)


async def _llamacpp(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach, why: str) -> Choice:
    from codestral_ls.providers.llamacpp import PORTS, connect, find, probe

    key = environ.get(endpoint.api_key_env, "").strip() or None
    server = await probe(endpoint.base_url, reach, key) if endpoint.base_url else await find()
    if server:
        return Choice(lambda: connect(server, reach, key), why)
    where = endpoint.base_url or " or ".join(f"http://127.0.0.1:{port}" for port in PORTS)
    raise Unavailable(
        f"No llama.cpp server answers at {where}: start one, or set completion.base_url to its address."
    )


def _embedded(name: str, why: str) -> Choice:
    from codestral_ls.providers.child import check_extra
    from codestral_ls.providers.embedded import Embedded

    check_extra()
    chosen = name or store.best() or SMALL
    missing = None if store.path_of(chosen) else chosen
    return Choice(lambda: Embedded(chosen), why, missing, _better(chosen))


def _better(chosen: str) -> str:
    if chosen != SMALL:
        return ""
    size = f"{model_named(BEST).bytes / 1e9:.1f} GB"
    return f"One that fills holes, three times as often right ({size}): codestral-ls models install {BEST}"
