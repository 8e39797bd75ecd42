"""A user cycles among candidates and goes on with one: over LSP, as an editor tells it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codestral_ls.bench import clock
from codestral_ls.core.model import Chunk, FimRequest, Profile
from tests.stage import NO_DISK, staged

URI = "file:///shop/cart.py"
REPLIES = {None: "price * count", 1: "price - rebate", 2: "len(prices)"}


class Model:
    """Answers by the request's seed."""

    profile = Profile("by seed", "by seed", streams=2)
    calls = 0

    async def fim(self, request: FimRequest) -> Any:
        self.calls += 1
        yield Chunk(REPLIES[request.seed], "stop")

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...


SHOWN = "textDocument/didShowCompletion"
PART = "textDocument/didPartiallyAcceptCompletion"
TOLD: dict[str, tuple[list[tuple[str, dict[str, Any]]], list[str]]] = {
    "nothing": ([], [" * count", " - rebate"]),
    "which is shown": ([(SHOWN, {})], [" - rebate", " * count"]),
    "which was accepted in part": ([(PART, {"acceptedLength": 5})], [" - rebate", " * count"]),
}


@pytest.mark.parametrize(("told", "left"), TOLD.values(), ids=TOLD)
def test_the_second_of_three_goes_on(tmp_path: Path, told: Any, left: list[str]) -> None:
    model = Model()

    async def play() -> None:
        config = f"{NO_DISK}[completion]\ncandidates = 3\n"
        async with staged(tmp_path, model, config) as stage:
            stage.open(URI, "def add(a, b):\n    total = \n    return total\n")
            items = (await stage.ask(URI, 1, 12, by_hand=True)[1])["items"]
            assert [item["insertText"] for item in items] == [*REPLIES.values()]
            end = {"line": 1, "character": 12}
            stage.change(URI, 2, {"start": end, "end": end}, "price")
            for method, more in told:
                stage.client.notify(method, {"item": items[1], **more})
            after = (await stage.ask(URI, 1, 17)[1])["items"]
            assert [item["insertText"] for item in after] == left
            assert model.calls == 3

    clock.run(play())
