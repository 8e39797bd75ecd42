"""Which model the settings and the environment mean, and why."""

from __future__ import annotations

import pytest

from codestral_ls.core.config import Completion
from codestral_ls.core.model import BadRequest, ModelError, Unauthorized, Unavailable
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


@pytest.mark.parametrize(("settings", "environ", "label", "why"), CHOSEN.values(), ids=CHOSEN)
async def test_a_key_decides(settings, environ, label, why):
    choice = await choose(Completion(**settings), environ, Reach())
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
        BadRequest,
        "use https",
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
        "No llama.cpp server answers at http://127.0.0.1:1",
    ),
    "no such model": ({"provider": "embedded", "model": "gpt-9"}, {}, ModelError, "gpt-9"),
}


@pytest.mark.parametrize(("settings", "environ", "kind", "sentence"), REFUSED.values(), ids=REFUSED)
async def test_what_cannot_work_is_one_sentence(settings, environ, kind, sentence):
    with pytest.raises(kind, match=sentence):
        await choose(Completion(**settings), environ, Reach())


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
