"""Actions over several files through the refactorer: what the model is told, and what comes of it."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codestral_ls.core.actions import ACTIONS
from codestral_ls.core.model import BadRequest, NotAllowed, Usage
from codestral_ls.core.refusal import Refused
from codestral_ls.core.text import Document, Span, apply_edits
from codestral_ls.engine.across import Limits
from codestral_ls.engine.tools import TOOLS
from tests.engine.project import Project, call, edit, texts, turn, write
from tests.engine.talking import TalkingModel, chosen, desk

FILES = {
    "a.py": "import b\n\n\ndef total(items):\n    return sum(items)\n",
    "b.py": "from a import total\n\nprint(total([1]))\n",
    "c.py": "import a\n\nprint(a.total([2]))\n",
}
SIGNATURE = (
    turn(call("find_references", name="total")),
    turn(
        edit(
            "a.py",
            "def total(items):\n    return sum(items)",
            "def total(items, tax):\n    return sum(items) + tax",
        ),
        edit("b.py", "total([1])", "total([1], 0)"),
    ),
    "Done.",
)
EVERYWHERE = [action for action in ACTIONS if action.answer == "edits"]


def shown(here, folder, name="a.py"):
    """The file is open, with the cursor in its function."""
    document = Document.of((folder / name).as_uri(), "python", 5, FILES["a.py"])
    here.workspace.set_roots([folder])
    here.workspace.open(document)
    return document, Span(document.length - 5, document.length - 5)


@pytest.mark.parametrize("action", EVERYWHERE, ids=lambda action: action.name)
async def test_an_action_over_several_files(tmp_path, action):
    write(tmp_path, FILES)
    model = TalkingModel(*SIGNATURE)
    async with desk(model) as here:
        document, selection = shown(here, tmp_path)
        stages = []
        proposal = await here.refactorer.propose(
            document,
            chosen(action.name, document, selection),
            "add `tax`",
            lambda stage, _: stages.append(stage),
        )
    assert proposal.title == action.title.removesuffix(" …")
    assert [(change.version, change.uri) for change in proposal.changes] == [
        (5, document.uri),
        (None, (tmp_path / "b.py").as_uri()),
    ]
    assert proposal.bill.usage == Usage(300, 60)
    left = "total still stands as before in b.py:1, c.py:3: look whether that is another thing."
    assert proposal.notes == (() if action.name == "instruct-everywhere" else (left,))
    assert {"asking", "reading", "checking"} <= set(stages)
    request = model.requests[0]
    assert {tool.name for tool in request.tools} == TOOLS.keys()
    assert "add `tax`" in request.messages[1].text
    assert '<file path="a.py"' in request.messages[1].text


async def test_how_often_a_model_may_look_things_up_is_set(tmp_path):
    write(tmp_path, FILES)
    model = TalkingModel(*(turn(call("read_file", path="b.py", first_line=line)) for line in range(9)))
    async with desk(model) as here:
        here.refactorer.rounds = 2
        document, selection = shown(here, tmp_path)
        with pytest.raises(Refused):
            await here.refactorer.propose(
                document, chosen("rename-everywhere", document, selection), "amount"
            )
    assert len(model.requests) == 3


async def test_a_small_window_is_not_read_full(tmp_path):
    write(tmp_path, FILES | {"long.py": "x = 1\n" * 5_000})
    model = TalkingModel(turn(call("read_file", path="long.py")), *SIGNATURE, window=8_000)
    async with desk(model) as here:
        document, selection = shown(here, tmp_path)
        choice = chosen("rename-everywhere", document, selection)
        proposal = await here.refactorer.propose(document, choice, "amount")
    assert len(proposal.changes) == 2
    read, refused = (request.messages[-1].text for request in model.requests[1:3])
    assert len(read) < 8_000 // 2 * 3 + 200
    assert "No more of the workspace may be read" in refused


@pytest.mark.parametrize(
    ("files", "error", "words"),
    [
        ({".gitignore": "a.py"}, NotAllowed, "Nothing of this file is sent"),
        (None, BadRequest, "open its folder"),
    ],
    ids=["an ignored file", "a file of elsewhere"],
)
async def test_nothing_is_sent(tmp_path, files, error, words):
    write(tmp_path, FILES | (files or {}))
    model = TalkingModel(*SIGNATURE)
    async with desk(model) as here:
        document, selection = shown(here, tmp_path)
        if files is None:
            here.workspace.set_roots([])
        with pytest.raises(error, match=words):
            await here.refactorer.propose(
                document, chosen("rename-everywhere", document, selection), "amount"
            )
    assert model.requests == []


@pytest.mark.parametrize("stage", ["asking", "reading", "checking"])
async def test_it_is_cancelled_in_every_stage(tmp_path, stage):
    write(tmp_path, FILES)
    model = TalkingModel(*SIGNATURE)
    async with desk(model) as here:
        document, selection = shown(here, tmp_path)
        running = set(asyncio.all_tasks())

        def report(now, _):
            if now == stage:
                work.cancel()

        choice = chosen("change-signature", document, selection)
        work = asyncio.create_task(here.refactorer.propose(document, choice, "add `tax`", report))
        with pytest.raises(asyncio.CancelledError):
            await work
        assert model.running == 0
        assert asyncio.all_tasks() == running


async def test_a_model_that_never_answers_is_given_up(tmp_path):
    project = Project(tmp_path, FILES)

    class Silent:
        def __init__(self, profile):
            self.profile = profile

        async def chat(self, _request):
            await asyncio.Event().wait()
            yield

    with pytest.raises(Refused) as refused:
        await project.changed(model=Silent, limits=Limits(seconds=0))
    assert refused.value.reason == "endless"


NAMES = st.sampled_from(["a.py", "b.py", "new.py", "../x.py", "", "c.py", ".env"])
PIECES = st.sampled_from(
    ["total", "items", "\n", "import b\n", "def total(items):\n", "", "    # ...\n", "x = 1\n", "("]
)
TEXTS = st.lists(PIECES, max_size=3).map("".join) | st.text(max_size=5)
CALLS = st.one_of(
    st.builds(edit, NAMES, TEXTS, TEXTS),
    st.builds(lambda path, text: call("create_file", path=path, content=text), NAMES, TEXTS),
    st.builds(lambda path, first: call("read_file", path=path, first_line=first), NAMES, st.integers()),
    st.builds(lambda text: call("search", text=text), TEXTS),
)
TURNS = st.lists(st.lists(CALLS, min_size=1, max_size=4).map(lambda calls: turn(*calls)), max_size=4)


@settings(max_examples=60, deadline=None)
@given(turns=TURNS)
def test_whatever_is_called_nothing_is_written_and_edits_can_be_undone(tmp_path_factory, turns):
    folder = tmp_path_factory.mktemp("project")
    project = Project(folder, FILES | {".env": "A=1\n"})
    before = project.on_disk
    try:
        proposal = asyncio.run(project.changed(*turns, "Done."))
    except Refused:
        return
    finally:
        assert project.on_disk == before
    assert texts(proposal, folder).keys() <= {"a.py", "b.py", "c.py", "new.py"}
    for change in proposal.changes:
        if change.old:
            assert change.old.text == FILES[change.uri.rpartition("/")[2]]
            assert apply_edits(change.old, reversed(change.edits), 0).text == change.new_text
            assert change.new_text != change.old.text
