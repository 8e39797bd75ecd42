"""Whatever a model says, nothing changes outside of the offered span, and undoing restores the bytes."""

from __future__ import annotations

import asyncio
import json

from hypothesis import event, given, settings
from hypothesis import strategies as st

from codestral_ls.core.actions import ACTIONS
from codestral_ls.core.applicable import Choice
from codestral_ls.core.model import Chunk
from codestral_ls.core.refusal import Refused
from codestral_ls.core.target import imports
from codestral_ls.core.text import Document, Edit, Span, apply_edits
from tests.engine.talking import TalkingModel, desk

INSTRUCT = next(action for action in ACTIONS if action.name == "instruct")
SIMPLIFY = next(action for action in ACTIONS if action.name == "simplify")

LINES = [
    "import os",
    "def total(items):",
    "    return sum(items)",
    "\treturn 1 ",
    "class Größe:",
    '    key = "sk-Zz9Zz9Zz9Zz9Zz9Zz9Zz9Zz9Zz9Zz9"',
    "    # TODO: … more 😀",
    "",
    "   ",
    "x = (1,",
    "```python",
]
ENDS = ["\n", "\r\n", "\r"]

lines = st.lists(st.tuples(st.sampled_from(LINES), st.sampled_from(ENDS)), min_size=1, max_size=12)
codes = st.one_of(st.text(max_size=80), st.lists(st.sampled_from(LINES), max_size=8).map("\n".join))


def fenced(code: str, info: str, fence: str) -> str:
    return f"Here it is:\n{fence}{info}\n{code}\n{fence}\n"


SOUND = [
    "def total(items):",
    "    return sum(items)",
    "total = 1",
    "",
    "class Größe:",
    "    # TODO: 😀",
    "\tpass",
]
sound = st.lists(st.sampled_from(SOUND), min_size=1, max_size=8).map("\n".join)

replies = st.one_of(
    *[st.builds(fenced, sound, st.just("python target"), st.just("```"))] * 4,
    st.text(max_size=200),
    codes,
    st.builds(
        fenced,
        codes,
        st.sampled_from(["", "python", "python target", "imports", "diff"]),
        st.sampled_from(["```", "````"]),
    ),
    st.builds(
        lambda spans: json.dumps({"replacements": spans}),
        st.lists(
            st.builds(
                lambda name, text: {"span": name, "text": text},
                st.sampled_from(["target", "imports", "../x"]),
                codes,
            ),
            max_size=3,
        ),
    ),
)


@st.composite
def cases(draw):
    pieces = [line + end for line, end in draw(lines)]
    text = "".join(pieces)
    if draw(st.booleans()):
        text = text.rstrip("\r\n")
    document = Document.of("file:///a.py", draw(st.sampled_from(["python", "cobol", "markdown"])), 7, text)
    first = draw(st.integers(0, document.line_count - 1))
    last = draw(st.integers(first, document.line_count - 1))
    start, end = document.line_start(last), len(document.line(last).rstrip("\r\n"))
    return document, Span(document.line_start(first), start + end)


def inverse(document: Document, edits: tuple[Edit, ...]) -> list[Edit]:
    """The edits that take the sorted edits back, the last first, as an editor's undo does."""
    undone, shift = [], 0
    for edit in edits:
        start = edit.span.start + shift
        undone.append(
            Edit(Span(start, start + len(edit.text)), document.slice(edit.span.start, edit.span.end))
        )
        shift += len(edit.text) - (edit.span.end - edit.span.start)
    return undone[::-1]


async def edits_for(document, span, said, finish, features, action):
    model = TalkingModel(Chunk(said, finish), features=frozenset(features))
    async with desk(model) as here:
        try:
            found = await here.refactorer.propose(document, Choice(action, "", span, span), "Do it.")
        except Refused:
            return ()
    [change] = found.changes
    after = apply_edits(document, reversed(change.edits), 8)
    assert after.text == change.new_text
    return change.edits


@settings(max_examples=400, deadline=None)
@given(
    cases(),
    replies,
    st.sampled_from(["stop", "stop", "stop", "length", None]),
    st.sampled_from([(), ("schema",), ("prefix",)]),
    st.sampled_from([INSTRUCT, SIMPLIFY]),
)
def test_nothing_outside_of_the_spans_changes(case, said, finish, features, action):
    document, span = case
    before = document.text
    edits = asyncio.run(edits_for(document, span, said, finish, features, action))
    event(f"{min(len(edits), 3)} edits")
    named = imports(document) if action is INSTRUCT else None
    offered = [each for each in (span, named) if each]
    for edit in edits:
        assert any(each.start <= edit.span.start <= edit.span.end <= each.end for each in offered)
    assert [edit.span.start for edit in edits] == sorted({edit.span.start for edit in edits})
    after = apply_edits(document, reversed(edits), 8)
    assert (
        apply_edits(after, inverse(document, edits), 9).text.encode()
        == before.encode()
        == document.text.encode()
    )
