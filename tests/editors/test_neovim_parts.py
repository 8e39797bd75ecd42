"""The Neovim plug-in beyond one suggestion: its parts, alternatives, the menu beside it, and a pause."""

from __future__ import annotations

import pytest

from tests.editors.ghost import ASK, asked, editing, holds, item, shows
from tests.editors.neovim import Neovim

pytestmark = pytest.mark.usefixtures("edition")

KEYS = """
require('codestral').setup({
  accept_word = '<C-Right>', accept_line = '<C-l>', next = '<M-n>', previous = '<M-p>',
})
"""
WORD, LINE = "<C-Right>", "<C-l>"

PARTS = {
    "words": ("x = █", "total(a, b)", {}, WORD, ["total", "(", "a", ",", " b", ")"]),
    "a-word-of-each-line": ("if x:█", "\n    y = 1", {}, WORD, ["\n    y", " =", " 1"]),
    "words-of-many-bytes": ("x = █", "größe + 数量", {}, WORD, ["größe", " +", " 数量"]),
    "lines": ("if x:█", "\n    y = 1\n    z", {}, LINE, ["\n    y = 1", "\n    z"]),
    "the-rest-of-a-line": ("x = █", "f(\n    a,\n)", {}, LINE, ["f(", "\n    a,", "\n)"]),
    "before-a-bracket": ("f(█)", "a, b)", {"right": ")"}, WORD, ["a", ",", " b"]),
    "blank-lines": ("x = 1█", "\n\n\ny = 2", {}, LINE, ["\n\n\ny = 2"]),
}


@pytest.mark.parametrize(("marked", "text", "span", "key", "parts"), PARTS.values(), ids=PARTS)
def test_part_by_part(tmp_path, marked, text, span, key, parts):
    answer = item(marked, text, **span)
    with editing(tmp_path, marked, answer, init=KEYS) as nvim:
        nvim.until(lambda nvim: nvim.probe("ghost"), "the suggestion")
        taken = ""
        for part in parts:
            taken += part
            nvim.type(key)
            nvim.until(holds(*marked.replace("█", taken).split("\n")), repr(part))
        nvim.until(lambda nvim: not nvim.probe("ghost"), "the end of the suggestion")
        told = nvim.probe("sent", "textDocument/didPartiallyAcceptCompletion")
        lengths = [len("".join(parts[:count]).encode("utf-16-le")) // 2 for count in range(1, len(parts))]
        assert [sent["params"] for sent in told] == [
            {"item": answer[0], "acceptedLength": length} for length in lengths
        ]
        assert len(nvim.probe("sent", "workspace/executeCommand")) == 1


def test_the_rest_stays_and_is_accepted(tmp_path):
    marked = "x = █"
    with editing(tmp_path, marked, item(marked, "total(a)\n+ b"), init=KEYS) as nvim:
        nvim.until(shows("x = total(a)", "+ b"), "the suggestion")
        nvim.type(WORD)
        nvim.until(holds("x = total"), "the word")
        assert nvim.probe("ghost") == ["(a)", "+ b"]
        assert asked(1)(nvim)
        nvim.type("<Tab>")
        nvim.until(holds("x = total(a)", "+ b"), "the rest")
        nvim.type("<Esc>u")
        nvim.until(holds("x = total"), "the text without the rest")


def test_without_a_suggestion_the_keys_do_what_they_did(tmp_path):
    with editing(tmp_path, "x = █ y", init=f"vim.keymap.set('i', '{LINE}', '[line]'){KEYS}") as nvim:
        nvim.type(f"{LINE}{WORD}|")
        nvim.until(holds("x = [line] |y"), "the keys' own effect")


def kinds(nvim: Neovim) -> list[int]:
    return [sent["params"]["context"]["triggerKind"] for sent in nvim.probe("sent", ASK)]


def test_alternatives(tmp_path):
    """The server is asked for them once, and what it says again is no alternative."""
    marked = "x = █"
    first, second, third = (item(marked, text)[0] for text in ("one", "two", "one + two"))
    with editing(tmp_path, marked, [first], [first, second, third], init=KEYS) as nvim:
        for key, text in (("", "one"), ("<M-n>", "two"), ("<M-n>", "one + two"), ("<M-n>", "one")):
            nvim.type(key)
            nvim.until(shows(f"x = {text}"), text)
        nvim.type("<M-p>")
        nvim.until(shows("x = one + two"), "the one before")
        assert kinds(nvim) == [2, 1]
        nvim.type("one")
        nvim.until(holds("x = one"), "the keys")
        assert nvim.probe("ghost") == [" + two"]
        nvim.type("<Tab>")
        nvim.until(holds("x = one + two"), "the accepted text")


def test_no_alternative(tmp_path):
    """The suggestion stays where there is nothing else."""
    marked = "x = █"
    with editing(tmp_path, marked, item(marked, "one"), item(marked, "one"), init=KEYS) as nvim:
        nvim.until(shows("x = one"), "the suggestion")
        nvim.type("<M-n>")
        nvim.until(asked(2), "the request")
        nvim.type("o")
        nvim.until(holds("x = o"), "the key")
        assert nvim.probe("ghost") == ["ne"]


MENU = """
vim.o.completeopt = 'menuone,noselect'
vim.keymap.set('i', '<C-b>', function() vim.fn.complete(vim.fn.col('.') - 2, { 'tomato', 'total' }) end)
"""


def opened(nvim: Neovim) -> bool:
    return nvim.lua("return vim.fn.pumvisible()") == 1


def test_ghost_text_stays_beside_the_menu_and_is_accepted(tmp_path):
    marked = "x = to█"
    with editing(tmp_path, marked, item(marked, "tal(a)"), init=MENU) as nvim:
        nvim.until(shows("x = total(a)"), "the suggestion")
        nvim.type("<C-b>")
        nvim.until(opened, "the menu")
        assert nvim.probe("ghost") == ["tal(a)"]
        nvim.type("<Tab>")
        nvim.until(holds("x = total(a)"), "the accepted text")
        nvim.until(lambda nvim: not opened(nvim), "the menu's end")
        nvim.type("!<Esc>")
        nvim.until(holds("x = total(a)!"), "the text, which no menu takes back")


def test_a_selected_entry_of_the_menu_gets_a_suggestion_of_its_own(tmp_path):
    marked = "x = to█"
    follow = item("x = tomato█", "_soup")
    with editing(tmp_path, marked, item(marked, "tal(a)"), follow, init=MENU) as nvim:
        nvim.until(shows("x = total(a)"), "the suggestion")
        nvim.type("<C-b>")
        nvim.until(opened, "the menu")
        nvim.type("<C-n>")
        nvim.until(lambda nvim: nvim.probe("ghost") == ["_soup"], "the entry's own suggestion")
        nvim.type("<Tab>")
        nvim.until(holds("x = tomato_soup"), "the accepted text")


def test_an_expression_mapping_sees_whether_there_is_one(tmp_path):
    """As the completion plug-ins want it: nothing is changed before the mapping has ended."""
    init = """
    local codestral = require('codestral')
    vim.keymap.set('i', '<C-y>', function()
      if codestral.visible() then
        vim.schedule(codestral.accept)
        return ''
      end
      return '[none]'
    end, { expr = true })
    """
    marked = "x = █"
    with editing(tmp_path, marked, item(marked, "one"), init=init) as nvim:
        nvim.until(shows("x = one"), "the suggestion")
        nvim.type("<C-y>")
        nvim.until(holds("x = one"), "the accepted text")
        nvim.type("<C-y>")
        nvim.until(holds("x = one[none]"), "the other effect")


@pytest.mark.parametrize("off", ["vim.g.codestral_enabled = false", "vim.b.codestral_enabled = false"])
def test_switched_off(tmp_path, off):
    marked = "x = █"
    with editing(tmp_path, marked, None, item("x = ab█", "c")) as nvim:
        nvim.lua(off)
        nvim.type("ab")
        nvim.until(holds("x = ab"), "the keys")
        assert asked(1)(nvim)
        nvim.type("<C-t>")
        nvim.until(shows("x = abc"), "what was asked for")


def test_toggle_hides_and_asks_again(tmp_path):
    marked = "x = █"
    with editing(tmp_path, marked, item(marked, "one"), item("x = a█", "bc")) as nvim:
        nvim.until(shows("x = one"), "the suggestion")
        assert nvim.lua("return require('codestral').toggle()") is False
        assert nvim.probe("ghost") == []
        assert nvim.lua("return require('codestral').toggle()") is True
        nvim.type("a")
        nvim.until(shows("x = abc"), "the next suggestion")


@pytest.mark.parametrize("edition", ["0.12"], indirect=True)
def test_neovims_own_ghost_text(tmp_path, edition):
    """Where somebody asks for it; the keys are bound to it."""
    init = "require('codestral').setup({ native = true, next = '<M-n>' })"
    marked = "x = █"
    first, second = (item(marked, text)[0] for text in ("one", "two"))
    with editing(tmp_path, marked, [first, second], init=init) as nvim:
        assert nvim.lua("return vim.lsp.inline_completion ~= nil"), "this Neovim has no ghost text of its own"
        nvim.until(shows("x = one"), "the suggestion")
        nvim.type("<M-n>")
        nvim.until(shows("x = two (2/2)"), "the next one")
        nvim.type("<Tab>")
        nvim.until(holds("x = two"), "the accepted text")
