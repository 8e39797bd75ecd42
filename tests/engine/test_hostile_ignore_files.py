"""Ignore files of a stranger's, which are read when a document is opened: on the event loop."""

from pathlib import Path

from codestral_ls.core.text import Document
from codestral_ls.engine.workspace import Workspace
from tests.engine.project import write


def document(path: Path) -> Document:
    return Document.of(path.as_uri(), "python", 1, "x = 1\n")


def patterns(number: int) -> str:
    return "\n".join(f"a*{number}?{line}*z" for line in range(1_900))


def test_so_many_patterns_on_the_way_and_no_more(tmp_path):
    """All of them took a minute for a hundred folders: what is read must not grow with their number."""
    deep = "a/" * 60
    write(tmp_path, {f"{deep[: 2 * depth]}.gitignore": patterns(depth) for depth in range(1, 61)})
    workspace = Workspace([tmp_path])
    for name, sent in {"a/a/x.py": True, f"{deep}x.py": False}.items():
        workspace.open(document(tmp_path / name))
        why = workspace.why_refused(document(tmp_path / name))
        assert (why is None) is sent, why
        assert sent or "too many patterns" in str(why)


def test_a_path_of_more_folders_than_any_project_has(tmp_path):
    name = "a/" * 500 + "x.py"
    workspace = Workspace([tmp_path])
    workspace.open(document(tmp_path / name))
    assert "too deep" in str(workspace.why_refused(document(tmp_path / name)))


def test_patterns_are_forgotten_while_a_thread_walks(tmp_path):
    """Opening a document clears them; a walk over the files in a thread must not stumble."""
    write(tmp_path, {".gitignore": "hidden.py\n"})
    workspace = Workspace([tmp_path])

    class Forgetful(dict):
        def __setitem__(self, key, value):
            super().__setitem__(key, value)
            self.clear()

    workspace._patterns = Forgetful()
    assert workspace.why_excluded(tmp_path / "hidden.py")
    assert workspace.why_excluded(tmp_path / "a.py") is None
