"""However much a model asks for, and in whatever form: it is bounded, and told what is wrong."""

import json

import pytest

from codestral_ls.core.model import Chunk, ToolCall
from codestral_ls.core.refusal import Refused
from codestral_ls.engine.across import Limits
from codestral_ls.engine.overlay import MOST_FILES
from codestral_ls.engine.tools import TOOLS
from tests.engine.project import Project, call, edit, texts, turn


async def test_endless_calls_come_to_an_end(tmp_path):
    project = Project(tmp_path, {"a.py": "x = 1\n"})
    turns = [turn(call("read_file", path="a.py", first_line=number)) for number in range(100)]
    with pytest.raises(Refused) as refused:
        await project.changed(*turns, limits=Limits(rounds=5))
    assert refused.value.reason == "endless"
    assert len(project.model.requests) == 6
    assert [bool("A limit is reached" in answer) for answer in project.told] == [*[False] * 4, True]


async def test_time_is_limited(tmp_path):
    project = Project(tmp_path, {"a.py": "x = 1\n"})
    now = iter(range(0, 100_000, 40))
    turns = [turn(call("list_files", folder="no")), turn(call("read_file", path="a.py"))] * 20
    with pytest.raises(Refused) as refused:
        await project.changed(*turns, clock=lambda: next(now), limits=Limits(rounds=50))
    assert refused.value.reason == "endless"
    assert len(project.model.requests) < 12


async def test_a_storm_of_calls_is_answered_in_part(tmp_path):
    project = Project(tmp_path, {"a.py": "x = 1\n"})
    storm = turn(*(call("read_file", path="a.py", first_line=number) for number in range(10_000)))
    proposal = await project.changed(storm, turn(edit("a.py", "1", "2")))
    assert texts(proposal, tmp_path) == {"a.py": "x = 2\n"}
    told = project.model.requests[1].messages
    assert len([message for message in told if message.role == "tool"]) == Limits().calls
    ids = [each.id for message in told for each in message.calls]
    assert ids == [message.call_id for message in told if message.role == "tool"]
    assert all(len(each) == 9 and each.isalnum() for each in ids)
    assert len(set(ids)) == len(ids)


async def test_long_arguments_are_refused(tmp_path):
    project = Project(tmp_path, {"a.py": "x = 1\n"})
    with pytest.raises(Refused) as refused:
        await project.changed(turn(edit("a.py", "1", "2" * 10_000_000)), "Done.")
    assert refused.value.reason == "long"


async def test_a_reply_that_goes_on_and_on_is_closed(tmp_path):
    project = Project(tmp_path, {"a.py": "x = 1\n"})
    given = 0

    class Flood:
        def __init__(self, profile):
            self.profile = profile

        async def chat(self, _request):
            nonlocal given
            for _ in range(10_000):
                given += 1_000
                yield Chunk("y" * 1_000)

    with pytest.raises(Refused) as refused:
        await project.changed("", model=Flood)
    assert refused.value.reason == "truncated"
    assert given <= Limits().reply + 1_000


async def test_so_many_files_are_changed_and_no_more(tmp_path):
    project = Project(tmp_path, {"a.py": "x = 1\n"})
    creations = [
        call("create_file", path=f"n{number}.py", content="x = 1\n") for number in range(MOST_FILES + 5)
    ]
    with pytest.raises(Refused) as refused:
        await project.changed(turn(*creations), "Done.", limits=Limits(calls=100))
    assert refused.value.reason == "diff"
    assert sum("is noted" in answer for answer in project.told) == MOST_FILES


NOT_RIGHT = {
    "no JSON": "read it",
    "cut off": '{"path": "a.',
    "a list": "[]",
    "a text": '"a.py"',
    "nothing": "",
    "a wrong type": '{"path": ["a.py"]}',
    "a missing field": "{}",
    "deep": "[" * 10_000,
    "half a character": '{"path": "\ud800"}',
    "numbers beyond all": '{"path": "a.py", "first_line": 1e999}',
}


@pytest.mark.parametrize("arguments", NOT_RIGHT.values(), ids=NOT_RIGHT)
async def test_arguments_that_are_not_right_are_told(tmp_path, arguments):
    project = Project(tmp_path, {"a.py": "x = 1\n"})
    wrong = [ToolCall("null", name, arguments) for name in TOOLS if name != "list_files"]
    proposal = await project.changed(turn(*wrong, edit("a.py", "1", "2")), "Done.")
    assert texts(proposal, tmp_path) == {"a.py": "x = 2\n"}
    assert all(answer.startswith("The arguments are not right") for answer in project.told[:-1])
    sent = [each.arguments for message in project.model.requests[-1].messages for each in message.calls]
    assert all(isinstance(json.loads(each), dict) for each in sent)


async def test_lines_beyond_a_file_are_its_last(tmp_path):
    project = Project(tmp_path, {"a.py": "x = 1\ny = 2\n", "empty.py": ""})
    lines = [(-5, -9), (0, 0), (2, 1), (10**30, 10**40), (1, -1)]
    asked = [call("read_file", path="a.py", first_line=first, last_line=last) for first, last in lines]
    await project.changed(turn(*asked, call("read_file", path="empty.py"), edit("a.py", "1", "2")), "Done.")
    assert ["lines 1 to 1" in answer or "lines 2 to 2" in answer for answer in project.told[:-1]].count(
        True
    ) >= 4


async def test_a_name_of_a_tool_that_no_host_takes_back(tmp_path):
    project = Project(tmp_path, {"a.py": "x = 1\n"})
    await project.changed(turn(ToolCall("", "rm -rf / " * 50, "{}"), edit("a.py", "1", "2")), "Done.")
    assert project.told[0].startswith("There is no such tool")
    [name, _] = [each.name for message in project.model.requests[-1].messages for each in message.calls]
    assert (len(name), name.replace("_", "").replace("-", "").isalnum()) == (64, True)


async def test_what_is_asked_twice_is_answered_once(tmp_path):
    project = Project(tmp_path, {"a.py": "x = 1\n"})
    again = call("read_file", path="a.py")
    await project.changed(turn(again, again, edit("a.py", "1", "2"), again), "Done.")
    assert ["x = " in answer for answer in project.told] == [True, False, False, True]
