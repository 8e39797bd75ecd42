"""What is left of accepted texts, and what the engine asks about the last suggestions."""

from __future__ import annotations

import pytest

from codestral_ls.engine.retention import MOST
from tests.engine.editing import LOOK, MODEL, SUM, TAB, play

RETAINED = {
    "all": ([], [1.0] * 4),
    "typed around": ([("edit", (0, 0, "#\n")), ("insert", "\n\ny = 2")], [1.0] * 4),
    "changed at once": ([("edit", (8, 13, "costs"))], [0.7] * 4),
    "undone": ([("edit", (4, 14, ""))], [0.0] * 4),
    "changed after a minute": ([("wait", 60), ("edit", (4, 14, ""))], [1.0, 0.0, 0.0, 0.0]),
    "formatted": ([("edit", (0, 15, "y = 1\nx = sum( items )\n"))], [0.909] * 4),
    "closed after a minute": ([("wait", 60), ("close",)], [1.0]),
}


@pytest.mark.parametrize(("steps", "similar"), RETAINED.values(), ids=RETAINED)
def test_retained(editor_of, steps, similar):
    editor = editor_of()
    play(editor, SUM, TAB, ("accepted",), *steps, ("wait", 1000))
    records = [record for record in editor.records() if record.kind == "retained"]
    assert [record.similarity for record in records] == similar
    times = [30, 120, 300, 600][: len(similar)]
    assert [record.after for record in records] == times
    assert [record.time for record in records] == times
    assert {(record.suggestion, record.model) for record in records} == {("id", MODEL)}
    assert all(timer.cancelled for timer in editor.timers)


def test_bounded_and_over_at_the_end(editor_of):
    editor = editor_of()
    for _ in range(MOST + 10):
        play(editor, SUM, TAB, ("accepted",), ("insert", "\n"))
    assert sum(not timer.cancelled for timer in editor.timers) == MOST
    editor.records()
    assert all(timer.cancelled for timer in editor.timers)


IGNORE = [SUM, LOOK, ("insert", "?"), ("insert", "?")]
ACCEPT = [SUM, LOOK, TAB, ("accepted",)]


@pytest.mark.parametrize(
    ("steps", "ignored", "acceptance"),
    [
        pytest.param([], 0, 0.3, id="nothing yet"),
        pytest.param(IGNORE * 3, 3, 0.2187, id="ignored"),
        pytest.param([*IGNORE * 3, *ACCEPT], 0, 0.2968, id="accepted again"),
        pytest.param([*ACCEPT, *IGNORE], 1, 0.333, id="ignored again"),
        pytest.param([*IGNORE * 3, ("wait", 299)], 3, 0.2187, id="not quite idle"),
        pytest.param([*IGNORE * 3, ("wait", 300)], 0, 0.2187, id="idle"),
        pytest.param([*IGNORE * 3, ("wait", 300), *IGNORE], 1, 0.1968, id="ignored after idling"),
        pytest.param([SUM, ("wait", 0.2), ("insert", "?"), ("insert", "?")], 0, 0.3, id="not seen"),
    ],
)
def test_what_the_engine_asks(editor_of, steps, ignored, acceptance):
    editor = editor_of()
    play(editor, *steps)
    assert editor.feedback.ignored_in_a_row("python") == ignored
    assert editor.feedback.acceptance("python") == pytest.approx(acceptance, abs=1e-4)
    assert (editor.feedback.ignored_in_a_row("go"), editor.feedback.acceptance("go")) == (0, 0.3)
    editor.records()


def test_no_code_in_the_ledger(editor_of):
    editor = editor_of(marked="secret = █\n")
    play(
        editor, ("offer", "private(value)"), LOOK, ("insert", "private(value)"), ("accepted",), ("wait", 1000)
    )
    assert len(editor.records()) == 6
    written = editor.file.read_bytes()
    assert not any(word in written for word in (b"secret", b"private", b"a.py"))
