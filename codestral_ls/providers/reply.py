"""What is read from the events of a reply in OpenAI's protocol, in all the variants that were seen."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import msgspec

from codestral_ls.core.model import Finish, ToolCall, Usage
from codestral_ls.providers.decoding import Count, decode

if TYPE_CHECKING:
    from collections.abc import Mapping

_FINISHES: Final[Mapping[str, Finish]] = {
    "length": "length",
    "model_length": "length",
    "error": "error",
    "abort": "error",
    "content_filter": "error",
}


def event_of(data: str) -> Event:
    """The event in `data`. Raises `msgspec.DecodeError`."""
    return decode(data, Event)


class Reply:
    """What has been told so far beside the text."""

    def __init__(self) -> None:
        self.finish: Finish | None = None
        self.usage: Usage | None = None
        self._calls: list[_OpenCall] = []
        self._last: dict[int | None, _OpenCall] = {}

    def take(self, event: Event) -> str:
        """Note what an event says, and return its text."""
        self.usage = event.counted() or self.usage
        if not event.choices:
            return ""
        choice = event.choices[0]
        if choice.finish_reason:
            self.finish = _FINISHES.get(choice.finish_reason, "stop")
        for part in choice.delta.tool_calls or () if choice.delta else ():
            self._open(part).add(part)
        return choice.text or (choice.delta.text() if choice.delta else "")

    def calls(self) -> tuple[ToolCall, ...]:
        return tuple(call.whole(number) for number, call in enumerate(self._calls))

    def _open(self, part: _CallPart) -> _OpenCall:
        """The call that a part goes on with: of its number, unless it brings a name and another id. Some
        hosts give all calls one number, some give none."""
        # Looked up, since a host may send a hundred thousand calls.
        same = self._last.get(part.index)
        if same is None or (part.function.name and part.named not in ("", same.id)):
            same = self._last[part.index] = self._last[None] = _OpenCall(part.named)
            self._calls.append(same)
        return same


@dataclass(slots=True)
class _OpenCall:
    id: str
    name: str = ""
    pieces: list[str] = field(default_factory=list)

    def add(self, part: _CallPart) -> None:
        self.id = self.id or part.named
        self.name = self.name or part.function.name or ""
        given = part.function.arguments
        self.pieces.append(given if isinstance(given, str) else msgspec.json.encode(given or {}).decode())

    def whole(self, number: int) -> ToolCall:
        # Mistral takes ids of nine letters and digits only, if a host gave none.
        return ToolCall(self.id or f"call{number:05d}", self.name, "".join(self.pieces))


class _Part(msgspec.Struct):
    type: str = "text"
    text: str | None = None


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | dict[str, Any] | None = ""


class _CallPart(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function = msgspec.field(default_factory=_Function)

    @property
    def named(self) -> str:
        """The id. Mistral's own default for one is the word "null"."""
        return "" if self.id in (None, "null") else self.id or ""


class _Delta(msgspec.Struct):
    content: str | list[_Part] | None = None
    tool_calls: list[_CallPart] | None = None

    def text(self) -> str:
        if isinstance(self.content, list):
            return "".join(part.text or "" for part in self.content if part.type == "text")
        return self.content or ""


class _CachedTokens(msgspec.Struct):
    cached_tokens: Count | None = None


class _Usage(msgspec.Struct):
    """Counts, under every name for the cached ones: OpenAI's, Mistral's, DeepSeek's, Moonshot's."""

    prompt_tokens: Count | None = None
    completion_tokens: Count | None = None
    prompt_tokens_details: _CachedTokens | None = None
    num_cached_tokens: Count | None = None
    prompt_cache_hit_tokens: Count | None = None
    cached_tokens: Count | None = None

    def counted(self) -> Usage:
        details = self.prompt_tokens_details or _CachedTokens()
        places = (
            details.cached_tokens,
            self.num_cached_tokens,
            self.prompt_cache_hit_tokens,
            self.cached_tokens,
        )
        cached = next(filter(None, places), 0)
        return Usage(self.prompt_tokens or 0, self.completion_tokens or 0, cached)


class _Timings(msgspec.Struct):
    """Of llama.cpp: `prompt_n` are the tokens that it had to compute."""

    prompt_n: Count = 0
    predicted_n: Count = 0
    cache_n: Count = 0


class _Groq(msgspec.Struct):
    usage: _Usage | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    text: str | None = None
    finish_reason: str | None = None
    usage: _Usage | None = None


class Event(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    x_groq: _Groq | None = None
    timings: _Timings | None = None
    error: Any = None

    def counted(self) -> Usage | None:
        """The counts, wherever they stand."""
        if told := self.timings:
            return Usage(told.prompt_n + told.cache_n, told.predicted_n, told.cache_n)
        choice = self.choices[0].usage if self.choices else None
        found = self.usage or choice or (self.x_groq and self.x_groq.usage)
        return found.counted() if found else None
