"""Refactoring over several files: what a model proposes by tools becomes one proposal, or none."""

import pytest

from codestral_ls.core.model import BadRequest
from codestral_ls.core.refusal import Refused
from codestral_ls.core.text import apply_edits
from codestral_ls.engine.across import Limits
from tests.engine.project import Project, call, edit, texts, turn

SHOP = {
    "a.py": "def total(items):\n    return sum(items)\n",
    "b.py": "from a import total\n\n\ndef bill(cart):\n    return total(cart.items)\n",
    "sub/c.py": "import a\n\n\ndef show(cart):\n    print(a.total(cart))  # the total\n",
    "README.md": "Call `total`.\n",
}
RENAME = (
    turn(call("find_references", name="total"), call("read_file", path="b.py")),
    turn(
        edit("a.py", "def total(items):", "def amount(items):"),
        edit("b.py", "from a import total", "from a import amount"),
        edit("b.py", "    return total(cart.items)", "    return amount(cart.items)"),
        edit("sub/c.py", "print(a.total(cart))", "print(a.amount(cart))"),
    ),
    "It is renamed.",
)


async def test_a_name_is_changed_in_three_files(tmp_path):
    project = Project(tmp_path, SHOP)
    proposal = await project.changed(*RENAME, name="total")
    assert texts(proposal, tmp_path) == {
        "a.py": SHOP["a.py"].replace("total", "amount"),
        "b.py": SHOP["b.py"].replace("total", "amount"),
        "sub/c.py": SHOP["sub/c.py"].replace("a.total", "a.amount"),
    }
    assert proposal.reads == ("README.md 1", "b.py 1–5", "sub/c.py 5")
    assert proposal.notes == (
        "total still stands as before in README.md:1: look whether that is another thing.",
    )
    assert [len(change.edits) for change in proposal.changes] == [1, 2, 1]
    for change in proposal.changes:
        assert apply_edits(change.old, reversed(change.edits), 0).text == change.new_text
    references = project.told[0]
    assert "a.py:1" not in references
    assert "b.py:5: return total(cart.items)" in references
    assert "sub/c.py:5: print(a.total(cart))  # the total" in references
    assert project.on_disk == {name: text.encode() for name, text in SHOP.items()}


async def test_callers_that_are_left_are_told(tmp_path):
    files = SHOP | {
        "d.kt": "fun f() = total(1)\n",
        ".gitignore": "gen/\nx.py\n",
        "gen/e.py": "total()\n",
        "x.py": "total()\n",
    }
    project = Project(tmp_path, files)
    proposal = await project.changed(
        turn(
            edit("a.py", "def total(items):", "def total(items, tax):"),
            edit("b.py", "total(cart.items)", "total(cart.items, 0)"),
        ),
        "Done.",
        name="total",
    )
    assert proposal.notes == (
        "total still stands as before in README.md:1, b.py:1, d.kt:1, sub/c.py:5: "
        "look whether that is another thing.",
        "total also stands in files that are kept from the model: x.py.",
    )


async def test_open_documents_win_over_the_disk(tmp_path):
    project = Project(tmp_path, SHOP)
    project.open("a.py", "def total(things):\n    return 0\n", version=7)
    proposal = await project.changed(
        turn(call("read_file", path="a.py"), call("find_symbol", name="total")),
        turn(edit("a.py", "things", "goods")),
        "Done.",
    )
    [change] = proposal.changes
    assert (change.version, change.new_text) == (7, "def total(goods):\n    return 0\n")
    assert "def total(things)" in project.told[0]
    assert "def total(things)" in project.told[1]


async def test_reading_sees_what_was_changed(tmp_path):
    project = Project(tmp_path, SHOP)
    await project.changed(
        turn(edit("a.py", "total", "amount"), call("create_file", path="new/n.py", content="amount = 1")),
        turn(
            call("read_file", path="a.py"),
            call("find_symbol", name="amount"),
            call("search", text="amount = 1"),
            call("find_symbol", name="total"),
        ),
        "Done.",
    )
    read, symbol, searched, gone = project.told[2:]
    assert "def amount(items)" in read
    assert "a.py:1: def amount(items):" in symbol
    assert "new/n.py:1: amount = 1" in searched
    assert "a.py" not in gone


async def test_a_new_file_is_proposed(tmp_path):
    project = Project(tmp_path, SHOP)
    proposal = await project.changed(
        turn(call("create_file", path="new/n.py", content="x = 1"), edit("new/n.py", "x = 1", "x = 2")),
        "Done.",
    )
    [change] = proposal.changes
    assert (change.uri, change.old, change.new_text) == ((tmp_path / "new/n.py").as_uri(), None, "x = 2\n")


async def test_line_ends_and_the_mark_at_the_beginning_stay(tmp_path):
    project = Project(tmp_path, {"a.py": b"\xef\xbb\xbfa = 1\r\nb = 2\r\nc = 3"})
    proposal = await project.changed(turn(edit("a.py", "b = 2\n", "b = 3\nd = 4\n")), "Done.")
    assert texts(proposal, tmp_path) == {"a.py": "a = 1\r\nb = 3\r\nd = 4\r\nc = 3"}


async def test_a_syntax_error_is_told_once_and_can_be_corrected(tmp_path):
    project = Project(tmp_path, SHOP)
    wrong = turn(edit("a.py", "def total(items):", "def total(items:"))
    right = turn(edit("a.py", "def total(items:", "def total(goods):"))
    proposal = await project.changed(wrong, "Done.", right, "Done.")
    assert texts(proposal, tmp_path)["a.py"].startswith("def total(goods):")
    last = project.model.requests[2].messages[-1]
    assert (last.role, "syntax error in line 1 of a.py" in last.text) == ("user", True)


SECRET = "sk-" + "a1B2" * 8
REFUSALS = {
    "no call": (("I think it is fine.",), "prose"),
    "nothing": ((turn(call("read_file", path="a.py")), "It is fine."), "unchanged"),
    "the same": (
        (turn(edit("a.py", "total", "amount")), turn(edit("a.py", "amount", "total")), "Done."),
        "unchanged",
    ),
    "a syntax error that stays": ((turn(edit("a.py", "(items):", "(items")), "Done.", "Done."), "syntax"),
    "a change that does not fit": ((turn(edit("a.py", "totally", "x")), "Done."), "diff"),
    "code left out": (
        (turn(edit("a.py", "    return sum(items)", "    # ... rest unchanged")), "Done."),
        "diff",
    ),
    "a secret": (
        (turn(edit("key.py", "key = ", "token = "), edit("key.py", "x" * 35, "y")), "Done."),
        "secret",
    ),
    "a secret's line": ((turn(edit("key.py", 'key = "' + "x" * 35 + '"\n', "")), "Done."), "secret"),
    "cut off": ((turn(edit("a.py", "total", "amount")).__class__("", "length"),), "truncated"),
}


@pytest.mark.parametrize(("turns", "reason"), REFUSALS.values(), ids=REFUSALS)
async def test_all_or_nothing(tmp_path, turns, reason):
    project = Project(tmp_path, SHOP | {"key.py": f'key = "{SECRET}"\nx = 1\n'})
    with pytest.raises(Refused) as refused:
        await project.changed(*turns)
    assert refused.value.reason == reason
    assert SECRET not in str([request.texts for request in project.model.requests])


async def test_a_secret_is_kept_though_the_model_miscounts(tmp_path):
    project = Project(tmp_path, {"a.py": f'key = "{SECRET}"\nx = 1\n'})
    shown, wrong = f'key = "{"x" * 35}"\nx = 1\n', f'key = "{"x" * 30}"\nx = 2\n'
    proposal = await project.changed(turn(edit("a.py", shown, wrong)), "Done.")
    assert texts(proposal, tmp_path) == {"a.py": f'key = "{SECRET}"\nx = 2\n'}


async def test_what_is_beside_a_secret_can_be_changed(tmp_path):
    project = Project(tmp_path, {"a.py": f'key = "{SECRET}"\nx = 1\n'})
    proposal = await project.changed(
        turn(call("search", text="key ="), edit("a.py", "x = 1", "x = 2")),
        turn(edit("a.py", "key =", "token =")),
        "Done.",
    )
    assert texts(proposal, tmp_path) == {"a.py": f'token = "{SECRET}"\nx = 2\n'}
    assert SECRET not in project.told[0]


MEANWHILE = {
    "a changed file": ("a.py", (turn(edit("a.py", "total", "amount")),), ("moved", "a.py")),
    "a file that was read": (
        "a.py",
        (turn(call("read_file", path="a.py")), turn(edit("a.py", "sum", "max"))),
        ("diff", "The"),
    ),
    "a file where one is created": (
        "n.py",
        (turn(call("create_file", path="n.py", content="x = 1")),),
        ("moved", "n.py"),
    ),
}


@pytest.mark.parametrize(("name", "turns", "want"), MEANWHILE.values(), ids=MEANWHILE)
async def test_a_file_that_changes_meanwhile_is_refused(tmp_path, name, turns, want):
    project = Project(tmp_path, SHOP)

    def clock():
        """Told between the rounds."""
        if project.model.requests:
            (tmp_path / name).write_text("def sum(): pass\n")
        return 0.0

    with pytest.raises(Refused) as refused:
        await project.changed(*turns, "Done.", clock=clock)
    assert (refused.value.reason, refused.value.message.split()[0]) == want


async def test_a_file_outside_of_the_workspace_is_no_place_to_begin(tmp_path):
    project = Project(tmp_path / "inside", SHOP)
    with pytest.raises(BadRequest):
        await project.changed("Done.", at="../elsewhere.py")
    assert project.model.requests == []


async def test_several_folders_are_told_apart_by_their_names(tmp_path):
    project = Project(tmp_path, {"one/a.py": "x = 1\n", "two/a.py": "x = 2\n"})
    project.workspace.set_roots([tmp_path / "one", tmp_path / "two"])
    proposal = await project.changed(
        turn(call("search", text="x ="), call("list_files", folder="two"), call("read_file", path="a.py")),
        turn(edit("two/a.py", "x = 2", "x = 3")),
        "Done.",
        at="one/a.py",
    )
    assert texts(proposal, tmp_path) == {"two/a.py": "x = 3\n"}
    found, listed, unknown = project.told[:3]
    assert ("one/a.py:1: x = 1" in found, "two/a.py:1: x = 2" in found) == (True, True)
    assert ("two/a.py" in listed, "one/a.py" in listed) == (True, False)
    assert "There is no text file" in unknown


async def test_a_folder_in_another_is_a_part_of_it(tmp_path):
    project = Project(tmp_path, SHOP)
    project.workspace.set_roots([tmp_path / "sub", tmp_path, tmp_path])
    proposal = await project.changed(
        turn(call("find_symbol", name="show"), edit("sub/c.py", "show", "display")), "Done."
    )
    assert texts(proposal, tmp_path).keys() == {"sub/c.py"}
    assert project.told[0].count("sub/c.py:4: def show(cart):") == 1


async def test_the_bytes_that_may_be_read_are_limited(tmp_path):
    project = Project(tmp_path, {"a.py": "x = 1\n" * 1000})
    proposal = await project.changed(
        turn(call("read_file", path="a.py")),
        turn(call("read_file", path="a.py", first_line=200)),
        turn(call("create_file", path="b.py", content="y = 1\n")),
        limits=Limits(characters=600),
    )
    assert texts(proposal, tmp_path) == {"b.py": "y = 1\n"}
    assert project.model.requests[2].tools[0].name == "propose_edit"
    assert len(project.told[0]) < 700
    assert "lines 1 to 99 of 1000" in project.told[0] or "lines 1 to 100 of 1000" in project.told[0]
    assert "A limit is reached" in project.told[1]
