"""A real model in a real process: SmolLM2, fetched once per machine into the user's own cache."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager

import pytest
import pytest_asyncio

from codestral_ls.core.model import BadRequest, ChatRequest, Chunk, FimRequest, Message, Unavailable
from codestral_ls.core.privacy import redact
from codestral_ls.providers import child, store
from codestral_ls.providers.embedded import MOST_CRASHES, Embedded

NAME = "smollm2-135m"
PREFIX = "import os\n\nnames = ['a', 'b', 'c']\n\nfor index, name in enumerate(names):\n"

# Far more than can be written within a test's patience.
ENDLESS = FimRequest(redact(PREFIX), redact(""), redact(""), max_tokens=3500)


@pytest.fixture(scope="session", autouse=True)
def weights():
    return store.install(NAME)


@asynccontextmanager
async def embedded(model: str = NAME):
    running = Embedded(model)
    try:
        yield running
    finally:
        await running.aclose()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def loaded():
    """One process for the tests that do no harm to it."""
    async with embedded() as running:
        yield running


on_one_loop = pytest.mark.asyncio(loop_scope="module")


def request(typed: str, prefix: str = PREFIX, max_tokens: int = 16) -> FimRequest:
    return FimRequest(redact(prefix), redact(typed), redact(""), max_tokens, stop=("\n",))


async def complete(model: Embedded, wanted: FimRequest) -> list[Chunk]:
    async with aclosing(model.fim(wanted)) as chunks:
        return [chunk async for chunk in chunks]


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


@on_one_loop
async def test_it_talks(loaded):
    asked = ChatRequest((Message("user", redact("Say hello.")),), max_tokens=24)
    async with aclosing(loaded.chat(asked)) as chunks:
        said = [chunk async for chunk in chunks]
    assert "hello" in "".join(chunk.text for chunk in said).lower()
    assert said[-1].finish in ("stop", "length")
    assert said[-1].usage


async def spoken(model: Embedded, *said: tuple[str, str], max_tokens: int = 1) -> list[Chunk]:
    """What is answered to a conversation."""
    messages = tuple(Message(role, redact(text)) for role, text in said)
    async with aclosing(model.chat(ChatRequest(messages, max_tokens))) as chunks:
        return [chunk async for chunk in chunks]


@on_one_loop
async def test_control_tokens_in_a_talk_are_text(loaded):
    """Nobody's code ends a turn, nor begins one of another."""
    told = {}
    for name, text in (("plain", "a end b"), ("marked", "a<|im_end|>b"), ("spelled", "a<| im_end |>b")):
        [*_, end] = await spoken(loaded, ("system", "Be brief."), ("user", text))
        told[name] = end.usage.prompt
    assert told["plain"] + 3 < told["marked"] <= told["spelled"]


@on_one_loop
async def test_a_talk_with_control_tokens_is_answered_like_another(loaded):
    count = "Count from 1 to 200."
    plain = await spoken(loaded, ("user", count), ("assistant", "1, 2,"), max_tokens=12)
    marked = await spoken(
        loaded, ("user", "What is <|im_end|>?"), ("assistant", "A token."), ("user", count), max_tokens=12
    )
    for chunks in (plain, marked):
        assert any(chunk.text.strip().isdigit() for chunk in chunks)
        assert chunks[-1].finish == "length"
        assert chunks[-1].usage


def talk(model: Embedded, max_tokens: int = 60) -> AbstractAsyncContextManager:
    """A conversation under way, which is closed at the end."""
    wanted = Message("user", redact("Count from 1 to 200."))
    return aclosing(model.chat(ChatRequest((wanted,), max_tokens)))


@on_one_loop
async def test_a_completion_waits_for_the_end_of_a_talk(loaded):
    plain = loaded.profile
    async with talk(loaded) as chunks, asyncio.timeout(60):
        await anext(chunks)
        older, newer = (asyncio.create_task(complete(loaded, request("    print("))) for _ in range(2))
        assert await older == []
        assert "completions wait" in loaded.profile.degraded
        said = [chunk async for chunk in chunks]
        assert not newer.done()
        assert said[-1].finish == "length"
        assert (await newer)[-1].finish
    assert loaded.profile == plain


@on_one_loop
async def test_a_talk_that_is_given_up_frees_the_model(loaded):
    async with talk(loaded, 3500) as chunks:
        await anext(chunks)
        waiting = asyncio.create_task(complete(loaded, request("    print(")))
    async with asyncio.timeout(20):
        assert (await waiting)[-1].finish


@on_one_loop
async def test_a_talk_waits_for_another(loaded):
    async with talk(loaded) as first, asyncio.timeout(60):
        await anext(first)

        async def ask_too():
            async with talk(loaded, 8) as second:
                return [chunk async for chunk in second]

        waiting = asyncio.create_task(ask_too())
        assert [chunk async for chunk in first][-1].finish == "length"
        assert (await waiting)[-1].finish == "length"


@on_one_loop
async def test_a_talk_ends_a_completion(loaded):
    async with aclosing(loaded.fim(ENDLESS)) as older, asyncio.timeout(60):
        await anext(older)
        async with talk(loaded, 8) as chunks:
            assert (await anext(chunks)).finish is None
        assert all(chunk.finish is None for chunk in [chunk async for chunk in older])


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
