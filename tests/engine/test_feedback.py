"""What the ledger says of a suggestion, by what an editor tells and does."""

from __future__ import annotations

import pytest

from codestral_ls.core.suggestion import Suggestion
from codestral_ls.core.text import Span
from tests.engine.editing import LOOK, MODEL, SUM, TAB, play

TOLD = [("offer", "old", {"name": "old"}), ("shown", "old"), ("insert", "~")]
"""An editor that says what it shows."""

CASES = {
    "accepted": ([SUM, LOOK, TAB, ("accepted",)], ["shown 10", "accepted 10"]),
    "accepted at once": ([SUM, TAB, ("accepted",)], ["shown 10", "accepted 10"]),
    "accepted, not told": ([SUM, LOOK, TAB, ("ask",), ("insert", "\n")], ["shown 10", "accepted 10"]),
    "accepted, said twice": ([SUM, TAB, ("accepted",), ("accepted",)], ["shown 10", "accepted 10"]),
    "accepted, said late": (
        [SUM, LOOK, TAB, ("insert", "\n"), ("accepted",)],
        ["shown 10", "accepted 10"],
    ),
    "accepted and indented anew": (
        [("offer", "\n  y"), LOOK, ("insert", "\n    y"), ("accepted",)],
        ["shown 4", "accepted 4"],
    ),
    "accepted with an import": (
        [SUM, ("edit", (4, 4, "sum(items)"), (0, 0, "import y\n")), ("accepted",)],
        ["shown 10", "accepted 10"],
    ),
    "the rest accepted": (
        [SUM, ("type", "sum"), ("insert", "(items)"), ("accepted",)],
        ["shown 10", "accepted 7"],
    ),
    "the rest, as the editor replaces what was typed": (
        [SUM, ("type", "sum"), ("edit", (4, 7, "sum(items)")), ("accepted",)],
        ["shown 10", "accepted 7"],
    ),
    "never seen before": ([("accepted", "x")], ["accepted"]),
    "typed": ([SUM, LOOK, ("type", "sum(items)"), ("insert", "\n")], ["shown 10", "typed"]),
    "typed, the closer closed by the editor": (
        [SUM, LOOK, ("type", "sum"), ("edit", (7, 7, "()")), ("edit", (8, 8, "items")), ("insert", "!")],
        ["shown 10", "accepted 6"],
    ),
    "typed faster than seen": (
        [SUM, ("insert", "sum"), ("type", "("), ("insert", "?")],
        ["shown 10", "partial 3"],
    ),
    "glanced at": ([SUM, ("wait", 0.2), ("insert", "?"), ("insert", "?")], []),
    "contradicted": ([SUM, LOOK, ("insert", "?"), ("insert", "?")], ["shown 10", "rejected"]),
    "contradicted after a part": (
        [SUM, LOOK, ("insert", "sum"), ("insert", "?"), ("insert", "?")],
        ["shown 10", "partial 3"],
    ),
    "backspaced into": ([SUM, LOOK, ("back",), ("insert", "?")], ["shown 10", "rejected"]),
    "typed and taken back": ([SUM, ("type", "su"), ("back",), LOOK, ("close",)], ["shown 10"]),
    "backspaced into, offered longer": (
        [SUM, LOOK, ("back",), ("offer", " sum(items)"), ("insert", " sum(items)"), ("accepted",)],
        ["shown 11", "accepted 11"],
    ),
    "left": ([SUM, LOOK, ("ask", 0), ("offer", "y", {"name": "b"})], ["shown 10", "ignored"]),
    "left and come back to": (
        [SUM, ("wait", 0.2), ("ask", 0), SUM, ("wait", 0.2), ("insert", "?"), ("insert", "?")],
        ["shown 10", "rejected"],
    ),
    "left soon": ([SUM, ("wait", 0.5), ("ask", 0), LOOK, ("offer", "y", {"name": "b"})], ["shown 10"]),
    "another in its place": ([SUM, LOOK, ("offer", "y", {"name": "b"})], ["shown 10", "ignored"]),
    "asked again at its place": ([SUM, LOOK, ("ask",), SUM, ("wait", 0.1), ("close",)], ["shown 10"]),
    "edits elsewhere": (
        [SUM, ("edit", (0, 0, "a = 1\n")), ("edit", (10, 10, "sum(items)")), ("accepted",)],
        ["shown 10", "accepted 10"],
    ),
    "file closed": ([SUM, LOOK, ("close",)], ["shown 10"]),
    "session ended": ([SUM, LOOK], ["shown 10"]),
    "parts, told": (
        [
            *TOLD,
            SUM,
            ("shown",),
            ("insert", "sum"),
            ("part", 3),
            ("insert", "(items"),
            ("part", 9),
            ("insert", "?"),
        ],
        ["shown 10", "partial 9"],
    ),
    "parts, told, offered again": (
        [
            *TOLD,
            SUM,
            ("shown",),
            ("insert", "sum"),
            ("part", 3),
            ("offer", "(items)"),
            ("insert", "(items"),
            ("part", 6),
            ("close",),
        ],
        ["shown 7", "partial 9"],
    ),
    "a part, then all": (
        [SUM, ("insert", "sum"), ("part", 3), ("insert", "(items)"), ("accepted",)],
        ["shown 10", "accepted 10"],
    ),
    "a part in UTF-16 units": (
        [*TOLD, ("offer", "😀😀 x"), ("insert", "😀"), ("part", 2), ("close",)],
        ["shown 4", "partial 1"],
    ),
    "parts, inferred": (
        [SUM, ("insert", "sum"), ("offer", "(items)"), ("insert", "(items"), ("close",)],
        ["shown 7", "partial 9"],
    ),
    "in the middle of a word no part ends": ([SUM, ("insert", "sum(it"), ("close",)], []),
    "not shown, as the editor would have said": ([*TOLD, SUM, LOOK, ("insert", "?"), ("insert", "?")], []),
    "shown, as the editor says": (
        [*TOLD, SUM, LOOK, ("shown",), LOOK, ("insert", "?"), ("insert", "?")],
        ["shown 10", "rejected"],
    ),
    "said by one who says it: typed": (
        [("accepted", "x"), SUM, LOOK, TAB, ("insert", "?")],
        ["accepted", "shown 10", "typed"],
    ),
    "in a menu": ([("offer", "sum", {"listed": True}), LOOK, ("insert", "?"), ("insert", "?")], []),
    "in a menu, accepted": (
        [("offer", "sum", {"listed": True}), ("insert", "sum"), ("accepted",)],
        ["accepted 3 menu"],
    ),
    "one of several": (
        [("offer", "a(b)", "c(d)"), LOOK, ("insert", "c(d)"), ("accepted", "id1")],
        ["shown 4", "shown 4", "accepted 4"],
    ),
    "none of several": (
        [("offer", "ab", "cd"), ("shown",), LOOK, ("shown", "id1"), LOOK, ("insert", "?"), ("close",)],
        ["shown 2", "shown 2"],
    ),
    "an answer too late": ([("offer",), ("close",), ("accepted",)], ["accepted"]),
}


def told(record):
    length = "" if record.length is None else f" {record.length}"
    return f"{record.kind}{length} {record.outcome}".strip()


@pytest.mark.parametrize(("steps", "said"), CASES.values(), ids=CASES)
def test_verdict(editor_of, steps, said):
    editor = editor_of()
    play(editor, *steps)
    records = editor.records()
    assert [told(record) for record in records] == said
    assert {record.model for record in records} <= {MODEL}


def test_how_long_it_was_in_sight(editor_of):
    editor = editor_of()
    play(editor, SUM, ("wait", 0.4), ("insert", "?"), ("wait", 5.0), ("insert", "?"))
    assert editor.records()[0].milliseconds == 400


def test_what_was_there_before_is_not_counted(editor_of):
    editor = editor_of(marked="f(█)\n")
    play(editor, ("offer", "a, b)", {"right": 1}), ("type", "a"), ("edit", (3, 4, ", b)")), ("accepted",))
    editor.wait(30)
    assert [told(record) for record in editor.records()] == ["shown 5", "accepted 3", "retained"]


def test_an_answer_for_an_older_document_counts_for_nothing(editor_of):
    editor = editor_of()
    old = editor.document
    editor.insert("y")
    editor.feedback.offered(old, [Suggestion("id", Span(4, 4), "sum", "model")])
    play(editor, LOOK, ("insert", "?"), ("insert", "?"))
    assert editor.records() == []
