"""Answers that are no reply: what a status and an error body mean, as one sentence for the user.

A host's own words are quoted where they help, cut to one line, and never where they repeat what was sent:
an error text reaches logs and screens, source code and keys must not.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import msgspec

from codestral_ls.core.model import BadReply, BadRequest, ModelError, RateLimited, Unauthorized, Unavailable
from codestral_ls.providers.decoding import decode
from codestral_ls.providers.fields import refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

MAX_BODY = 64_000
"""Bytes of an error body that are read."""

_MAX_QUOTE = 240
_TELLING = 12
"""So many letters in a row of what was sent count as repeated; fewer are in any sentence."""

_NO_SENTENCE = ("{", "[", "<")
_ESCAPE = re.compile(r"\\(?:u[0-9a-fA-F]{4}|[nrt])")
_CODE = re.compile(r"[\w.-]{1,64}")
_BETWEEN = re.compile(r"[\W_]+")

_REFUSALS = (
    (
        ("context length", "context size", "too long", "too large"),
        "Set a smaller budget: the model cannot read so much.",
    ),
    (("model",), "Choose another model: one that fills in the middle."),
    (("route", "not found"), "Check base_url."),
)
"""What to do about a refused request, by what the host says of it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer with an error status. `headers` are looked up in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Words:
    """What the sentences about one host are made of.

    `unauthorized` says what to do about a refused key. `private` are the texts that were sent, and the key:
    nothing of them may be quoted.
    """

    host: str
    unauthorized: str
    private: tuple[str, ...] = ()


def to_error(answer: Answer, words: Words, now: float) -> ModelError:
    """The error that an answer means; `now` is the wall clock in seconds, for dates in `Retry-After`."""
    said = human_message(answer.body)
    quote = quotable(said, words.private)
    match answer.status:
        case 401:
            return Unauthorized(f"The key was refused by {words.host}. {words.unauthorized}".rstrip())
        case 402:
            return Unauthorized(f"{words.host} wants to be paid{_colon(quote)}. Check the account's balance.")
        case 403:
            return Unauthorized(
                f"{words.host} denies access{_colon(quote)}. Check the key's plan and permissions."
            )
        case 429:
            return _limited(answer, words, quote, now)
        case 408 | 425 | 500 | 502 | 503 | 504 | 520 | 521 | 522 | 523 | 524 | 529:
            problem = f"{words.host} cannot answer now (status {answer.status}{_comma(quote)})."
            return Unavailable(f"{problem} Completions return when it does.")
        case status if 400 <= status < 600:
            problem = f"{words.host} refused the request (status {status}){_colon(quote)}."
            return BadRequest(f"{problem} {_advice(_sentence(said), status)}", status, refused(said or ""))
        case status if 300 <= status < 400:
            problem = f"{words.host} redirects elsewhere (status {status}), where no key may follow."
            return BadRequest(f"{problem} Check base_url.", status)
        case status:
            return BadReply(
                f"{words.host} answered with status {status}, which no model's host does. Check base_url."
            )


def human_message(body: bytes) -> str | None:
    """What the host has to say, best place first, in every shape that was seen; None if it says nothing.

    The value that was refused (`detail[].input`) is never part of it.
    """
    try:
        content = decode(body, object)
    except msgspec.DecodeError:
        return None
    return next((found for found in _candidates(content) if found), None)


def error_code(body: bytes) -> str | None:
    """The host's own number or name for an error, for the log."""
    try:
        content = decode(body, object)
    except msgspec.DecodeError:
        return None
    if isinstance(content, dict) and isinstance(content.get("error"), dict):
        content = content["error"]
    code = content.get("code") or content.get("type") if isinstance(content, dict) else None
    return code if isinstance(code, str) else None


def loggable(code: str | None, private: tuple[str, ...]) -> str | None:
    """A number or name of the host's; None where it is like none, or repeats some of what was sent."""
    return code if code and _CODE.fullmatch(code) and quotable(code, private) else None


def quotable(message: str | None, private: tuple[str, ...] = ()) -> str | None:
    """The first line of a host's message, unless it repeats some of what was sent, or is no sentence.

    Letters alone are compared: a host that repeats a text may have cut, escaped or wrapped it.
    """
    line = _sentence(message)
    letters = _letters(line)
    pieces = {letters[at : at + _TELLING] for at in range(len(letters) - _TELLING + 1)}
    sent = [_letters(text) for text in private]
    return None if any(piece in text for piece in pieces for text in sent) else line or None


def retry_after(headers: Mapping[str, str], now: float) -> float | None:
    """Seconds to wait, from either form of `Retry-After`; None if it is absent or cannot be understood."""
    value = headers.get("retry-after", "").strip()
    if re.fullmatch(r"\d{1,9}(\.\d+)?", value):
        return float(value)
    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - now)
    except (ValueError, OverflowError):
        return None


def _limited(answer: Answer, words: Words, quote: str | None, now: float) -> ModelError:
    # Zeros are a plan without the model, or one that is used up: the host calls it "too many", but no
    # waiting will do.
    per_minute = _count(answer.headers, "x-ratelimit-limit-req-minute")
    if per_minute == 0:
        return Unauthorized(
            f"The key has no allowance for this model at {words.host}, and waiting will not help. "
            "Choose another model or plan."
        )
    if error_code(answer.body) == "insufficient_quota":
        return Unauthorized(
            f"The account's quota at {words.host} is used up. Check its plan, or use another model."
        )
    if _count(answer.headers, "x-ratelimit-remaining-tokens-month") == 0:
        return Unauthorized(
            f"The key's allowance at {words.host} is used up for this month. Choose another model or plan."
        )
    seconds = retry_after(answer.headers, now)
    when = f"in {seconds:.0f} s" if seconds else "soon"
    return RateLimited(
        f"{words.host} limits this key's requests{_colon(quote)}. Completions return {when}.",
        seconds,
        60 / per_minute if per_minute else 0.0,
    )


def _count(headers: Mapping[str, str], name: str) -> int | None:
    value = headers.get(name, "").strip()
    return int(value) if re.fullmatch(r"[0-9]{1,15}", value) else None


def _advice(sentence: str, status: int) -> str:
    said = (sentence or ("not found" if status == 404 else "")).lower()
    fitting = (advice for signs, advice in _REFUSALS if any(sign in said for sign in signs))
    return next(fitting, "The same request will be refused again; check the settings.")


def _candidates(content: object) -> Iterator[str | None]:
    """Every place where a message may stand, best first."""
    if not isinstance(content, dict):
        return
    error, message, detail = content.get("error"), content.get("message"), content.get("detail")
    yield _text(error.get("message")) if isinstance(error, dict) else _text(error)
    yield _text(message)
    if isinstance(message, dict):
        yield _detail(message.get("detail"))
    yield _detail(detail)


def _detail(detail: object) -> str | None:
    match detail:
        case str():
            return _text(detail)
        case [{"msg": str(message), **rest}, *_]:
            return f"{_location(rest.get('loc'))}{message}"
    return None


def _location(parts: object) -> str:
    """The path of the refused field, in names of the protocol."""
    names = [str(part) for part in parts if isinstance(part, (str, int))] if isinstance(parts, list) else []
    return f"{'.'.join(names)}: " if names else ""


def _text(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    # Ollama hands on what llama.cpp's server said to it: an error's JSON, as the text of its own.
    return (value.startswith("{") and human_message(value.encode())) or value


def _sentence(message: str | None) -> str:
    line = (message or "").strip().partition("\n")[0].strip().rstrip(".")[:_MAX_QUOTE]
    # It goes to terminals, to which other signs may be commands.
    line = "".join(sign if sign.isprintable() else " " for sign in line).strip()
    return "" if line.startswith(_NO_SENTENCE) else line


def _letters(text: str) -> str:
    return _BETWEEN.sub("", _ESCAPE.sub("", text))


def _colon(quote: str | None) -> str:
    return f": {quote}" if quote else ""


def _comma(quote: str | None) -> str:
    return f", {quote}" if quote else ""
