"""A real Neovim with the real server: what a user gets from a fake Mistral and from a real model."""

from __future__ import annotations

import json
import shutil
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.editors.conftest import MODEL
from tests.editors.neovim import ROOT, Neovim, started
from tests.editors.terminal import environment, recipe
from tests.upstream.mistral import FakeMistral
from tests.upstream.thread import in_thread

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.usefixtures("edition")

SHOP = ROOT / "fixtures" / "workspaces" / "shop"
INIT = """
vim.lsp.config('codestral_ls', {
  init_options = vim.json.decode([==[%s]==]),
})
vim.lsp.enable('codestral_ls')
require('codestral').setup({ accept = '<Tab>', trigger = '<C-t>' })
"""


@contextmanager
def shop(folder: Path, settings: object, **environ: str) -> Iterator[Neovim]:
    """Neovim with the shop's cart open, and a server that is ready to complete."""
    workspace = shutil.copytree(SHOP, folder / "shop", dirs_exist_ok=True)
    init = INIT % json.dumps({"completion": settings})
    with started(folder, workspace / "cart.py", init, environ=environ) as nvim:
        state = "return (require('codestral').status() or {}).state"
        nvim.until(lambda nvim: nvim.lua(state) == "ready", "the server's being ready")
        yield nvim


@contextmanager
def shop_with_mistral(folder: Path, reply: object, **more: object) -> Iterator[Neovim]:
    """With a model that answers so, and `more` settings of completion."""
    with in_thread(FakeMistral(reply)) as running:
        upstream = running.upstream
        settings = {"provider": "mistral", "base_url": upstream.api_url, "api_key_env": "FAKE_KEY", **more}
        with shop(folder, settings, FAKE_KEY=upstream.api_key) as nvim:
            yield nvim


def text_of(nvim: Neovim) -> str:
    return "\n".join(nvim.probe("buffer"))


def ledger(folder: Path) -> list[str]:
    """The kinds of what the server noted, in its order."""
    file = folder / "codestral_ls_state" / "ledger.jsonl"
    return [json.loads(line)["kind"] for line in file.read_text().splitlines()] if file.exists() else []


def cart(body: str) -> str:
    """The shop's cart, with `body` in the place that waits for one; █ in it is the cursor."""
    text = (SHOP / "cart.py").read_text(encoding="utf-8").removesuffix("\n")
    head, tail = text.split("    for item in items:\n        \n")
    return f"{head}    for item in items:\n        {body}\n{tail}"


CASES = {
    "a-line": ("", "total += item.price * item.quantity"),
    "several-lines": (
        "",
        "if item.quantity < 1:\n            continue\n        total += item.price * item.quantity",
    ),
    "astral": ('note = "🎉" + ', 'str("🎈🎊") + "é"'),
}


@pytest.mark.parametrize(("typed", "reply"), CASES.values(), ids=CASES)
def test_a_completion_is_typed_through_accepted_and_undone(tmp_path, typed, reply):
    with shop_with_mistral(tmp_path, reply) as nvim:
        nvim.insert(cart("█"))
        nvim.type(typed)
        nvim.until(lambda nvim: nvim.probe("ghost") and text_of(nvim) == cart(typed), "the ghost text")
        first, *more = reply.split("\n")
        assert nvim.probe("ghost") == [first, *more]
        nvim.type(first[:3])
        nvim.until(lambda nvim: text_of(nvim) == cart(typed + first[:3]), "the keys")
        assert nvim.probe("ghost") == [first[3:], *more]
        nvim.type("<Tab>")
        nvim.until(lambda nvim: text_of(nvim) == cart(typed + reply), "the accepted text")
        nvim.lua("vim.cmd.write()")
        assert (tmp_path / "shop" / "cart.py").read_text(encoding="utf-8") == f"{cart(typed + reply)}\n"
        nvim.type("<Esc>u")
        nvim.until(lambda nvim: text_of(nvim) == cart(typed + first[:3]), "the undone text")
        nvim.until(lambda nvim: "accepted" in ledger(tmp_path), "the server's note of it")
    assert ledger(tmp_path).count("accepted") == 1


def test_typing_through_does_not_flicker(tmp_path):
    """One request; what is typed and what is offered make the same line in all that is drawn."""
    reply, asked = "total += item.price * 1.19", []

    def answer(exchange):
        asked.append(exchange)
        return reply if len(asked) == 1 else "something_else()"

    with shop_with_mistral(tmp_path, answer) as nvim:
        nvim.insert(cart("█"))
        nvim.until(lambda nvim: nvim.probe("ghost") == [reply], "the ghost text")
        frames = [f"        {reply[:end]}|{reply[end:]}" for end in range(1, len(reply))]
        assert nvim.play(list(reply[:-1]), frames, tmp_path / "frames") == frames
        assert len(asked) == 1


def test_what_comes_next_is_there_once_a_suggestion_is_accepted(tmp_path):
    """It is what the model went on to say. Another key takes it, and nothing is asked for it."""
    line, following = "price = item.price", ["        price *= item.quantity", "        total += price"]
    asked = []

    def answer(exchange):
        if not exchange.json["prompt"].endswith(f" {line[0]}"):
            return ""
        asked.append(exchange)
        return "\n".join([line[1:], *following])

    with shop_with_mistral(tmp_path, answer) as nvim:
        nvim.insert(cart("█"))
        nvim.type(line[0])
        nvim.until(lambda nvim: nvim.probe("ghost") == [line[1:]], "the ghost text")
        nvim.type("<Tab>")
        nvim.until(lambda nvim: nvim.probe("ghost") == ["", *following], "what comes next")
        nvim.type("<Tab>")
        nvim.until(lambda nvim: text_of(nvim) == cart("\n".join([line, *following])), "the accepted text")
    assert len(asked) == 1


CANDIDATES = ["total += 1 * item", "total -= 2 * item", "total *= 3 * item"]
KEYS = "require('codestral').setup({ next = '<M-n>', previous = '<M-p>', accept_word = '<C-Right>' })"


def test_the_user_chooses_among_candidates(tmp_path):
    """A word that all of them share keeps the one that is shown, and the others to choose from."""
    waiting = iter(CANDIDATES)
    with shop_with_mistral(tmp_path, lambda _: next(waiting, ""), candidates=3) as nvim:
        nvim.lua(KEYS)
        nvim.insert(cart("█"))
        for key, wanted in zip(("", "<M-n>", "<M-n>", "<M-n>", "<M-n>"), CANDIDATES * 2, strict=False):
            nvim.type(key)
            nvim.until(lambda nvim, wanted=wanted: nvim.probe("ghost") == [wanted], wanted)
        nvim.type("<C-Right>")
        nvim.until(lambda nvim: text_of(nvim) == cart("total"), "the word")
        for key, left in (("", " -= 2 * item"), ("<M-n>", " *= 3 * item"), ("<M-p>", " -= 2 * item")):
            nvim.type(key)
            nvim.until(lambda nvim, left=left: nvim.probe("ghost") == [left], left)
        nvim.type("<Tab>")
        nvim.until(lambda nvim: text_of(nvim) == cart(CANDIDATES[1]), "the accepted text")
        nvim.until(lambda nvim: "accepted" in ledger(tmp_path), "the server's note of it")


def test_as_the_readme_says(tmp_path):
    """Its command installs the plug-in, its two lines set it up."""
    heading = "Neovim (0.11 and 0.12)"
    subprocess.run(["sh", "-c", recipe(heading)], cwd=ROOT, env={"HOME": str(tmp_path)}, check=True)
    (tmp_path / "cart.py").write_text("x = 1\n")
    with in_thread(FakeMistral("x + 1")) as running:
        environ = environment(tmp_path, running.upstream) | {"XDG_DATA_HOME": f"{tmp_path}/.local/share"}
        init = recipe(heading, 1)
        with started(tmp_path, tmp_path / "cart.py", init, environ=environ, installed=True) as nvim:
            state = "return (require('codestral').status() or {}).state"
            nvim.until(lambda nvim: nvim.lua(state) == "ready", "the server's being ready")
            nvim.type("oy = ")
            nvim.until(lambda nvim: nvim.probe("ghost") == ["x + 1"], "the ghost text")
            nvim.type("<Tab>")
            nvim.until(lambda nvim: text_of(nvim) == "x = 1\ny = x + 1", "the accepted text")


def test_a_real_model_completes(tmp_path, weights):
    """The model of 98 MB, asked by a key: what it says is its own affair; only what must hold is checked."""
    (tmp_path / "codestral_ls_cache").mkdir()
    (tmp_path / "codestral_ls_cache" / "models").symlink_to(weights.parent)
    with shop(tmp_path, {"provider": "embedded", "model": MODEL}) as nvim:
        nvim.insert(cart("█"))
        nvim.type("total += item.price * <C-t>")
        ghost = nvim.until(lambda nvim: nvim.probe("ghost"), "the ghost text")
        assert "".join(ghost).strip()
        assert text_of(nvim) == cart("total += item.price * ")
        nvim.type("<Tab>")
        accepted = cart("total += item.price * " + "\n".join(ghost))
        nvim.until(lambda nvim: text_of(nvim) == accepted, "the accepted text")
        nvim.until(lambda nvim: "accepted" in ledger(tmp_path), "the server's note of it")
