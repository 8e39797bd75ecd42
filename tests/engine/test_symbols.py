"""Names that are looked for in the workspace: what is found, by what means, and within what bounds."""

import asyncio
import threading

import pytest

from codestral_ls.core.text import Document
from codestral_ls.engine import parsing, symbols, walk
from codestral_ls.engine.symbols import OnDemand
from codestral_ls.engine.tree import Tree
from codestral_ls.engine.workspace import Workspace
from tests.engine.project import write

FILES = {
    "a.py": "def total(items):\n    return sum(items)\n",
    "sub/b.ts": "import { total } from './a'\nexport const x = total([1]) // total\n",
    "c.kt": "fun f() = total(1)\n",
    "subtotal.py": "subtotal = 1\n",
}


def looking(folder, files, **options):
    write(folder, files)
    tree = Tree(Workspace([folder]))
    return tree, OnDemand(tree, **options)


def shown(tree, found):
    return [(f"{tree.name(place.path)}:{place.line + 1}", place.role) for place in found.places]


async def test_names_are_found_in_every_language(tmp_path):
    tree, symbols = looking(tmp_path, FILES)
    found = await symbols.find("total")
    assert shown(tree, found) == [
        ("a.py:1", "definition"),
        ("c.kt:1", "text"),
        ("sub/b.ts:1", "reference"),
        ("sub/b.ts:2", "reference"),
    ]
    assert [tree.name(path) for path in found.unparsed] == ["c.kt"]
    assert found.whole
    assert [place.text for place in found.places][-1] == "export const x = total([1]) // total"


@pytest.mark.parametrize("module", ["codestral_ls.no_such_module", "this"], ids=["dies", "talks"])
async def test_a_parser_that_fails_leaves_the_text(tmp_path, monkeypatch, module):
    monkeypatch.setattr(parsing, "_MODULE", module)
    tree, symbols = looking(tmp_path, FILES)
    found = await symbols.find("total")
    assert {role for _, role in shown(tree, found)} == {"text"}
    assert len(found.unparsed) == 3


async def test_the_parser_ends_with_the_search():
    async with parsing.Parsing() as parser:
        assert await parser.occurrences("python", "a = 1\n", "a")
        process = parser._process
        assert process.returncode is None
    assert process.returncode is not None


async def test_a_parser_that_does_not_answer_is_killed(monkeypatch):
    monkeypatch.setattr(parsing, "_SECONDS_FOR_ONE", 0.0)
    async with parsing.Parsing() as parser:
        assert await parser.occurrences("python", "a = 1\n", "a") is None
        assert parser._process is None


async def test_long_lines_are_cut_around_the_name(tmp_path):
    _, symbols = looking(tmp_path, {"a.js": f"{'x=1;' * 50_000}total();{'y=2;' * 50_000}\n"})
    [place] = (await symbols.find("total")).places
    assert ("total();" in place.text, len(place.text) <= 200) == (True, True)


async def test_documents_of_elsewhere_are_not_looked_into(tmp_path):
    tree, _ = looking(tmp_path / "inside", FILES)
    tree.workspace.open(Document.of((tmp_path / "out.py").as_uri(), "python", 1, "total = 1\n"))
    found = await OnDemand(Tree(tree.workspace)).find("total")
    assert len(found.places) == 4
    assert found.hidden == ()


async def test_changed_texts_stand_for_those_on_disk(tmp_path):
    tree, symbols = looking(
        tmp_path, FILES, texts=lambda: {tmp_path / "a.py": "", tmp_path / "n.py": "total = 2\n"}
    )
    assert shown(tree, await symbols.search("total =")) == [("n.py:1", "text"), ("subtotal.py:1", "text")]
    assert "a.py:1" not in dict(shown(tree, await symbols.find("total")))


async def test_deep_and_wide_folders_are_not_walked_to_the_end(tmp_path, monkeypatch):
    deep = "/".join(["d"] * (walk.DEEPEST + 10))
    _, symbols = looking(tmp_path, {f"{deep}/a.py": "total = 1\n"})
    found = await symbols.find("total")
    assert (found.places, found.whole) == ((), False)
    monkeypatch.setattr(walk, "MOST_FILES", 3)
    _, symbols = looking(tmp_path, {f"{number}.py": "total = 1\n" for number in range(9)})
    found = await symbols.find("total")
    assert (len(found.places), found.whole) == (3, False)


@pytest.mark.parametrize(("limit", "value"), [("MOST_CANDIDATES", 2), ("MOST_CHARACTERS", 25)])
async def test_few_files_are_looked_into(tmp_path, monkeypatch, limit, value):
    monkeypatch.setattr(symbols, limit, value)
    _, looked = looking(tmp_path, {f"{number}.py": "total = 1\n" for number in range(9)})
    found = await looked.search("total")
    assert (len(found.places), found.whole) == (2, False)


async def test_time_is_bounded(tmp_path):
    now = iter(range(0, 10_000, 2))
    _, symbols = looking(
        tmp_path, {f"{number}.py": "total = 1\n" for number in range(30)}, clock=lambda: next(now)
    )
    found = await symbols.search("total")
    assert not found.whole
    assert len(found.places) < 10


async def test_ignored_folders_and_those_of_programs_are_not_walked(tmp_path):
    files = {f"{folder}/a.py": "total = 1\n" for folder in ("node_modules", ".git", "out", "src")}
    tree, symbols = looking(tmp_path, {".gitignore": "out/\n*.log\n!keep/\n", "x.log": "total", **files})
    assert shown(tree, found := await symbols.find("total")) == [("src/a.py:1", "definition")]
    assert [tree.name(path) for path in found.hidden] == ["x.log"]
    listing = await symbols.files([tmp_path], 10)
    assert sorted(tree.name(path) for path in listing.paths) == [".gitignore", "src/a.py"]


async def test_a_search_that_is_given_up_ends_its_thread(tmp_path, monkeypatch):
    begun, go_on, read = asyncio.Event(), threading.Event(), []
    loop = asyncio.get_running_loop()

    def slow(path):
        read.append(path)
        loop.call_soon_threadsafe(begun.set)
        go_on.wait()
        return ""

    tree, symbols = looking(tmp_path, {f"{number}.py": "total = 1\n" for number in range(9)})
    monkeypatch.setattr(tree, "on_disk", slow, raising=False)
    search = asyncio.create_task(symbols.find("total"))
    await begun.wait()
    search.cancel()
    with pytest.raises(asyncio.CancelledError):
        await search
    go_on.set()
    await loop.shutdown_default_executor()
    assert len(read) == 1
