"""Settings from real files: which one wins, and what a stranger's file cannot do."""

import os
from pathlib import Path

import pytest

from codestral_ls.core.config import Settings
from codestral_ls.engine.settings import CONFIG_VARIABLE, MAX_BYTES, WORKSPACE_FILE, load, user_file

SECRET = "aB3dEfGh12345678901234567890abcd"


@pytest.fixture
def home(tmp_path):
    """A user file that says little, in place of the one of whoever runs the tests."""
    path = tmp_path / "user.toml"
    path.write_text('[completion]\nmodel = "mine"\nmin_chars = 3\n')
    return path


@pytest.fixture
def root(tmp_path):
    path = tmp_path / "project"
    path.mkdir()
    return path


def carry(root: Path, content: str | bytes) -> Path:
    path = root / WORKSPACE_FILE
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_each_place_wins_over_the_one_before(home, root):
    carry(root, "[completion]\nmax_file_kb = 100\n[privacy]\nignore = ['data/']\n")
    editor = ({"completion": {"model": "theirs", "debounce_ms": 1}}, {"completion": {"debounce_ms": 2}})
    line = {"completion": {"model": "typed"}}
    settings, problems, origins = load(home, [root], editor, line, {})
    assert problems == ()
    completion = settings.completion
    assert (completion.model, completion.min_chars, completion.debounce_ms) == ("typed", 3, 2)
    assert (completion.max_file_kb, settings.privacy.ignore) == (100, ("data/",))
    assert origins["completion.model"] == "command line"
    assert origins["completion.debounce_ms"] == "editor"
    assert origins["completion.min_chars"] == str(home)
    assert origins["privacy.ignore"] == str(root / WORKSPACE_FILE)


EDITORS = {
    "the section": {"completion": {"min_chars": 7}},
    "wrapped": {"codestral": {"completion": {"min_chars": 7}}, "python": {"a": 1}},
    "flat": {"completion.min_chars": 7},
    "flat and wrapped": {"codestral": {"completion.min_chars": 7}},
    "flat from the root": {"codestral.completion.min_chars": 7, "python.a": 1},
}


@pytest.mark.parametrize("values", EDITORS.values(), ids=EDITORS)
def test_the_shapes_in_which_editors_send(values, home):
    settings, problems, _ = load(home, [], [values], environ={})
    assert settings.completion.min_chars == 7
    assert problems == ()


@pytest.mark.parametrize("values", [None, {}, {"codestral": None}, {"codestral": {}}], ids=repr)
def test_an_editor_that_says_nothing(values, home):
    settings, problems, _ = load(home, [], [values], environ={})
    assert settings == load(home, [], environ={}).settings
    assert problems == ()


@pytest.mark.parametrize("values", [[1], 3, "x", {"codestral": [1]}], ids=repr)
def test_an_editor_that_sends_something_else_is_told(values, home):
    settings, problems, _ = load(home, [], [values], environ={})
    assert settings == load(home, [], environ={}).settings
    assert [str(problem) for problem in problems] == [
        "editor: This has to be a table of settings, so it is ignored."
    ]


def test_the_variable_names_the_user_file_and_the_option_wins(home, tmp_path):
    other = tmp_path / "other.toml"
    other.write_text("[completion]\nmin_chars = 5\n")
    environ = {CONFIG_VARIABLE: str(other)}
    assert user_file(environ) == other
    assert load(None, [], environ=environ).settings.completion.min_chars == 5
    assert load(home, [], environ=environ).settings.completion.min_chars == 3


def test_a_named_file_that_is_not_there_is_told(tmp_path):
    missing = tmp_path / "missing.toml"
    for found in (load(missing, [], environ={}), load(None, [], environ={CONFIG_VARIABLE: str(missing)})):
        assert found.settings == Settings()
        assert [problem.message for problem in found.problems] == [
            f"There is no such file. Check --config or {CONFIG_VARIABLE}."
        ]


def test_the_usual_file_need_not_be_there(tmp_path, monkeypatch):
    monkeypatch.setattr("platformdirs.user_config_path", lambda name: tmp_path / name)
    assert user_file({}) == tmp_path / "codestral-ls" / "config.toml"
    assert load(None, [], environ={})[:2] == (Settings(), ())
    user_file({}).parent.mkdir()
    user_file({}).write_text("[cache]\ndays = 1\n")
    assert load(None, [], environ={}).settings.cache.days == 1


def test_a_user_file_may_be_a_link(home, tmp_path):
    link = tmp_path / "link.toml"
    link.symlink_to(home)
    assert load(link, [], environ={}).settings.completion.model == "mine"


HOSTILE = {
    "endpoint": ("[completion]\nbase_url = 'https://evil.example'\n", "completion.base_url", "must not set"),
    "key's variable": ("chat.api_key_env = 'AWS_SECRET_ACCESS_KEY'\n", "chat.api_key_env", "must not set"),
    "log file": ("[log]\nfile = '/tmp/x'\n", "log.file", "must not set"),
    "switched on": ("[completion]\nenabled = 'yes'\n", "completion.enabled", "true or false"),
    "lifted rule": ("[privacy]\nignore = ['!.env']\n", "privacy.ignore[0]", "must not lift"),
    "invalid": (f"[completion]\nmodel = {SECRET}\n", "", "not valid TOML at line 2, column 9"),
    "cut off": (f"model = '''{SECRET}", "", "not valid TOML"),
    "not text": (b"\xff\xfe\x00", "", "not UTF-8"),
    "large": ("#\n" * (MAX_BYTES // 2 + 1), "", "larger than 64 kB"),
    # This one would keep the parser busy for 20 s.
    "long key": ("a." * (MAX_BYTES // 2 - 2) + "a=1", "", "Line 1 is longer than"),
    "deep": ("a = " + ("[" * 900 + "\n") * 50, "", "its settings are not used"),
    "long number": ("completion.max_file_kb = " + "9" * 900, "completion.max_file_kb", "to 65536"),
    "a date": ("[completion]\nmax_file_kb = 2026-11-23\n", "completion.max_file_kb", "whole number"),
}


@pytest.mark.parametrize(("content", "path", "words"), HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_workspace_file_changes_nothing(content, path, words, home, root):
    carry(root, content)
    settings, problems, _ = load(home, [root], environ={})
    assert settings == load(home, [], environ={}).settings
    told = [problem for problem in problems if problem.path == path]
    assert len(told) == 1
    assert words in told[0].message
    assert SECRET not in "".join(map(str, problems))
    assert {problem.source for problem in problems} == {str(root / WORKSPACE_FILE)}


def test_no_link_is_followed_out_of_a_workspace(home, root, tmp_path):
    outside = tmp_path / "outside.toml"
    outside.write_text("[completion]\nenabled = false\n")
    (root / WORKSPACE_FILE).symlink_to(outside)
    settings, (problem,), _ = load(home, [root], environ={})
    assert settings.completion.enabled
    assert "is a link" in problem.message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_in_a_workspace_does_not_hang(home, root):
    os.mkfifo(root / WORKSPACE_FILE)
    _, (problem,), _ = load(home, [root], environ={})
    assert "not a regular file" in problem.message


def test_a_folder_in_the_file_s_place_is_told(home, root):
    (root / WORKSPACE_FILE).mkdir()
    _, (problem,), _ = load(home, [root], environ={})
    assert problem.source == str(root / WORKSPACE_FILE)
    assert "not" in problem.message


@pytest.mark.parametrize("name", ["missing", "user.toml"], ids=["no folder", "a file"])
def test_a_root_that_is_no_folder_has_no_settings(name, home, tmp_path):
    assert load(home, [tmp_path / name], environ={}).problems == ()


def test_a_root_with_a_null_character_is_told(home):
    _, (problem,), _ = load(home, [Path("/a\0b")], environ={})
    assert "its path is not valid" in problem.message


def test_several_roots_add_up_and_each_is_read_once(home, root, tmp_path):
    second = tmp_path / "second"
    second.mkdir()
    carry(root, "[privacy]\nignore = ['a', 3]\n")
    carry(second, "[privacy]\nignore = ['b']\n")
    settings, problems, _ = load(home, [root, second, root], environ={})
    assert settings.privacy.ignore == ("a", "b")
    assert len(problems) == 1


def test_windows_line_ends_and_a_byte_order_mark(home, root):
    carry(root, b"\xef\xbb\xbf[completion]\r\nmax_file_kb = 10\r\n")
    settings, problems, _ = load(home, [root], environ={})
    assert problems == ()
    assert settings.completion.max_file_kb == 10
