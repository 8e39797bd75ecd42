"""Every error answer becomes one class and one sentence, with nothing of the user's in it."""

from __future__ import annotations

import msgspec
import pytest

from codestral_ls.core.model import BadReply, BadRequest, RateLimited, Unauthorized, Unavailable
from codestral_ls.providers.errors import Answer, Words, human_message, quotable, retry_after, to_error
from tests.upstream.errors import ERRORS, SECRET

WORDS = Words(
    "the.host", "Use another key.", private=("sk-the-secret-key", "first\n    total = compute(x)\n")
)
MINUTE_ONE = 60.0

TOLD = {
    "unauthorized": (Unauthorized, "The key was refused by the.host. Use another key."),
    "unauthorized, older": (Unauthorized, "The key was refused by the.host. Use another key."),
    "forbidden": (
        Unauthorized,
        "the.host denies access: Model not available on your plan. Check the key's plan and permissions.",
    ),
    "unknown model": (
        BadRequest,
        "the.host refused the request (status 400): Invalid model: codestral-1999. "
        "Choose another model: one that fills in the middle.",
    ),
    "no FIM model": (
        BadRequest,
        "the.host refused the request (status 400): FIM is not enabled for this model. "
        "Choose another model: one that fills in the middle.",
    ),
    "too long": (
        BadRequest,
        "the.host refused the request (status 400): Prompt contains 300000 tokens, too large for model with "
        "131072 maximum context length. Set a smaller budget: the model cannot read so much.",
    ),
    "no route": (
        BadRequest,
        "the.host refused the request (status 404): no Route matched with those values. Check base_url.",
    ),
    "not found": (BadRequest, "the.host refused the request (status 404). Check base_url."),
    "extra field": (
        BadRequest,
        "the.host refused the request (status 422): body.store: Extra inputs are not permitted. "
        "The same request will be refused again; check the settings.",
    ),
    "extra field, older": (
        BadRequest,
        "the.host refused the request (status 422): body.store: Extra inputs are not permitted. "
        "The same request will be refused again; check the settings.",
    ),
    "rate limit": (
        RateLimited,
        "the.host limits this key's requests: Rate limit exceeded. Completions return soon.",
    ),
    "rate limit, seconds": (
        RateLimited,
        "the.host limits this key's requests: Rate limit exceeded. Completions return in 7 s.",
    ),
    "rate limit, date": (
        RateLimited,
        "the.host limits this key's requests: Rate limit exceeded. Completions return in 40 s.",
    ),
    "rate limit, 2025": (
        RateLimited,
        "the.host limits this key's requests: Requests rate limit exceeded. Completions return soon.",
    ),
    "no allowance": (
        Unauthorized,
        "The key has no allowance for this model at the.host, and waiting will not help. "
        "Choose another model or plan.",
    ),
    "no quota, OpenAI": (
        Unauthorized,
        "The account's quota at the.host is used up. Check its plan, or use another model.",
    ),
    "no balance, DeepSeek": (
        Unauthorized,
        "the.host wants to be paid: Insufficient Balance. Check the account's balance.",
    ),
    "no tokens left this month": (
        Unauthorized,
        "The key's allowance at the.host is used up for this month. Choose another model or plan.",
    ),
    "rate limit, a minute": (
        RateLimited,
        "the.host limits this key's requests: Rate limit exceeded. Completions return soon.",
    ),
    "capacity, 429": (
        RateLimited,
        "the.host limits this key's requests: Service tier capacity exceeded for this model. "
        "Completions return soon.",
    ),
    "capacity": (
        Unavailable,
        "the.host cannot answer now (status 503, Service tier capacity exceeded for this model). "
        "Completions return when it does.",
    ),
    "html": (Unavailable, "the.host cannot answer now (status 502). Completions return when it does."),
    "internal": (
        Unavailable,
        "the.host cannot answer now (status 500, Internal server error). Completions return when it does.",
    ),
    "nested": (
        Unavailable,
        "the.host cannot answer now (status 500, Worker crashed). Completions return when it does.",
    ),
    "redirect": (
        BadRequest,
        "the.host redirects elsewhere (status 307), where no key may follow. Check base_url.",
    ),
}


def answer(name: str) -> Answer:
    plain = ERRORS[name]
    body = plain.body if isinstance(plain.body, bytes) else msgspec.json.encode(plain.body)
    return Answer(plain.status, plain.headers, body)


def test_every_error_is_told():
    assert TOLD.keys() == ERRORS.keys()


@pytest.mark.parametrize(("name", "told"), TOLD.items(), ids=TOLD)
def test_error(name, told):
    error = to_error(answer(name), WORDS, MINUTE_ONE)
    assert (type(error), error.message) == told
    assert SECRET not in repr(error)


PACES = {
    "12 a minute": ({"x-ratelimit-limit-req-minute": "12"}, (None, 5.0)),
    "the host tells when": ({"x-ratelimit-limit-req-minute": "12", "retry-after": "1"}, (1.0, 5.0)),
    "a month's tokens left": ({"x-ratelimit-remaining-tokens-month": "7"}, (None, 0.0)),
    "no number": ({"x-ratelimit-limit-req-minute": "many"}, (None, 0.0)),
    "a negative one": ({"x-ratelimit-limit-req-minute": "-1"}, (None, 0.0)),
    "nothing told": ({}, (None, 0.0)),
}


@pytest.mark.parametrize(("headers", "paces"), PACES.values(), ids=PACES)
def test_allowance_headers(headers, paces):
    error = to_error(Answer(429, headers, b""), WORDS, MINUTE_ONE)
    assert isinstance(error, RateLimited)
    assert (error.retry_after, error.pace) == paces


def test_a_status_that_is_no_error_and_no_reply():
    assert isinstance(to_error(Answer(204, {}, b""), WORDS, 0), BadReply)


WAITS = {
    "seconds": ("7", 7.0),
    "fraction": ("0.5", 0.5),
    "date": ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
    "date gone by": ("Thu, 01 Jan 1970 00:00:10 GMT", 0.0),
    "negative": ("-1", None),
    "words": ("soon", None),
    "absent": ("", None),
}


@pytest.mark.parametrize(("value", "seconds"), WAITS.values(), ids=WAITS)
def test_retry_after(value, seconds):
    assert retry_after({"retry-after": value}, MINUTE_ONE) == seconds


BODIES = {
    "error.message first": ({"error": {"message": "a"}, "message": "b"}, "a"),
    "error as text": ({"error": "a"}, "a"),
    "error in a text": ({"error": '{"error":{"code":400,"message":"a"}}'}, "a"),
    "a text that only begins so": ({"error": "{a"}, "{a"),
    "message": ({"message": "b", "detail": "c"}, "b"),
    "detail in message": ({"message": {"detail": "c"}, "detail": "d"}, "c"),
    "detail": ({"detail": "d"}, "d"),
    "detail without place": ({"detail": [{"msg": "m", "input": SECRET}]}, "m"),
    "detail of another kind": ({"detail": [1]}, None),
    "empty": ({}, None),
    "list": ([1], None),
    "number as message": ({"message": 3}, None),
}


@pytest.mark.parametrize(("body", "message"), BODIES.values(), ids=BODIES)
def test_human_message(body, message):
    assert human_message(msgspec.json.encode(body)) == message


QUOTES = {
    "one line": ("a\nb", "a"),
    "cut": ("x" * 999, "x" * 240),
    "the key": ("Incorrect API key provided: sk-the-secret-key", None),
    "the user's line": ("cannot parse 'total = compute(x)' here", None),
    "the user's line, escaped": ('near "total\\t=\\tcompute(x)"', None),
    "the half of the user's line": ("cannot parse total = compute", None),
    "the user's line, cut off": ("x" * 223 + " total = compute(x)", None),
    "the request itself": ('{"n_predict": 51, "stop": []}', None),
    "a short word of the user's": ("first things first", "first things first"),
    "nothing": (None, None),
    "blank": ("  \n", None),
}


@pytest.mark.parametrize(("message", "quote"), QUOTES.values(), ids=QUOTES)
def test_quotable(message, quote):
    assert quotable(message, WORDS.private) == quote
