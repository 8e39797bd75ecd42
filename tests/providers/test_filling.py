"""Models that fill holes, in a process of ours: Qwen2.5-Coder where it is installed, and a GGUF of no known
family."""

from __future__ import annotations

from contextlib import aclosing, asynccontextmanager

import pytest

from codestral_ls.core.model import FimRequest
from codestral_ls.core.privacy import THIS_MACHINE, redact
from codestral_ls.providers import child, store
from codestral_ls.providers.embedded import Embedded
from codestral_ls.providers.llama_server import inspect
from codestral_ls.providers.llamacpp import connect
from tests.providers import tiny
from tests.providers.llama import PATIENT

QWEN = "qwen2.5-coder-1.5b"
PREFIX = "def mean(values):\n    if not values:\n        return None\n"
SUFFIX = "\n\n\ndef median(values):\n    ordered = sorted(values)\n    middle = len(ordered) // 2\n"
LINE = "    return sum(values) / len("


def request(typed: str, max_tokens: int = 1) -> FimRequest:
    return FimRequest(redact(PREFIX), redact(typed), redact(SUFFIX), max_tokens, stop=("\n",))


async def answer(model, wanted: FimRequest) -> tuple[str, int]:
    """The text, and how many tokens of the prompt had to be computed for it."""
    async with aclosing(model.fim(wanted)) as chunks:
        found = [chunk async for chunk in chunks]
    usage = found[-1].usage
    return "".join(chunk.text for chunk in found), usage.prompt - usage.cached


@asynccontextmanager
async def qwen():
    server = await child.start(store.path_of(QWEN))
    try:
        yield server, await inspect(server.url, THIS_MACHINE, server.key, PATIENT)
    finally:
        await server.close()


@pytest.mark.skipif(store.path_of(QWEN) is None, reason=f"{QWEN} is not installed")
async def test_what_a_key_costs():
    """One token of the prompt behind the middle marker. Through `/infill` the suffix, at every key with which
    the prefix grows by a token. By the same process, since it takes seconds to load."""
    async with qwen() as (server, info):
        for fim, most in (("auto", 1), ("infill", 40)):
            async with aclosing(connect(info, THIS_MACHINE, server.key, timeout=PATIENT, fim=fim)) as model:
                keys = [
                    await answer(model, request(LINE[:end])) for end in range(len(LINE) - 4, len(LINE) + 1)
                ]
                costs = [cost for _, cost in keys]
                assert costs[0] > 30
                assert most / 2 < max(costs[1:]) <= most
                assert (await answer(model, request(LINE, max_tokens=12)))[0] == "values)"


async def test_a_file_of_an_unknown_family_fills_holes_if_it_has_the_tokens(tmp_path):
    for controls, fills in ((tiny.FIM_TOKENS, True), ((), False)):
        model = Embedded(str(tiny.write_bpe(tmp_path / f"unheard-of-{fills}.gguf", *controls)))
        try:
            assert not model.profile.fills
            _, cost = await answer(model, request(""))
            assert model.profile.fills is fills
            assert bool(model.profile.degraded) is not fills
            assert cost == len(PREFIX) + (len(SUFFIX) + 3 if fills else 0)
        finally:
            await model.aclose()


async def test_a_template_that_is_set(tmp_path):
    model = Embedded(
        str(tiny.write_bpe(tmp_path / "own.gguf")), template="<A>{suffix}<B>{prefix}", stop=("#",)
    )
    try:
        assert model.profile.fills
        assert (await answer(model, request("")))[1] == len(PREFIX + SUFFIX) + len("<A><B>")
    finally:
        await model.aclose()
