"""A real model in a real process: SmolLM2, fetched once per machine into the user's own cache."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import aclosing

import pytest

from codestral_ls.core.model import BadRequest, Unavailable
from codestral_ls.providers import child
from codestral_ls.providers.embedded import MOST_CRASHES, Embedded
from tests.providers.smol import ENDLESS, NAME, complete, embedded, on_one_loop, request

pytestmark = pytest.mark.usefixtures("weights")


async def test_it_completes(capfd):
    async with embedded() as model:
        await model.warm()
        texts = {}
        for typed in ("    print(", "    pri", "    print(f'{index}: {na", "    "):
            chunks = await complete(model, request(typed))
            texts[typed] = "".join(chunk.text for chunk in chunks)
            assert chunks[-1].finish in ("stop", "length")
            assert chunks[-1].usage
            assert sum(chunk.logprob or 0 for chunk in chunks) < 0
        # Half a word is continued, not taken for a whole one; and a completion was asked for.
        assert texts["    pri"].startswith("nt(")
        assert texts["    print(f'{index}: {na"].startswith("me}")
        assert all(text and "\n" not in text for text in texts.values())
        # What does not change is not computed again.
        assert chunks[-1].usage.cached > chunks[-1].usage.prompt - 4
    assert capfd.readouterr() == ("", "")


@on_one_loop
async def test_control_tokens_in_the_text_are_text(loaded):
    [*_, plain] = await complete(loaded, request("", "s = 'end'\n", 1))
    [*_, marked] = await complete(loaded, request("", "s = '<|im_end|>'\n", 1))
    assert marked.usage.prompt > plain.usage.prompt + 3


async def test_others_are_kept_out(weights):
    server = await child.start(weights)
    try:
        with pytest.raises(urllib.error.HTTPError, match="401") as refused:
            await asyncio.to_thread(urllib.request.urlopen, f"{server.url}/completion", b'{"prompt": "x"}')
        refused.value.close()
        assert server.key not in repr(server)
    finally:
        await server.close()
    assert not server.alive


@on_one_loop
async def test_closing_a_stream_frees_the_model(loaded):
    async with aclosing(loaded.fim(ENDLESS)) as chunks:
        await anext(chunks)
    async with asyncio.timeout(20):
        assert (await complete(loaded, request("    print(")))[-1].finish


@on_one_loop
async def test_a_newer_request_ends_the_older(loaded):
    async with aclosing(loaded.fim(ENDLESS)) as older:
        await anext(older)
        async with asyncio.timeout(20):
            newer = await complete(loaded, request("    print("))
            rest = [chunk async for chunk in older]
    assert newer[-1].finish
    assert [chunk.finish for chunk in rest if chunk.finish] == []


@on_one_loop
async def test_of_many_requests_the_last_is_answered(loaded):
    replies = await asyncio.gather(*(complete(loaded, request("    print(")) for _ in range(5)))
    assert [bool(reply) for reply in replies] == [False] * 4 + [True]


async def crash(model: Embedded) -> None:
    """Kill the process in the middle of a reply."""
    async with aclosing(model.fim(ENDLESS)) as chunks:
        await anext(chunks)
        os.kill(model._child.process.pid, signal.SIGKILL)
        async for _ in chunks:
            pass


async def test_it_is_started_again_after_a_crash():
    async with embedded() as model:
        with pytest.raises(Unavailable, match="The next completion starts it again"):
            await crash(model)
        assert (await complete(model, request("    print(")))[-1].finish
        for _ in range(MOST_CRASHES):
            with pytest.raises(Unavailable, match="stopped unexpectedly"):
                await crash(model)
        with pytest.raises(Unavailable, match="3 times in a row and is not started again"):
            await complete(model, request("    print("))


async def test_killed_while_idle():
    async with embedded() as model:
        await model.warm()
        process = model._child.process
        os.kill(process.pid, signal.SIGKILL)
        await process.wait()
        assert (await complete(model, request("    print(")))[-1].finish


async def test_closed_while_loading():
    async with embedded() as model:
        warming = asyncio.create_task(model.warm())
        await asyncio.sleep(0)
        async with asyncio.timeout(2):
            await model.aclose()
            await asyncio.wait((warming,))
    assert model._child is None


async def test_once_closed_it_stays_closed():
    """Whoever asks again for an answer that ended with it starts no process that nobody would end."""
    async with embedded() as model:
        await model.warm()
        asking = asyncio.create_task(complete(model, ENDLESS))
        await asyncio.sleep(0)
        await model.aclose()
        assert await asking == []
        with pytest.raises(Unavailable, match=r"closed.* Ask again\."):
            await complete(model, ENDLESS)
        assert model._child is None


PARENT = """
import asyncio, sys
from codestral_ls.providers.child import start
from pathlib import Path

async def main():
    server = await start(Path(sys.argv[1]))
    print(server.url, flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def test_it_dies_with_its_parent(weights):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, str(weights)], stdout=subprocess.PIPE, text=True)
    try:
        url = await asyncio.to_thread(parent.stdout.readline)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(url.rpartition(":")[2]))
        parent.kill()
        async with asyncio.timeout(2):
            assert await reader.read() == b""
    finally:
        parent.kill()
        parent.wait()
        parent.stdout.close()
    writer.close()
    await asyncio.gather(writer.wait_closed(), return_exceptions=True)


async def test_a_file_that_is_no_model(tmp_path):
    (tmp_path / "broken.gguf").write_bytes(b"no model")
    async with embedded(str(tmp_path / "broken.gguf")) as model:
        with pytest.raises(Unavailable, match=r"cannot load broken\.gguf.*whole GGUF file"):
            await model.warm()


def test_a_model_by_path(weights):
    assert Embedded(str(weights)).profile == Embedded(NAME).profile


def test_a_model_that_is_not_here(tmp_path, monkeypatch):
    monkeypatch.setenv("CODESTRAL_LS_CACHE", str(tmp_path))
    with pytest.raises(BadRequest, match="Run: codestral-ls models install smollm2-135m"):
        Embedded(NAME)


def test_without_the_extra(monkeypatch):
    monkeypatch.setattr(child.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(BadRequest, match=r"Run: .*python.* -m pip install 'codestral-ls\[embedded\]'"):
        Embedded(NAME)
