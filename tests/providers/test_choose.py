"""Which model the settings and the environment mean, and why."""

from __future__ import annotations

import pytest

from codestral_ls.core.config import Completion
from codestral_ls.core.model import BadRequest, ModelError, NotAllowed, Unauthorized, Unavailable
from codestral_ls.core.privacy import Reach
from codestral_ls.providers import choose, store
from codestral_ls.providers.catalog import MODELS

SMALL, BEST = MODELS[0].name, MODELS[-1].name

CHOSEN = {
    "a Codestral key": (
        {},
        {"CODESTRAL_API_KEY": "key"},
        "codestral-latest at codestral.mistral.ai",
        "CODESTRAL_API_KEY is set",
    ),
    "a Mistral key": (
        {},
        {"MISTRAL_API_KEY": "key"},
        "codestral-latest at api.mistral.ai",
        "MISTRAL_API_KEY is set",
    ),
    "both keys": (
        {},
        {"MISTRAL_API_KEY": "key", "CODESTRAL_API_KEY": "key"},
        "codestral-latest at codestral.mistral.ai",
        "CODESTRAL_API_KEY is set",
    ),
    "an empty key and another": (
        {},
        {"CODESTRAL_API_KEY": " ", "MISTRAL_API_KEY": "key"},
        "codestral-latest at api.mistral.ai",
        "MISTRAL_API_KEY is set",
    ),
    "another region": (
        {"provider": "mistral", "base_url": "https://api.eu.mistral.ai"},
        {"MISTRAL_API_KEY": "key"},
        "codestral-latest at api.eu.mistral.ai",
        "completion.provider is 'mistral'",
    ),
    "the EU": (
        {"provider": "mistral"},
        {"MISTRAL_API_KEY": "key", "CODESTRAL_API_KEY": "key"},
        "codestral-latest at api.eu.mistral.ai",
        "completion.provider is 'mistral'",
        Reach(region="eu"),
    ),
    "the US, by the key": (
        {},
        {"MISTRAL_API_KEY": "key", "CODESTRAL_API_KEY": "key"},
        "codestral-latest at api.us.mistral.ai",
        "MISTRAL_API_KEY is set",
        Reach(region="us"),
    ),
    "a key in a variable of the user's own, in the EU": (
        {"provider": "mistral", "api_key_env": "WORK_KEY"},
        {"WORK_KEY": "key"},
        "codestral-latest at api.eu.mistral.ai",
        "completion.provider is 'mistral'",
        Reach(region="eu"),
    ),
    "the host that the user lets code go to": (
        {},
        {"MISTRAL_API_KEY": "key", "CODESTRAL_API_KEY": "key"},
        "codestral-latest at api.mistral.ai",
        "MISTRAL_API_KEY is set",
        Reach(hosts=("api.mistral.ai",)),
    ),
    "another model": (
        {"provider": "mistral", "model": "codestral-2508"},
        {"MISTRAL_API_KEY": "key"},
        "codestral-2508 at api.mistral.ai",
        "completion.provider is 'mistral'",
    ),
    "a relay with a variable of its own": (
        {"provider": "mistral", "base_url": "https://relay.example", "api_key_env": "RELAY_KEY"},
        {"RELAY_KEY": "key"},
        "codestral-latest at relay.example",
        "completion.provider is 'mistral'",
    ),
}


@pytest.mark.parametrize("row", CHOSEN.values(), ids=CHOSEN)
async def test_a_key_decides(row):
    settings, environ, label, why, reach = (*row, Reach())[:5]
    choice = await choose(Completion(**settings), environ, reach)
    model = choice.connect()
    assert (model.profile.label, choice.why) == (label, why)
    assert choice.install is None
    await model.aclose()


REFUSED = {
    "no key": ({"provider": "mistral"}, {}, Unauthorized, "set the environment variable MISTRAL_API_KEY"),
    "the other host's key": (
        {"provider": "mistral", "base_url": "https://codestral.mistral.ai"},
        {"MISTRAL_API_KEY": "key"},
        Unauthorized,
        "set the environment variable CODESTRAL_API_KEY",
    ),
    "a host of nobody's key": (
        {"provider": "mistral", "base_url": "https://elsewhere.example"},
        {"MISTRAL_API_KEY": "key", "CODESTRAL_API_KEY": "key"},
        Unauthorized,
        "No key belongs to elsewhere.example",
    ),
    "a key in the clear": (
        {"provider": "mistral", "base_url": "http://relay.example", "api_key_env": "RELAY_KEY"},
        {"RELAY_KEY": "key"},
        NotAllowed,
        "use https",
    ),
    "a key for another region only": (
        {"provider": "mistral"},
        {"CODESTRAL_API_KEY": "key"},
        Unauthorized,
        "codestral.mistral.ai is global.* no key for api.eu.mistral.ai: set .* MISTRAL_API_KEY",
        Reach(region="eu"),
    ),
    "a host in no region, with the region of the key": (
        {"provider": "mistral", "api_key_env": "CODESTRAL_API_KEY"},
        {"CODESTRAL_API_KEY": "key", "MISTRAL_API_KEY": "key"},
        Unauthorized,
        "codestral.mistral.ai is global.* no key for api.us.mistral.ai: set .* MISTRAL_API_KEY",
        Reach(region="us"),
    ),
    "a relay in no region": (
        {"provider": "mistral", "base_url": "https://relay.example", "api_key_env": "RELAY_KEY"},
        {"RELAY_KEY": "key"},
        NotAllowed,
        "relay.example is somewhere unknown",
        Reach(region="eu"),
    ),
    "Mistral on this machine": (
        {"provider": "mistral"},
        {"MISTRAL_API_KEY": "key"},
        NotAllowed,
        "privacy.local_only keeps your code on this machine",
        Reach(local_only=True),
    ),
    "an address without a provider": (
        {"base_url": "http://127.0.0.1:1"},
        {},
        BadRequest,
        "completion.base_url needs completion.provider",
    ),
    "no server": (
        {"provider": "llamacpp", "base_url": "http://127.0.0.1:1"},
        {},
        Unavailable,
        "127.0.0.1:1 cannot be reached: nothing answers there",
    ),
    "no such model": ({"provider": "embedded", "model": "gpt-9"}, {}, ModelError, "gpt-9"),
}


@pytest.mark.parametrize("row", REFUSED.values(), ids=REFUSED)
async def test_what_cannot_work_is_said(row):
    settings, environ, kind, sentence, reach = (*row, Reach())[:5]
    with pytest.raises(kind, match=sentence):
        await choose(Completion(**settings), environ, reach)


SKIPPED = {
    "the key's host is in no region": (Reach(region="eu"), "no key was found (MISTRAL_API_KEY)"),
    "no host may be asked": (Reach(local_only=True), "your privacy settings keep code from every host"),
}


@pytest.mark.parametrize(("reach", "why"), SKIPPED.values(), ids=SKIPPED)
async def test_a_key_that_may_not_be_used_is_passed_over(reach, why, monkeypatch, tmp_path):
    monkeypatch.setenv("CODESTRAL_LS_CACHE", str(tmp_path))
    choice = await choose(Completion(), {"CODESTRAL_API_KEY": "key"}, reach)
    assert (choice.install, why in choice.why) == (SMALL, True)


async def test_without_a_key_or_server_the_small_model_is_to_be_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("CODESTRAL_LS_CACHE", str(tmp_path))
    choice = await choose(Completion(), {}, Reach())
    assert choice.install == SMALL
    assert "no key was found (CODESTRAL_API_KEY, MISTRAL_API_KEY)" in choice.why
    assert BEST in choice.hint


async def test_the_best_model_that_is_installed_is_taken(monkeypatch, tmp_path):
    monkeypatch.setattr(store, "best", lambda: BEST)
    monkeypatch.setattr(store, "path_of", lambda _: tmp_path / "model.gguf")
    choice = await choose(Completion(), {}, Reach())
    assert (choice.install, choice.hint) == (None, "")
