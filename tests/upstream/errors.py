"""The error answers that clients of Mistral have met, by name. Texts are the host's; values are made up."""

from __future__ import annotations

from codestral_ls.bench.reply import Plain

SECRET = "def secret_of_the_user(): ..."
"""Stands where a host echoes the value it refuses; it must appear nowhere."""


def coded(status: int, message: object, kind: str, code: str | None, **headers: str) -> Plain:
    """The documented envelope."""
    content = {"object": "error", "message": message, "type": kind, "param": None, "code": code}
    return Plain(status, content, headers)


def invalid_model(model: str) -> Plain:
    return coded(400, f"Invalid model: {model}", "invalid_model", "1500")


def too_long(counted: int, most: int) -> Plain:
    text = f"Prompt contains {counted} tokens, too large for model with {most} maximum context length"
    return coded(400, text, "invalid_request_error", None)


def invalid(faults: list[dict[str, object]], *, older: bool) -> Plain:
    if older:
        return coded(422, {"detail": faults}, "invalid_request_error", None)
    return Plain(422, {"detail": faults})


UNAUTHORIZED = {
    False: Plain(401, {"detail": "Unauthorized"}),
    True: Plain(401, {"message": "Unauthorized", "request_id": "0123456789abcdef"}),
}
NOT_FIM = coded(400, "FIM is not enabled for this model", "invalid_request_invalid_args", "3051")
CAPACITY = coded(503, "Service tier capacity exceeded for this model.", "invalid_request_error", None)
_FAULT = {"type": "extra_forbidden", "loc": ["body", "store"], "msg": "Extra inputs are not permitted"}
_HTML = b"<!DOCTYPE html><html><head><title>502 Bad Gateway</title></head><body>cloud</body></html>"

ERRORS: dict[str, Plain] = {
    "unauthorized": UNAUTHORIZED[False],
    "unauthorized, older": UNAUTHORIZED[True],
    "forbidden": Plain(403, {"detail": "Model not available on your plan."}),
    "unknown model": invalid_model("codestral-1999"),
    "no FIM model": NOT_FIM,
    "too long": too_long(300_000, 131_072),
    "no route": Plain(404, {"message": "no Route matched with those values"}),
    "not found": Plain(404, b""),
    "extra field": invalid([{**_FAULT, "input": SECRET}], older=False),
    "extra field, older": invalid([{**_FAULT, "input": SECRET}], older=True),
    "rate limit": coded(429, "Rate limit exceeded", "rate_limited", "1300"),
    "rate limit, seconds": coded(429, "Rate limit exceeded", "rate_limited", "1300", **{"retry-after": "7"}),
    "rate limit, date": coded(
        429, "Rate limit exceeded", "rate_limited", "1300", **{"retry-after": "Thu, 01 Jan 1970 00:01:40 GMT"}
    ),
    "rate limit, 2025": Plain(429, {"message": "Requests rate limit exceeded"}),
    "no allowance": coded(
        429, "Rate limit exceeded", "rate_limited", "1300", **{"x-ratelimit-limit-req-minute": "0"}
    ),
    "no tokens left this month": coded(
        429, "Rate limit exceeded", "rate_limited", "1300", **{"x-ratelimit-remaining-tokens-month": "0"}
    ),
    "rate limit, a minute": coded(
        429, "Rate limit exceeded", "rate_limited", "1300", **{"x-ratelimit-limit-req-minute": "60"}
    ),
    "capacity, 429": coded(
        429, "Service tier capacity exceeded for this model.", "invalid_request_error", None
    ),
    "capacity": CAPACITY,
    "no quota, OpenAI": Plain(
        429,
        {
            "error": {
                "message": "You exceeded your current quota, please check your plan.",
                "type": "insufficient_quota",
                "param": None,
                "code": "insufficient_quota",
            }
        },
    ),
    "no balance, DeepSeek": Plain(
        402, {"error": {"message": "Insufficient Balance", "type": "unknown_error"}}
    ),
    "html": Plain(502, _HTML),
    "internal": coded(500, "Internal server error", "internal_server_error", "1000"),
    "nested": Plain(500, {"error": {"message": "Worker crashed", "type": "server_error"}}),
    "redirect": Plain(307, b"", {"location": "https://elsewhere.example/v1"}),
}
