"""`codestral-ls models` with an empty cache; installing is tested in `tests/providers/test_store.py`."""

import json

import pytest

from codestral_ls.cli import main


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("CODESTRAL_LS_CACHE", str(tmp_path))


@pytest.mark.parametrize(
    "arguments", [["models", "--json"], ["models", "list", "--json"], ["models", "--json", "list"]]
)
def test_list_as_json(arguments, tmp_path, capsys):
    assert main(arguments) == 0
    listing = json.loads(capsys.readouterr().out)
    assert listing["folder"] == str(tmp_path / "models")
    assert [(model["name"], model["fills"], model["path"]) for model in listing["models"]] == [
        ("smollm2-135m", False, None),
        ("qwen2.5-coder-1.5b", True, None),
    ]


@pytest.mark.parametrize("arguments", [["models"], ["models", "list"]])
def test_list(arguments, capsys):
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    for words in ("smollm2-135m", "98 MB", "qwen2.5-coder-1.5b", "1,117 MB", "Apache-2.0", "no"):
        assert words in shown


@pytest.mark.parametrize("action", ["install", "remove"])
def test_unknown_names(action, capsys):
    assert main(["models", action, "huge"]) == 2
    assert capsys.readouterr().err.startswith("codestral-ls: There is no model named 'huge'.")


def test_removing_what_is_not_here(capsys):
    assert main(["models", "remove", "smollm2-135m"]) == 0
    assert capsys.readouterr().out == "smollm2-135m was not installed.\n"
