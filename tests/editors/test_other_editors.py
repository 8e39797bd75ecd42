"""Helix, Vim with ALE, Emacs with lsp-mode and with eglot: a completion and a code action each.

They are set up by the recipes of the README.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.editors import debian_prefix, terminal
from tests.editors.neovim import PATIENCE
from tests.upstream.mistral import FakeMistral
from tests.upstream.thread import Running, in_thread

pytestmark = pytest.mark.skipif(bool(debian_prefix.missing()), reason=debian_prefix.missing())

CART = "def total(prices):\n    return 0\n"
BETTER = "def total(prices):\n    return sum(prices)\n"
TYPED, REST = "x = su", "m_of_prices"
EXPLANATION = "It returns nothing but zero."
PREFIX = debian_prefix.folder()


@dataclass(frozen=True)
class User:
    """Somebody with an empty home, a project with one file, and a key for a model."""

    folder: Path
    running: Running

    @property
    def file(self) -> Path:
        return self.folder / "shop" / "cart.py"

    @property
    def environ(self) -> dict[str, str]:
        return terminal.environment(self.folder, self.running.upstream)

    def answer(self, text: str) -> None:
        self.running.upstream.reply = text

    def has_a_server(self) -> None:
        """Wait until our server runs: it has the document by then, and connects to the model."""
        terminal.until(lambda: self.running.upstream.connections, lambda: "a connection")

    def has(self, text: str) -> None:
        """Wait until the file is saved as that."""
        terminal.until(lambda: self._saved() == text, self._saved)

    def _saved(self) -> str:
        """What is in the file, which Helix moves away for the moment in which it writes."""
        try:
            return self.file.read_text()
        except FileNotFoundError:
            return ""


@pytest.fixture
def user(tmp_path: Path) -> Iterator[User]:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop" / "pyproject.toml").touch()
    (tmp_path / "shop" / "cart.py").write_text(CART)
    with in_thread(FakeMistral(REST)) as running:
        yield User(tmp_path, running)


def test_helix(user: User) -> None:
    config = user.folder / "xdg_config_home" / "helix"
    config.mkdir(parents=True)
    (config / "languages.toml").write_text(terminal.recipe("Helix"))
    environ = user.environ | {"HELIX_RUNTIME": str(PREFIX / "usr" / "lib" / "hx" / "runtime")}
    command = [str(debian_prefix.program("hx")), str(user.file)]
    with terminal.terminal(user.folder, command, environ) as screen:
        user.has_a_server()
        screen.keys("O", *TYPED)
        screen.until(f"{REST} text", "BSpace", "u")
        screen.keys("C-n", "Enter", "Escape")
        screen.until("NOR")
        screen.keys(":w", "Enter")
        user.has(f"{TYPED}{REST}\n{CART}")
        user.answer(f"```python\n{BETTER}```")
        screen.keys("j", "Space", "a")
        screen.until("Simplify")
        screen.keys("Enter")
        screen.until("sum(prices)")
        screen.keys(":w", "Enter")
        user.has(f"{TYPED}{REST}\n{BETTER}")


def test_vim_with_ale(user: User) -> None:
    """It applies an edit that a command leads to, and does not answer; an explanation is shown."""
    share = PREFIX / "usr" / "share"
    vimrc = user.folder / "vimrc"
    begin = f"set nocompatible noswapfile\nfiletype plugin on\nset runtimepath^={share}/vim-ale\n"
    vimrc.write_text(begin + terminal.recipe("Vim with ALE"))
    runtime = next((share / "vim").glob("vim9*"))
    environ = user.environ | {"VIM": str(share / "vim"), "VIMRUNTIME": str(runtime)}
    command = [str(debian_prefix.program("vim.basic")), "-u", str(vimrc), str(user.file)]
    with terminal.terminal(user.folder, command, environ) as screen:
        user.has_a_server()
        screen.keys("O", *TYPED)
        screen.until(" v codestral-ls", "BSpace", "u")
        screen.keys("C-n", "C-y", "Escape")
        screen.until_gone("-- INSERT --")
        screen.keys(":w", "Enter")
        user.has(f"{TYPED}{REST}\n{CART}")
        user.answer(f"```python\n{BETTER}```")
        screen.keys("j", ":ALECodeAction", "Enter")
        screen.until("1) Simplify")
        screen.keys("1", "Enter")
        screen.until("sum(prices)")
        screen.keys(":w", "Enter")
        user.has(f"{TYPED}{REST}\n{BETTER}")
        screen.keys("u")
        screen.until_gone("sum(prices)")
        screen.keys(":w", "Enter")
        user.has(f"{TYPED}{REST}\n{CART}")
        user.answer(EXPLANATION)
        screen.keys(":ALECodeAction", "Enter")
        number = screen.number("Explain")
        screen.keys(number, "Enter")
        screen.until(EXPLANATION)


def emacs(user: User, script: str) -> str:
    """Run a script in Emacs, without a screen. Returns what it told."""
    share = PREFIX / "usr" / "share" / "emacs"
    version = next(path for path in share.iterdir() if (path / "lisp").is_dir())
    dump = next(PREFIX.glob("usr/libexec/emacs/*/*/emacs-*.pdmp"))
    packages = sorted((share / "site-lisp" / "elpa-src").iterdir())
    file = user.folder / "script.el"
    file.write_text(COMMON + script)
    done = subprocess.run(
        [debian_prefix.program("emacs-nox"), f"--dump-file={dump}", "-Q", "--batch"]
        + [part for package in packages for part in ("-L", package)]
        + ["-l", file],
        cwd=user.folder,
        env=user.environ | _emacs_folders(version),
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _emacs_folders(version: Path) -> dict[str, str]:
    lisp = version / "lisp"
    folders = [lisp, *sorted(path for path in lisp.iterdir() if path.is_dir())]
    etc = str(version / "etc")
    return {"EMACSLOADPATH": ":".join(map(str, folders)), "EMACSDATA": etc, "EMACSDOC": etc}


COMMON = """
(setq make-backup-files nil load-prefer-newer nil native-comp-jit-compilation nil
      native-comp-enable-subr-trampolines nil)
(defun wait (what condition)
  (with-timeout (25 (error "%s did not come" what))
    (while (not (funcall condition)) (accept-process-output nil 0.05))))
(defun open-cart ()
  (switch-to-buffer (find-file-noselect "shop/cart.py"))
  (python-mode))
(defun type (text)
  (goto-char (point-min))
  (insert text "\\n")
  (backward-char))
"""

LSP_MODE = """
(setq lsp-auto-guess-root t lsp-enable-suggest-server-download nil lsp-session-file "session"
      lsp-warn-no-matched-clients nil lsp-enable-file-watchers nil lsp-completion-provider :none
      lsp-enable-snippet nil lsp-lens-enable nil lsp-enabled-clients '(codestral))
(require 'lsp-mode)
(require 'lsp-inline-completion)
%s
(open-cart)
(lsp)
(wait "the server" (lambda () (and (lsp-workspaces)
  (seq-every-p (lambda (it) (eq 'initialized (lsp--workspace-status it))) (lsp-workspaces)))))
(type "%s")
(wait "ghost text" (lambda ()
  (lsp-inline-completion-display)
  lsp-inline-completion--current))
(princ (overlay-get lsp-inline-completion--overlay 'after-string))
(lsp-inline-completion-accept)
(save-buffer)
(goto-char (point-min))
(forward-line 1)
(let ((action (seq-find (lambda (it) (equal "Simplify" (lsp-get it :title))) (lsp-code-actions-at-point))))
  (lsp-execute-code-action action))
(save-buffer)
"""

EGLOT = """
(require 'eglot)
%s
(setq eglot-sync-connect 20 eglot-autoshutdown t)
(open-cart)
(call-interactively #'eglot)
(type "%s")
(eglot--signal-textDocument/didChange)
(wait "the menu" (lambda ()
  (let* ((found (eglot-completion-at-point))
         (entries (all-completions "su" (nth 2 found))))
    (when entries
      (princ (car entries))
      (let ((exit (plist-get (nthcdr 3 found) :exit-function)))
        (delete-region (nth 0 found) (nth 1 found))
        (insert (car entries))
        (funcall exit (car entries) 'finished))
      t))))
(save-buffer)
(goto-char (point-min))
(forward-line 1)
(let* ((actions (eglot-code-actions (point) (point)))
       (action (seq-find (lambda (it) (equal "Simplify" (plist-get it :title))) actions)))
  (eglot-execute (eglot-current-server) action))
(wait "the change" (lambda () (buffer-modified-p)))
(save-buffer)
"""


@pytest.mark.parametrize(("script", "number"), [(LSP_MODE, 0), (EGLOT, 1)], ids=["lsp-mode", "eglot"])
def test_emacs(user: User, script: str, number: int) -> None:
    def reply(exchange):
        return REST if "prompt" in exchange.json else f"```python\n{BETTER}```"

    user.running.upstream.reply = reply
    told = emacs(user, script % (terminal.recipe("Emacs", number), TYPED))
    assert REST in told
    assert user.file.read_text() == f"{TYPED}{REST}\n{BETTER}"
