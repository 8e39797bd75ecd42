"""What the engine asks of a language model, and what can go wrong.

ModelError
├── NotAllowed        the user's own rules keep code from there: nothing will change by itself
├── Unauthorized      the key is missing, refused, or has no allowance: nothing will change by itself
├── RateLimited       too many requests; try again after `retry_after` seconds
├── Unavailable       overloaded, still loading, cut off: may pass by itself
│   └── Unreachable   no connection came about
├── BadRequest        the request itself was refused: asking again with the same body is useless
└── BadReply          the answer cannot be understood
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from codestral_ls.core.privacy import SafeText

Finish = Literal["stop", "length", "error"]

ChatFeature = Literal["schema", "prefix", "prediction"]
"""What some hosts take beside messages: see `ChatRequest`."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A piece of another file of the project, by its path there."""

    path: SafeText
    text: SafeText


@dataclass(frozen=True, slots=True)
class FimRequest:
    """A hole to fill: the text between `prefix + typed` and `suffix`.

    `typed` is what stands on the cursor's line before the cursor. It is apart from `prefix` so that a model
    which continues its own middle can keep everything else in its cache while a line is typed; every other
    model is sent `prefix + typed` as one text. `snippets` of other files go before it, the most useful last,
    as the model's family wants them; `path` is that of the file with the hole in the project, where known.
    `cache_key` is the same for requests that begin alike.
    """

    prefix: SafeText
    typed: SafeText
    suffix: SafeText
    max_tokens: int
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    seed: int | None = None
    cache_key: str = ""
    snippets: tuple[Snippet, ...] = ()
    path: SafeText | None = None

    @property
    def texts(self) -> tuple[str, ...]:
        """The user's texts in it, which no error may repeat."""
        return (self.prefix, self.typed, self.suffix, *(snippet.text for snippet in self.snippets))


@dataclass(frozen=True, slots=True)
class ToolCall:
    """A function that the model wants called. `arguments` is the JSON text as the model wrote it."""

    id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may want called; `parameters` is a JSON schema."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. An assistant's may hold `calls`; a tool's says which call it answers."""

    role: Literal["system", "user", "assistant", "tool"]
    text: SafeText
    calls: tuple[ToolCall, ...] = ()
    call_id: str = ""


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """A conversation to continue. A last message of the assistant is continued where the host can.

    `schema` is a JSON schema that the reply has to satisfy, `prediction` the text that most of it repeats; a
    host that knows neither is sent neither.
    """

    messages: tuple[Message, ...]
    max_tokens: int
    temperature: float = 0.0
    stop: tuple[str, ...] = ()
    tools: tuple[Tool, ...] = ()
    schema: Mapping[str, Any] | None = None
    prediction: SafeText | None = None
    cache_key: str = ""

    @property
    def texts(self) -> tuple[str, ...]:
        """The user's texts in it, which no error may repeat."""
        said = (message.text for message in self.messages)
        calls = (call.arguments for message in self.messages for call in message.calls)
        return (*said, *calls, self.prediction or "")


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens as the host counted them; `cached` are those of `prompt` it did not compute again."""

    prompt: int
    completion: int
    cached: int = 0


@dataclass(frozen=True, slots=True)
class Chunk:
    """A piece of a streamed reply.

    `logprob` is the sum of the natural log-probabilities of the tokens in `text`, where the model tells.
    `finish` is set once, on the last chunk, which may carry text as well. A stream that ends without it was
    cut off. `calls` are whole: they come on the last chunk.
    """

    text: str
    finish: Finish | None = None
    usage: Usage | None = None
    logprob: float | None = None
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class Profile:
    """What the engine must know of a model to use it well; how to reach it is the provider's business.

    `label` is for people ("codestral-latest at codestral.mistral.ai"), `identity` tells caches apart. `model`
    is its bare name, by which prices are found; `host` is where code goes, empty if to a process of ours.
    `degraded` says in a few words why it fills holes less well than it could, empty if it does not.
    `streams` is how many requests may run at once. `prefix_tokens` and `suffix_tokens` are the budget that
    suits the model. Below `min_logprob`, the sum over the shown text, an automatic suggestion is not shown.
    `window` is how many tokens a conversation and its reply may have, 0 where that is not known; `features`
    are what the model takes when it is talked to.
    """

    identity: str
    label: str
    model: str = ""
    host: str = ""
    degraded: str = ""
    fills: bool = True
    streams: int = 2
    prefix_tokens: int = 1500
    suffix_tokens: int = 375
    max_lines: int = 12
    min_logprob: float | None = None
    window: int = 0
    features: frozenset[ChatFeature] = frozenset()


class Model(Protocol):
    """A completion model. `fim` yields the reply as it comes; closing it ends the request at once."""

    @property
    def profile(self) -> Profile: ...

    def fim(self, request: FimRequest) -> AsyncGenerator[Chunk, None]:
        """Fill the hole. Raises a `ModelError` on the first iteration or later."""
        ...

    async def warm(self) -> None:
        """Do now what would make the first request slow: connect, load weights. Raises a `ModelError`."""
        ...

    async def aclose(self) -> None: ...


class ChatModel(Model, Protocol):
    """A model that can also be talked to. `chat` yields and ends like `fim`."""

    def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """Continue the conversation. Raises a `ModelError` on the first iteration or later."""
        ...


class ModelError(Exception):
    """One sentence for the user: what happened, why, and what to do. It never holds source code or a key."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotAllowed(ModelError):
    """The user's own rules keep code from going there. No request was sent, no name was looked up."""


class Unauthorized(ModelError):
    """The key is missing, refused, or has no allowance for the model. Waiting will not help."""


class RateLimited(ModelError):
    """Too many requests. `retry_after` is in seconds, where the host told; `pace` is the seconds from one
    request to the next that its limit allows, 0 where that is not known."""

    def __init__(self, message: str, retry_after: float | None = None, pace: float = 0.0) -> None:
        super().__init__(message)
        self.retry_after = retry_after
        self.pace = pace


class Unavailable(ModelError):
    """Overloaded, loading, cut off in the middle, or not reached at all: may pass by itself."""


class Unreachable(Unavailable):
    """No connection came about: the host is down, or the network is."""


class BadRequest(ModelError):
    """The host refused the request itself. The same body will be refused again. `status` is HTTP's, 0 where
    nothing was sent; `fields` are those of the protocol that the host named and can be spared."""

    def __init__(self, message: str, status: int = 0, fields: frozenset[str] = frozenset()) -> None:
        super().__init__(message)
        self.status = status
        self.fields = fields


class BadReply(ModelError):
    """The host answered with something that cannot be understood."""
