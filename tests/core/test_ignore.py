"""Ignore patterns mean what git says they mean, and take no longer than they are long."""

from __future__ import annotations

import os
import re
import shutil
import subprocess

import pytest

from codestral_ls.core import ignore
from codestral_ls.core.exclusion import IgnoreRules
from codestral_ls.core.ignore import PatternFile, deciding, parse

# The lines of `.gitignore`, a path, and whether it is ignored.
ONE_FILE = {
    "a name in any folder": ("out", "a/b/out", True),
    "what lies in an ignored folder": ("build", "build/a/b.py", True),
    "a part of a name": ("out", "output", False),
    "from the top only": ("/out", "a/out", False),
    "a slash in the middle is from the top": ("a/out", "b/a/out", False),
    "folders only, and this is a file": ("out/", "out", False),
    "folders only": ("out/", "a/out/x", True),
    "a star stays in its folder": ("a/*.py", "a/b/c.py", False),
    "a star in the middle": ("a*c.py", "abbc.py", True),
    "a question mark": ("a?c", "abc", True),
    "two stars before": ("**/a/b", "x/y/a/b", True),
    "two stars between, with nothing there": ("a/**/b", "a/b", True),
    "two stars between": ("a/**/b", "a/x/y/b", True),
    "two stars behind": ("a/**", "a/x/y", True),
    "two stars behind are what is inside": ("a/**/", "a", False),
    "four stars": ("****/a/b", "x/a/b", True),
    "a range": ("[a-c].py", "b.py", True),
    "not in a range": ("[!a-c].py", "b.py", False),
    "not, the other way": ("[^a-c].py", "d.py", True),
    "a bracket in brackets": ("[]x]", "]", True),
    "a class": ("[[:digit:]]*", "1.py", True),
    "no such class": ("[[:letters:]]", "l", False),
    "brackets that stay open": ("[a", "[a", False),
    "a range that begins behind its end": ("[c-a]", "b", False),
    "a slash in brackets": ("a[x/]b", "axb", True),
    "an escaped star": (r"\*.py", "a.py", False),
    "an escaped slash": (r"a\/b", "a/b", True),
    "an escape of nothing": ("a\\", "a", False),
    "a comment": ("#a", "#a", False),
    "no comment": (r"\#a", "#a", True),
    "lifted": ("*.py\n!keep.py", "keep.py", False),
    "the last one decides": ("!keep.py\n*.py", "keep.py", True),
    "not lifted out of an ignored folder": ("a/\n!a/keep.py", "a/keep.py", True),
    "a lifted folder does not lift what is in it": ("*\n!a/", "a/x", True),
    "an exclamation mark": (r"\!a", "!a", True),
    "blanks behind": ("a.py   ", "a.py", True),
    "an escaped blank behind": ("a.py\\ ", "a.py ", True),
    "a Windows line end": ("a.py\r", "a.py", True),
    "nothing but a slash": ("/", "a", False),
    "capitals": ("A.py", "a.py", False),
}

# Several files by their folders: those deeper down are stronger.
NESTED = {
    "a deeper file ignores": ({"": "", "a": "x.py"}, "a/x.py", True),
    "and only below it": ({"": "", "a": "x.py"}, "x.py", False),
    "from its own folder": ({"a": "/x.py"}, "a/b/x.py", False),
    "it lifts what one above ignores": ({"": "*.py", "a": "!x.py"}, "a/x.py", False),
    "but not in an ignored folder": ({"": "a/", "a": "!x.py"}, "a/x.py", True),
}
CASES = {
    name: ({"": lines}, path, is_ignored) for name, (lines, path, is_ignored) in ONE_FILE.items()
} | NESTED


@pytest.mark.parametrize(("files", "path", "is_ignored"), CASES.values(), ids=CASES)
def test_ignored(files, path, is_ignored):
    chain = [
        PatternFile(folder, parse(lines.split("\n")), len(folder.split("/")) if folder else 0)
        for folder, lines in files.items()
        if path.startswith(folder)
    ]
    assert (deciding(chain, path.split("/")) is not None) is is_ignored


@pytest.mark.skipif(not shutil.which("git"), reason="there is no git to compare with")
def test_git_says_the_same(tmp_path):
    """Each case is a repository of its own in a folder of one."""
    clean = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1", "PATH": os.environ["PATH"]}
    subprocess.run(["git", "init", "-q", tmp_path], env=clean, check=True)
    for number, (files, path, _) in enumerate(CASES.values()):
        (tmp_path / str(number) / path).parent.mkdir(parents=True)
        (tmp_path / str(number) / path).touch()
        for folder, lines in files.items():
            place = tmp_path / str(number) / folder
            place.mkdir(exist_ok=True)
            (place / ".gitignore").write_bytes(lines.encode())
    paths = [f"{number}/{path}" for number, (_, path, _) in enumerate(CASES.values())]
    asked = subprocess.run(
        ["git", "-C", tmp_path, "check-ignore", "--no-index", "-z", "--stdin"],
        input="\0".join(paths).encode(),
        capture_output=True,
        env=clean,
    )
    told = set(asked.stdout.decode().split("\0"))
    assert {name: path in told for name, path in zip(CASES, paths, strict=True)} == {
        name: is_ignored for name, (_, _, is_ignored) in CASES.items()
    }


def test_the_rule_that_decides_is_told():
    found = deciding([PatternFile("a file", parse(["# all", "*.py", "!x.py", "x.*"]))], ["x.py"])
    assert found
    assert (found[0].source, found[1].line, found[1].text) == ("a file", 4, "x.*")


def test_stars_are_not_tried_again(monkeypatch):
    """What stands behind a star is in an atomic group or is the pattern's end, so no search is repeated."""
    sources = []
    monkeypatch.setattr(ignore, "_compiled", lambda source: sources.append(source) or str.isalpha)
    parse(["*a" * 50 + "?b", "a*b*[c]*d*e", "***a***b*?"])
    for source in sources:
        assert len(re.findall(r"\.\*", re.sub(r"\(\?>\.\*\?[^)]*\)", "", source))) <= 1
        assert not re.search(r"[*+?}][*+]", source)


def test_two_stars_are_not_tried_again():
    steps = []

    def fits(name):
        steps.append(name)
        return name == "a"

    segments = (None, fits) * 15
    assert not ignore._fits((*segments, lambda name: False), ["a"] * 60)
    assert len(steps) <= 60 * 15


PATHS = {
    "in a folder of secrets": ("home/me/.ssh/config", "", True),
    "a workspace inside of one": ("config", "/home/me/.aws/config", True),
    "docker": ("home/me/.docker/config.json", "", True),
    "kubernetes": ("config", "/home/me/.kube/config", True),
    "upper case": ("deploy/Server.PEM", "", True),
    "an account of a service": ("deploy/my-service-account-1.json", "", True),
    "an example": (".env.example", "", False),
    "code": ("src/config.py", "/home/me/src/config.py", False),
}


@pytest.mark.parametrize(("path", "whole", "secret"), PATHS.values(), ids=PATHS.keys())
def test_files_that_hold_secrets_by_their_name(path, whole, secret):
    assert (IgnoreRules.of().why_excluded(path, whole) is not None) is secret


def test_patterns_are_for_the_path_in_the_workspace():
    rules = IgnoreRules.of(("/generated/*",))
    assert rules.why_excluded("generated/a.py", "/home/me/project/generated/a.py")
    assert not rules.why_excluded("src/generated/a.py", "/generated/src/generated/a.py")


def test_a_users_pattern_cannot_lift_the_built_in_list():
    assert IgnoreRules.of(("!.env",)).why_excluded(".env") is not None
