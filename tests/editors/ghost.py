"""A text in a real Neovim with our plug-in, and a server in the same process that says what a test wants."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tests.editors.neovim import Neovim, started

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNITS = {
    "utf-8": lambda text: len(text.encode()),
    "utf-16": lambda text: len(text.encode("utf-16-le")) // 2,
    "utf-32": len,
}
INIT = """
if vim.lsp.inline_completion then
  vim.lsp.inline_completion.enable()
end
vim.lsp.config('codestral_ls', {{ cmd = probe.server('{encoding}') }})
vim.lsp.enable('codestral_ls')
vim.keymap.set('i', '<C-]>', '<C-g>u[before]')
require('codestral').setup({{ accept = '<Tab>', dismiss = '<C-]>', trigger = '<C-t>' }})
"""
ASK = "textDocument/inlineCompletion"


@contextmanager
def editing(
    folder: Path, marked: str, *answers: object, encoding: str = "utf-16", init: str = ""
) -> Iterator[Neovim]:
    """A text opened in Neovim, in insert mode at █; the server answers with `answers` and then not at all."""
    file = folder / "cart.py"
    file.write_text(marked.replace("█", ""), encoding="utf-8", newline="")
    with started(folder, file, INIT.format(encoding=encoding) + init) as nvim:
        nvim.until(lambda nvim: nvim.lua("return #vim.lsp.get_clients({ bufnr = 0 }) > 0"), "the server")
        nvim.lua("probe.answers = ...", answers)
        nvim.insert(marked)
        nvim.until(asked(1), "a request")
        yield nvim


def item(marked: str, text: str, *, left: str = "", right: str = "", encoding: str = "utf-16") -> list[Any]:
    """The answer that puts `text` in place of `left` before and `right` behind the cursor at █."""
    before, _, _ = marked.partition("█")
    line, head = before.count("\n"), before.rpartition("\n")[2]
    assert head.endswith(left)
    start, stop = head[: len(head) - len(left)], head + right
    positions = [{"line": line, "character": UNITS[encoding](part)} for part in (start, stop)]
    span = dict(zip(("start", "end"), positions, strict=True))
    command = {"title": "", "command": "codestral.accepted", "arguments": ["an id"]}
    return [{"insertText": text, "range": span, "command": command}]


def asked(count: int):
    return lambda nvim: len(nvim.probe("sent", ASK)) == count


def shows(*lines: str):
    return lambda nvim: nvim.probe("screen") == list(lines)


def holds(*lines: str):
    return lambda nvim: nvim.probe("buffer") == list(lines)
