"""Which files the ignore files on the disk keep away."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from codestral_ls.core.exclusion import IgnoreRules
from codestral_ls.core.text import Document
from codestral_ls.engine.ignored import MAX_BYTES, MAX_PATTERNS
from codestral_ls.engine.workspace import Workspace

# Files with their content, the file that is asked about, and what the reason says; None if it may be sent.
CASES = {
    "nothing": ({}, "a/x.py", None),
    "at the root": ({".gitignore": "x.py"}, "a/x.py", r"\.gitignore names it"),
    "on the way": ({"a/.gitignore": "x.py"}, "a/x.py", r"a/\.gitignore names it"),
    "beside the way": ({"b/.gitignore": "x.py"}, "a/x.py", None),
    "by git's own list": ({".git/info/exclude": "x.py"}, "a/x.py", r"\.git/info/exclude names it"),
    "our own file": ({".codestralignore": "a/"}, "a/x.py", r"\.codestralignore names it"),
    "each lifts only its own": (
        {".gitignore": "*.py", ".codestralignore": "!x.py"},
        "a/x.py",
        r"\.gitignore names it",
    ),
    "a lower one lifts a higher one's": ({".gitignore": "*.py", "a/.gitignore": "!x.py"}, "a/x.py", None),
    "nothing lifts the user's": ({".gitignore": "!*.log"}, "a/x.log", r"privacy\.ignore names it"),
    "nothing lifts the built-in list": (
        {".gitignore": "!.env", ".codestralignore": "!.env"},
        ".env",
        "holds secrets",
    ),
    "with a byte order mark": ({".gitignore": "\ufeffx.py"}, "a/x.py", r"\.gitignore names it"),
    "too large": ({".gitignore": "#" * (MAX_BYTES + 1)}, "a/x.py", "larger than 64 kB"),
    "too many patterns": ({".gitignore": "y\n" * (MAX_PATTERNS + 1)}, "a/x.py", "more than 2,000 patterns"),
    "not text": ({"a/.gitignore": "\0x\ufffe\nx.py"}, "a/x.py", "names it"),
}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    shop = tmp_path / "work" / "shop"
    shop.mkdir(parents=True)
    return shop


def written(folder, files):
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content, encoding="utf-8")


def reason(path, *roots, gitignore=True):
    workspace = Workspace(roots, IgnoreRules.of(("*.log",), gitignore=gitignore))
    found = workspace.why_excluded(path)
    return found and found.reason


@pytest.mark.parametrize(("files", "path", "told"), CASES.values(), ids=CASES)
def test_files(files, path, told, shop):
    written(shop, files)
    found = reason(shop / path, shop)
    assert found is None if told is None else re.search(told, found or "")


def test_the_whole_repository_counts_where_a_part_of_it_is_open(shop):
    written(shop, {".git/HEAD": "", ".gitignore": "/part/local.py", "part/local.py": ""})
    assert "names it" in reason(shop / "part" / "local.py", shop / "part")


def test_a_repository_of_the_whole_home_does_not_count(shop, monkeypatch):
    """Many keep their settings in one that ignores everything else."""
    monkeypatch.setenv("HOME", str(shop.parent))
    written(shop.parent, {".git/HEAD": "", ".gitignore": "*"})
    assert reason(shop / "x.py", shop) is None


def test_a_file_outside_of_every_workspace(shop):
    written(shop, {".git/HEAD": "", ".gitignore": "x.py"})
    assert "names it" in reason(shop / "a" / "x.py")


def test_the_user_may_do_without_gitignore(shop):
    written(shop, {".gitignore": "x.py", ".codestralignore": "y.py"})
    assert reason(shop / "x.py", shop, gitignore=False) is None
    assert "names it" in reason(shop / "y.py", shop, gitignore=False)


def as_link(place):
    place.symlink_to(place.parent / "elsewhere")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes and links here")
@pytest.mark.parametrize(
    ("make", "told"),
    [(as_link, "is a link"), (os.mkfifo, "not a regular file"), (os.mkdir, "cannot be read")],
    ids=["a link", "a pipe", "a folder"],
)
def test_what_is_no_file_is_not_read_and_nothing_below_is_sent(make, told, shop):
    make(shop / ".gitignore")
    found = reason(shop / "x.py", shop)
    assert told in found or "not a regular file" in found
    assert "nobody knows what it protects" in found


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_link_does_not_lead_out_what_is_ignored_where_it_stands(shop):
    written(shop, {".gitignore": "private/", "private/x.py": "x", "private/id_rsa": "x"})
    (shop / "open.py").symlink_to(shop / "private" / "x.py")
    (shop / "notes.txt").symlink_to(shop / "private" / "id_rsa")
    assert "names it" in reason(shop / "open.py", shop)
    assert "holds secrets" in reason(shop / "notes.txt", shop)


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_a_workspace_behind_a_link(shop):
    written(shop, {".gitignore": "/x.py"})
    link = shop.parent / "link"
    link.symlink_to(shop)
    assert "names it" in reason(link / "x.py", link)


def test_the_workspaces_own_folder_may_be_walked(shop):
    written(shop, {".gitignore": "*"})
    assert not Workspace([shop]).ignores(shop)


def test_a_change_counts_for_the_next_file_that_is_opened(shop):
    workspace = Workspace([shop])
    assert workspace.why_excluded(shop / "x.py") is None
    written(shop, {".gitignore": "x.py"})
    workspace.open(Document.of((shop / "y.py").as_uri(), "python", 1, ""))
    assert workspace.why_excluded(shop / "x.py")


def test_a_change_of_the_file_counts_from_then_on(shop):
    workspace = Workspace([shop])
    document = Document.of((shop / "x.py").as_uri(), "python", 1, "x = 1\n")
    workspace.open(document)
    assert workspace.why_refused(document) is None
    written(shop, {".gitignore": "x.py"})
    workspace.judge_again()
    found = workspace.refusal(document)
    assert found
    assert (Path(found.source), found.line, found.pattern) == (shop / ".gitignore", 1, "x.py")
