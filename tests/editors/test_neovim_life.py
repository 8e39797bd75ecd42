"""How a real Neovim gets on when the server dies, and when nothing has been set up."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from codestral_ls.bench.reply import Reply
from tests.editors.conftest import MODEL
from tests.editors.neovim import ROOT, Neovim, started
from tests.editors.terminal import recipe
from tests.editors.test_neovim import cart, ledger, shop, shop_with_mistral, text_of
from tests.upstream.mistral import FakeMistral
from tests.upstream.thread import in_thread

pytestmark = pytest.mark.usefixtures("edition")

STATUS = "return (require('codestral').status() or {})"
ATTACHED = "return #vim.lsp.get_clients({ bufnr = 0, name = 'codestral_ls' })"


def servers(nvim: Neovim) -> list[int]:
    """The processes that Neovim has started."""
    found: list[int] = nvim.lua("return vim.api.nvim_get_proc_children(vim.fn.getpid())")
    return found


def kill(nvim: Neovim) -> int:
    (server,) = servers(nvim)
    os.kill(server, signal.SIGKILL)
    nvim.until(lambda nvim: server not in servers(nvim), "the server's end")
    return server


def state(nvim: Neovim) -> str:
    return str(nvim.lua(f"{STATUS}.state"))


def test_a_server_that_was_killed_comes_back(tmp_path: Path) -> None:
    with shop_with_mistral(tmp_path, "total += item.price") as nvim:
        nvim.lua("require('codestral.restart').delays = { 0, 0 }")
        for _ in range(2):
            kill(nvim)
            nvim.until(lambda nvim: servers(nvim) and state(nvim) == "ready", "another server")
        nvim.insert(cart("█"))
        nvim.until(lambda nvim: nvim.probe("ghost") == ["total += item.price"], "the ghost text")
        nvim.type("<Tab>")
        nvim.until(lambda nvim: text_of(nvim) == cart("total += item.price"), "the accepted text")
        nvim.until(lambda nvim: "accepted" in ledger(tmp_path), "the server's note of it")
        kill(nvim)
        nvim.until(lambda nvim: state(nvim) == "error", "the news that it is given up")
        assert "keeps crashing" in nvim.lua("return vim.fn.execute('messages')")
        assert nvim.lua(ATTACHED) == 0


def test_an_answer_that_a_killed_server_was_writing(tmp_path: Path) -> None:
    with in_thread(FakeMistral(Reply("One word, and many more.", ending="stall", sent=1))) as running:
        upstream = running.upstream
        settings = {"provider": "mistral", "base_url": upstream.base_url, "api_key_env": "FAKE_KEY"}
        with shop(tmp_path, settings, FAKE_KEY=upstream.api_key) as nvim:
            nvim.lua("vim.cmd('Codestral chat Why?')")
            nvim.until(lambda nvim: "One" in text_of(nvim), "the answer's beginning")
            kill(nvim)
            nvim.until(lambda nvim: "> The server has ended." in text_of(nvim), "the news")
            nvim.until(lambda nvim: servers(nvim) and state(nvim) == "ready", "another server")
            upstream.reply = Reply("Because.")
            nvim.lua("vim.cmd('Codestral chat Why?')")
            nvim.until(lambda nvim: "Because." in text_of(nvim), "the other server's answer")
            assert "> The server has ended." in text_of(nvim)


def test_an_answer_of_a_server_that_is_told_to_stop(tmp_path: Path) -> None:
    with shop_with_mistral(tmp_path, Reply("One word, and many more.", ending="stall", sent=1)) as nvim:
        nvim.lua("vim.cmd('Codestral chat Why?')")
        nvim.until(lambda nvim: "One" in text_of(nvim), "the answer's beginning")
        nvim.lua("vim.lsp.get_clients()[1]:stop(true)")
        nvim.until(lambda nvim: "> The server has ended." in text_of(nvim), "the news")


def test_a_model_that_was_chosen_outlives_its_server(tmp_path: Path) -> None:
    with shop_with_mistral(tmp_path, "") as nvim:
        nvim.lua("vim.cmd('Codestral model codestral-2508')")
        chosen = f"{STATUS}.model:find('codestral-2508', 1, true)"
        nvim.until(lambda nvim: nvim.lua(chosen), "the other model")
        kill(nvim)
        nvim.until(lambda nvim: servers(nvim) and state(nvim) == "ready", "another server")
        assert nvim.lua(chosen)


ANOTHER = """
another = vim.lsp.start(vim.tbl_extend('force', vim.lsp.config.codestral_ls, { root_dir = '/' }), {
  attach = false,
  reuse_client = function() return false end,
})
"""


def test_a_conversation_goes_on_with_its_own_server(tmp_path: Path) -> None:
    """There may be another one that was started first, for another project."""
    with shop_with_mistral(tmp_path, Reply("Because.")) as nvim:
        nvim.lua(ANOTHER)
        nvim.until(lambda nvim: nvim.lua("return vim.lsp.get_client_by_id(another).initialized"), "another")
        first = nvim.lua("return vim.lsp.get_clients({ bufnr = 0 })[1].id")
        nvim.lua("vim.lsp.buf_attach_client(0, another) vim.lsp.buf_detach_client(0, ...)", first)
        for answers in (1, 2):
            nvim.lua("vim.cmd('Codestral chat Why?')")
            nvim.until(lambda nvim, wanted=answers: text_of(nvim).count("$0.0000") == wanted, "the bill")
            assert text_of(nvim).count("Because.") == answers
            assert nvim.lua("return require('codestral.chat').client().id") != first


@pytest.mark.parametrize("force", ["false", "true"])
def test_a_server_that_was_told_to_stop_stays_away(tmp_path: Path, force: str) -> None:
    with shop_with_mistral(tmp_path, "") as nvim:
        nvim.lua(
            f"""
            local restart = require('codestral.restart')
            local exited = restart.exited
            restart.exited = function(...)
              exited(...)
              vim.schedule(function() ended = true end)
            end
            vim.lsp.get_clients()[1]:stop({force})
            """
        )
        nvim.until(lambda nvim: nvim.lua("return ended"), "the server's end")
        assert nvim.lua(ATTACHED) == 0
        assert state(nvim) == "ready"


CRASHES = """
require('codestral.restart').delays = { 0, 0 }
vim.lsp.config('codestral_ls', { cmd = { 'sh', '-c', 'echo >> starts; exit 1' } })
vim.lsp.enable('codestral_ls')
"""


def test_a_server_that_crashes_at_once(tmp_path: Path) -> None:
    (tmp_path / "cart.py").touch()
    with started(tmp_path, tmp_path / "cart.py", CRASHES) as nvim:
        nvim.until(lambda nvim: state(nvim) == "error", "the news that it is given up")
        assert (tmp_path / "starts").read_text() == "\n" * 3


NOWHERE = """
vim.lsp.config('codestral_ls', { cmd = { 'nowhere-ls', 'serve' } })
vim.lsp.enable('codestral_ls')
require('codestral').setup({ accept = '<Tab>' })
"""


def test_a_server_that_is_nowhere(tmp_path: Path) -> None:
    """It is told, the health check says what to do, and all else is as without the plug-in."""
    (tmp_path / "cart.py").touch()
    with started(tmp_path, tmp_path / "cart.py", NOWHERE) as nvim:
        nvim.type("ix<Tab>=")
        nvim.until(lambda nvim: text_of(nvim) == "x   =", "the keys")
        assert "`nowhere-ls` cannot be run" in nvim.lua("return vim.fn.execute('messages')")
        nvim.lua("vim.cmd.stopinsert() vim.cmd.checkhealth('codestral')")
        nvim.until(lambda nvim: "`nowhere-ls` cannot be run." in text_of(nvim), "the finding")
        assert "pipx" in text_of(nvim)
        nvim.lua("vim.notify = function(text) note = text end vim.cmd.Codestral('doctor')")
        assert "`nowhere-ls` cannot be run" in nvim.lua("return note")


BEHIND_ANOTHER = """
vim.lsp.config('codestral_ls', { cmd = { 'env', 'codestral-ls', 'serve' } })
vim.lsp.enable('codestral_ls')
"""


def test_a_server_that_another_program_runs(tmp_path: Path) -> None:
    """Its other commands are run by that program, too."""
    (tmp_path / "cart.py").touch()
    with started(tmp_path, tmp_path / "cart.py", BEHIND_ANOTHER) as nvim:
        nvim.lua("vim.cmd('Codestral usage')")
        nvim.until(lambda nvim: "othing" in text_of(nvim) or "requests" in text_of(nvim), "the usage")
        nvim.lua("vim.cmd.checkhealth('codestral')")
        nvim.until(lambda nvim: "OK codestral-ls " in text_of(nvim), "the version")


PORTS = (11434, 9931, 8080, 8012, 8000, 1234)
"""Where servers of models are looked for, one of which would be used instead."""


def listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


AGREES = """
vim.ui.select = function(items, options, done)
  question = options.prompt
  done(items[1])
end
"""


def test_without_a_key(tmp_path: Path, weights: Path) -> None:
    """The README's command installs the plug-in; then one line of Lua, no key and no setting. The user agrees
    to have the model fetched, of which all parts are here already."""
    if taken := [port for port in PORTS if listens(port)]:
        pytest.skip(f"needs a machine on which no server of models may be found, as on port {taken[0]}")
    subprocess.run(
        ["sh", "-c", recipe("Neovim (0.11 and 0.12)")], cwd=ROOT, env={"HOME": str(tmp_path)}, check=True
    )
    models = tmp_path / "codestral_ls_cache" / "models"
    models.mkdir(parents=True)
    shutil.copyfile(weights, models / f"{MODEL}.partial")
    file = tmp_path / "cart.py"
    file.write_text(cart(""), encoding="utf-8")
    init, environ = f"vim.lsp.enable('codestral_ls'){AGREES}", {"XDG_DATA_HOME": f"{tmp_path}/.local/share"}
    with started(tmp_path, file, init, environ=environ, installed=True) as nvim:
        nvim.until(lambda nvim: state(nvim) == "ready", "the server's being ready")
        assert f"Fetch the model {MODEL} (98 MB" in nvim.lua("return question")
        assert nvim.lua(f"{STATUS}.model") == f"{MODEL} on this machine"
        nvim.insert(cart("█"))
        nvim.type("total += item.price * ")
        ghost = nvim.until(lambda nvim: nvim.probe("ghost"), "the ghost text")
        assert text_of(nvim) == cart("total += item.price * ")
        nvim.lua("vim.api.nvim_feedkeys(vim.keycode('<Plug>(codestral-accept)'), 'mt', false)")
        accepted = cart("total += item.price * " + "\n".join(ghost))
        nvim.until(lambda nvim: text_of(nvim) == accepted, "the accepted text")
        nvim.lua("vim.cmd.write()")
        assert file.read_text(encoding="utf-8") == f"{accepted}\n"
