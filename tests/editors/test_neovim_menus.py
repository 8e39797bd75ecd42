"""The Neovim plug-in beside menus that others open: Neovim's own, filled by a server, and blink.cmp's.

nvim-cmp is in no package registry, so a stand-in has the part of it that the plug-in uses.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.editors import blink
from tests.editors.ghost import editing, holds, item, shows
from tests.editors.neovim import PLUGIN, Edition, Neovim

pytestmark = pytest.mark.usefixtures("edition")

MARKED = "x = █"
ANSWERS = (None, item("x = t█", "otal(a)"), item("x = tomato█", "_soup"))

SERVER = """
vim.o.completeopt = 'menuone,noselect'
vim.lsp.config('words', { cmd = probe.words({ 'tomato', 'tomato_seed' }) })
vim.lsp.enable('words')
"""
OWN_MENU = f"""{SERVER}
vim.api.nvim_create_autocmd('LspAttach', {{
  callback = function(event)
    local client = vim.lsp.get_client_by_id(event.data.client_id)
    if client.name == 'words' then
      vim.lsp.completion.enable(true, client.id, event.buf, {{ autotrigger = true }})
    end
  end,
}})
vim.keymap.set('i', '<C-x>', vim.lsp.completion.get)
"""
BLINK = f"""{SERVER}
vim.opt.rtp:prepend([[{blink.folder()}]])
require('blink.cmp').setup({{
  fuzzy = {{ implementation = 'lua' }},
  sources = {{ default = {{ 'lsp' }} }},
  completion = {{ list = {{ selection = {{ preselect = false }} }} }},
  %s
}})
"""
CMP = """
local cmp = { core = { view = {} }, calls = {} }
local function note(name)
  return function()
    table.insert(cmp.calls, name .. ' at ' .. vim.api.nvim_get_current_line())
  end
end
cmp.close = note('waiting for sources')
cmp.core.reset = note('reset')
cmp.core.view.close = note('close')
function cmp.suspend()
  note('suspend')()
  return note('release')
end
package.loaded.cmp = cmp
"""
needs_blink = pytest.mark.skipif(bool(blink.missing()), reason=blink.missing())


def recipe() -> str:
    """What `:help codestral-menu` has for blink.cmp, with a key to select entries by."""
    text = (PLUGIN / "doc" / "codestral.txt").read_text(encoding="utf-8")
    found = re.search(r"^blink\.cmp, .*?>lua\n\n(.*?)^<", text, re.MULTILINE | re.DOTALL)
    assert found
    return found[1].replace("keymap = {", "keymap = { ['<C-n>'] = { 'select_next', 'fallback' },")


BLINKS = {"its keys": "keymap = { preset = 'default' }", "our recipe": recipe()}


def native(nvim: Neovim) -> bool:
    return nvim.lua("return vim.fn.pumvisible()") == 1


def blinks(nvim: Neovim) -> bool:
    return nvim.lua("return require('blink.cmp').is_menu_visible()") is True


def test_neovims_menu_of_a_servers_words(tmp_path: Path) -> None:
    with editing(tmp_path, MARKED, *ANSWERS, init=OWN_MENU) as nvim:
        nvim.type("t")
        nvim.until(shows("x = total(a)"), "the suggestion")
        nvim.type("<C-x>")
        nvim.until(native, "the menu")
        assert nvim.probe("ghost") == ["otal(a)"]
        nvim.type("<C-n>")
        nvim.until(lambda nvim: nvim.probe("ghost") == ["_soup"], "the entry's own suggestion")
        nvim.type("<Tab>!")
        nvim.until(holds("x = tomato_soup!"), "the accepted text")
        assert not native(nvim)


@pytest.mark.parametrize("edition", ["0.12"], indirect=True)
def test_the_menu_that_neovim_opens_by_itself(tmp_path: Path, edition: Edition) -> None:
    marked = "tomato = 1\nx = █"
    init = "vim.o.autocomplete = true vim.o.completeopt = 'menuone,noselect'"
    with editing(tmp_path, marked, None, item(marked.replace("█", "t█"), "otal(a)"), init=init) as nvim:
        nvim.type("t")
        nvim.until(native, "the menu")
        nvim.until(lambda nvim: nvim.probe("ghost") == ["otal(a)"], "the suggestion")
        nvim.type("o")
        nvim.until(holds("tomato = 1", "x = to"), "the key")
        assert nvim.probe("ghost") == ["tal(a)"]
        nvim.type("<Tab>!<Esc>")
        nvim.until(holds("tomato = 1", "x = total(a)!"), "the accepted text")


def test_nvim_cmps_menu_ends_at_once_and_does_not_open_for_what_is_accepted(tmp_path: Path) -> None:
    with editing(tmp_path, MARKED, *ANSWERS, init=CMP) as nvim:
        nvim.type("t")
        nvim.until(lambda nvim: nvim.probe("ghost") == ["otal(a)"], "the suggestion")
        nvim.type("<Tab>")
        nvim.until(holds("x = total(a)"), "the accepted text")
        before, after = "x = t", "x = total(a)"
        wanted = [f"suspend at {before}", f"reset at {before}", f"close at {before}", f"release at {after}"]
        nvim.until(lambda nvim: nvim.lua("return package.loaded.cmp.calls") == wanted, "the calls")


@needs_blink
@pytest.mark.parametrize("keys", BLINKS.values(), ids=BLINKS)
def test_blinks_menu_stays_beside_ghost_text_and_ends_with_it(tmp_path: Path, keys: str) -> None:
    with editing(tmp_path, MARKED, *ANSWERS, init=BLINK % keys) as nvim:
        nvim.type("t")
        nvim.until(blinks, "the menu")
        nvim.until(lambda nvim: nvim.probe("ghost") == ["otal(a)"], "the suggestion")
        nvim.type("<Tab>")
        nvim.until(holds("x = total(a)"), "the accepted text")
        nvim.until(lambda nvim: not blinks(nvim), "the menu's end")
        nvim.type("!<Esc>")
        nvim.until(holds("x = total(a)!"), "the text, which no menu takes back")


@needs_blink
@pytest.mark.parametrize("keys", BLINKS.values(), ids=BLINKS)
def test_ghost_text_of_the_entry_that_blink_has_selected(tmp_path: Path, keys: str) -> None:
    with editing(tmp_path, MARKED, *ANSWERS, init=BLINK % keys) as nvim:
        nvim.type("t")
        nvim.until(blinks, "the menu")
        nvim.type("<C-n>")
        nvim.until(lambda nvim: nvim.probe("ghost") == ["_soup"], "the entry's own suggestion")
        nvim.type("<Tab>")
        nvim.until(holds("x = tomato_soup"), "the accepted text")
        nvim.until(lambda nvim: not blinks(nvim), "the menu's end")


@needs_blink
@pytest.mark.parametrize("keys", BLINKS.values(), ids=BLINKS)
def test_without_ghost_text_blinks_key_does_what_it_did(tmp_path: Path, keys: str) -> None:
    with editing(tmp_path, MARKED, init=BLINK % keys) as nvim:
        nvim.type("t")
        nvim.until(blinks, "the menu")
        nvim.type("<Tab>|")
        nvim.until(holds("x = t   |"), "the key's own effect")
