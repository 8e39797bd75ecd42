"""From a key's press to ghost text on the screen of a real Neovim, with a model that answers at once."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from tests.editors.neovim import Edition, Neovim
from tests.editors.test_neovim import shop
from tests.upstream.mistral import FakeMistral
from tests.upstream.thread import in_thread

ROUNDS = 30
NAMES = [f"value_{number}" for number in range(ROUNDS)]
LINES = [line for name in NAMES for line in (f"def get_{name}(box):", "    ", "", "")]


def test_from_key_to_screen(edition: Edition, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, not asserted: a machine that is busy with other things must not fail a test."""
    figures = []
    with in_thread(FakeMistral("")) as running:
        upstream = running.upstream
        settings = {"provider": "mistral", "base_url": upstream.api_url, "api_key_env": "FAKE_KEY"}
        with shop(tmp_path, settings, FAKE_KEY=upstream.api_key) as nvim:
            nvim.lua("vim.api.nvim_buf_set_lines(0, 0, -1, false, ...)", LINES)
            for number, name in enumerate(NAMES):
                upstream.reply = "pass"
                begin(nvim, 4 * number + 2)
                upstream.reply = f"eturn box.{name}"
                nvim.probe("time", "r", f"    r|eturn box.{name}")
                figures.append(nvim.until(lambda nvim: nvim.lua("return probe.timed"), "the ghost text"))
                nvim.type("<Esc>")
                nvim.until(lambda nvim: nvim.lua("return vim.api.nvim_get_mode().mode") == "n", "the end")
    shown, served = zip(*figures, strict=True)
    with capsys.disabled():
        print(f"\nNeovim, key to screen: {summary(shown)}; of it our server: {summary(served)}")


def begin(nvim: Neovim, row: int) -> None:
    """Insert mode at the end of a line, with the suggestion for that place."""
    nvim.lua("vim.api.nvim_win_set_cursor(0, { ..., 0 })", row)
    nvim.type("A")
    nvim.until(lambda nvim: nvim.probe("ghost") == ["pass"], "the first suggestion")


def summary(times: tuple[float, ...]) -> str:
    tenth = statistics.quantiles(times, n=10)[-1]
    return f"median {statistics.median(times):.1f} ms, p90 {tenth:.1f} ms of {len(times)}"
