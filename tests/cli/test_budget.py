"""A budget as a user meets it: one command after the other, on one ledger."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from codestral_ls.cli import main
from tests.upstream.mistral import FakeMistral
from tests.upstream.thread import in_thread

CART = Path(__file__).parents[2] / "fixtures" / "workspaces" / "shop" / "cart.py"
ANSWER = "return self.price * self.quantity"


@pytest.fixture
def upstream(tmp_path, monkeypatch):
    """A host whose model costs money, and a budget that one request spends."""
    for name in ("CACHE", "STATE"):
        monkeypatch.setenv(f"CODESTRAL_LS_{name}", str(tmp_path / name.lower()))
    config = tmp_path / "config.toml"
    monkeypatch.setenv("CODESTRAL_LS_CONFIG", str(config))
    with in_thread(FakeMistral(ANSWER)) as running:
        monkeypatch.setenv("TEST_KEY", running.upstream.api_key)
        config.write_text(
            f'[completion]\nprovider = "mistral"\nbase_url = "{running.upstream.api_url}"\n'
            'api_key_env = "TEST_KEY"\n[cache]\ndisk = false\n[budget]\ndaily_usd = 0.0005\n'
            'prices."127.0.0.1/codestral-latest" = { input = 9, output = 9, source = "a contract" }\n'
        )
        yield running.upstream


def test_what_the_day_allows_is_spent_by_one_command_and_missed_by_the_next(upstream, capsys):
    assert main(["complete", f"{CART}:14:9"]) == 0
    assert main(["complete", f"{CART}:14:9"]) != 0
    assert len(upstream.requests) == 1
    said = capsys.readouterr()
    assert said.out == f"        {ANSWER}\n"
    assert "that budget.daily_usd allows are spent: until midnight, only models that cost nothing" in said.err

    assert main(["usage", "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["total"]["requests"], facts["total"]["requests_of_unknown_cost"]) == (1, 0)
    assert facts["budget"][0]["spent"] >= 0.0005
    assert list(facts["projects"]) == ["shop"]
    assert facts["prices"][0]["usd_per_million_tokens"]["source"] == "a contract"
