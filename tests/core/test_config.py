"""The tree of settings: what each place may set, what is refused, and in which words."""

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.config import Settings
from codestral_ls.core.exclusion import IgnoreRules
from codestral_ls.core.layers import DEFAULT, MAX_PROBLEMS, Layer, merge
from codestral_ls.core.schema import SETTINGS, settings_table

SECRET = "aB3dEfGh12345678901234567890abcd"  # Has the shape of a key of Mistral's, and opens nothing.


def value(settings, path):
    section, _, name = path.partition(".")
    return getattr(getattr(settings, section), name)


def user(**values):
    return Layer("user", values)


def workspace(**values):
    return Layer("workspace", values, workspace=True)


def test_without_layers_everything_is_at_its_default():
    settings, problems, origins = merge([])
    assert settings == Settings()
    assert problems == ()
    assert set(origins.values()) == {DEFAULT}
    assert list(origins) == list(SETTINGS)


def test_later_layers_win_key_by_key_and_the_origin_is_kept():
    first = user(completion={"model": "a", "debounce_ms": 10}, log={"level": "info"})
    second = Layer("editor", {"completion": {"model": "b"}, "chat": {"model": "c"}})
    settings, problems, origins = merge([first, second])
    assert problems == ()
    assert (settings.completion.model, settings.completion.debounce_ms) == ("b", 10)
    assert (settings.chat.model, settings.log.level) == ("c", "info")
    told = {path: origin for path, origin in origins.items() if origin != DEFAULT}
    assert told == {
        "completion.model": "editor",
        "completion.debounce_ms": "user",
        "chat.model": "editor",
        "log.level": "user",
    }


ACCEPTED = {
    "nested": ({"completion": {"max_tokens": 64}}, "completion.max_tokens", 64),
    "flat": ({"completion.max_tokens": 64}, "completion.max_tokens", 64),
    "lowest": ({"completion": {"debounce_ms": 0}}, "completion.debounce_ms", 0),
    "highest": ({"completion": {"max_tokens": 4096}}, "completion.max_tokens", 4096),
    "a word": ({"completion": {"menu": "never"}}, "completion.menu", "never"),
    "null": ({"completion": {"debounce_ms": None}}, "completion.debounce_ms", 75),
    "null section": ({"completion": None}, "completion.debounce_ms", 75),
    "address": (
        {"completion": {"base_url": "http://[::1]:8080/x"}},
        "completion.base_url",
        "http://[::1]:8080/x",
    ),
    "variable": ({"chat": {"api_key_env": "MY_KEY_2"}}, "chat.api_key_env", "MY_KEY_2"),
    "long variable": (
        {"chat": {"api_key_env": "MISTRAL_API_KEY_OF_TEAM_17"}},
        "chat.api_key_env",
        "MISTRAL_API_KEY_OF_TEAM_17",
    ),
    "empty variable": ({"chat": {"api_key_env": ""}}, "chat.api_key_env", ""),
    "patterns": ({"privacy": {"ignore": ["a", "b/*"]}}, "privacy.ignore", ("a", "b/*")),
}


@pytest.mark.parametrize(("values", "path", "expected"), ACCEPTED.values(), ids=ACCEPTED)
def test_accepts(values, path, expected):
    settings, problems, _ = merge([Layer("user", values)])
    assert problems == ()
    assert value(settings, path) == expected


REFUSED = {
    "wrong type": ({"completion": {"max_tokens": "64"}}, "completion.max_tokens", "number from 1 to 4096"),
    "true is no number": ({"completion": {"debounce_ms": True}}, "completion.debounce_ms", "whole number"),
    "one is not true": ({"cache": {"disk": 1}}, "cache.disk", "true or false"),
    "too low": ({"completion": {"max_tokens": 0}}, "completion.max_tokens", "from 1"),
    "too high": ({"completion": {"debounce_ms": 2001}}, "completion.debounce_ms", "to 2000"),
    "beyond 64 bits": ({"cache": {"days": 10**400}}, "cache.days", "to 365"),
    "misspelt word": ({"log": {"level": "warn"}}, "log.level", "Did you mean warning?"),
    "misspelt key": ({"completion": {"max_token": 3}}, "completion.max_token", "mean completion.max_tokens?"),
    "key without section": ({"disk": False}, "disk", "Did you mean cache.disk?"),
    "unknown section": ({"telemetry": {"on": True}}, "telemetry", "no such setting"),
    "unknown flat key": ({"completion.colour": 1}, "completion.colour", "no such setting"),
    "section is a number": ({"completion": 3}, "completion", "table"),
    "patterns are text": ({"privacy": {"ignore": "*.sql"}}, "privacy.ignore", "list of texts"),
    "key for a variable": ({"completion": {"api_key_env": SECRET}}, "completion.api_key_env", "the NAME"),
    "token for a variable": (
        {"chat": {"api_key_env": "ghp_" + "a1" * 15}},
        "chat.api_key_env",
        "the NAME",
    ),
    "a variable with spaces": ({"chat": {"api_key_env": "MY KEY"}}, "chat.api_key_env", "the NAME"),
    "address without scheme": ({"chat": {"base_url": "localhost:8080"}}, "chat.base_url", "https://"),
    "address with a key": (
        {"chat": {"base_url": f"https://u:{SECRET}@host"}},
        "chat.base_url",
        "without a user",
    ),
    "address with a query": (
        {"chat": {"base_url": f"https://host/?key={SECRET}"}},
        "chat.base_url",
        "query",
    ),
    "address with a bad port": ({"chat": {"base_url": "http://host:http"}}, "chat.base_url", "port"),
    "control character": ({"chat": {"model": "a\x1b[2J"}}, "chat.model", "control character"),
    "key for a provider": ({"completion": {"provider": SECRET}}, "completion.provider", "one of auto"),
}


@pytest.mark.parametrize(("values", "path", "words"), REFUSED.values(), ids=REFUSED)
def test_refuses_with_one_problem_and_takes_the_rest(values, path, words):
    beside = Layer("user", {"completion.min_chars": 9})
    settings, problems, origins = merge([Layer("user", {**values, "completion.min_chars": 9})])
    assert [problem.path for problem in problems] == [path]
    assert words in problems[0].message
    assert SECRET not in str(problems[0])
    assert settings == merge([beside]).settings
    assert origins.get(path, DEFAULT) == DEFAULT


USER_ONLY = [path for path, setting in SETTINGS.items() if setting.scope == "user"]


def test_what_only_the_user_may_set_names_every_endpoint_key_and_file():
    sensitive = r"(provider|model|base_url|api_key_env|file|tokens|size_mb|days|level)$"
    assert [path for path in SETTINGS if re.search(sensitive, path)] == [
        path for path in USER_ONLY if re.search(sensitive, path)
    ]


@pytest.mark.parametrize("path", USER_ONLY)
def test_a_workspace_may_not_set(path):
    settings, problems, origins = merge([Layer("workspace", {path: EXAMPLES[path]}, workspace=True)])
    assert [problem.path for problem in problems] == [path]
    assert "workspace's file must not" in problems[0].message
    assert settings == Settings()
    assert origins[path] == DEFAULT


EXAMPLES = {path: setting.default for path, setting in SETTINGS.items()} | {
    "completion.provider": "mistral",
    "completion.base_url": "https://evil.example",
    "completion.api_key_env": "AWS_SECRET_ACCESS_KEY",
    "completion.max_tokens": 10,
    "completion.prefix_tokens": 100,
    "completion.suffix_tokens": 100,
    "chat.base_url": "https://evil.example",
    "log.file": "/tmp/x",
    **{path: 600 for path, setting in SETTINGS.items() if setting.default is None},
}

RESTRICTIONS = {
    "off": ({}, {"completion.enabled": False}, "completion.enabled", False),
    "not on": ({"completion.enabled": False}, {"completion.enabled": True}, "completion.enabled", False),
    "still on": ({}, {"completion.enabled": True}, "completion.enabled", True),
    "disk off": ({}, {"cache.disk": False}, "cache.disk", False),
    "disk not on": ({"cache.disk": False}, {"cache.disk": True}, "cache.disk", False),
    "lower": ({}, {"completion.max_file_kb": 100}, "completion.max_file_kb", 100),
    "not higher": (
        {"completion.max_file_kb": 50},
        {"completion.max_file_kb": 51},
        "completion.max_file_kb",
        50,
    ),
    "adds": ({"privacy.ignore": ["a"]}, {"privacy.ignore": ["b"]}, "privacy.ignore", ("a", "b")),
    "not lifts": ({"privacy.ignore": ["a"]}, {"privacy.ignore": ["!a"]}, "privacy.ignore", ("a",)),
    "not empties": ({"privacy.ignore": ["a"]}, {"privacy.ignore": []}, "privacy.ignore", ("a",)),
    "stars": ({}, {"privacy.ignore": ["*a*a*a*b"]}, "privacy.ignore", ("*a*a*a*b",)),
}


@pytest.mark.parametrize(("own", "theirs", "path", "expected"), RESTRICTIONS.values(), ids=RESTRICTIONS)
def test_a_workspace_only_restricts(own, theirs, path, expected):
    settings, _, _ = merge([Layer("user", own), Layer("workspace", theirs, workspace=True)])
    assert value(settings, path) == expected


def test_patterns_add_up_over_all_layers_and_wrong_ones_leave_the_others():
    layers = [
        user(privacy={"ignore": ["*.sql", "!keep.sql"]}),
        workspace(privacy={"ignore": ["data/", 7, "!"]}),
        Layer("editor", {"privacy": {"ignore": ["*.sql"]}}),
    ]
    settings, problems, origins = merge(layers)
    # The last of two equal patterns decides, so the exception before it has no effect any more.
    assert settings.privacy.ignore == ("!keep.sql", "data/", "*.sql")
    assert [problem.path for problem in problems] == ["privacy.ignore[1]", "privacy.ignore[2]"]
    assert origins["privacy.ignore"] == "user, workspace, editor"


def test_a_workspace_may_add_a_hundred_patterns():
    settings, problems, _ = merge([workspace(privacy={"ignore": [f"d{i}/" for i in range(101)]})])
    assert len(settings.privacy.ignore) == 100
    assert [problem.path for problem in problems] == ["privacy.ignore[100]"]


def test_thousands_of_unknown_keys_make_a_short_list():
    _, problems, _ = merge([Layer("workspace", {f"key{i}": 1 for i in range(5000)}, workspace=True)])
    assert len(problems) == MAX_PROBLEMS + 1
    assert problems[-1].message == f"{5000 - MAX_PROBLEMS} more problems are not listed."


def test_a_strange_key_is_shown_without_its_tricks():
    _, (problem,), _ = merge([workspace(**{"\x1b[31m" + "x" * 500: 1})])
    assert problem.path == "?[31m" + "x" * 55 + "…"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("!a"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
KEYS = st.sampled_from([*SETTINGS, *(path.partition(".")[0] for path in SETTINGS)]) | st.text(max_size=12)
TREES = st.dictionaries(KEYS, JSON | st.dictionaries(st.text(max_size=8), JSON, max_size=3), max_size=4)


@given(values=JSON | TREES, is_workspace=st.booleans())
def test_any_value_is_taken_or_told_and_changes_nothing_else(values, is_workspace):
    before = merge([user(completion={"min_chars": 9})])
    settings, problems, origins = merge(
        [user(completion={"min_chars": 9}), Layer("other", values, is_workspace)]
    )
    for path in SETTINGS:
        if "other" not in origins[path]:
            assert value(settings, path) == value(before.settings, path)
        elif is_workspace:
            assert SETTINGS[path].scope == "restrict"
    assert len(problems) <= MAX_PROBLEMS + 1
    assert msgspec.convert(msgspec.to_builtins(settings), Settings) == settings
    IgnoreRules.of(settings.privacy.ignore)


def test_the_table_has_every_setting_with_its_default():
    rows = settings_table().splitlines()[2:]
    assert len(rows) == len(SETTINGS)
    for row, (path, setting) in zip(rows, SETTINGS.items(), strict=True):
        assert row.startswith(f"| `{path}` | ")
        assert setting.default is None or f"`{json.dumps(setting.default)}`" in row
        assert setting.meaning in row
        assert row.count(" | ") == 4


def test_own_actions_are_read_from_tables():
    action = {"title": "To French", "instruction": "Translate\nit.", "scope": "file", "languages": ["python"]}
    settings, problems, _ = merge([user(chat={"actions": [action]})])
    assert problems == ()
    assert [(own.title, own.scope, own.languages) for own in settings.chat.actions] == [
        ("To French", "file", ("python",))
    ]
    settings, problems, _ = merge([user(chat={"actions": [{"title": "x"}]})])
    assert settings.chat.actions == ()
    assert "list of tables" in problems[0].message
