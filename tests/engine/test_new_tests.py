"""Where a file's tests go, by what the project has."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from codestral_ls.core.exclusion import IgnoreRules
from codestral_ls.core.model import BadRequest
from codestral_ls.core.text import Document
from codestral_ls.engine.new_tests import MOST_BYTES, SAMPLE_CHARACTERS, Place, find_place
from codestral_ls.engine.workspace import Workspace

PLACES = {
    "Python, no tests yet": ("python", "shop/cart.py", [], "tests/test_cart.py"),
    "Python, a test folder": ("python", "shop/cart.py", ["tests/test_a.py"], "tests/test_cart.py"),
    "Python, folders answer to each other": (
        "python",
        "src/shop/cart.py",
        ["tests/test_a.py", "tests/shop/__init__.py"],
        "tests/shop/test_cart.py",
    ),
    "Python, beside the code": ("python", "shop/cart.py", ["shop/test_a.py"], "shop/test_cart.py"),
    "Python, the other name": ("python", "shop/cart.py", ["tests/a_test.py"], "tests/cart_test.py"),
    "Python, there is one already": (
        "python",
        "cart.py",
        ["tests/test_cart.py", "tests/test_cart_2.py"],
        "tests/test_cart_3.py",
    ),
    "TypeScript": ("typescript", "src/cart.ts", [], "src/cart.test.ts"),
    "TypeScript, spec": ("typescript", "src/cart.ts", ["src/b/a.spec.ts"], "src/cart.spec.ts"),
    "TypeScript, in folders": (
        "typescriptreact",
        "src/cart.tsx",
        ["src/__tests__/a.test.tsx"],
        "src/__tests__/cart.test.tsx",
    ),
    "there is one already": ("typescript", "cart.ts", ["cart.test.ts"], "cart_2.test.ts"),
    "Go": ("go", "shop/cart.go", ["shop/a_test.go"], "shop/cart_test.go"),
    "Rust": ("rust", "src/cart.rs", [], "tests/cart.rs"),
    "Rust, its code is no test": ("rust", "src/cart.rs", ["src/test_kit.rs"], "tests/cart.rs"),
    "Java, Maven": (
        "java",
        "src/main/java/shop/Cart.java",
        [],
        "src/test/java/shop/CartTest.java",
    ),
    "Java, Maven with tests": (
        "java",
        "src/main/java/shop/Cart.java",
        ["src/test/java/shop/ATest.java", "src/test/java/other/BTest.java"],
        "src/test/java/shop/CartTest.java",
    ),
    "Ruby, minitest": ("ruby", "lib/cart.rb", ["test/a_test.rb"], "test/cart_test.rb"),
    "a language without a habit": ("c", "src/cart.c", [], "tests/test_cart.c"),
    "what others brought is not looked at": (
        "javascript",
        "src/cart.js",
        ["node_modules/x/test/a.spec.js", ".cache/a.spec.js"],
        "src/cart.test.js",
    ),
}


def found(root: Path, language: str, source: str, workspace: Workspace | None = None) -> Place:
    document = Document.of((root / source).as_uri(), language, 1, "x\n")
    return find_place(document, workspace or Workspace([root]))


def written(root: Path, path: str, text: str = "") -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text, encoding="utf-8")


@pytest.mark.parametrize(("language", "source", "files", "expected"), PLACES.values(), ids=PLACES)
def test_the_place_is_the_projects_own(tmp_path, language, source, files, expected):
    for path in (source, *files):
        written(tmp_path, path)
    place = found(tmp_path, language, source)
    assert place.shown == expected
    assert place.path == tmp_path / expected
    assert not os.path.lexists(place.path)


def test_the_nearest_test_is_the_sample(tmp_path):
    for path in ("tests/test_a.py", "tests/shop/test_b.py", "tests/shop/test_cart_total.py"):
        written(tmp_path, path, f"# {path}\n")
    place = found(tmp_path, "python", "shop/cart.py")
    assert [snippet.text for snippet in place.samples] == ["# tests/shop/test_cart_total.py\n"]
    assert place.reads == ("tests/shop/test_cart_total.py 1–2",)


WITHHELD = {
    "ignored": lambda root: written(root, ".gitignore", "test_a.py\n"),
    "ignored by the user": lambda root: None,
    "no text": lambda root: (root / "tests/test_a.py").write_bytes(b"\xff\xfe\0"),
    "too long": lambda root: (root / "tests/test_a.py").write_bytes(b"#" * (MOST_BYTES + 1)),
    "a link": lambda root: relinked(root / "tests/test_a.py", root / "elsewhere.txt"),
}


def relinked(path: Path, target: Path) -> None:
    target.write_text("secret")
    path.unlink()
    path.symlink_to(target)


@pytest.mark.parametrize("why", WITHHELD)
@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
def test_no_sample_is_taken_of_what_may_not_be_read(tmp_path, why):
    written(tmp_path, "tests/test_a.py", "# mine\n")
    WITHHELD[why](tmp_path)
    rules = IgnoreRules.of(["test_a*"] if why == "ignored by the user" else [])
    place = found(tmp_path, "python", "cart.py", Workspace([tmp_path], rules))
    assert (place.samples, place.reads) == ((), ())
    assert place.shown == "tests/test_cart.py"


def test_a_long_sample_is_cut(tmp_path):
    written(tmp_path, "tests/test_a.py", "x = 17\n" * 10_000)
    [snippet] = found(tmp_path, "python", "cart.py").samples
    assert len(snippet.text) <= SAMPLE_CHARACTERS
    assert snippet.text.endswith("x = 17\n")


def test_a_file_outside_of_the_workspace_has_its_tests_beside_it(tmp_path):
    written(tmp_path, "other/cart.py")
    place = found(tmp_path, "python", "other/cart.py", Workspace([tmp_path / "mine"]))
    assert place.path == tmp_path / "other" / "tests" / "test_cart.py"


@pytest.mark.skipif(os.name == "nt", reason="links need rights there")
@pytest.mark.parametrize("link", ["tests", "tests/shop"])
def test_a_link_does_not_lead_out_of_the_workspace(tmp_path, link):
    written(tmp_path, "mine/shop/cart.py")
    if link != "tests":
        written(tmp_path, "mine/tests/test_a.py")
    (tmp_path / "theirs").mkdir()
    (tmp_path / "mine" / link).symlink_to(tmp_path / "theirs")
    with pytest.raises(BadRequest, match="a link that leads elsewhere"):
        found(tmp_path / "mine", "python", "shop/cart.py")
