"""Mistral's hosts: which one to ask, by where the user lets code go and for which hosts there is a key."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from codestral_ls.core.model import NotAllowed, Unauthorized
from codestral_ls.core.privacy import Reach
from codestral_ls.providers.mistral import DEFAULT_HOST, HOSTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codestral_ls.core.config import Endpoint


@dataclass(frozen=True, slots=True)
class Access:
    """An address with its key, and the variable that the key is in."""

    base_url: str
    key_name: str
    key: str = field(repr=False)


def access(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach) -> Access:
    """What the settings mean. Raises `NotAllowed`, or `Unauthorized` where there is no key for it."""
    base_url = endpoint.base_url or f"https://{_host(endpoint, environ, reach)}"
    host = urlsplit(base_url).hostname or ""
    if refused := reach.why_refused(urlsplit(base_url).scheme, host):
        raise NotAllowed(refused)
    name = key_name(endpoint, host)
    if name is None:
        raise Unauthorized(
            f"No key belongs to {host}: name the variable that holds its key in completion.api_key_env."
        )
    key = environ.get(name, "").strip()
    if not key:
        raise Unauthorized(f"There is no key for {host}: set the environment variable {name}.")
    return Access(base_url, name, key)


def host_with_key(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach) -> str | None:
    """The first of Mistral's hosts that may be asked and whose key is there."""
    named = endpoint.api_key_env
    # What a variable of the user's own holds is a key of Mistral's console.
    kind = named if named in ("", *HOSTS.values()) else HOSTS[DEFAULT_HOST]
    for host in _allowed(reach):
        if kind in ("", HOSTS[host]) and environ.get(named or HOSTS[host], "").strip():
            return host
    return None


def key_name(endpoint: Endpoint, host: str) -> str | None:
    """The variable that holds a host's key."""
    return endpoint.api_key_env or HOSTS.get(host)


def no_key(endpoint: Endpoint, reach: Reach) -> str:
    """In words, that there is no key of Mistral's to use."""
    hosts = _allowed(reach)
    if not hosts:
        return "your privacy settings keep code from every host of Mistral"
    names = [endpoint.api_key_env] if endpoint.api_key_env else dict.fromkeys(HOSTS[host] for host in hosts)
    return f"no key was found ({', '.join(names)})"


def _host(endpoint: Endpoint, environ: Mapping[str, str], reach: Reach) -> str:
    """The host to ask. Raises `NotAllowed`, or `Unauthorized` where the keys are for other hosts."""
    if host := host_with_key(endpoint, environ, reach):
        return host
    hosts = _allowed(reach)
    if not hosts:
        raise NotAllowed(reach.why_refused("https", DEFAULT_HOST) or "")
    wanted = DEFAULT_HOST if DEFAULT_HOST in hosts else hosts[0]
    elsewhere = host_with_key(endpoint, environ, Reach())
    refused = reach.why_refused("https", elsewhere) if elsewhere else None
    if refused:
        raise Unauthorized(
            f"{refused} There is no key for {wanted}: set the environment variable {HOSTS[wanted]}."
        )
    return wanted


def _allowed(reach: Reach) -> list[str]:
    return [host for host in HOSTS if reach.why_refused("https", host) is None]
