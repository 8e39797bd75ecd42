"""The Neovim plug-in against a server that says what a test wants: what is drawn, and what accepting does."""

from __future__ import annotations

import pytest

from tests.editors.ghost import ASK, UNITS, asked, editing, holds, item, shows

pytestmark = pytest.mark.usefixtures("edition")

CASES = {
    "rest-of-a-line": ("total = █", "sum(x)", {}, ["total = sum(x)"], ["total = sum(x)"]),
    "several-lines": (
        "def f(x):█\nf(1)",
        "\n    y = x\n    return y",
        {},
        ["def f(x):", "    y = x", "    return y", "f(1)"],
        ["def f(x):", "    y = x", "    return y", "f(1)"],
    ),
    "between": ("f(█)", "a, b", {}, ["f(a, b)"], ["f(a, b)"]),
    "replaces-a-bracket": ("f(█)", "a, b): pass", {"right": ")"}, ["f(a, b): pass"], ["f(a, b): pass"]),
    "replaces-two-brackets": ("f(g(█))", "x), y)", {"right": "))"}, ["f(g(x), y)"], ["f(g(x), y)"]),
    "keeps-what-follows": ("f(█) + 1", "a, b)", {"right": ")"}, ["f(a, b) + 1"], ["f(a, b) + 1"]),
    "replaces-before-the-cursor": ("x = tot█", "total", {"left": "tot"}, ["x = total"], ["x = total"]),
    "several-lines-in-a-call": (
        "f(█)  # and more",
        "\n    a,\n",
        {},
        ["f(", "    a,", ")  # and more"],
        ["f(", "    a,", ")  # and more"],
    ),
    "astral": ('"🎉🎈" + █# 🎉', '"🎊"  ', {}, ['"🎉🎈" + "🎊"  # 🎉'], ['"🎉🎈" + "🎊"  # 🎉']),
    "astral-replaced": (
        's = "🎉█🎈"',
        '🎊🎈" + t',
        {"right": '🎈"'},
        ['s = "🎉🎊🎈" + t'],
        ['s = "🎉🎊🎈" + t'],
    ),
    "tabs": (
        "if x:█",
        "\n\treturn\n\t\tmore",
        {},
        ["if x:", "    return", "        more"],
        ["if x:", "\treturn", "\t\tmore"],
    ),
    "a-tab-in-the-line": ("x\t█", "=\t1", {}, ["x   =   1"], ["x\t=\t1"]),
    "dos-line-ends": (
        "if x:█\r\nend\r\n",
        "\r\n    y",
        {},
        ["if x:", "    y", "end"],
        ["if x:", "    y", "end"],
    ),
}


@pytest.mark.parametrize(("marked", "text", "span", "screen", "buffer"), CASES.values(), ids=CASES)
def test_shown_and_accepted(tmp_path, marked, text, span, screen, buffer):
    with editing(tmp_path, marked, item(marked, text, **span)) as nvim:
        before = nvim.probe("buffer")
        nvim.until(shows(*screen), "the suggestion")
        assert nvim.probe("buffer") == before
        nvim.type("<Tab>")
        nvim.until(holds(*buffer), "the accepted text")
        assert nvim.probe("ghost") == []
        assert [sent["params"]["arguments"] for sent in nvim.probe("sent", "workspace/executeCommand")] == [
            ["an id"]
        ]


@pytest.mark.parametrize("encoding", UNITS)
def test_every_position_encoding(tmp_path, encoding):
    marked = 'é🎉 = "🎈█" # 🎊'
    answer = item(marked, '🎈🎉"', left="🎈", right='"', encoding=encoding)
    with editing(tmp_path, marked, answer, encoding=encoding) as nvim:
        position = nvim.probe("sent", ASK)[0]["params"]["position"]
        assert position == {"line": 0, "character": UNITS[encoding]('é🎉 = "🎈')}
        nvim.until(shows('é🎉 = "🎈🎉" # 🎊'), "the suggestion")
        nvim.type("<Tab>!")
        nvim.until(holds('é🎉 = "🎈🎉"! # 🎊'), "the accepted text and what was typed behind it")


def test_typing_the_suggestion_shortens_it_without_flicker(tmp_path):
    marked, text = "x = █", "total(a)\n+ b"
    with editing(tmp_path, marked, item(marked, text)) as nvim:
        nvim.until(shows("x = total(a)", "+ b"), "the suggestion")
        frames = [f"x = {text[:typed]}|{text[typed:]}" for typed in (1, 2, 3)]
        assert nvim.play(list(text[:3]), frames, tmp_path / "frames") == frames
        assert asked(1)(nvim)
        nvim.type("<BS>")
        nvim.until(lambda nvim: nvim.lua("return vim.fn.getline(1)") == "x = to", "the key")
        assert nvim.probe("ghost") == ["tal(a)", "+ b"]


@pytest.mark.parametrize(
    ("key", "left"), [("z", "x = z"), ("<BS>", "x ="), ("<Down>", "x = "), ("<Esc>", "x = ")]
)
def test_what_fits_no_longer_is_gone_at_once(tmp_path, key, left):
    marked = "x = █\ny"
    with editing(tmp_path, marked, item(marked, "total")) as nvim:
        nvim.until(shows("x = total", "y"), "the suggestion")
        assert nvim.play([key], [f"{left}|"], tmp_path / "frames") == [f"{left}|"]


def test_accepting_is_one_step_of_undo(tmp_path):
    marked = "x = █"
    with editing(tmp_path, marked, None, item("x = t█", "otal\n+ y")) as nvim:
        nvim.type("t")
        nvim.until(shows("x = total", "+ y"), "the suggestion")
        nvim.type("<Tab>")
        nvim.until(holds("x = total", "+ y"), "the accepted text")
        nvim.type("<Esc>u")
        nvim.until(holds("x = t"), "the text without the suggestion")
        nvim.type("u")
        nvim.until(holds("x = "), "the text without what was typed")


def test_a_newer_request_cancels_the_older(tmp_path):
    with editing(tmp_path, "x = █") as nvim:
        nvim.type("t")
        nvim.until(asked(2), "the second request")
        first, _ = nvim.probe("sent", ASK)
        assert [sent["params"]["id"] for sent in nvim.probe("sent", "$/cancelRequest")] == [first["id"]]


def test_a_late_answer_is_shown_if_it_still_fits(tmp_path):
    marked = "x = █"
    with editing(tmp_path, marked) as nvim:
        # The key and the answer come together: the answer is for the text without the key.
        nvim.lua("vim.api.nvim_input('t') probe.waiting(...)", item(marked, "total"))
        nvim.until(lambda nvim: nvim.probe("ghost") == ["otal"], "the rest of the suggestion")


def test_keys_do_what_they_did_where_nothing_is_shown(tmp_path):
    with editing(tmp_path, "x = █") as nvim:
        nvim.type("<C-]><Tab>|")
        nvim.until(holds("x = [before]    |"), "the keys' own effect")


def test_keys_that_were_bound_twice_do_what_they_did_at_first(tmp_path):
    """A user who reads their settings again sets up again."""
    again = "require('codestral').setup({ accept = '<Tab>', dismiss = '<C-]>' })"
    with editing(tmp_path, "x = █", init=again) as nvim:
        nvim.type("<C-]><Tab>|")
        nvim.until(holds("x = [before]    |"), "the keys' own effect")


def test_dismissed_until_the_text_changes(tmp_path):
    marked = "x = █"
    with editing(tmp_path, marked, item(marked, "total"), None, item("x = t█", "otal")) as nvim:
        nvim.until(shows("x = total"), "the suggestion")
        nvim.type("<C-]>")
        nvim.until(shows("x ="), "the suggestion to go")
        nvim.type("t")
        nvim.until(asked(2), "a new request")


def test_trigger_asks_as_invoked(tmp_path):
    marked = "x = █"
    with editing(tmp_path, marked, [], item(marked, "total")) as nvim:
        nvim.type("<C-t>")
        nvim.until(shows("x = total"), "the suggestion")
        kinds = [sent["params"]["context"]["triggerKind"] for sent in nvim.probe("sent", ASK)]
        assert kinds == [2, 1]


def test_shown_is_told_once(tmp_path):
    marked = "x = █"
    answer = item(marked, "total")
    with editing(tmp_path, marked, answer) as nvim:
        nvim.until(shows("x = total"), "the suggestion")
        nvim.type("t")
        nvim.until(holds("x = t"), "the key")
        assert [sent["params"] for sent in nvim.probe("sent", "textDocument/didShowCompletion")] == [
            {"item": answer[0]}
        ]


def test_the_server_is_told_that_ghost_text_is_drawn(tmp_path):
    with editing(tmp_path, "x = █") as nvim:
        (sent,) = nvim.probe("sent", "initialize")
        announced = sent["params"]["capabilities"]["textDocument"]
        assert announced["inlineCompletion"] == {"dynamicRegistration": False}
        assert "hover" in announced
