"""The commands as a user types them: what they print, and that bad input is one sentence and status 2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import get_args

import pytest

from codestral_ls.bench.reply import Plain
from codestral_ls.cli import main
from codestral_ls.cli.session import PROVIDERS
from codestral_ls.core.config import Provider
from tests.upstream.errors import UNAUTHORIZED
from tests.upstream.mistral import FakeMistral
from tests.upstream.thread import in_thread

SHOP = Path(__file__).parents[2] / "fixtures" / "workspaces" / "shop"
CART = SHOP / "cart.py"
ANSWER = "return self.price * self.quantity"


@pytest.fixture(autouse=True)
def own_folders(tmp_path, monkeypatch):
    for name in ("CACHE", "STATE"):
        monkeypatch.setenv(f"CODESTRAL_LS_{name}", str(tmp_path / name.lower()))
    monkeypatch.delenv("CODESTRAL_API_KEY", raising=False)
    monkeypatch.delenv("MISTRAL_API_KEY", raising=False)


@pytest.fixture
def upstream(tmp_path, monkeypatch):
    """An upstream that answers, and settings that lead to it."""
    with in_thread(FakeMistral(ANSWER)) as running:
        configure(tmp_path, monkeypatch, running.upstream.api_url)
        monkeypatch.setenv("TEST_KEY", running.upstream.api_key)
        yield running.upstream


def configure(folder: Path, monkeypatch, base_url: str) -> None:
    config = folder / "config.toml"
    lines = ("[completion]", 'provider = "mistral"', f'base_url = "{base_url}"', 'api_key_env = "TEST_KEY"')
    config.write_text("\n".join(lines))
    monkeypatch.setenv("CODESTRAL_LS_CONFIG", str(config))
    monkeypatch.setenv("TEST_KEY", "akey")


def test_a_completion_is_shown_as_it_would_be_inserted(upstream, capsys):
    assert main(["complete", f"{CART}:14:9"]) == 0
    shown = capsys.readouterr()
    assert shown.out == f"        {ANSWER}\n"
    assert "Model: codestral-latest at 127.0.0.1" in shown.err
    assert " ms)" in shown.err


def test_a_completion_for_machines(upstream, capsys):
    assert main(["complete", f"{CART}:14:9", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["text"] == ANSWER
    assert answer["range"] == {"start": {"line": 14, "column": 9}, "end": {"line": 14, "column": 9}}
    assert answer["tokens"]["prompt"] > 0
    assert answer["model"].startswith("codestral-latest")
    assert isinstance(answer["milliseconds"], int)


def test_nothing_to_add_has_a_status_of_its_own(upstream, capsys):
    upstream.reply = ""
    assert main(["complete", f"{CART}:14:9"]) == 1
    assert capsys.readouterr().out == ""


PLACES = {
    "no such file": ("nowhere.py:1:1", "nowhere.py cannot be read: No such file or directory."),
    "a folder": (f"{SHOP}:1:1", "is not a regular file."),
    "a device without an end": ("/dev/zero:1:1", "/dev/zero is not a regular file."),
    "a link to itself": ("loop.py:1:1", "loop.py cannot be read: "),
    "too large": (
        "large.py:1:1",
        "large.py is larger than 2,048 kB: completion.max_file_kb sets that limit.",
    ),
    "no place": ("cart.py", "'cart.py' is no place in a file: write FILE:LINE:COLUMN"),
    "no column": ("cart.py:14", "is no place in a file"),
    "a number without end": (f"{CART}:{'9' * 5000}:1", "is no place in a file"),
    "line 0": (f"{CART}:0:1", "so there is no line 0 to complete."),
    "a line too many": (f"{CART}:999:1", "so there is no line 999 to complete."),
    "column 0": (f"{CART}:1:0", "before column 0."),
    "a column too many": (f"{CART}:1:99", "before column 99."),
    "a binary file": ("logo.png:1:1", "logo.png is not a text file: it holds NUL bytes."),
    "another encoding": ("latin.py:1:1", "latin.py is not UTF-8 text: byte 5 does not belong there."),
    "a secret": (".env:1:1", ".env is never sent to a model: its name says that it holds secrets."),
}


@pytest.mark.parametrize(("place", "sentence"), PLACES.values(), ids=PLACES.keys())
def test_bad_places_are_one_sentence(upstream, tmp_path, monkeypatch, capsys, place, sentence):
    monkeypatch.chdir(tmp_path)
    Path("logo.png").write_bytes(b"\x89PNG\0\0")
    Path("latin.py").write_bytes(b"x = \xe9\n")
    Path(".env").write_text("KEY=1\n")
    Path("loop.py").symlink_to("loop.py")
    Path("large.py").write_text("x = 1\n" * 400_000)
    assert main(["complete", place]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert sentence in said.err
    assert said.err.count("\n") == 1
    assert upstream.exchanges == []


def test_a_refused_key_is_one_sentence(upstream, capsys):
    upstream.reply = UNAUTHORIZED[False]
    assert main(["complete", f"{CART}:14:9"]) == 2
    said = capsys.readouterr().err
    assert said.count("The key was refused by 127.0.0.1") == 1
    assert "answered 401" not in said
    assert "TEST_KEY" in said
    assert upstream.api_key not in said


def test_no_network_is_one_sentence(tmp_path, monkeypatch, capsys):
    configure(tmp_path, monkeypatch, "http://127.0.0.1:1")
    assert main(["complete", f"{CART}:14:9"]) == 2
    assert "codestral-ls: 127.0.0.1:1 cannot be reached" in capsys.readouterr().err


def test_a_missing_key_names_the_variable(tmp_path, monkeypatch, capsys):
    config = tmp_path / "config.toml"
    config.write_text('[completion]\nprovider = "mistral"\n')
    assert main(["complete", f"{CART}:14:9", "--config", str(config)]) == 2
    said = capsys.readouterr().err
    assert "set the environment variable MISTRAL_API_KEY" in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("command", [["complete", f"{CART}:14:9"], ["doctor"]], ids=["complete", "doctor"])
@pytest.mark.parametrize("content", [None, "[completion\n", b"\xff"], ids=["missing", "not TOML", "no text"])
def test_nothing_is_sent_where_the_settings_cannot_be_read(upstream, tmp_path, capsys, command, content):
    """They may say that the code stays here."""
    config = tmp_path / "mine.toml"
    if content is not None:
        config.write_bytes(content if isinstance(content, bytes) else content.encode())
    assert main([*command, "--config", str(config)]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"codestral-ls: {config}: ")
    assert said.count("\n") == 1
    assert upstream.exchanges == []


def test_a_provider_that_does_not_exist(upstream, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["complete", f"{CART}:14:9", "--provider", "embeded"])
    assert ended.value.code == 2
    assert "invalid choice: 'embeded'" in capsys.readouterr().err
    assert upstream.exchanges == []


def test_the_providers_of_the_flag_are_those_of_the_settings():
    assert sorted(PROVIDERS) == sorted(get_args(Provider))


def test_a_model_of_this_machine_is_meant_even_with_a_key(upstream, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("MISTRAL_API_KEY", upstream.api_key)
    config = tmp_path / "config.toml"
    config.write_text("")
    for model in ("smollm2-135m", "nowhere.gguf"):
        assert main(["doctor", "--model", model, "--config", str(config)]) == 1
        said = capsys.readouterr()
        assert "mistral" not in said.out + said.err


@pytest.mark.parametrize("flags", [[], ["--json"]], ids=["for people", "for machines"])
def test_letters_that_the_terminal_does_not_know(upstream, tmp_path, flags):
    upstream.reply = "'größer 日本'"
    file = tmp_path / "code.py"
    file.write_text("x = '日本'\ny = \n", encoding="utf-8")
    command = [sys.executable, "-m", "codestral_ls", "complete", f"{file}:2:5", *flags]
    done = subprocess.run(command, capture_output=True, env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert done.returncode == 0, done.stderr
    if flags:
        assert json.loads(done.stdout)["text"] == upstream.reply
    else:
        assert done.stdout.decode("ascii").startswith("y = 'gr")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_is_one_sentence(monkeypatch, capsys):
    with open("/dev/full", "w") as full:
        monkeypatch.setattr(sys, "stdout", full)
        assert main(["models"]) == 2
        monkeypatch.undo()
        with suppress(OSError):
            full.close()
    assert "No space left on device" in capsys.readouterr().err


def test_the_workspace_we_are_in_counts(upstream, tmp_path, monkeypatch, capsys):
    file = tmp_path / "src" / "code.py"
    file.parent.mkdir()
    file.write_text("x = 1\ntotal = price\n")
    (tmp_path / ".codestral.toml").write_text('[privacy]\nignore = ["/src/code.py"]\n')
    monkeypatch.chdir(tmp_path)
    assert main(["complete", "src/code.py:1:1"]) == 2
    assert "privacy.ignore names it" in capsys.readouterr().err
    assert upstream.exchanges == []


def test_a_key_belongs_to_one_host(tmp_path, monkeypatch, capsys):
    config = tmp_path / "config.toml"
    config.write_text('[completion]\nprovider = "mistral"\nbase_url = "https://elsewhere.example"\n')
    monkeypatch.setenv("MISTRAL_API_KEY", "a key")
    assert main(["complete", f"{CART}:14:9", "--config", str(config)]) == 2
    assert "No key belongs to elsewhere.example" in capsys.readouterr().err


def test_a_key_never_travels_in_the_clear(tmp_path, monkeypatch, capsys):
    config = tmp_path / "config.toml"
    lines = ('[completion]\nprovider = "mistral"', 'base_url = "http://api.mistral.ai"')
    config.write_text("\n".join((*lines, 'api_key_env = "MISTRAL_API_KEY"')))
    monkeypatch.setenv("MISTRAL_API_KEY", "a key")
    assert main(["complete", f"{CART}:14:9", "--config", str(config)]) == 2
    assert "use https" in capsys.readouterr().err


def test_a_workspace_cannot_send_the_code_elsewhere(upstream, tmp_path, capsys):
    with in_thread(FakeMistral("evil()")) as other:
        evil = other.upstream
        file = tmp_path / "repository" / "code.py"
        file.parent.mkdir()
        (file.parent / ".codestral.toml").write_text(
            f'[completion]\nbase_url = "{evil.api_url}"\napi_key_env = "HOME"\nprovider = "mistral"\n'
        )
        file.write_text("total = price\ntax = \n")
        assert main(["complete", f"{file}:2:7"]) == 0
        assert evil.exchanges == []
    assert "must not set this" in capsys.readouterr().err
    assert len(upstream.requests) == 1


def test_the_doctor_finds_everything_well(upstream, capsys, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "127.0.0.1:9")  # Where nobody listens, whoever runs this.
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "completion.base_url" in said
    assert "config.toml" in said
    assert "(it runs on this machine)." in said
    assert "No Ollama server answers on this machine." in said
    assert "Completion works." in said


def test_the_doctor_for_machines(upstream, capsys):
    upstream.reply = "surface_in_square_metres = width * height"
    assert main(["doctor", "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["works"]
    assert found["filled_the_hole"]
    assert found["settings"]["completion.provider"]["value"] == "mistral"
    looked = [place["provider"] for place in found["found"]]
    assert looked == ["mistral", "ollama", "llamacpp", "openai", "embedded"]


def test_the_doctor_says_what_is_wrong(upstream, capsys):
    upstream.reply = Plain(400, {"message": "Invalid model: nope", "type": "invalid_model", "code": "1500"})
    assert main(["doctor"]) == 1
    assert "Invalid model: nope" in capsys.readouterr().err


def test_the_doctor_without_a_model_fetches_none(tmp_path, monkeypatch, capsys):
    (tmp_path / "none.toml").touch()
    monkeypatch.setenv("CODESTRAL_LS_CONFIG", str(tmp_path / "none.toml"))
    assert main(["doctor", "--provider", "embedded", "--model", "smollm2-135m"]) == 1
    assert "codestral-ls models install smollm2-135m" in capsys.readouterr().err


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from codestral_ls.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'lsprotocol', 'pygls', 'httpx', 'tree_sitter', 'diskcache', 'rich', 'msgspec'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.rstrip().endswith("[]")
    assert "complete" in done.stdout


@pytest.mark.parametrize("command", ["", "complete", "refactor", "chat", "serve", "models", "bench"])
def test_every_command_explains_itself(command, capsys):
    with pytest.raises(SystemExit) as ended:
        main([*command.split(), "--help"])
    assert ended.value.code == 0
    assert len(capsys.readouterr().out) > 200
