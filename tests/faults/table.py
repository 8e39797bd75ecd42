"""The table: what a host does wrong, and what is told of it. Sentences and texts of hosts are looked up in
`told` and in `tests.upstream.errors`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from tests.faults import told
from tests.faults.acts import (
    Act,
    bomb,
    breaks,
    compressed,
    echoes,
    forever,
    in_pieces,
    plain,
    says,
    streams,
    to,
    unasked,
)
from tests.faults.hosts import KEY
from tests.faults.server import Port, answer, chunk, head, well
from tests.faults.told import Told
from tests.upstream.errors import ERRORS

Address = Literal["plain", "tls", "name"]


@dataclass(frozen=True)
class Fault:
    """`act` on a `port`, at an address that is plain HTTP, TLS, or a name to look up. `tls` is the server's
    certificate while the fault lasts. Without `told` the request is answered in spite of it.

    `but` is what a provider says instead; a text is the reason why the fault cannot happen to it.
    """

    act: Act = well
    told: Told | None = None
    port: Port = "open"
    address: Address = "plain"
    tls: Literal["none", "stranger"] = "none"
    but: Mapping[str, Told | str | None] = field(default_factory=dict)

    def told_by(self, provider: str) -> Told | str | None:
        return self.but.get(provider, self.told)


_OWN_PROCESS = "the process on this machine is reached by its number, without TLS"
_OURS = {"embedded": _OWN_PROCESS}

# Not every server of OpenAI's protocol sends the mark: a reply is whole once the reason of its end is told.
_WHOLE: Mapping[str, None] = {"openai": None}
_LLAMA = {"llamacpp": told.NOT_LLAMA, "embedded": told.NOT_LLAMA, "ollama": told.NOT_OLLAMA}
_IN_LINES = {"ollama": told.CUT_OFF}

_GZIP = {"content_encoding": "gzip"}
_BOMB = bomb()
_TLS_ALERT = b"\x15\x03\x01\x00\x02\x02\x46"

_SOCKETS = {
    "nobody listens": Fault(told=told.NOBODY, port="closed"),
    "connections are not accepted": Fault(told=told.SILENT, port="deaf"),
    "the queue of connections is full": Fault(told=told.NO_CONNECTION, port="full"),
    "it restarts between two requests": Fault(),
    "its name is unknown": Fault(told=told.NO_NAME, address="name", but=_OURS),
    "its name cannot be looked up": Fault(told=told.NO_LOOK_UP, address="name", but=_OURS),
    "plain HTTP where TLS is expected": Fault(
        unasked(answer(400, b"")), told.NO_TLS, address="tls", but=_OURS
    ),
    "TLS where plain HTTP is expected": Fault(says(_TLS_ALERT, then="closes"), told.NOT_HTTP),
    "a certificate that nobody vouches for": Fault(
        told=told.NO_TRUST, address="tls", tls="stranger", but=_OURS
    ),
}

_BREAKS = {
    "silence after the connection": Fault(breaks("connected", "stalls"), told.SILENT),
    "closed after the connection": Fault(breaks("connected", "closes"), told.BROKE_OFF),
    "reset after the connection": Fault(breaks("connected", "resets"), told.BROKE_OFF),
    "half-closed after the connection": Fault(breaks("connected", "half-closes"), told.BROKE_OFF),
    "silence in the request": Fault(breaks("in the request", "stalls"), told.SILENT),
    "closed in the request": Fault(breaks("in the request", "closes"), told.BROKE_OFF),
    "reset in the request": Fault(breaks("in the request", "resets"), told.BROKE_OFF),
    "silence before the headers": Fault(breaks("before the headers", "stalls"), told.SILENT),
    "closed before the headers": Fault(breaks("before the headers", "closes"), told.BROKE_OFF),
    "silence in the headers": Fault(breaks("in the headers", "stalls"), told.SILENT),
    "closed in the headers": Fault(breaks("in the headers", "closes"), told.BROKE_OFF),
    "reset in the headers": Fault(breaks("in the headers", "resets"), told.BROKE_OFF),
    "silence before the first event": Fault(breaks("before the first event", "stalls"), told.SILENT),
    "closed before the first event": Fault(breaks("before the first event", "closes"), told.BROKE_OFF),
    "a stream without an event": Fault(breaks("before the first event", "ends"), told.CUT_OFF),
    "silence between events": Fault(breaks("between events", "stalls"), told.SILENT),
    "closed between events": Fault(breaks("between events", "closes"), told.BROKE_OFF),
    "reset between events": Fault(breaks("between events", "resets"), told.BROKE_OFF),
    "half-closed between events": Fault(breaks("between events", "half-closes"), told.BROKE_OFF),
    "the end between events": Fault(breaks("between events", "ends"), told.CUT_OFF),
    "silence in the middle of a letter": Fault(breaks("in an event", "stalls"), told.SILENT),
    "reset in the middle of a letter": Fault(breaks("in an event", "resets"), told.BROKE_OFF),
    "the end in the middle of a letter": Fault(breaks("in an event", "ends"), told.CUT_OFF),
    "silence before the end mark": Fault(breaks("before the end mark", "stalls"), told.SILENT, but=_WHOLE),
    "closed before the end mark": Fault(breaks("before the end mark", "closes"), told.BROKE_OFF, but=_WHOLE),
    "the end before the end mark": Fault(breaks("before the end mark", "ends"), told.CUT_OFF, but=_WHOLE),
    "an error in the middle of the stream": Fault(
        streams(lambda wire: wire.server.speech.events[0] + wire.server.speech.broken), told.GAVE_UP
    ),
}

_NONSENSE = {
    "noise": Fault(says(b"\x00\xff\x13 noise \r\n\r\n", then="closes"), told.NOT_HTTP),
    "a body without headers, as in HTTP/0.9": Fault(says(b"<p>hello</p>\n\n", then="closes"), told.NOT_HTTP),
    "chunks of no length": Fault(
        says(head(200, {"transfer-encoding": "chunked"}) + b"zz\r\n", then="closes"), told.NOT_HTTP
    ),
    "headers without end": Fault(
        forever(lambda _: b"HTTP/1.1 200 OK\r\n", lambda _: b"x: " + b"y" * 1000 + b"\r\n"), told.NOT_HTTP
    ),
    "“go on” without end": Fault(
        forever(lambda _: b"", lambda _: b"HTTP/1.1 100 Continue\r\n\r\n"), told.NO_END
    ),
    "a line without end": Fault(
        forever(in_pieces, lambda _: chunk(b"data: " + b"x" * 60_000)),
        told.ENDLESS_LINE,
        but={"ollama": told.ENDLESS_JSON},
    ),
    "comments without end": Fault(
        forever(in_pieces, lambda wire: chunk(wire.server.speech.filler * 60)), told.TOO_MUCH
    ),
    "one byte after the other without end": Fault(
        forever(in_pieces, lambda wire: chunk(wire.server.speech.filler[:1])), told.NO_END
    ),
    "text without end": Fault(
        forever(
            lambda wire: in_pieces(wire) + chunk(b"".join(wire.server.speech.events)),
            lambda wire: chunk(wire.server.speech.more * 50),
        ),
        None,
    ),
    "another content type": Fault(
        streams(lambda wire: wire.server.speech.whole, content_type="text/plain"), None
    ),
    "a web page with status 200": Fault(says(answer(200, b"<!DOCTYPE html><p>hi", "text/html")), told.HTML),
    "JSON where a stream was asked for": Fault(
        says(answer(200, b'{"choices": [], "object": "chat.completion"}')),
        told.IN_ONE_PIECE,
        but=_IN_LINES,
    ),
    "an error with status 200": Fault(
        says(answer(200, b'{"error": {"message": "Model crashed", "code": 500}}')),
        told.ERROR_WITH_200,
        but=_IN_LINES,
    ),
    "an event that is not JSON": Fault(streams(lambda _: b"data: {oops\n\n"), told.NO_EVENT, but=_LLAMA),
    "an event of another shape": Fault(streams(lambda _: b"data: [1, 2]\n\n"), told.NO_EVENT, but=_LLAMA),
    "an empty answer": Fault(says(answer(200, b"", "text/event-stream")), told.CUT_OFF),
    "status 204": Fault(says(head(204, {})), told.NO_REPLY),
    "status 418": Fault(says(answer(418, b"{}")), told.refused(418, "", told.CHECK)),
    "gzip, though none was asked for": Fault(
        streams(lambda wire: compressed(wire.server.speech.whole), **_GZIP), None
    ),
    "gzip that is damaged": Fault(streams(lambda _: b"\x1f\x8b nonsense", **_GZIP), told.DAMAGED),
    "a compression that nobody knows": Fault(
        streams(lambda wire: wire.server.speech.whole, content_encoding="zstd"), told.DAMAGED
    ),
    "a gzip bomb": Fault(
        forever(lambda wire: in_pieces(wire, **_GZIP) + chunk(_BOMB[0]), lambda _: chunk(_BOMB[1])),
        told.TOO_MUCH,
    ),
    "fewer bytes than announced": Fault(
        says(answer(200, b"", "text/event-stream", content_length="99"), then="closes"), told.BROKE_OFF
    ),
    "more bytes than announced": Fault(
        says(answer(200, b"more", "text/event-stream", content_length="1")), told.CUT_OFF
    ),
}

_SMALLER = told.refused(
    400,
    ": Prompt contains 300000 tokens, too large for model with 131072 maximum context length",
    told.SMALLER,
)
_EXTRA = told.refused(422, ": body.store: Extra inputs are not permitted", told.CHECK)
_CAPACITY = "Service tier capacity exceeded for this model"

STATUSES = {
    "unauthorized": ("status 401", told.REFUSED_KEY),
    "unauthorized, older": ("status 401, as in 2025", told.REFUSED_KEY),
    "forbidden": ("status 403", told.DENIED),
    "unknown model": (
        "status 400: no such model",
        told.refused(400, ": Invalid model: codestral-1999", told.CHOOSE),
    ),
    "no FIM model": (
        "status 400: a model that fills no holes",
        told.refused(400, ": FIM is not enabled for this model", told.CHOOSE),
    ),
    "too long": ("status 400: too long", _SMALLER),
    "no route": (
        "status 404: no route",
        told.refused(404, ": no Route matched with those values", told.ADDRESS),
    ),
    "not found": ("status 404 without a word", told.refused(404, "", told.ADDRESS)),
    "extra field": ("status 422", _EXTRA),
    "extra field, older": ("status 422, as in 2025", _EXTRA),
    "rate limit": ("status 429", told.limits("Rate limit exceeded")),
    "rate limit, seconds": (
        "status 429 with seconds to wait",
        told.limits("Rate limit exceeded", 7),
    ),
    "rate limit, 2025": ("status 429, as in 2025", told.limits("Requests rate limit exceeded")),
    "rate limit, date": ("status 429 with a time gone by", told.limits("Rate limit exceeded")),
    "rate limit, a minute": ("status 429 with a limit a minute", told.limits("Rate limit exceeded")),
    "no balance, DeepSeek": ("status 402", told.UNPAID),
    "no quota, OpenAI": ("status 429: no quota", told.NO_QUOTA),
    "no tokens left this month": ("status 429: nothing left this month", told.USED_UP),
    "no allowance": ("status 429 with an allowance of zero", told.NO_ALLOWANCE),
    "capacity, 429": ("status 429: capacity", told.limits(_CAPACITY)),
    "capacity": ("status 503: capacity", told.cannot(503, _CAPACITY)),
    "html": ("status 502 with a web page", told.cannot(502)),
    "internal": ("status 500", told.cannot(500, "Internal server error")),
    "nested": ("status 500 in OpenAI's shape", told.cannot(500, "Worker crashed")),
    "redirect": ("a redirect to another name", told.ELSEWHERE),
}
"""By their names in `tests.upstream.errors`: what happens in words, and what is told."""

_REFUSALS = {
    **{words: Fault(plain(ERRORS[name]), said) for name, (words, said) in STATUSES.items()},
    "status 503 while loading": Fault(
        says(answer(503, b'{"error":{"code":503,"message":"Loading model","type":"unavailable_error"}}')),
        told.cannot(503, "Loading model"),
    ),
    "status 504": Fault(says(answer(504, b"upstream timed out", "text/plain")), told.cannot(504)),
    "status 529": Fault(says(answer(529, b"")), told.cannot(529)),
    "status 500 with a body without end": Fault(
        forever(lambda _: head(500, {"transfer-encoding": "chunked"}), lambda _: chunk(b"x" * 60_000)),
        told.cannot(500),
    ),
    "status 500 with a body that breaks off": Fault(
        says(answer(500, b"{", content_length="99"), then="resets"), told.cannot(500)
    ),
    "status 403 that repeats the key": Fault(
        says(answer(403, b'{"detail": "no access for ' + KEY.encode() + b'"}')), told.DENIED_WITHOUT_A_WORD
    ),
    "status 400 that repeats the request": Fault(echoes(400), told.refused(400, "", told.CHECK)),
    "a redirect to another port": Fault(to(lambda wire: wire.server.elsewhere), told.ELSEWHERE),
    "a redirect to itself": Fault(to(lambda wire: wire.asked), told.ELSEWHERE),
}


FAULTS: Mapping[str, Fault] = {**_SOCKETS, **_BREAKS, **_NONSENSE, **_REFUSALS}
"""By what the host does, in words that finish "the host answers with …" or stand alone."""
