"""Replies as OpenAI's protocol tells them, on `/chat/completions` and `/completions`.

Shapes are those of OpenAI's API reference; what differs from host to host is in `Telling` and `ChatReply`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from codestral_ls.bench.reply import END, Reply, framed, limited, tokens, usage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from codestral_ls.core.model import ToolCall

Body = dict[str, Any]


@dataclass(frozen=True)
class ChatReply(Reply):
    """A reply that may think and call functions as well.

    `pieces` is in how many events a call's arguments come, `objects` that they come as objects, in one.
    """

    calls: tuple[ToolCall, ...] = ()
    pieces: int = 1
    objects: bool = False
    thoughts: str = ""
    reasoning: str = ""


@dataclass(frozen=True)
class Telling:
    """How a host tells. `usage_apart`: in an event of its own, if asked. `texts`: it completes a prompt."""

    usage_apart: bool = True
    texts: bool = False


def whole(reply: Reply, body: Body, telling: Telling) -> Body:
    """The answer to a request that does not ask for a stream."""
    text, finish = limited(reply.text, _limits(body))
    return _envelope(body, telling, chunk=False) | {
        "choices": [
            _choice(_spoken(reply, text) if telling.texts else _message(reply, text), _end(reply, finish))
        ],
        "usage": usage(text, finish, _counted(body)) | dict(reply.usage),
    }


def events(reply: Reply, body: Body, telling: Telling) -> Iterator[bytes]:
    """The events of a stream: the role, thoughts, each token, the calls, the finish, the usage, the end."""
    text, finish = limited(reply.text, _limits(body))
    for content in (*_deltas(reply, text, telling), *_endings(reply, text, finish, body, telling)):
        yield framed(reply, msgspec.json.encode(_envelope(body, telling) | dict(reply.extra) | content))
    if reply.ending == "done":
        yield framed(reply, END.encode())


def texts_of(body: Body) -> str:
    """What is asked, as one text."""
    said = (message.get("content") or "" for message in body.get("messages", ()))
    return body.get("prompt", "") + "".join(said)


def _deltas(reply: Reply, text: str, telling: Telling) -> Iterator[Body]:
    pieces = tokens(text)
    if reply.text_with_finish and pieces:
        pieces.pop()
    if not telling.texts:
        yield _told({"role": "assistant", "content": ""})
    if isinstance(reply, ChatReply):
        yield from _thoughts(reply)
    for piece in pieces[: reply.sent]:
        yield (
            {"choices": [_choice(_spoken(reply, piece))]}
            if telling.texts
            else _told(_spoken_delta(reply, piece))
        )
    if isinstance(reply, ChatReply):
        yield from _calls(reply)


def _endings(reply: Reply, text: str, finish: str, body: Body, telling: Telling) -> Iterator[Body]:
    if reply.ending not in ("done", "unmarked"):
        return
    last = tokens(text)[-1] if reply.text_with_finish and text else ""
    content = _spoken(reply, last) if telling.texts else {"delta": _spoken_delta(reply, last)}
    event: Body = {"choices": [_choice(content, _end(reply, finish))]}
    counts = usage(text, finish, _counted(body)) | dict(reply.usage)
    if not telling.usage_apart:
        yield event | {"usage": counts}
        return
    yield event
    if (body.get("stream_options") or {}).get("include_usage"):
        yield {"choices": [], "usage": counts}


def _thoughts(reply: ChatReply) -> Iterator[Body]:
    for piece in tokens(reply.thoughts):
        yield _told({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": piece}]}]})
    for piece in tokens(reply.reasoning):
        yield _told({"content": None, "reasoning_content": piece})


def _calls(reply: ChatReply) -> Iterator[Body]:
    for index, call in enumerate(reply.calls):
        size = -(-len(call.arguments) // reply.pieces)
        parts = [call.arguments[at : at + size] for at in range(0, len(call.arguments), size)]
        for number, part in enumerate(parts):
            given = msgspec.json.decode(call.arguments) if reply.objects else part
            head = {"id": call.id, "type": "function"} if number == 0 else {}
            name = call.name if number == 0 else ""
            yield _told(
                {"tool_calls": [{"index": index, **head, "function": {"name": name, "arguments": given}}]}
            )


def _told(delta: Mapping[str, Any]) -> Body:
    return {"choices": [_choice({"delta": delta})]}


def _spoken(reply: Reply, text: str) -> Body:
    return {"text": text, "logprobs": None}


def _spoken_delta(reply: Reply, text: str) -> Body:
    return {"content": reply.content(text)}


def _message(reply: Reply, text: str) -> Body:
    message: Body = {"role": "assistant", "content": reply.content(text)}
    if isinstance(reply, ChatReply) and reply.calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in reply.calls
        ]
    return {"message": message}


def _choice(content: Body, finish: str | None = None) -> Body:
    return {"index": 0, "finish_reason": finish, **content}


def _end(reply: Reply, finish: str) -> str:
    return reply.finish or ("tool_calls" if isinstance(reply, ChatReply) and reply.calls else finish)


def _envelope(body: Body, telling: Telling, *, chunk: bool = True) -> Body:
    kind = "text_completion" if telling.texts else f"chat.completion{'.chunk' if chunk else ''}"
    return {"id": "cmpl-0", "object": kind, "created": 1757437831, "model": body["model"]}


def _counted(body: Body) -> Body:
    return body | {"prompt": texts_of(body)}


def _limits(body: Body) -> Body:
    return {"max_tokens": body.get("max_completion_tokens"), **body}
