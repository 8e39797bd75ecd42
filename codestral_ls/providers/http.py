"""What every model behind HTTP shares: one client for the life of the server, streams that end when closed.

The client is made on first use, inside the running event loop, and keeps its connections for five minutes of
idleness: a new one costs two to three round trips before the first byte.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
import time
from contextlib import aclosing, contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import SplitResult, urlsplit

import httpx

from codestral_ls import __version__
from codestral_ls.core.model import BadReply, BadRequest, ModelError, NotAllowed, Unauthorized, Unavailable
from codestral_ls.core.privacy import is_loopback
from codestral_ls.providers.body import unpacked
from codestral_ls.providers.errors import (
    MAX_BODY,
    Answer,
    Words,
    error_code,
    human_message,
    loggable,
    quotable,
    to_error,
)
from codestral_ls.providers.http2 import mend_http2
from codestral_ls.providers.sse import EventParser
from codestral_ls.providers.transport import (
    FAILURES,
    ConnectionTrace,
    answer_seconds,
    connect_seconds,
    to_model_error,
)

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable, Iterator, Mapping

    from codestral_ls.core.privacy import Reach

END_MARK = "[DONE]"
"""The data of the last event, in every protocol that goes back to OpenAI's."""

_NO_STREAMS = {"text/html": "a web page", "application/json": "JSON"}
_KEEP_SECONDS = 300.0
_DRAIN_SECONDS = 0.25

T = TypeVar("T")

_log = logging.getLogger(__name__)


@dataclass(eq=False)
class Host:
    """One address with its key, and the client that talks to it. `timeout` is seconds without a byte.

    `reach` is where the user lets code go: each request is held against it before a name is looked up, those
    of a redirect too. `unauthorized` tells what to do about a refused key.
    """

    base_url: str
    reach: Reach
    key: str | None = field(default=None, repr=False)
    timeout: float = 10.0
    unauthorized: str = ""
    http1: bool = True
    now: Callable[[], float] = field(default=time.time, repr=False)

    @cached_property
    def name(self) -> str:
        """The host as people write it, with the port if it stands in the address; never user or password."""
        return _split(self.base_url).netloc.rpartition("@")[2] or "the model's host"

    async def events(
        self, path: str, body: Mapping[str, Any], private: tuple[str, ...] = ()
    ) -> AsyncGenerator[str, None]:
        """POST `body` and yield each event's data, up to the end mark.

        Raises a `ModelError`; `Unavailable` when the stream ends without its mark. Closing the generator
        closes the response at once. `private` are the texts in `body` that no error may repeat.
        """
        parser = EventParser()
        async with aclosing(self.stream(path, body, private, refused=tuple(_NO_STREAMS))) as reads:
            async for read in reads:
                for data in parser.feed(read):
                    if data == END_MARK:
                        await drain(reads)
                        return
                    yield data
        raise Unavailable(f"The answer of {self.name} was cut off before its end. Ask again.")

    async def stream(
        self,
        path: str,
        body: Mapping[str, Any],
        private: tuple[str, ...] = (),
        refused: tuple[str, ...] = ("text/html",),
    ) -> AsyncGenerator[bytes, None]:
        """POST `body` and yield the answer's bytes as they come. Raises a `ModelError`, also where the answer
        is of a content type among those `refused`."""
        end = _now() + answer_seconds(self.timeout)
        with self._told():
            response = await _by(end, self._send("POST", path, body))
            try:
                await _by(end, self._check(response, private, refused))
                async with aclosing(unpacked(response)) as reads:
                    while (read := await _by(end, anext(reads, None))) is not None:
                        yield read
            finally:
                await response.aclose()

    async def post(self, path: str, body: Mapping[str, Any], private: tuple[str, ...] = ()) -> bytes:
        """POST `body` and wait for the whole answer. Raises a `ModelError`."""
        async with aclosing(self.stream(path, body, private)) as reads:
            return b"".join([read async for read in reads])

    async def get(self, path: str, most: int = MAX_BODY) -> Answer:
        """GET `path`: whatever is answered, at `most` bytes of it. Raises a `ModelError` if nothing is."""
        end = _now() + answer_seconds(self.timeout)
        with self._told():
            response = await _by(end, self._send("GET", path))
            try:
                return await _by(end, _answer(response, most))
            finally:
                await response.aclose()

    def error(self, answer: Answer, private: tuple[str, ...] = ()) -> ModelError:
        """The error that an answer of this host means; also one line in the log, for the host's support."""
        sent = (self.key or "", *private)
        _log.warning(
            "%s answered %d, code %s, correlation id %s",
            self.name,
            answer.status,
            loggable(error_code(answer.body), sent),
            loggable(answer.headers.get("mistral-correlation-id"), sent),
        )
        words = Words(self.name, self.unauthorized, sent)
        return to_error(answer, words, self.now())

    def broken_off(self, said: str, private: tuple[str, ...] = ()) -> ModelError:
        """The error of a host that says, in the middle of its answer, that it cannot go on."""
        quote = quotable(said, (self.key or "", *private))
        reason = f": {quote}" if quote else ""
        return Unavailable(f"{self.name} gave up in the middle of its answer{reason}. Ask again.")

    async def aclose(self) -> None:
        """Close every connection. The next request would open new ones."""
        if client := self.__dict__.pop("_client", None):
            await client.aclose()

    async def _send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> httpx.Response:
        """Send, and once more if the connection was kept from before and turns out to be dead.

        A host may close an idle connection at any time, also while the request is on its way to it; the first
        request after a pause would fail for no reason a user could see.
        """
        first = self._request(method, path, body)
        try:
            return await self._client.send(first, stream=True)
        except (httpx.ReadError, httpx.WriteError, httpx.ProtocolError):
            if first.extensions["trace"].connected:
                raise
        return await self._client.send(self._request(method, path, body), stream=True)

    def _request(self, method: str, path: str, body: Mapping[str, Any] | None) -> httpx.Request:
        headers = {"accept": "text/event-stream"} if body else {}
        if self.key:
            headers["authorization"] = f"Bearer {_checked(self.key)}"
        url = self.base_url.rstrip("/") + path
        request = self._client.build_request(method, url, json=body, headers=headers)
        request.extensions["trace"] = ConnectionTrace(request.url.host)
        return request

    async def _confined(self, request: httpx.Request) -> None:
        url = request.url
        if url.scheme not in ("http", "https"):  # httpx would take `wss`, too.
            raise httpx.UnsupportedProtocol("neither http nor https")
        # Not `url.host`, which may have letters that are spelled otherwise where the name is looked up.
        host = url.raw_host.decode("ascii")
        if not host:
            raise httpx.InvalidURL("no host")
        if why := self.reach.why_refused(url.scheme, host):
            raise NotAllowed(why)

    async def _check(
        self, response: httpx.Response, private: tuple[str, ...], refused: tuple[str, ...]
    ) -> None:
        if response.status_code != httpx.codes.OK:
            raise self.error(await _answer(response), private)
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind in refused:
            answer = await _answer(response)
            quote = quotable(human_message(answer.body), (self.key or "", *private))
            said = f": {quote}" if quote else ""
            raise BadReply(
                f"{self.name} answered with {_NO_STREAMS[kind]} instead of a stream{said}. Check base_url."
            )

    @contextmanager
    def _told(self) -> Iterator[None]:
        """What goes wrong with the connection, as a `ModelError`."""
        try:
            yield
        except FAILURES as error:
            raise to_model_error(error, self.name, self.timeout) from error

    @cached_property
    def _client(self) -> httpx.AsyncClient:
        mend_http2()
        try:
            return self._new_client()
        except (ImportError, ValueError):  # SOCKS, or what is no proxy's address at all.
            raise BadRequest("Only proxies of http are known. Check HTTPS_PROXY and ALL_PROXY.") from None

    def _new_client(self) -> httpx.AsyncClient:
        address = _split(self.base_url)
        return httpx.AsyncClient(
            http1=self.http1,
            http2=True,
            # A proxy is for the world outside; few who set one think of exempting their own machine. It is
            # shown the host's name and no more: without TLS it would read the code.
            trust_env=address.scheme == "https" and not is_loopback(address.hostname or ""),
            # To read all authorities takes 20 ms, in which every probe for a local server would wait.
            verify=httpx.create_ssl_context() if address.scheme == "https" else _trusting_nobody(),
            timeout=httpx.Timeout(self.timeout, connect=connect_seconds(self.timeout)),
            limits=httpx.Limits(
                max_connections=16, max_keepalive_connections=8, keepalive_expiry=_KEEP_SECONDS
            ),
            follow_redirects=False,
            event_hooks={"request": [self._confined]},
            # A compressed stream would be held back by whoever compresses it.
            headers={"user-agent": f"codestral-ls/{__version__}", "accept-encoding": "identity"},
        )


async def drain(reads: AsyncGenerator[object, None]) -> None:
    """Read what follows the end, be it bytes or events: only a response read to its end leaves its connection
    usable."""
    try:
        async with asyncio.timeout(_DRAIN_SECONDS):
            async for _ in reads:
                pass
    except (TimeoutError, ModelError):
        return


async def _answer(response: httpx.Response, most: int = MAX_BODY) -> Answer:
    """As much of the answer as there is: its status says the most, also where the body breaks off."""
    body = bytearray()
    with suppress(httpx.TransportError, httpx.DecodingError):
        async with aclosing(unpacked(response)) as reads:
            async for read in reads:
                body += read
                if len(body) >= most:
                    break
    return Answer(response.status_code, response.headers, bytes(body[:most]))


async def _by(end: float, work: Awaitable[T]) -> T:
    """What comes of it. Raises `TimeoutError` when the event loop's clock passes `end`."""
    async with asyncio.timeout_at(end):
        return await work


def _now() -> float:
    return asyncio.get_running_loop().time()


def _trusting_nobody() -> ssl.SSLContext:
    """For hosts without TLS: one that had it, in spite of that, would be refused."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def _checked(key: str) -> str:
    # A key that no header can hold would be quoted in full by the exception that says so.
    if key.isascii() and key.isprintable() and " " not in key:
        return key
    raise Unauthorized("The key holds a blank, a line break or a letter that no key has. Set it anew.")


def _split(url: str) -> SplitResult:
    try:
        return urlsplit(url)
    except ValueError:
        return SplitResult("", "", "", "", "")
