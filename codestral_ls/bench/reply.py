"""What a stand-in for Mistral answers, as plain data, and the bytes that say it.

Shapes are those of `CompletionChunk` and `FIMCompletionResponse` in Mistral's OpenAPI description.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

END = "[DONE]"
_TOKEN = re.compile(r"\s*\w+|\s*[^\w\s]|\s+")
_CONTROL_TOKENS = 3


@dataclass(frozen=True)
class Reply:
    """A text, and how it is told.

    `latency` and `token_delay` are seconds, before the first byte and between two tokens; None leaves them to
    the server. After `sent` tokens (all, if None) comes the `ending`: "unmarked" is one without `[DONE]`, and
    "stall" says nothing more. `pack` makes writes of the events. `usage` and `extra` are added to what the
    last event and every event say. The host pads its events by a random length (`p`), and so does `padding`.
    """

    text: str
    latency: float | None = None
    token_delay: float | None = None
    ending: Literal["done", "unmarked", "cut", "reset", "stall"] = "done"
    sent: int | None = None
    pack: Callable[[Iterable[bytes]], Iterable[bytes]] = iter
    newline: str = "\n"
    comments: bool = False
    text_with_finish: bool = False
    content: Callable[[str], Any] = str
    finish: str | None = None
    padding: bool = True
    usage: Mapping[str, Any] = field(default_factory=dict)
    extra: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Plain:
    """An answer in one piece, such as an error; a `body` that is not bytes is sent as JSON."""

    status: int
    body: Any
    headers: Mapping[str, str] = field(default_factory=dict)
    latency: float = 0.0


def tokens(text: str) -> list[str]:
    """Our tokens: a word or a sign with the blanks before it. Joined they are the text again."""
    return _TOKEN.findall(text)


def prompt_tokens(body: Mapping[str, Any]) -> int:
    """What a request is counted as: its tokens, and one each for begin, suffix and prefix."""
    return len(tokens(body["prompt"])) + len(tokens(body.get("suffix") or "")) + _CONTROL_TOKENS


def limited(text: str, body: Mapping[str, Any]) -> tuple[str, str]:
    """The text under the request's `stop`, `min_tokens` and `max_tokens`, and the reason why it ends."""
    stops = body.get("stop") or []
    ends = [text.find(stop) for stop in ([stops] if isinstance(stops, str) else stops) if stop]
    pieces = tokens(text[: min((end for end in ends if end >= 0), default=len(text))])
    pieces += ["\n"] * ((body.get("min_tokens") or 0) - len(pieces))
    most = body.get("max_tokens")
    if most is not None and most < len(pieces):
        return "".join(pieces[:most]), "length"
    return "".join(pieces), "stop"


def usage(text: str, finish: str, body: Mapping[str, Any]) -> dict[str, int]:
    """Token counts; the token that ends a finished reply is counted too."""
    prompt, completion = prompt_tokens(body), len(tokens(text)) + (finish == "stop")
    return {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}


def whole(reply: Reply, body: Mapping[str, Any]) -> dict[str, Any]:
    """The answer to a request that does not ask for a stream."""
    text, finish = limited(reply.text, body)
    message = {"role": "assistant", "tool_calls": None, "content": reply.content(text)}
    choice = {"index": 0, "finish_reason": reply.finish or finish, "message": message}
    return _envelope("chat.completion", reply, body) | {
        "choices": [choice],
        "usage": usage(text, finish, body) | dict(reply.usage),
    }


def events(reply: Reply, body: Mapping[str, Any]) -> Iterator[bytes]:
    """The events of a stream: the role, each token, the finish, and the end mark."""
    text, finish = limited(reply.text, body)
    pieces = tokens(text)
    yield _event(reply, body, {"role": "assistant", "content": ""})
    last = pieces.pop() if reply.text_with_finish and pieces and reply.sent is None else ""
    for piece in pieces[: reply.sent]:
        yield _event(reply, body, {"content": reply.content(piece)})
    if reply.ending in ("done", "unmarked"):
        counts = usage(text, finish, body) | dict(reply.usage)
        yield _event(reply, body, {"content": reply.content(last)}, reply.finish or finish, {"usage": counts})
    if reply.ending == "done":
        yield framed(reply, END.encode())


def framed(reply: Reply, data: bytes) -> bytes:
    """The bytes of an event with this data."""
    newline = reply.newline.encode()
    comment = b": still here" + newline * 2 if reply.comments else b""
    return comment + b"data: " + data + newline * 2


def _event(
    reply: Reply,
    body: Mapping[str, Any],
    delta: Mapping[str, Any],
    finish: str | None = None,
    more: Mapping[str, Any] | None = None,
) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    content = _envelope("chat.completion.chunk", reply, body) | {"choices": [choice], **(more or {})}
    if reply.padding:
        content["p"] = "abcdefghijklmnop"[: 1 + len(str(delta)) % 16]
    return framed(reply, msgspec.json.encode(content))


def _envelope(kind: str, reply: Reply, body: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": f"{len(reply.text):032x}",
        "object": kind,
        "created": 1757437831,
        "model": body["model"],
        **reply.extra,
    }
