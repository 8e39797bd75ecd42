"""What a model costs: by the settings, else by the price list of its host."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from msgspec.structs import replace

from codestral_ls.core.budget import money
from codestral_ls.core.config import Price
from codestral_ls.core.privacy import REGIONS, is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codestral_ls.core.model import Usage

_DOCS: Final = "Mistral's documentation of August 2026"
_CACHED_SHARE: Final = 0.1

# Dollars for a million tokens in and out, by name. A name that is not here is no guess away from one that is:
# the next Codestral may cost something else.
_MISTRAL: Final[Mapping[str, Price]] = {
    name: Price(input=dollars_in, output=dollars_out, source=_DOCS)
    for names, dollars_in, dollars_out in (
        ("codestral-latest codestral-2508", 0.30, 0.90),
        ("mistral-small-latest mistral-small-2603", 0.15, 0.60),
        ("mistral-medium-latest mistral-medium-3-5", 1.50, 7.50),
        ("mistral-large-latest mistral-large-2512", 0.50, 1.50),
        ("ministral-3b-latest ministral-3b-2512", 0.10, 0.10),
        ("ministral-8b-latest ministral-8b-2512", 0.15, 0.15),
        ("ministral-14b-latest ministral-14b-2512", 0.20, 0.20),
        ("zai-glm-5-2", 1.40, 4.40),
    )
    for name in names.split()
}

_SURCHARGE: Final = "to which this host adds a surcharge that is not published"
_REMARKS: Final[Mapping[str, str]] = {
    "api.eu.mistral.ai": _SURCHARGE,
    "api.us.mistral.ai": _SURCHARGE,
    "codestral.mistral.ai": "which names no other price for this host",
}

FREE: Final = Price(input=0.0, output=0.0, source="it runs on this machine")


def price_of(host: str, model: str, table: Mapping[str, Price]) -> Price | None:
    """The price in a settings' table, by `host/model` or by model; else the known one. None: nobody knows.

    `host` is empty for a process of ours. A server on this machine costs nothing, unless the table says so:
    it may be a relay.
    """
    if price := table.get(f"{host}/{model}") or table.get(model):
        return price if price.source else replace(price, source="budget.prices")
    if not host or is_loopback(host):
        return FREE
    listed = _MISTRAL.get(model) if host in REGIONS else None
    remark = _REMARKS.get(host)
    return replace(listed, source=f"{listed.source}, {remark}") if listed and remark else listed


def cost(price: Price, usage: Usage) -> float:
    """US dollars for a request. What a host counts below nothing gives no money back."""
    prompt, completion = max(usage.prompt, 0), max(usage.completion, 0)
    cached = min(max(usage.cached, 0), prompt)
    dollars = (prompt - cached) * price.input + cached * _cached(price) + completion * price.output
    return dollars / 1e6


def is_free(price: Price) -> bool:
    return not (price.input or price.output or price.cached)


def describe(host: str, model: str, price: Price | None) -> str:
    """A price and where it is from, as a sentence for the user."""
    product = f"{model} at {host}" if host else model
    if price is None:
        return f"The price of {product} is not known: give it in budget.prices."
    if is_free(price):
        return f"{product} costs nothing ({price.source})."
    figures = f"{money(price.input)} in, {money(_cached(price))} cached, {money(price.output)} out"
    return f"A million tokens of {product}: {figures} ({price.source})."


def _cached(price: Price) -> float:
    """Where the price has no figure for cached input, it is a tenth: Mistral's."""
    return price.input * _CACHED_SHARE if price.cached is None else price.cached
