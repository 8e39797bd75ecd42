"""`codestral-ls doctor --explain`: what of a file would be sent, to whom, and why."""

from __future__ import annotations

import json
import re

import pytest

from codestral_ls.cli import main

CODE = "def area(width, height):\n    return width * height\n" * 3


@pytest.fixture(autouse=True)
def shop(tmp_path, monkeypatch):
    """A workspace with nothing of this machine's user around it."""
    for name in ("CACHE", "STATE"):
        monkeypatch.setenv(f"CODESTRAL_LS_{name}", str(tmp_path / name.lower()))
    for name in ("CODESTRAL_API_KEY", "HTTPS_PROXY", "https_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MISTRAL_API_KEY", "key")
    monkeypatch.setenv("CODESTRAL_LS_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").touch()
    shop = tmp_path / "shop"
    shop.mkdir()
    (shop / "cart.py").write_text(CODE)
    (shop / "made.py").write_text(CODE)
    (shop / "keys.py").write_text("password = 'hunter2'\ntoken = 'ghp_" + "a1B2" * 9 + "'\n")
    (shop / ".env").write_text("KEY=1\n")
    (shop / ".gitignore").write_text("# what is made\nmade.*\n")
    monkeypatch.chdir(shop)
    return shop


# What is asked, the user's settings, the status, and what is said.
CASES = {
    "code": (
        "cart.py",
        "",
        0,
        r"cart\.py may be sent, because nothing keeps it back\.\n"
        r"To codestral-latest at api\.mistral\.ai, because MISTRAL_API_KEY is set\."
        r" Allowed, as no setting keeps code from it\.\n"
        r"At line 7, column 1: lines 1 to 7, 153 characters before it and 1 behind, about 51 tokens\.\n"
        r"Nothing there looks like a key or a password\.\n",
    ),
    "a line": ("cart.py:2", "", 0, r"At line 2, column 26: lines 1 to 6, 50 characters before it and 103"),
    "a column": ("cart.py:2:5", "", 0, r"At line 2, column 5: lines 1 to 6, 29 characters before it and 124"),
    "keys": ("keys.py", "", 0, r"Blanked out: 1 × GitHub token, 1 × named key, 1 × password\."),
    "a secret file": (
        ".env",
        "",
        1,
        r"is not sent, because its name says .*\nThe rule: \*\.env, line 3 of the built-in list",
    ),
    "an ignored file": (
        "made.py",
        "",
        1,
        r"is not sent, because .*\.gitignore names it\.\nThe rule: made\.\*, line 2 of .*\.gitignore\.",
    ),
    "an ignored file all the same": ("made.py", "[privacy]\ngitignore = false\n", 0, "may be sent"),
    "the user's pattern": (
        "cart.py",
        '[privacy]\nignore = ["*.js", "c*"]\n',
        1,
        r"because privacy\.ignore names it\.\nThe rule: c\*, line 2 of privacy\.ignore\.",
    ),
    "a region": (
        "cart.py",
        '[privacy]\nregion = "eu"\n',
        0,
        r"at api\.eu\.mistral\.ai, because .* Allowed, as privacy\.region is 'eu', and it is there\.",
    ),
    "nowhere to go": (
        "cart.py",
        '[completion]\nprovider = "mistral"\n[privacy]\nlocal_only = true\n',
        1,
        r"is not sent, because there is no model .*\nNot possible: privacy\.local_only keeps your code",
    ),
    "fallbacks": (
        "cart.py",
        '[completion]\nfallback = ["embedded/smollm2-135m", "openai/x@https://relay.example"]\n'
        '[privacy]\nhosts = ["api.mistral.ai"]\n',
        0,
        r"privacy\.hosts names it\.\n"
        r"To smollm2-135m on this machine, once it is fetched, because .* as it is on this machine\.\n"
        r"Not possible: privacy\.hosts does not name relay\.example",
    ),
    "too large": (
        "big.py",
        "[completion]\nmax_file_kb = 1\n",
        1,
        "larger than completion.max_file_kb allows",
    ),
    "switched off": ("cart.py", "[completion]\nenabled = false\n", 1, "because completion.enabled is false"),
    "a mistake": (
        "cart.py",
        '[privacy]\nregion = "mars"\n',
        1,
        "nothing is sent until this is mended: .*region",
    ),
}


@pytest.mark.parametrize(("place", "settings", "status", "says"), CASES.values(), ids=CASES)
def test_what_is_said(place, settings, status, says, shop, capsys):
    (shop.parent / "config.toml").write_text(settings)
    (shop / "big.py").write_text(CODE * 20)
    assert main(["doctor", "--explain", place]) == status
    assert re.search(says, capsys.readouterr().out)


def test_for_machines(capsys):
    assert main(["doctor", "--explain", "keys.py:1:5", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["sent"], found["models"][0]["host"]) == (True, "api.mistral.ai")
    assert found["window"]["blanked_out"] == {"GitHub token": 1, "named key": 1, "password": 1}
    assert main(["doctor", "--explain", "made.py", "--json"]) == 1
    rule = json.loads(capsys.readouterr().out)["rule"]
    assert (rule["line"], rule["pattern"]) == (2, "made.*")


def test_nothing_of_the_file_is_shown(capsys):
    assert main(["doctor", "--explain", "keys.py"]) == 0
    assert main(["doctor", "--explain", "keys.py", "--json"]) == 0
    shown = capsys.readouterr()
    assert "hunter2" not in shown.out + shown.err


def test_a_link_to_a_secret_counts_as_one(shop, capsys):
    (shop / "notes.txt").symlink_to(shop / ".env")
    assert main(["doctor", "--explain", "notes.txt"]) == 1
    assert "holds secrets" in capsys.readouterr().out


def test_a_file_that_is_not_there(capsys):
    assert main(["doctor", "--explain", "nowhere.py:1"]) == 2
    assert "nowhere.py cannot be read" in capsys.readouterr().err
