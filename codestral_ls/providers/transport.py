"""What it means when no answer comes: each failure of the connection as one sentence for the user."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx

from codestral_ls.core.model import BadReply, BadRequest, ModelError, NotAllowed, Unavailable, Unreachable
from codestral_ls.core.privacy import is_loopback
from codestral_ls.providers.body import EndlessError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from httpcore import AsyncNetworkStream

CONNECT_SECONDS = 3.0

PATIENCES = 30
"""A whole answer may take so many times the silence that is borne: a host that sends a byte now and then
would be waited for for ever. Mistral's own client gives an answer 300 s, too."""

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

# h11's words; what it says of a connection that ended is not among them.
_NO_HTTP = (
    "illegal",
    "malformed",
    "Receive buffer too long",
    "Content-Length",
    "Transfer-Encoding",
    "status_code",
)

# The first row decides whose class fits and whose sign is in the exception's words. What no row names is a
# fault of this program and goes through.
_FAILURES: tuple[tuple[type[Exception], str, type[ModelError], str], ...] = (
    (
        httpx.ConnectTimeout,
        "",
        Unreachable,
        "{host} cannot be reached: no connection within {connect:g} s. Check the network.",
    ),
    (
        httpx.TimeoutException,
        "",
        Unavailable,
        "{host} sent nothing for {timeout:g} s and was given up. Completions return when it answers.",
    ),
    (
        TimeoutError,
        "",
        Unavailable,
        "{host} did not come to an end within {total:g} s and was given up. "
        "Completions return when it answers.",
    ),
    (
        httpx.ProxyError,
        "",
        Unavailable,
        "The proxy on the way to {host} refused the connection. Check HTTPS_PROXY.",
    ),
    *(
        (httpx.ConnectError, sign, kind, f"{{host}} cannot be reached: {reason}.")
        for sign, kind, reason in _CONNECT_REASONS
    ),
    (
        httpx.UnsupportedProtocol,
        "",
        BadRequest,
        "The host's address must begin with https://. Set base_url.",
    ),
    (httpx.InvalidURL, "", BadRequest, "The host's address cannot be understood. Set base_url."),
    (
        httpx.DecodingError,
        "",
        BadReply,
        "The answer of {host} is damaged: its compression cannot be undone. Check the proxy on the way.",
    ),
    (
        EndlessError,
        "",
        BadReply,
        "{host} sends more than any answer needs and was given up. Check base_url.",
    ),
    *(
        (httpx.RemoteProtocolError, sign, BadReply, "What {host} answers is not HTTP. Check base_url.")
        for sign in _NO_HTTP
    ),
    (
        httpx.TransportError,
        "",
        Unavailable,
        "The connection to {host} broke off before the answer was complete. Ask again.",
    ),
)

FAILURES = tuple({kind for kind, *_ in _FAILURES})
"""The exceptions that `to_model_error` understands."""


def connect_seconds(timeout: float) -> float:
    """How long a connection may take to a host whose silence is borne for `timeout` seconds."""
    return min(CONNECT_SECONDS, timeout)


def answer_seconds(timeout: float) -> float:
    """How long a whole answer of such a host may take."""
    return timeout * PATIENCES


def to_model_error(error: Exception, host: str, timeout: float) -> ModelError:
    """The error that a failed connection to `host` means; `timeout` is what it was given, in seconds."""
    kind, sentence = next(
        (kind, sentence)
        for failure, sign, kind, sentence in _FAILURES
        if isinstance(error, failure) and sign in str(error)
    )
    return kind(
        sentence.format(
            host=host, timeout=timeout, connect=connect_seconds(timeout), total=answer_seconds(timeout)
        )
    )


class ConnectionTrace:
    """Learns from httpcore whether a request opened a connection of its own, and to whom, before anything is
    sent over it. Raises `NotAllowed` where a name that stands for this machine led to another.

    Closes the socket of a connection that is given up during TLS's handshake, which httpcore 1.0 leaves open
    where the request was cancelled.
    """

    def __init__(self, host: str) -> None:
        self.connected = False
        self._host = host
        self._stream: AsyncNetworkStream | None = None

    async def __call__(self, event: str, info: Mapping[str, Any]) -> None:
        if event == "connection.connect_tcp.started":
            self.connected = True
        elif event == "connection.connect_tcp.complete":
            self._stream = info["return_value"]
            if is_loopback(self._host):
                await self._check_peer(info["return_value"])
        elif event.endswith(".start_tls.failed") and self._stream:
            await self._stream.aclose()

    async def _check_peer(self, stream: AsyncNetworkStream) -> None:
        address = stream.get_extra_info("server_addr")
        if address is None:
            await stream.aclose()
            raise httpx.ReadError("The connection ended as soon as it was there.")
        peer = str(address[0])
        if not is_loopback(peer):
            await stream.aclose()
            raise NotAllowed(
                f"{self._host} is not this machine here but {peer}, so nothing was sent. Mend the hosts file."
            )
