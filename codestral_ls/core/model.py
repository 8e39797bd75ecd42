"""What the engine asks of a language model, and what can go wrong.

ModelError
├── Unauthorized      the key is missing, refused, or has no allowance: nothing will change by itself
├── RateLimited       too many requests; try again after `retry_after` seconds
├── Unavailable       no connection, overloaded, still loading, cut off: may pass by itself
├── BadRequest        the request itself was refused: asking again with the same body is useless
└── BadReply          the answer cannot be understood
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

    from codestral_ls.core.privacy import SafeText

Finish = Literal["stop", "length", "error"]


@dataclass(frozen=True, slots=True)
class FimRequest:
    """A hole to fill: the text between `prefix + typed` and `suffix`.

    `typed` is what stands on the cursor's line before the cursor. It is apart from `prefix` so that a model
    which continues its own middle can keep everything else in its cache while a line is typed; every other
    model is sent `prefix + typed` as one text. `cache_key` is the same for requests that begin alike.
    """

    prefix: SafeText
    typed: SafeText
    suffix: SafeText
    max_tokens: int
    stop: tuple[str, ...] = ()
    temperature: float = 0.0
    seed: int | None = None
    cache_key: str = ""


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
    cut off.
    """

    text: str
    finish: Finish | None = None
    usage: Usage | None = None
    logprob: float | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """What the engine must know of a model to use it well; how to reach it is the provider's business.

    `label` is for people ("codestral-latest at codestral.mistral.ai"), `identity` tells caches apart.
    `streams` is how many requests may run at once. `prefix_tokens` and `suffix_tokens` are the budget that
    suits the model. Below `min_logprob`, the sum over the shown text, an automatic suggestion is not shown.
    """

    identity: str
    label: str
    fills: bool = True
    streams: int = 2
    prefix_tokens: int = 1500
    suffix_tokens: int = 375
    max_lines: int = 12
    min_logprob: float | None = None


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


class ModelError(Exception):
    """One sentence for the user: what happened, why, and what to do. It never holds source code or a key."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class Unauthorized(ModelError):
    """The key is missing, refused, or has no allowance for the model. Waiting will not help."""


class RateLimited(ModelError):
    """Too many requests. `retry_after` is in seconds, where the host told."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Unavailable(ModelError):
    """No connection, overloaded, loading, or cut off in the middle: may pass by itself."""


class BadRequest(ModelError):
    """The host refused the request itself. The same body will be refused again."""


class BadReply(ModelError):
    """The host answered with something that cannot be understood."""
