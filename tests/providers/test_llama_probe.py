"""What is found at an address, against recorded answers. The real server is in `test_llama_server.py`."""

from __future__ import annotations

import asyncio

import pytest

from codestral_ls.core.model import BadReply, Unauthorized, Unavailable
from codestral_ls.core.privacy import Reach
from codestral_ls.providers.llamacpp import ServerInfo, connect, inspect, probe
from tests.providers.recorded import answer, server

WRONG_KEY = {"error": {"code": 401, "message": "Invalid API Key", "type": "authentication_error"}}
LOADING = {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}
PROPS = {
    "model_alias": "/models/Qwen2.5-Coder-7B.gguf",
    "model_path": "/models/Qwen2.5-Coder-7B.gguf",
    "total_slots": 4,
    "default_generation_settings": {"n_ctx": 1000, "params": {}},
}


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (answer(503, LOADING), Unavailable, "Loading model"),
        (answer(401, WRONG_KEY), Unauthorized, "Set the key that the server was started with"),
        (answer(200, {"models": []}), BadReply, "no llama.cpp server. Check base_url"),
    ],
    ids=["loading", "wrong key", "another server"],
)
async def test_why_a_server_cannot_be_used(reply, kind, words):
    async with server({"/props": reply}) as (url, _):
        with pytest.raises(kind, match=words):
            await inspect(url, Reach())


INFILLED = (
    "<|repo_name|>myproject\n<|file_sep|>filename\n<|fim_prefix|>{prefix}<|fim_suffix|>{suffix}<|fim_middle|>"
)


@pytest.mark.parametrize(
    ("reply", "layout"),
    [
        (
            answer(200, {"prompt": INFILLED}),
            ("<|fim_prefix|>", "{prefix}", "<|fim_suffix|>", "{suffix}", "<|fim_middle|>"),
        ),
        (
            answer(200, {"prompt": "<s><S>{suffix}<P>{prefix}<M>"}),
            ("<S>", "{suffix}", "<P>", "{prefix}", "<M>"),
        ),
        (answer(200, {"prompt": "no place for a text"}), None),
        (answer(200, {}), None),
        (answer(200, []), None),
        (answer(501, {"error": {"code": 501, "message": "Infill is not supported by this model"}}), None),
        (answer(503, LOADING), None),
    ],
    ids=["prefix first", "suffix first", "others", "nothing", "a list", "no tokens", "loading"],
)
async def test_how_infill_fills_holes(reply, layout):
    props = {**PROPS, "model_alias": "unheard-of", "bos_token": "<s>"}
    async with server({"/props": answer(200, props), "/infill": reply}) as (url, _):
        info = await inspect(url, Reach())
    assert (info.infill and info.infill.layout) == layout
    client = connect(info, Reach())
    assert client.profile.fills is (layout is not None)
    await client.aclose()


async def test_a_server_is_found():
    async with server({"/props": answer(200, PROPS)}) as (url, _):
        info = await probe(url, Reach())
    assert info == ServerInfo(url, "Qwen2.5-Coder-7B", 1000, 4)
    client = connect(info, Reach())
    assert (client.profile.fills, client.profile.prefix_tokens, client.profile.suffix_tokens) == (
        True,
        600,
        150,
    )
    await client.aclose()


@pytest.mark.parametrize(
    "reply",
    [
        answer(401, WRONG_KEY),
        answer(200, {}),
        answer(200, [1]),
        answer(404, {}),
        b"HTTP/1.1 200 OK\r\n\r\n<html>",
    ],
    ids=["locked", "no model", "a list", "another server", "a page"],
)
async def test_what_is_no_server_for_us(reply):
    async with server({"/props": reply}) as (url, _):
        assert await probe(url, Reach()) is None


async def test_a_server_that_hangs_is_given_up():
    gone = asyncio.Event()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()
        gone.set()

    listening = await asyncio.start_server(hang, "127.0.0.1", 0)
    async with listening:
        with pytest.raises(Unavailable, match=r"within 0\.3 s|for 0\.3 s"):
            await inspect(f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}", Reach())
        await gone.wait()


async def test_nothing_listens():
    assert await probe("http://127.0.0.1:9", Reach()) is None
