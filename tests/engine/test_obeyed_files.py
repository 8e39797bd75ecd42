"""Files by which a model could lift its own limits or have something run, and links that lead to such."""

import os

import pytest

from codestral_ls.core.model import BadRequest
from codestral_ls.core.text import Document
from codestral_ls.engine import tree
from codestral_ls.engine.new_tests import find_place
from codestral_ls.engine.tree import NotThere, Tree
from codestral_ls.engine.workspace import Workspace
from tests.engine.project import Project, call, edit, texts, turn, write

NAMES = [
    ".gitignore",
    ".codestralignore",
    "deep/.CodestralIgnore",
    ".codestral.toml",
    ".gitmodules",
    ".vscode/settings.json",
    ".VSCode/tasks.json",
    ".nvim.lua",
    "sub/HEAD",
]


@pytest.mark.parametrize("there", [True, False], ids=["there", "new"])
@pytest.mark.parametrize("name", NAMES)
async def test_only_the_user_changes_it(tmp_path, name, there):
    project = Project(tmp_path, {"a.py": "x = 1\n", **({name: "old line\n"} if there else {})})
    wanted = edit(name, "old line", "new line") if there else call("create_file", path=name, content="new\n")
    proposal = await project.changed(turn(wanted, edit("a.py", "1", "2")), "Done.")
    assert "only the user changes it" in project.told[0]
    assert texts(proposal, tmp_path) == {"a.py": "x = 2\n"}
    assert name in str(proposal.notes)


async def test_it_may_be_read(tmp_path):
    project = Project(tmp_path, {"a.py": "x = 1\n", ".vscode/settings.json": '{"here": 1}\n'})
    await project.changed(
        turn(call("read_file", path=".vscode/settings.json"), edit("a.py", "1", "2")), "Done."
    )
    assert '"here"' in project.told[0]


def test_a_disk_that_takes_another_spelling(tmp_path, monkeypatch):
    """As those of macOS and Windows do, where the pattern would not fit."""
    write(tmp_path, {"ignored/i.py": "", ".gitignore": "ignored/\n", "Open/a.py": ""})
    known = {str(path).lower() for path in tmp_path.rglob("*")}
    monkeypatch.setattr(tree.os.path, "lexists", lambda path: str(path).lower() in known)
    found = Tree(Workspace([tmp_path]))
    for name in ("Ignored/i.py", "open/a.py", "Ignored/new.py", "IGNORED/I.py"):
        with pytest.raises(NotThere):
            found.path(name)
    assert found.path("Open/new.py") == tmp_path / "Open" / "new.py"


PLACES = {
    "the repository's hooks": (".git/hooks", "", "a link that leads elsewhere"),
    "an ignored folder": ("build", "build/\n", "kept from the model"),
    "by its own name": ("", "tests/\n", "kept from the model"),
}


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize(("target", "ignored", "why"), PLACES.values(), ids=PLACES)
def test_tests_go_nowhere_else(tmp_path, target, ignored, why):
    write(tmp_path, {"pre-commit": "fn x() {}", ".git/hooks/a": "", "build/a": "", ".gitignore": ignored})
    if target:
        (tmp_path / "tests").symlink_to(target)
    document = Document.of((tmp_path / "pre-commit").as_uri(), "rust", 1, "fn x() {}")
    with pytest.raises(BadRequest, match=why):
        find_place(document, Workspace([tmp_path]))


async def test_a_workspace_may_itself_lie_in_such_a_folder(tmp_path):
    project = Project(tmp_path / ".vscode" / "extension", {"a.py": "x = 1\n"})
    assert texts(await project.changed(turn(edit("a.py", "1", "2")), "Done."), project.folder)


def test_a_tree_deeper_than_the_stack(tmp_path, monkeypatch):
    write(tmp_path, {"cart.py": "x = 1\n", "tests/test_a.py": ""})
    folder = tmp_path / "deep"
    folder.mkdir()
    monkeypatch.chdir(folder)
    for _ in range(1_200):
        os.mkdir("d")
        os.chdir("d")
    document = Document.of((tmp_path / "cart.py").as_uri(), "python", 1, "x = 1\n")
    try:
        assert find_place(document, Workspace([tmp_path])).shown == "tests/test_cart.py"
    finally:
        for _ in range(1_200):
            os.chdir("..")
            os.rmdir("d")
