"""Prices by settings, host and name, and what a request costs."""

import pytest

from codestral_ls.core.config import Price
from codestral_ls.core.model import Usage
from codestral_ls.core.prices import cost, describe, price_of

OWN = Price(input=7, output=8, source="our contract")
HERE = Price(input=1, output=2)
TABLE = {"relay.example/codestral-latest": OWN, "codestral-latest": HERE, "qwen": Price(input=0, output=0)}
DOCS = "Mistral's documentation of August 2026"


def check(found, figures, source):
    assert found is not None
    assert (found.input, found.output) == figures
    assert found.source == source


@pytest.mark.parametrize(
    ("host", "model", "table", "figures", "source"),
    [
        pytest.param("api.mistral.ai", "codestral-latest", {}, (0.3, 0.9), DOCS, id="published"),
        pytest.param("api.mistral.ai", "mistral-medium-latest", {}, (1.5, 7.5), DOCS, id="chat model"),
        pytest.param(
            "api.eu.mistral.ai",
            "codestral-2508",
            {},
            (0.3, 0.9),
            f"{DOCS}, to which this host adds a surcharge that is not published",
            id="surcharge",
        ),
        pytest.param("relay.example", "codestral-latest", TABLE, (7, 8), "our contract", id="host and model"),
        pytest.param("api.mistral.ai", "codestral-latest", TABLE, (1, 2), "budget.prices", id="model"),
        pytest.param("10.0.0.7", "qwen", TABLE, (0, 0), "budget.prices", id="own server"),
        pytest.param(
            "127.0.0.1", "codestral-latest", TABLE, (1, 2), "budget.prices", id="relay on this machine"
        ),
        pytest.param("localhost", "qwen2.5", {}, (0, 0), "it runs on this machine", id="this machine"),
        pytest.param("", "smollm2-135m", {}, (0, 0), "it runs on this machine", id="embedded"),
    ],
)
def test_prices(host, model, table, figures, source):
    check(price_of(host, model, table), figures, source)


@pytest.mark.parametrize(
    ("host", "model"),
    [
        ("relay.example", "codestral-latest"),
        ("127.evil.example", "qwen"),
        ("192.168.1.5", "qwen"),
        ("api.mistral.ai", "codestral-2612"),
    ],
)
def test_a_price_that_nobody_knows_is_none(host, model):
    assert price_of(host, model, {}) is None


@pytest.mark.parametrize(
    ("usage", "price", "dollars"),
    [
        pytest.param(Usage(1_000_000, 0), OWN, 7, id="in"),
        pytest.param(Usage(0, 1_000_000), OWN, 8, id="out"),
        pytest.param(Usage(-1_000_000, 1_000_000, -5), OWN, 8, id="less than nothing"),
        pytest.param(Usage(1_000_000, 0, 1_000_000), OWN, 0.7, id="cached at a tenth"),
        pytest.param(
            Usage(1_000_000, 0, 500_000), Price(input=2, output=0, cached=1), 1.5, id="cached by price"
        ),
        pytest.param(Usage(1_000_000, 0, 9_000_000), OWN, 0.7, id="more cached than sent"),
        pytest.param(
            Usage(1_000_000, 0, 1_000_000), Price(input=2, output=0, cached=0), 0, id="cached is free"
        ),
    ],
)
def test_cost(usage, price, dollars):
    assert cost(price, usage) == pytest.approx(dollars)


def test_a_price_is_described_with_its_source():
    told = describe("api.mistral.ai", "codestral-latest", price_of("api.mistral.ai", "codestral-latest", {}))
    assert told == (
        "A million tokens of codestral-latest at api.mistral.ai: "
        "$0.30 in, $0.03 cached, $0.90 out (Mistral's documentation of August 2026)."
    )
    assert describe("relay.example", "m", None) == (
        "The price of m at relay.example is not known: give it in budget.prices."
    )
    assert describe("127.0.0.1", "qwen", price_of("127.0.0.1", "qwen", {})) == (
        "qwen at 127.0.0.1 costs nothing (it runs on this machine)."
    )
