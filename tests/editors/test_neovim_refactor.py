"""Code actions in a real Neovim: listed, resolved, applied, written and undone, by its own functions."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.actions import CASES, DIAGNOSTIC, EXPLANATION, OWN, TESTS, TEXT, TILL, answer
from tests.editors.neovim import Edition, Neovim, started
from tests.upstream.mistral import FakeMistral
from tests.upstream.thread import Running, in_thread

pytestmark = pytest.mark.usefixtures("edition")

INIT = """
vim.o.fixendofline = false
vim.lsp.config('codestral_ls', { init_options = vim.json.decode([==[%s]==]) })
vim.lsp.enable('codestral_ls')

-- Choose an action by its name, on the text that stands there once.
function choose(name, wanted, diagnostic, selects)
  local place = vim.fn.searchpos('\\\\V' .. wanted, 'wn')
  local row, first, last = place[1], place[2] - 1, place[2] - 1 + #wanted
  local at = { start = { line = row - 1, character = first }, ['end'] = { line = row - 1, character = last } }
  diagnostic.range = at
  vim.lsp.buf.code_action({
    apply = true,
    range = { start = { row, first }, ['end'] = { row, selects and last or first } },
    context = { diagnostics = { diagnostic } },
    filter = function(action)
      local chosen = action.data or action.command.arguments[1]
      return chosen.action == name
    end,
  })
end

function refactor(name, wanted, instruction)
  local place = vim.fn.searchpos('\\\\V' .. wanted, 'wn')
  local here = { line = place[1] - 1, character = place[2] - 1 }
  local uri, range = vim.uri_from_bufnr(0), { start = here, ['end'] = here }
  local argument = { uri = uri, range = range, action = name, instruction = instruction }
  local command = { title = name, command = 'codestral.refactor', arguments = { argument } }
  vim.lsp.get_clients({ name = 'codestral_ls' })[1]:exec_cmd(command)
end
"""


@dataclass(frozen=True)
class Session:
    """Neovim with a server that is ready, the folder with the document, and the model that is asked."""

    nvim: Neovim
    folder: Path
    running: Running

    def carry_out(self, name: str) -> int:
        """Choose an action in the document. Returns how many requests there were before."""
        case, upstream = CASES[name], self.running.upstream
        before = len(upstream.requests)
        upstream.reply = answer(case)
        if case.asked:
            self.nvim.lua("refactor(...)", name, case.place, case.asked)
        else:
            self.nvim.lua("choose(...)", name, case.place, DIAGNOSTIC, name == "extract")
        return before


@contextmanager
def refactoring(folder: Path, more: str = "") -> Iterator[Session]:
    """A session whose `init.lua` begins with `more`."""
    workspace = folder / "shop"
    workspace.mkdir()
    for name, text in {"cart.py": TEXT, "till.py": TILL, "pyproject.toml": ""}.items():
        (workspace / name).write_bytes(text.encode())
    with in_thread(FakeMistral("")) as running:
        url, key = running.upstream.base_url, FakeMistral.api_key
        settings = {
            "completion": {"provider": "mistral", "base_url": url, "api_key_env": "FAKE_KEY"},
            "chat": {"actions": [OWN]},
        }
        init = more + INIT % json.dumps(settings)
        with started(folder, workspace / "cart.py", init, environ={"FAKE_KEY": key}) as nvim:
            state = "return (require('codestral').status() or {}).state"
            nvim.until(lambda nvim: nvim.lua(state) == "ready", "the server's being ready")
            yield Session(nvim, workspace, running)


@pytest.fixture(scope="module")
def session(edition: Edition, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    with refactoring(tmp_path_factory.mktemp("neovim")) as running:
        yield running


def text_of(nvim: Neovim, file: Path | None = None) -> str:
    """The text of a buffer, which is loaded; of the one that is shown if none is named."""
    lines = nvim.lua(
        "return vim.api.nvim_buf_get_lines((...) and vim.fn.bufadd(...) or 0, 0, -1, false)",
        *([str(file)] if file else []),
    )
    return "\n".join(lines)


def shown(text: str) -> str:
    """A text as Neovim has it: line ends are no part of it."""
    return text.replace("\r\n", "\n")


@pytest.mark.parametrize("name", [name for name, case in CASES.items() if not case.says])
def test_an_edit_is_applied_written_and_undone(session: Session, name: str) -> None:
    case, nvim, file = CASES[name], session.nvim, session.folder / "cart.py"
    before = session.carry_out(name)
    nvim.until(lambda nvim: text_of(nvim) == shown(case.after), "the edit")
    nvim.lua("vim.cmd.write()")
    assert file.read_bytes().decode() == case.after
    if case.till != TILL:
        till = session.folder / "till.py"
        assert text_of(nvim, till) == case.till.removesuffix("\n")
        nvim.lua("vim.api.nvim_buf_call(vim.fn.bufadd(...), vim.cmd.undo)", str(till))
        assert text_of(nvim, till) == TILL.removesuffix("\n")
    nvim.type("u")
    nvim.until(lambda nvim: text_of(nvim) == shown(TEXT), "the undone text")
    nvim.lua("vim.cmd.write()")
    assert file.read_bytes().decode() == TEXT
    assert len(session.running.upstream.requests) - before == len(case.calls) + 1


def test_a_new_file(session: Session) -> None:
    session.carry_out("tests")
    file = session.folder / "tests" / "test_cart.py"
    session.nvim.until(lambda nvim: file.exists() and TESTS in text_of(nvim, file), "the new file")
    assert text_of(session.nvim) == shown(TEXT)


@pytest.mark.parametrize(
    "call", ["choose('simplify', 'def pay', {message=''})", "refactor('instruct', 'def pay', 'x')"]
)
def test_an_answer_that_is_refused(session: Session, call: str) -> None:
    """Neovim shows the reason, once, and nothing is changed."""
    session.running.upstream.reply = "I would rather not change that, because it is fine as it is."
    session.nvim.lua(f"vim.cmd.messages('clear') {call}")
    messages = session.nvim.until(
        lambda nvim: "in words" in (told := nvim.lua("return vim.fn.execute('messages')")) and told,
        "the reason",
    )
    assert messages.count("in words") == 1
    assert text_of(session.nvim) == shown(TEXT)


def test_an_explanation(session: Session) -> None:
    """It is opened as a file; the document stays what it was."""
    session.carry_out("explain")
    session.nvim.until(lambda nvim: text_of(nvim) == EXPLANATION, "the explanation")
    assert session.nvim.lua("return vim.bo.filetype") == "markdown"
    session.nvim.lua("vim.cmd.buffer(1)")
    assert text_of(session.nvim) == shown(TEXT)
