"""The wire format of llama.cpp's `/completion` and `/infill`, as its `tools/server/README.md` has it.

An answer is held by a grammar to begin with the head of the token that the cursor stands in (`heal`), which
is then taken off again. A grammar costs nothing measurable while the drawn token satisfies it: it is asked
only after the draw.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import msgspec

from codestral_ls.core.model import BadReply, Chunk, Finish, Usage
from codestral_ls.core.template import PREFIX_ONLY
from codestral_ls.providers.decoding import Count, decode
from codestral_ls.providers.errors import human_message

if TYPE_CHECKING:
    from collections.abc import Callable

    from codestral_ls.core.model import FimRequest, ModelError

FIELDS = ("content", "stop", "stop_type", "tokens_evaluated", "tokens_predicted", "timings/cache_n")
_FINISHES: dict[str, Finish] = {"limit": "length"}

_HEAD_TOKENS = 3
_RIVALS = 24
"""Of how many likely tokens the log-probabilities are asked, where one among them had to be taken."""


_BATCH = 2048
"""Tokens that the server reads at a time unless told otherwise; it does not say."""


def parameters(request: FimRequest, head: str, stops: tuple[str, ...], *, whole_line: bool) -> dict[str, Any]:
    """Everything but the prompt; `head` is what the answer must begin with. A model that sees only the prefix
    would often end the line instead of completing it, unless the `whole_line` is asked of it.

    The log-probabilities cost less than 1 ms a token.
    """
    fields: dict[str, Any] = {
        "n_predict": request.max_tokens + (_HEAD_TOKENS if head else 0),
        "temperature": request.temperature,
        "stop": list(dict.fromkeys((*request.stop, *stops))),
        "n_probs": _RIVALS if head else 1,
        "cache_prompt": True,
        "stream": True,
        "response_fields": FIELDS,
    }
    if request.seed is not None:
        fields["seed"] = request.seed
    if grammar := _grammar(head, whole_line=whole_line):
        fields["grammar"] = grammar
    return fields


def infill_fields(request: FimRequest, typed: str, context: int) -> dict[str, Any]:
    """A prompt for `/infill`. What was typed ends the prefix: as `prompt` the server would put it there too,
    but take a control token's name in it for the token.

    Other files go by themselves where the server has room for them. It leaves them out without a word where
    its context is no larger than what it reads at a time; there they stand in the prefix, as comments say.
    """
    prefix = request.prefix + typed
    files = request.snippets
    if context > _BATCH + 2 * request.max_tokens:
        extra = [{"filename": file.path, "text": file.text} for file in files]
        return {"input_prefix": prefix, "input_suffix": request.suffix, "input_extra": extra}
    pieces = PREFIX_ONLY.render(prefix, "", snippets=files, path=request.path or "")
    return {"input_prefix": "".join(piece.text for piece in pieces), "input_suffix": request.suffix}


class Reply:
    """Turns events into chunks: without the head, and with the log-probabilities of what is in the text.

    `broken_off` makes the error of what the server says when it cannot go on.
    """

    def __init__(self, head: str, broken_off: Callable[[str], ModelError]) -> None:
        self._broken_off = broken_off
        self._head = head  # What must still be produced, by tokens.
        self._unsent = len(head)  # What must still be taken off the text, which may lag behind.
        self._logprob = 0.0

    def read(self, data: str) -> Chunk | None:
        """The chunk that an event's data makes; None if it adds no text. Raises a `ModelError`."""
        event = _decoded(data)
        if event.error is not None:
            raise self._broken_off(human_message(data.encode()) or "")
        for token in event.completion_probabilities:
            self._logprob += self._take(token)
        text = event.content[self._unsent :]
        self._unsent -= len(event.content) - len(text)
        if not text and not event.stop:
            return None
        # Of tokens without text, such as the one that ends the line, the probability is left out.
        logprob, self._logprob = (self._logprob if text else None), 0.0
        if not event.stop:
            return Chunk(text, logprob=logprob)
        usage = Usage(event.tokens_evaluated, event.tokens_predicted, event.cached)
        return Chunk(text, _FINISHES.get(event.stop_type, "stop"), usage, logprob)

    def _take(self, token: _Token) -> float:
        """The token's log-probability; among those that fit the head, while that is not yet produced."""
        if not self._head:
            return token.logprob
        text = next((rival.token for rival in token.top_logprobs if rival.id == token.id), token.token)
        fitting = [rival.logprob for rival in token.top_logprobs if _fits(rival.token, self._head)]
        self._head = self._head[len(text) :]
        total = sum(math.exp(logprob) for logprob in fitting)
        return token.logprob - math.log(max(total, math.exp(token.logprob), 1e-30))


class _Rival(msgspec.Struct):
    id: int = -1
    token: str = ""
    logprob: float = 0.0


class _Token(_Rival):
    top_logprobs: list[_Rival] = []


class _Event(msgspec.Struct):
    content: str = ""
    stop: bool = False
    stop_type: str = "none"
    tokens_evaluated: Count = 0
    tokens_predicted: Count = 0
    cached: Count = msgspec.field(name="timings/cache_n", default=0)
    completion_probabilities: list[_Token] = []
    error: Any = None


def _grammar(head: str, *, whole_line: bool) -> str:
    """What an answer may be."""
    first = r"[^\n\r] " if whole_line else ""
    if not head and not first:
        return ""
    literal = "".join(f"\\{letter}" if letter in '"\\' else letter for letter in head.replace("\t", "\\t"))
    return f'root ::= "{literal}" {first}[\\x00-\\U0010FFFF]*'


def _fits(token: str, head: str) -> bool:
    return bool(token) and (token.startswith(head) or head.startswith(token))


def _decoded(data: str) -> _Event:
    try:
        return decode(data, _Event)
    except msgspec.MsgspecError:
        raise BadReply("The server's answer is not that of llama.cpp. Check base_url.") from None
