"""The README says what the code says, and every command in it is run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from codestral_ls.core.layers import Layer, merge
from codestral_ls.core.schema import settings_table
from codestral_ls.providers import store
from tests.support import README, check_between

ROOT = Path(__file__).parents[1]

COMMANDS = tuple(
    line
    for block in re.findall(r"```sh\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
)

SMALL = "smollm2-135m"

# What a command of the README is run as. The test command itself is run by `.ci/run`, which reads it there;
# the large model's place is taken by the small one, which other tests have fetched already.
SHORTENED = {
    "codestral-ls bench latency": "codestral-ls bench latency --rounds 1 --requests 2",
    "codestral-ls bench refactor": "codestral-ls bench refactor --rounds 1 --requests 2",
    "codestral-ls bench edit": "codestral-ls bench edit --lines 1000 --repeat 3",
    "codestral-ls models install qwen2.5-coder-1.5b": f"codestral-ls models install {SMALL}",
}
TEST_COMMAND = "python3 -m venv .venv && .venv/bin/pip install -e '.[dev]' && .venv/bin/pytest"


def test_the_settings_table_is_the_codes(update_fixtures):
    check_between(README, "settings", settings_table(), update=update_fixtures)


def test_ci_runs_the_test_command():
    assert TEST_COMMAND in COMMANDS
    assert "<!-- test command -->" in (ROOT / ".ci" / "run").read_text()


def tables(block):
    """The TOML of a block: where it names a table again, another file begins."""
    files: list[list[str]] = [[]]
    for line in block.splitlines():
        if line.startswith("[") and line in files[-1]:
            files.append([])
        files[-1].append(line)
    return ["\n".join(lines) for lines in files]


SETTINGS_FILES = [
    text
    for block in re.findall(r"```toml\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    if "language-server" not in block
    for text in tables(block)
]


@pytest.mark.parametrize("text", SETTINGS_FILES, ids=range(len(SETTINGS_FILES)))
def test_examples_of_settings_have_no_problem(text):
    assert merge([Layer("README", tomllib.loads(text))]).problems == ()


def test_there_are_examples_of_settings():
    assert len(SETTINGS_FILES) > 3


@pytest.fixture(scope="module")
def cache(tmp_path_factory):
    """The user's cache, with no model in it but the small one: a large one takes seconds to load."""
    folder = tmp_path_factory.mktemp("cache")
    small = store.install(SMALL)
    (folder / "models").mkdir()
    (folder / "models" / small.name).symlink_to(small)
    return folder


@pytest.fixture
def environ(tmp_path, cache):
    """No key, and neither settings nor a ledger of the user's."""
    (tmp_path / "config.toml").touch()
    kept = {key: value for key, value in os.environ.items() if not key.endswith("_API_KEY")}
    return kept | {
        "CODESTRAL_LS_CONFIG": str(tmp_path / "config.toml"),
        "CODESTRAL_LS_STATE": str(tmp_path),
        "CODESTRAL_LS_CACHE": str(cache),
    }


@pytest.mark.parametrize("command", [line for line in COMMANDS if line.startswith("codestral-ls ")])
def test_commands(command, environ):
    environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environ['PATH']}"
    words = SHORTENED.get(command, command)
    done = subprocess.run(words, shell=True, cwd=ROOT, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout


def test_the_first_command_on_a_fresh_checkout(tmp_path, environ):
    """Into a virtual environment of its own, from the files that git knows. The weights are shared."""
    environ["PIP_NO_COMPILE"] = "1"  # Most of what is installed is not run.
    (command,) = [line for line in COMMANDS if "'.[embedded]'" in line]
    files = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout
    for name in files.decode().rstrip("\0").split("\0"):
        target = tmp_path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    done = subprocess.run(command, shell=True, cwd=tmp_path, env=environ, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "Model: " in done.stderr
    assert "no key was found" in done.stderr
    assert done.stdout.strip()
