"""What a well host says, in each protocol: the bytes that the faults then cut, delay and spoil."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

SHOWN = "max(a, ä)"
"""The text that every one of them suggests. Of "ä" a fault may send half."""


@dataclass(frozen=True)
class Speech:
    """A protocol. `events` are those with text, `end` is what follows them, `more` an event that says too
    much, `filler` says nothing, and `broken` is how a host says in the middle that it cannot go on. `asides`
    is what it answers to requests other than completions, by path."""

    kind: str
    events: tuple[bytes, ...]
    end: tuple[bytes, ...]
    more: bytes
    broken: bytes
    filler: bytes
    asides: Mapping[str, object] = field(default_factory=dict)

    @property
    def whole(self) -> bytes:
        return b"".join((*self.events, *self.end))

    @property
    def half_event(self) -> bytes:
        """One event, and a second one up to the middle of a letter."""
        first, second, *_ = self.events
        return first + second[: second.index("ä".encode()) + 1]


def _json(content: object) -> bytes:
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _event(content: object) -> bytes:
    return b"data: " + _json(content) + b"\n\n"


def _line(content: object) -> bytes:
    return _json(content) + b"\n"


def _delta(text: str, finish: str | None = None) -> bytes:
    return _event({"choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}]})


def _choice(text: str, finish: str | None = None) -> bytes:
    return _event({"choices": [{"index": 0, "text": text, "finish_reason": finish}]})


_DONE = b"data: [DONE]\n\n"
_SAID = "out of memory"

MISTRAL = Speech(
    kind="text/event-stream",
    events=(_delta("max(a, "), _delta("ä)")),
    end=(_delta("", "stop"), _DONE),
    more=_delta("\nand so on"),
    broken=_event({"object": "error", "message": _SAID, "type": "internal", "code": "1000"}),
    filler=b": " + b"." * 1000 + b"\n\n",
    asides={"/v1/models": {"object": "list", "data": []}},
)

# The blank before the cursor is part of its first token, and comes again.
LLAMA = Speech(
    kind="text/event-stream",
    events=(
        _event({"index": 0, "content": " max(a, ", "stop": False}),
        _event({"index": 0, "content": "ä)", "stop": False}),
    ),
    end=(_event({"index": 0, "content": "", "stop": True, "stop_type": "eos"}),),
    more=_event({"index": 0, "content": "\nand so on", "stop": False}),
    broken=_event({"error": {"code": 500, "message": _SAID, "type": "server_error"}}),
    filler=MISTRAL.filler,
    asides={"/health": {"status": "ok"}},
)

OPENAI = Speech(
    kind="text/event-stream",
    events=(_choice("max(a, "), _choice("ä)")),
    end=(_choice("", "stop"), _DONE),
    more=_choice("\nand so on"),
    broken=_event({"error": {"message": _SAID, "type": "server_error", "param": None, "code": None}}),
    filler=MISTRAL.filler,
    asides={"/v1/models": {"object": "list", "data": [{"id": "qwen2.5-coder", "object": "model"}]}},
)

_GENERATED = {"model": "qwen2.5-coder:1.5b", "created_at": "2026-11-23T12:00:00Z"}

OLLAMA = Speech(
    kind="application/x-ndjson",
    events=(
        _line({**_GENERATED, "response": "max(a, ", "done": False}),
        _line({**_GENERATED, "response": "ä)", "done": False}),
    ),
    end=(_line({**_GENERATED, "response": "", "done": True, "done_reason": "stop"}),),
    more=_line({**_GENERATED, "response": "\nand so on", "done": False}),
    broken=_line({"error": _SAID}),
    filler=b" " * 1000 + b"\n",
    asides={
        "/api/version": {"version": "0.33.0"},
        "/api/show": {"capabilities": ["completion", "insert"], "model_info": {}},
        "/api/tags": {"models": []},
        "/api/generate": {**_GENERATED, "response": "", "done": True, "done_reason": "load"},
    },
)
