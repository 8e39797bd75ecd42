"""`:Codestral` in a real Neovim with the real server: what it asks of the chat model, and what it tells."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from codestral_ls.bench.reply import Reply
from tests.editors.neovim import PLUGIN, Edition, Neovim, started
from tests.upstream.errors import ERRORS
from tests.upstream.mistral import FakeMistral, split
from tests.upstream.thread import Running, in_thread

pytestmark = pytest.mark.usefixtures("edition")

CART = "import os\n\n\ndef total(prices):\n    return sum(prices)  # 🦀"
BETTER = "def total(prices):\n    return 0  # 🦀"
ANSWER = f"Because of `sum`.\n\n```python path=cart.py\n{BETTER}\n```\n"
INIT = """
vim.lsp.config('codestral_ls', { init_options = vim.json.decode([==[%s]==]) })
vim.lsp.enable('codestral_ls')
vim.ui.input = function(options, done)
  asked_for, answered = options.prompt, typed
  done(typed)
end
vim.notify = function(text)
  notes = (notes or '') .. text
end
"""


@dataclass(frozen=True)
class Session:
    """Neovim with a server that is ready, and the model that is asked."""

    nvim: Neovim
    folder: Path
    running: Running

    def answer(self, reply: object) -> None:
        self.running.upstream.reply = reply

    def command(self, line: str) -> None:
        """Run a command in the document's window, its only one."""
        self.nvim.lua("vim.cmd.stopinsert() vim.cmd.only() vim.cmd.buffer('cart.py') vim.cmd(...)", line)

    def sees(self, wanted: str) -> str:
        """Wait until a text is in the window that has the focus."""
        holds: Callable[[Neovim], bool] = lambda nvim: wanted in text_of(nvim)  # noqa: E731
        self.nvim.until(holds, repr(wanted))
        return text_of(self.nvim)

    def says(self, line: str) -> str:
        """What a command prints."""
        said: str = self.nvim.lua("return vim.fn.execute(...)", line)
        return said.strip()

    @property
    def question(self) -> str:
        """All that the model was told last."""
        return json.dumps(self.running.upstream.requests[-1].json["messages"], ensure_ascii=False)


@pytest.fixture(scope="module")
def running_session(edition: Edition, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    folder = tmp_path_factory.mktemp("neovim")
    workspace = folder / "shop"
    workspace.mkdir()
    (workspace / "cart.py").write_text(CART, encoding="utf-8")
    with in_thread(FakeMistral("")) as running:
        url, key = running.upstream.base_url, FakeMistral.api_key
        settings = {"completion": {"provider": "mistral", "base_url": url, "api_key_env": "FAKE_KEY"}}
        init = INIT % json.dumps(settings)
        with started(folder, workspace / "cart.py", init, environ={"FAKE_KEY": key}) as nvim:
            nvim.until(lambda nvim: nvim.lua(STATE) == "ready", "the server's being ready")
            yield Session(nvim, folder, running)


INTERNAL = {"codestral.attach()", "codestral.told()"}
FILETYPE = "return vim.bo.filetype"
STATE = "return (require('codestral').status() or {}).state"


@pytest.fixture
def session(running_session: Session) -> Session:
    """With the document as it was, and no conversation."""
    running_session.nvim.lua(
        """
        require('codestral.chat').reset()
        vim.cmd.only()
        vim.cmd.buffer('cart.py')
        vim.api.nvim_buf_set_lines(0, 0, -1, false, ...)
        vim.api.nvim_win_set_cursor(0, { 4, 0 })
        typed, notes, asked_for = nil, nil, nil
        """,
        CART.split("\n"),
    )
    return running_session


def text_of(nvim: Neovim) -> str:
    return "\n".join(nvim.probe("buffer"))


def test_a_refactoring_of_a_range_as_the_user_says(session: Session) -> None:
    session.answer(f"```python\n{BETTER}\n```")
    session.nvim.lua("typed = 'Make it free.'")
    session.command("4,5Codestral refactor")
    assert session.sees("return 0") == CART.replace("sum(prices)", "0")
    assert session.nvim.lua("return asked_for") == "What is to change? "
    assert "Make it free." in session.question


def test_a_refactoring_that_nothing_is_typed_for(session: Session) -> None:
    before = len(session.running.upstream.requests)
    session.command("Codestral refactor")
    assert session.nvim.lua("return asked_for") == "What is to change? "
    assert len(session.running.upstream.requests) == before


def test_an_answer_is_read_before_it_is_whole_and_stopped(session: Session) -> None:
    session.answer(Reply(ANSWER, ending="stall", sent=4))
    session.command("4,5Codestral chat Why so?")
    assert "```" not in session.sees("Because of")
    session.command("Codestral chat More?")
    assert "is still answering" in session.nvim.lua("return notes")
    session.nvim.lua("vim.cmd.Codestral('stop') vim.cmd.buffer('codestral://chat')")
    assert "cart.py" in session.sees("> codestral").partition("> Stopped.")[2]
    session.answer(Reply("It adds them up."))
    session.command("Codestral chat More?")
    said = session.sees("It adds them up.\n\n> codestral")
    assert said.index("Why so?") < said.index("> Stopped.") < said.index("More?")
    assert "Why so?" in session.question


def test_an_answer_is_applied(session: Session) -> None:
    session.answer(Reply(f"First:\n\n```sh\nls\n```\n\n{ANSWER}", pack=split(5)))
    session.nvim.lua("typed = 'Why so?'")
    session.command("4,5Codestral chat")
    said = session.sees("> codestral")
    assert session.nvim.lua("return asked_for") == "What would you like to know? "
    assert ANSWER.strip() in said
    assert "def total" in session.question
    assert "cart.py" in said[said.index("> codestral") :]
    session.nvim.lua("vim.fn.search('return 0') vim.cmd.Codestral('apply') vim.cmd.buffer('cart.py')")
    assert session.sees("return 0") == CART.replace("sum(prices)", "0")


def test_an_answer_is_applied_from_elsewhere(session: Session) -> None:
    """The cursor's row means nothing there: it would be one of the other block's."""
    session.answer(f"```sh\nls\nls\nls\n```\n\n{ANSWER}")
    session.command("Codestral chat Why so?")
    session.sees("> codestral")
    session.nvim.lua("vim.cmd.buffer('cart.py') vim.fn.cursor(4, 1) vim.cmd.Codestral('apply')")
    assert session.sees("return 0") == CART.replace("sum(prices)", "0")


def test_a_page_that_the_user_deletes(session: Session) -> None:
    """It comes back as it was at first, also where an answer was being written to it."""
    session.answer(Reply(ANSWER, ending="stall", sent=4))
    session.command("Codestral chat First?")
    session.sees("Because of")
    session.nvim.lua("vim.cmd.bdelete() vim.cmd.Codestral('stop')")
    session.answer("It adds them up.")
    session.command("Codestral chat Second?")
    assert "First?" not in session.sees("> codestral")
    session.nvim.lua("vim.cmd.Codestral('doctor')")
    session.nvim.until(lambda nvim: nvim.lua(FILETYPE) == "text", "the doctor's page")
    session.nvim.lua("vim.cmd.bdelete() vim.cmd.Codestral('doctor')")
    session.nvim.until(lambda nvim: nvim.lua(FILETYPE) == "text", "the doctor's page")
    assert session.nvim.lua("return { vim.bo.modifiable, vim.bo.buftype, vim.fn.maparg('q', 'n') }") == [
        False,
        "nofile",
        "<C-W>c",
    ]


def test_a_new_conversation(session: Session) -> None:
    session.answer(Reply("One."))
    session.command("Codestral chat First?")
    session.sees("> codestral")
    session.command("Codestral! chat Second?")
    assert "First?" not in session.sees("> codestral")
    assert "First?" not in session.question


def test_a_failure_is_told_in_the_conversation(session: Session) -> None:
    session.answer(ERRORS["too long"])
    session.command("Codestral chat Why?")
    session.sees("too large for model")


def test_explain(session: Session) -> None:
    session.answer(Reply("It adds `prices` up."))
    session.command("4,5Codestral explain")
    session.sees("It adds `prices` up.")
    assert "Explain this code." in session.question
    assert session.nvim.lua(FILETYPE) == "markdown"


def test_model(session: Session) -> None:
    session.command("Codestral model codestral-2508")
    ready = re.compile(r"codestral-2508 at \S+: ready\.")
    session.nvim.until(lambda _: ready.fullmatch(session.says("Codestral status")), "the other model")
    assert session.says("Codestral model").startswith("codestral-2508 at ")


def test_toggle_and_statusline(session: Session) -> None:
    line = "return require('codestral').statusline()"
    model = session.says("Codestral model")
    assert session.nvim.lua(line) == model
    assert session.says("Codestral toggle") == "Codestral is paused."
    assert session.nvim.lua(line) == f"{model}: paused"
    assert session.says("Codestral toggle") == "Codestral suggests."
    session.nvim.lua("vim.cmd.enew()")
    assert session.nvim.lua(line) == ""


def test_usage(session: Session) -> None:
    session.command("Codestral usage --by model")
    session.sees("codestral-latest at ")


def test_doctor(session: Session) -> None:
    session.command("Codestral doctor --provider mistral")
    session.sees("There is no key for")


def test_log(session: Session) -> None:
    session.command("Codestral log")
    assert session.nvim.lua("return vim.api.nvim_buf_get_name(0)").endswith("lsp.log")


def test_what_there_is_no_command_for(session: Session) -> None:
    session.command("Codestral dance")
    assert "There is no `:Codestral dance`" in session.nvim.lua("return notes")


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("Codestral re", ["refactor"]),
        ("'<,'>Codestral! c", ["chat"]),
        ("Codestral s", ["status", "stop"]),
        ("Codestral chat r", []),
    ],
)
def test_completion_of_the_command_line(session: Session, typed: str, offered: list[str]) -> None:
    assert session.nvim.lua("return vim.fn.getcompletion(..., 'cmdline')", typed) == offered


def test_checkhealth(session: Session) -> None:
    session.command("checkhealth codestral")
    said = session.sees("what `codestral-ls doctor` finds")
    for line in ("OK Neovim 0.", "OK codestral-ls ", ": ready."):
        assert line in said


def test_help(session: Session, tmp_path: Path) -> None:
    """Its tags can be made, and every mapping, function and command is in it."""
    text = (PLUGIN / "doc" / "codestral.txt").read_text(encoding="utf-8")
    (tmp_path / "doc").mkdir()
    (tmp_path / "doc" / "codestral.txt").write_text(text, encoding="utf-8")
    session.nvim.lua("vim.cmd.helptags(...)", str(tmp_path / "doc"))
    tags = {line.split("\t")[0] for line in (tmp_path / "doc" / "tags").read_text().splitlines()}
    plugs = session.nvim.lua("return vim.tbl_map(function(m) return m.lhs end, vim.api.nvim_get_keymap('i'))")
    functions = session.nvim.lua("return vim.tbl_keys(require('codestral'))")
    commands = session.nvim.lua("return vim.fn.getcompletion('Codestral ', 'cmdline')")
    wanted = {plug for plug in plugs if plug.startswith("<Plug>(codestral")}
    wanted |= {f"codestral.{name}()" for name in functions if name.islower() and name[0] != "_"} - INTERNAL
    assert wanted | {f":Codestral-{name}" for name in commands} <= tags
    assert max(map(len, text.splitlines())) <= 78
