"""What it means when no answer comes: each failure of the connection as one sentence for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from codestral_ls.core.model import BadReply, BadRequest, ModelError, NotAllowed, Unavailable, Unreachable
from codestral_ls.core.privacy import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from httpcore import AsyncNetworkStream

CONNECT_SECONDS = 3.0

# The first class that fits decides. What no row names is a fault of this program and goes through.
_FAILURES: tuple[tuple[type[Exception], type[ModelError], str], ...] = (
    (
        httpx.ConnectTimeout,
        Unreachable,
        f"{{host}} cannot be reached: no connection within {CONNECT_SECONDS:g} s. Check the network.",
    ),
    (
        httpx.TimeoutException,
        Unavailable,
        "{host} sent nothing for {timeout:g} s and was given up. Completions return when it answers.",
    ),
    (
        httpx.ProxyError,
        Unavailable,
        "The proxy on the way to {host} refused the connection. Check HTTPS_PROXY.",
    ),
    (httpx.ConnectError, Unreachable, "{host} cannot be reached: {reason}."),
    (httpx.UnsupportedProtocol, BadRequest, "The host's address must begin with https://. Set base_url."),
    (httpx.InvalidURL, BadRequest, "The host's address cannot be understood. Set base_url."),
    (
        httpx.DecodingError,
        BadReply,
        "The answer of {host} is damaged: its compression cannot be undone. Check the proxy on the way.",
    ),
    (
        httpx.TransportError,
        Unavailable,
        "The connection to {host} broke off before the answer was complete. Ask again.",
    ),
)

# A host with which no secure connection comes about is there.
_CONNECT_REASONS: tuple[tuple[str, type[ModelError], str], ...] = (
    (
        "CERTIFICATE",
        Unavailable,
        "its certificate is not trusted. Set SSL_CERT_FILE if a proxy opens secure connections",
    ),
    (
        "SSL",
        Unavailable,
        "no secure connection came about. Check whether base_url should begin with http://",
    ),
    ("Name or service", Unreachable, "its name is unknown. Check the network and base_url"),
    ("getaddrinfo", Unreachable, "its name is unknown. Check the network and base_url"),
    ("name resolution", Unreachable, "its name could not be looked up. Check the network"),
    ("No address associated", Unreachable, "its name has no address. Check the network and base_url"),
    ("", Unreachable, "nothing answers there. Check that it runs and that base_url is right"),
)

FAILURES = tuple(kind for kind, _, _ in _FAILURES)
"""The exceptions that `to_model_error` understands."""


def to_model_error(error: Exception, host: str, timeout: float) -> ModelError:
    """The error that a failed connection to `host` means; `timeout` is what it was given, in seconds."""
    _, kind, sentence = next(row for row in _FAILURES if isinstance(error, row[0]))
    connect, reason = next(row[1:] for row in _CONNECT_REASONS if row[0] in str(error))
    if isinstance(error, httpx.ConnectError) and kind is Unreachable:
        kind = connect
    return kind(sentence.format(host=host, timeout=timeout, reason=reason))


class ConnectionTrace:
    """Learns from httpcore whether a request opened a connection of its own, and to whom, before anything is
    sent over it. Raises `NotAllowed` where a name that stands for this machine led to another."""

    def __init__(self, host: str) -> None:
        self.connected = False
        self._host = host

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self.connected = True
        elif event == "connection.connect_tcp.complete" and is_loopback(self._host):
            await self._check_peer(info["return_value"])

    async def _check_peer(self, stream: AsyncNetworkStream) -> None:
        peer = str(stream.get_extra_info("server_addr")[0])
        if not is_loopback(peer):
            await stream.aclose()
            raise NotAllowed(
                f"{self._host} is not this machine here but {peer}, so nothing was sent. Mend the hosts file."
            )
