"""Settings of an editor, given to a command: they are the user's own, as they are in the server."""

from __future__ import annotations

import json

import pytest

from codestral_ls.cli import main


@pytest.fixture(autouse=True)
def nothing_is_set(tmp_path, monkeypatch):
    (tmp_path / "config.toml").write_text('[completion]\nprovider = "mistral"\nmax_tokens = 99\n')
    monkeypatch.setenv("CODESTRAL_LS_CONFIG", str(tmp_path / "config.toml"))
    monkeypatch.setenv("CODESTRAL_LS_STATE", str(tmp_path))
    monkeypatch.setenv("CODESTRAL_LS_CACHE", str(tmp_path))
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")


def test_an_editors_settings_stand_above_the_files(capsys):
    settings = json.dumps({"completion": {"provider": "ollama"}, "privacy": {"local_only": True}})
    assert main(["doctor", "--json", "--settings", settings]) == 1
    found = json.loads(capsys.readouterr().out)["settings"]
    assert found["completion.provider"] == {"value": "ollama", "from": "editor"}
    assert found["privacy.local_only"] == {"value": True, "from": "editor"}
    assert found["completion.max_tokens"]["value"] == 99


def test_a_flag_stands_above_them(capsys):
    settings = json.dumps({"completion": {"provider": "ollama"}})
    assert main(["doctor", "--json", "--provider", "llamacpp", "--settings", settings]) == 1
    found = json.loads(capsys.readouterr().out)["settings"]
    assert found["completion.provider"] == {"value": "llamacpp", "from": "command line"}


@pytest.mark.parametrize("text", ["{", "[]", "null", "nonsense", ""])
def test_what_is_no_object_is_refused(text, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["doctor", "--settings", text])
    assert ended.value.code == 2
    assert "write an object of JSON" in capsys.readouterr().err


def test_what_is_wrong_in_them_is_told(capsys):
    main(["doctor", "--provider", "ollama", "--settings", '{"completion": {"max_tokens": "many"}}'])
    assert "editor: completion.max_tokens: " in capsys.readouterr().err
