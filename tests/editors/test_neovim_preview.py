"""A refactoring in a real Neovim that is looked at before it is made: applied and undone, or dismissed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.actions import CASES, TESTS, TEXT, TILL
from tests.editors.neovim import Edition, Neovim
from tests.editors.test_neovim_refactor import Session, refactoring, shown, text_of

pytestmark = pytest.mark.usefixtures("edition")

NAME = "return vim.fn.bufname()"
EDITS = [name for name, case in CASES.items() if not case.says]


@pytest.fixture(scope="module")
def session(edition: Edition, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    preview = "require('codestral').setup({ preview = true })"
    with refactoring(tmp_path_factory.mktemp("neovim"), preview) as running:
        yield running


def looked_at(session: Session, name: str) -> list[str]:
    """Choose an action. Returns the lines of the diff, while the document is what it was."""
    nvim = session.nvim
    nvim.lua("vim.cmd.messages('clear') vim.cmd('silent! only') vim.cmd.buffer('cart.py')")
    session.carry_out(name)
    nvim.until(lambda nvim: nvim.lua(NAME) == "codestral://preview", "the preview")
    assert text_of(nvim, session.folder / "cart.py") == shown(TEXT)
    lines: list[str] = nvim.probe("buffer")
    return lines


def back(nvim: Neovim) -> bool:
    return str(nvim.lua(NAME)).endswith("cart.py")


@pytest.mark.parametrize("name", EDITS)
def test_a_change_is_looked_at_applied_and_undone(session: Session, name: str) -> None:
    case, nvim = CASES[name], session.nvim
    diff = looked_at(session, name)
    after = shown(case.after).split("\n")
    added = [line[1:] for line in diff if line.startswith("+") and not line.startswith("+++ ")]
    assert added
    assert set(added) <= {*after, *case.till.split("\n")}
    assert ("+++ shop/till.py" in diff) is (case.till != TILL)
    nvim.type("<CR>")
    nvim.until(lambda nvim: back(nvim) and text_of(nvim) == shown(case.after), "the edit")
    if case.till != TILL:
        nvim.lua("vim.api.nvim_buf_call(vim.fn.bufadd(...), vim.cmd.undo)", str(session.folder / "till.py"))
    nvim.type("u")
    nvim.until(lambda nvim: text_of(nvim) == shown(TEXT), "the undone text")


@pytest.mark.parametrize("key", ["q", ":only<CR>:enew<CR>:buffer cart.py<CR>"], ids=["q", "left"])
def test_a_change_that_is_dismissed(session: Session, key: str) -> None:
    nvim = session.nvim
    looked_at(session, "simplify")
    nvim.type(key)
    nvim.until(back, "the document")
    assert text_of(nvim) == shown(TEXT)
    # The next one waits for the server to be done with this one.
    looked_at(session, "simplify")
    nvim.type("q")
    nvim.until(back, "the document")
    assert nvim.lua("return vim.fn.execute('messages')").strip() == ""


def test_a_new_file(session: Session) -> None:
    diff = looked_at(session, "tests")
    assert diff[0] == "--- /dev/null"
    assert diff[1].startswith("+++ ")
    assert [line[1:] for line in diff[3:]] == TESTS.removesuffix("\n").split("\n")
    session.nvim.type("<CR>")
    file = session.folder / "tests" / "test_cart.py"
    session.nvim.until(lambda nvim: file.exists() and TESTS in text_of(nvim, file), "the new file")
    assert text_of(session.nvim, session.folder / "cart.py") == shown(TEXT)


def test_a_change_of_a_server_that_has_ended(edition: Edition, tmp_path: Path) -> None:
    preview = "require('codestral').setup({ preview = true })"
    with refactoring(tmp_path, preview) as session:
        looked_at(session, "simplify")
        nvim = session.nvim
        nvim.lua("vim.notify = function(text) notes = (notes or '') .. text end")
        nvim.lua("vim.lsp.get_clients({ name = 'codestral_ls' })[1]:stop(true)")
        nvim.until(lambda nvim: nvim.lua("return #vim.lsp.get_clients() == 0"), "the server's end")
        nvim.type("<CR>")
        nvim.until(back, "the document")
        assert "has ended, so nothing was changed" in nvim.lua("return notes")
        assert text_of(nvim) == shown(TEXT)
