"""Changes written to files: all or none, as the files were."""

import os
import stat
from pathlib import Path

import pytest

from codestral_ls.core.refusal import Refused
from codestral_ls.core.text import Document
from codestral_ls.engine import write as writing
from codestral_ls.engine.proposal import FileChange
from codestral_ls.engine.write import write

OLD, NEW = "größe = 1\r\n\tx = 2", "größe = 2\r\n\tx = 3"


def changed(path: Path, text: str = NEW) -> FileChange:
    old = Document.of(path.as_uri(), "python", 0, path.read_bytes().decode())
    return FileChange(path.as_uri(), None, old, text)


def created(path: Path, text: str = NEW) -> FileChange:
    return FileChange(path.as_uri(), None, None, text)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "code.py"
    path.write_bytes(OLD.encode())
    return path


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_the_bytes_and_the_mode_stay(file):
    file.chmod(0o751)
    write([changed(file)], [file.parent])
    assert files(file.parent) == {"code.py": NEW.encode()}
    assert stat.S_IMODE(file.stat().st_mode) == 0o751


def test_a_link_stays_a_link(file, tmp_path):
    link = tmp_path / "link.py"
    link.symlink_to("code.py")
    write([changed(link)], [tmp_path])
    assert link.is_symlink()
    assert file.read_bytes() == NEW.encode()


def test_a_new_file_gets_its_folder_and_the_usual_mode(file, tmp_path):
    write([created(tmp_path / "tests" / "unit" / "test_code.py")], [tmp_path])
    path = tmp_path / "tests" / "unit" / "test_code.py"
    assert path.read_bytes() == NEW.encode()
    assert path.stat().st_mode == file.stat().st_mode


def test_what_is_there_is_not_written_over(file, tmp_path):
    (tmp_path / "dangling.py").symlink_to("nowhere.py")
    for name in ("code.py", "dangling.py"):
        with pytest.raises(FileExistsError):
            write([created(tmp_path / name)], [tmp_path])
    assert files(tmp_path) == {"code.py": OLD.encode()}


@pytest.mark.parametrize("meanwhile", ["größe = 1\n\tx = 2", None], ids=["edited", "deleted"])
def test_a_file_that_has_changed_meanwhile(file, tmp_path, meanwhile):
    other = tmp_path / "other.py"
    other.write_text("y = 1\n")
    changes = [changed(other), created(tmp_path / "new.py"), changed(file)]
    file.unlink() if meanwhile is None else file.write_bytes(meanwhile.encode())
    before = files(tmp_path)
    with pytest.raises(Refused, match=r"code\.py was changed while the model worked on it"):
        write(changes, [tmp_path])
    assert files(tmp_path) == before


@pytest.mark.parametrize("kept", [False, True], ids=["empty", "in use"])
def test_folders_that_were_made_for_nothing_go_again(file, tmp_path, monkeypatch, kept):
    """But for one into which somebody else has put something meanwhile."""
    (tmp_path / "tests").mkdir()
    new = tmp_path / "tests" / "unit" / "deep" / "test_code.py"
    old = changed(file)
    file.write_text("# meanwhile")

    def check(change, path):
        if kept:
            (new.parent / "theirs").touch()
        raise Refused("moved", path=path.name)

    monkeypatch.setattr(writing, "_check", check)
    with pytest.raises(Refused):
        write([created(new), old], [tmp_path])
    assert (tmp_path / "tests").is_dir()
    assert (tmp_path / "tests" / "unit").exists() is kept
    assert not new.exists()


@pytest.mark.parametrize("failing", [1, 2, 3])
def test_a_disk_that_fails_half_way(file, tmp_path, monkeypatch, failing):
    other = tmp_path / "other.py"
    other.write_text("y = 1\n")
    before, moved = files(tmp_path), []

    def replace(draft, path):
        moved.append(path)
        if len(moved) == failing:
            raise OSError(28, "No space left on device", str(path))
        os.rename(draft, path)

    monkeypatch.setattr(writing.os, "replace", replace)
    with pytest.raises(OSError, match="No space left"):
        write([changed(file), created(tmp_path / "new.py"), changed(other)], [tmp_path])
    assert files(tmp_path) == before


def test_a_file_that_may_only_be_read(file, monkeypatch):
    monkeypatch.setattr(writing.os, "access", lambda path, mode: False)  # Tests may run as root.
    with pytest.raises(PermissionError):
        write([changed(file)], [file.parent])
    assert files(file.parent) == {"code.py": OLD.encode()}


LINKS = {
    "a file outside": ("code.py", "../outside/code.py"),
    "a folder outside": ("folder", "../outside"),
    "the repository's folder": ("folder", ".git/hooks"),
    "a file of the repository": ("code.py", ".git/hooks/code.py"),
}


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize(("name", "target"), LINKS.values(), ids=LINKS)
def test_a_link_that_leads_elsewhere(tmp_path, name, target):
    """A stranger's, or one that was put there while the model was asked."""
    inside, outside = tmp_path / "inside", tmp_path / "outside"
    for folder in (inside / ".git" / "hooks", outside):
        folder.mkdir(parents=True)
        (folder / "code.py").write_bytes(OLD.encode())
    (inside / name).symlink_to(target)
    path = inside / name if name == "code.py" else inside / name / "code.py"
    for change in (
        changed(path),
        *([] if name == "code.py" else [created(inside / name / "sub" / "new.py")]),
    ):
        with pytest.raises(PermissionError, match="name the file itself"):
            write([change], [inside])
    assert {file.read_bytes() for file in tmp_path.rglob("*.py")} == {OLD.encode()}
    assert not list(tmp_path.rglob("sub"))


def test_a_file_of_the_repository_that_was_named(tmp_path):
    path = tmp_path / ".git" / "hooks" / "code.py"
    path.parent.mkdir(parents=True)
    path.write_bytes(OLD.encode())
    write([changed(path)], [path.parent])
    assert path.read_bytes() == NEW.encode()
