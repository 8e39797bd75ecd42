"""What it means when no answer comes: each failure of the connection as one sentence for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from codestral_ls.core.model import BadReply, BadRequest, ModelError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

CONNECT_SECONDS = 3.0

# The first class that fits decides. What no row names is a fault of this program and goes through.
_FAILURES: tuple[tuple[type[Exception], type[ModelError], str], ...] = (
    (
        httpx.ConnectTimeout,
        Unavailable,
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
    (httpx.ConnectError, Unavailable, "{host} cannot be reached: {reason}."),
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

_CONNECT_REASONS = (
    ("CERTIFICATE", "its certificate is not trusted. Set SSL_CERT_FILE if a proxy opens secure connections"),
    ("SSL", "no secure connection came about. Check whether base_url should begin with http://"),
    ("Name or service", "its name is unknown. Check the network and base_url"),
    ("getaddrinfo", "its name is unknown. Check the network and base_url"),
    ("name resolution", "its name could not be looked up. Check the network"),
    ("No address associated", "its name has no address. Check the network and base_url"),
    ("", "nothing answers there. Check that it runs and that base_url is right"),
)

FAILURES = tuple(kind for kind, _, _ in _FAILURES)
"""The exceptions that `to_model_error` understands."""


def to_model_error(error: Exception, host: str, timeout: float) -> ModelError:
    """The error that a failed connection to `host` means; `timeout` is what it was given, in seconds."""
    _, kind, sentence = next(row for row in _FAILURES if isinstance(error, row[0]))
    reason = next(told for sign, told in _CONNECT_REASONS if sign in str(error))
    return kind(sentence.format(host=host, timeout=timeout, reason=reason))


class ConnectionTrace:
    """Learns from httpcore whether a request opened a connection of its own."""

    def __init__(self) -> None:
        self.connected = False

    async def __call__(self, event: str, info: Mapping[str, object]) -> None:
        self.connected = self.connected or event == "connection.connect_tcp.started"
