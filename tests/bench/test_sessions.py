"""Reading sessions of both forms, and typing files."""

import gzip
import json
from pathlib import Path

import pytest

from codestral_ls.bench.sessions import Session, Unreadable, applied, read_session
from codestral_ls.bench.typist import type_file
from codestral_ls.core.text import Edit, Span

ROOT = Path(__file__).parents[2]
OURS = sorted((ROOT / "fixtures" / "sessions").glob("*.json"))


def end_of(session: Session) -> dict[str, str]:
    texts = dict(session.before)
    for step in session.steps:
        texts[step.file] = applied(texts[step.file], step.edits)
    return texts


def recording(tmp_path, *events) -> Session:
    """A recording of one file that holds an emoji, which takes two UTF-16 units."""
    first = [
        {"kind": "header", "time": 1000},
        {"kind": "documentEncountered", "id": 0, "time": 1000, "relativePath": "src\\a.ts"},
        {"kind": "setContent", "id": 0, "time": 900, "content": "a😀b\nc", "v": 1},
        selection(2000, 4),
    ]
    path = tmp_path / "recording.json.gz"
    path.write_bytes(gzip.compress(json.dumps({"log": [*first, *events]}).encode()))
    return read_session(path)


def selection(time, cursor):
    return {"kind": "selectionChanged", "id": 0, "time": time, "selection": [[cursor, cursor]]}


def change(time, *edits, v=2):
    return {"kind": "changed", "id": 0, "time": time, "edit": list(edits), "v": v}


def test_offsets_of_a_recording_count_utf_16_units(tmp_path):
    session = recording(tmp_path, change(2500, [4, 4, "x"]), selection(2501, 5))
    assert session.after == {"src/a.ts": "a😀bx\nc"}
    step = session.steps[-1]
    assert (step.time, step.cursor, step.origin) == (1.5, 4, "key")
    assert step.edits == (Edit(Span(3, 3), "x"),)


def test_edits_of_one_change_refer_to_the_text_before_it(tmp_path):
    session = recording(tmp_path, change(2500, [0, 1, "long"], [5, 6, ""]))
    assert session.after["src/a.ts"] == "long😀b\n"
    assert not session.steps[-1].is_keystroke


def test_the_cursor_of_a_move_that_follows_belongs_to_the_edit(tmp_path):
    session = recording(tmp_path, change(2500, [4, 4, "()"]), selection(2503, 5))
    assert [step.cursor for step in session.steps] == [3, 4]
    assert session.steps[-1].origin == "key"


UNTOLD = {
    "a key that deletes": ([4, 5, ""], 3),
    "an agent's text": ([4, 4, "x"], None),
    "an agent's text elsewhere": ([0, 0, "x"], None),
}


@pytest.mark.parametrize(("edit", "cursor"), UNTOLD.values(), ids=UNTOLD.keys())
def test_the_cursor_stays_where_nothing_is_told_of_it(tmp_path, edit, cursor):
    assert recording(tmp_path, change(2500, edit)).steps[-1].cursor == cursor


def test_events_that_are_written_late_keep_the_order_of_the_log(tmp_path):
    session = recording(tmp_path, change(3000, [4, 4, "x"]), change(2500, [5, 5, "y"], v=3))
    assert [step.time for step in session.steps] == [1.0, 2.0, 2.0]
    assert session.after["src/a.ts"] == "a😀bxy\nc"


ORIGINS = {
    "a character": ([4, 4, "x"], "key"),
    "a pair of brackets": ([4, 4, "{}"], "key"),
    "a line end with its indentation": ([4, 4, "\n    "], "key"),
    "a backspace": ([3, 4, ""], "erased"),
    "a paste": ([4, 4, "total(items)"], "other"),
    "a word deleted": ([0, 4, ""], "other"),
}


@pytest.mark.parametrize(("edit", "origin"), ORIGINS.values(), ids=ORIGINS.keys())
def test_what_a_key_can_do(tmp_path, edit, origin):
    assert recording(tmp_path, change(2500, edit)).steps[-1].origin == origin


def test_what_a_suggestion_put_in_was_not_typed(tmp_path):
    reason = {"sourceId": "TextModel.setChangeReason", "source": "inlineSuggestion.accept", "v": 2}
    told = {"kind": "documentEvent", "id": 0, "time": 2500, "data": reason}
    step = recording(tmp_path, change(2500, [0, 4, "a😀better"]), told).steps[-1]
    assert step.origin == "accepted"
    # It begins where it differs from the text that it replaces.
    assert step.edits == (Edit(Span(3, 3), "etter"),)


def test_a_session_of_ours(tmp_path):
    path = tmp_path / "small.json"
    keys = [[100, "de"], [50, {"delete": 1}], [10, {"move": 0}], [0, {"edit": [0, 0, "()"], "cursor": 1}]]
    path.write_text(json.dumps({"name": "a.py", "text": "x", "keys": keys}))
    session = read_session(path)
    assert session.after == {"a.py": "()xd"} == end_of(session)
    assert [(round(step.time, 3), step.cursor, step.origin) for step in session.steps] == [
        (0.1, 2, "key"),
        (0.2, 3, "key"),
        (0.25, 2, "erased"),
        (0.26, 0, "other"),
        (0.26, 1, "key"),
    ]
    assert session.first(0.2).after == {"a.py": "xde"}


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.stem)
def test_sessions_of_ours_are_whole(path):
    session = read_session(path)
    assert end_of(session) == session.after
    assert sum(step.is_keystroke for step in session.steps) > 300


BAD = {
    "no JSON": (b"x = 1", "is no session: it is not JSON"),
    "half a gzip file": (gzip.compress(b"{}")[:8], "is no session"),
    "no keys": (b'{"name": "a", "text": ""}', "is not in a session's form: KeyError at 'keys'"),
    "a list": (b"[]", "is not in a session's form"),
    "an unknown key": (b'{"name": "a", "text": "", "keys": [[1, {"jump": 2}]]}', "the key {'jump': 2}"),
}


@pytest.mark.parametrize(("content", "sentence"), BAD.values(), ids=BAD.keys())
def test_what_is_no_session_is_one_sentence(tmp_path, content, sentence):
    path = tmp_path / "bad.json"
    path.write_bytes(content)
    with pytest.raises(Unreadable, match=r".") as refused:
        read_session(path)
    assert sentence in str(refused.value)


TEXTS = {
    "nothing": "",
    "no line end": "x = (1, [2, 3])",
    "brackets that do not match": "a = ')'\nb = [\nc = (]\n",
    "a block in braces": "fn f() {\n    if x {\n        g(h(1), [2]);\n    }\n\n    y()\n}\n",
    "an empty block": "class A {\n}\nclass B {}\n",
    "blank lines with blanks": "def f():\n    \n    x\n\n\n\treturn 1\n  \n",
    "CRLF": "a\r\n  b\r\nc\r\n",
    "this file": Path(__file__).read_text(encoding="utf-8"),
    "the plug-in": (ROOT / "editors/neovim/lua/codestral/init.lua").read_text(encoding="utf-8"),
}


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS.keys())
@pytest.mark.parametrize("seed", [1, 2])
def test_a_typed_file_comes_out_as_it_is(text, seed):
    session = type_file("a.py", text, seed)
    assert end_of(session) == session.after == {"a.py": text.replace("\r\n", "\n")}


def test_typing_has_errors_and_jumps_and_the_recorded_pace():
    text = TEXTS["this file"] * 3
    session = type_file("a.py", text, 1)
    assert session == type_file("a.py", text, 1) != type_file("a.py", text, 2)
    kinds = {(bool(step.edits), step.origin) for step in session.steps}
    assert kinds == {(True, "key"), (True, "erased"), (False, "other")}
    gaps = sorted(
        later.time - step.time for step, later in zip(session.steps, session.steps[1:], strict=False)
    )
    assert 0.08 < gaps[len(gaps) // 2] < 0.14
    assert 0.03 < gaps[len(gaps) // 10] < 0.06
