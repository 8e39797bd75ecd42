"""A block of an answer becomes a change of the file that it is for, or nothing at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from codestral_ls.core.attachment import Attachment
from codestral_ls.core.conversation import Turn
from codestral_ls.core.exclusion import IgnoreRules
from codestral_ls.core.model import BadRequest, NotAllowed
from codestral_ls.core.refusal import Refused
from codestral_ls.core.text import Document, Span
from codestral_ls.engine.chat_edit import propose_block
from codestral_ls.engine.question import Mention
from codestral_ls.engine.workspace import Workspace

CART = "import os\n\n\ndef total(prices):\n    return sum(prices)\n"
NEW = CART.replace("sum(prices)", "0")
CODE = "def total(prices):\n    return 0"


@pytest.fixture
def workspace(tmp_path):
    """`cart.py` is open, and changed; `tax.py` is on disk only."""
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "cart.py").write_text("old")
    (tmp_path / "shop" / "tax.py").write_text(CART)
    (tmp_path / "shop" / ".env").write_text("KEY=1")
    (tmp_path / "shop" / "out").symlink_to(tmp_path)
    (tmp_path / "outside.py").write_text(CART)
    found = Workspace([tmp_path / "shop"])
    found.open(document(found, "cart.py"))
    return found


def document(workspace, name, text=CART):
    return Document.of((workspace.roots[0] / name).as_uri(), "python", 5, text)


def turn(info, code=CODE):
    return Turn("1", "Why?", f"So:\n\n```{info}\n{code}\n```\n")


def about(workspace, *names):
    return [
        Attachment("code", name, "", (workspace.roots[0] / name).as_uri(), "def total(prices):\n")
        for name in names
    ]


async def test_an_open_document_counts_and_not_the_disk(workspace):
    proposal = await propose_block(turn("python path=cart.py"), 0, (), workspace)
    [change] = proposal.changes
    assert (proposal.title, proposal.notes) == ("Apply to cart.py", ())
    assert (change.version, change.old.text, change.new_text) == (5, CART, NEW)
    assert "def" not in "".join(edit.text for edit in change.edits)


async def test_a_file_that_is_not_open_has_no_version(workspace):
    [change] = (await propose_block(turn("python path=tax.py"), 0, (), workspace)).changes
    assert (change.version, change.new_text) == (None, NEW)


async def test_a_new_file_is_made_in_the_workspace(workspace):
    [change] = (await propose_block(turn("python path=lib/new.py"), 0, (), workspace)).changes
    assert change.uri == (workspace.roots[0] / "lib" / "new.py").as_uri()
    assert (change.version, change.old, change.new_text) == (None, None, f"{CODE}\n")


async def test_a_block_without_a_path_is_for_what_was_asked_about(workspace):
    [change] = (await propose_block(turn("python"), 0, about(workspace, "cart.py"), workspace)).changes
    assert change.new_text == NEW


async def test_the_user_says_where(workspace):
    other = document(workspace, "other.py", "a = 1\nb = 2\n")
    workspace.open(other)
    place = Mention(other, Span(0, 5))
    [change] = (await propose_block(turn("python path=cart.py", "a = 2"), 0, (), workspace, place)).changes
    assert (change.uri, change.new_text) == (other.uri, "a = 2\nb = 2\n")


async def test_the_end_of_a_path_is_enough(workspace):
    workspace.open(document(workspace, "src/deep/util.py"))
    [change] = (await propose_block(turn("python path=deep/util.py"), 0, (), workspace)).changes
    assert change.uri.endswith("src/deep/util.py")


async def test_syntax_that_nobody_checks_is_said(workspace):
    workspace.open(Document.of((workspace.roots[0] / "a.kt").as_uri(), "kotlin", 1, ""))
    proposal = await propose_block(turn("kotlin path=a.kt"), 0, (), workspace)
    assert "syntax was not checked" in proposal.notes[0]


PATHS = {
    "outside": "../outside.py",
    "absolute": "/etc/passwd",
    "through a link": "out/outside.py",
    "a secret": ".env",
    "a new secret": "id_rsa",
    "of the repository": ".git/hooks/pre-commit",
    "a folder": "out",
    "another machine": "https://example.org/a.py",
    "a home": "~/a.py",
}


@pytest.mark.parametrize("path", PATHS.values(), ids=PATHS)
async def test_no_block_leaves_the_workspace(workspace, path):
    with pytest.raises(BadRequest, match="There is no text file"):
        await propose_block(turn(f"python path={path}"), 0, (), workspace)


async def test_an_ignored_file_is_left_alone(workspace):
    workspace.set_rules(IgnoreRules.of(["cart.py"]))
    with pytest.raises(NotAllowed, match="kept from the model"):
        await propose_block(turn("python path=cart.py"), 0, (), workspace)


@pytest.mark.parametrize("number", [-1, 1, 99])
async def test_there_is_no_such_block(workspace, number):
    with pytest.raises(BadRequest, match="no such block"):
        await propose_block(turn("python path=cart.py"), number, (), workspace)


@pytest.mark.parametrize(
    "names", [(), ("cart.py", "other.py"), ("closed.py",)], ids=["none", "two", "closed"]
)
async def test_nobody_knows_which_file(workspace, names):
    workspace.open(document(workspace, "other.py"))
    with pytest.raises(BadRequest, match="which file"):
        await propose_block(turn("python"), 0, about(workspace, *names), workspace)


async def test_a_bad_block_is_refused_like_a_bad_reply(workspace):
    place = Mention(workspace.documents[0], Span(CART.index("def"), len(CART)))
    with pytest.raises(Refused, match="syntax error"):
        await propose_block(turn("python", f"{CODE} + ("), 0, (), workspace, place)
    assert Path(workspace.roots[0] / "cart.py").read_text() == "old"
