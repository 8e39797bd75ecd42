"""An Ollama server on this machine is found, and the right one of its models is taken."""

from __future__ import annotations

import asyncio

import pytest

from codestral_ls.bench.reply import Plain
from codestral_ls.bench.serve import Exchange, Server
from codestral_ls.providers.ollama_find import Installed, best_model, find, local_address
from tests.upstream.ollama import FakeOllama, respond
from tests.upstream.ollama_models import FakeModel

ADDRESSES = {
    "unset": ("", "http://127.0.0.1:11434"),
    "host and port": ("127.0.0.1:1234", "http://127.0.0.1:1234"),
    "a host": ("localhost", "http://localhost:11434"),
    "a port": (":1234", "http://127.0.0.1:1234"),
    "all interfaces": ("0.0.0.0", "http://127.0.0.1:11434"),
    "all interfaces of IPv6": ("[::]:1234", "http://[::1]:1234"),
    "quoted": ('"127.0.0.1:1234"', "http://127.0.0.1:1234"),
    "with a scheme": ("http://127.0.0.1:1234", "http://127.0.0.1:1234"),
    "the port of a scheme": ("http://localhost", "http://localhost:80"),
    "TLS": ("https://localhost:1234/", "https://localhost:1234"),
    "another machine": ("gpu-box:11434", "http://127.0.0.1:11434"),
    "another machine's address": ("http://192.168.1.7:11434", "http://127.0.0.1:11434"),
    "what looks like this one": ("127.0.0.1.evil.example", "http://127.0.0.1:11434"),
    "a user's name before another machine": ("localhost@evil.example", "http://127.0.0.1:11434"),
    "nonsense": ("http://[:::", "http://127.0.0.1:11434"),
    "no port": ("127.0.0.1:port", "http://127.0.0.1:11434"),
    "another scheme": ("ftp://127.0.0.1", "http://127.0.0.1:11434"),
}


@pytest.mark.parametrize(("value", "address"), ADDRESSES.values(), ids=ADDRESSES)
def test_address(value, address):
    assert local_address({"OLLAMA_HOST": value}) == address


@pytest.mark.parametrize("tells_capabilities", [True, False], ids=["now", "before"])
async def test_a_server_is_found(tells_capabilities):
    models = {"a:7b": FakeModel(), "b:1b": FakeModel(parameter_size="494.03M", size=1, template=".Suffix")}
    async with FakeOllama(models=models, tells_capabilities=tells_capabilities) as upstream:
        server = await find({"OLLAMA_HOST": upstream.url})
    told = (("completion", "tools"), ("completion", "tools", "insert")) if tells_capabilities else ((), ())
    assert (server.base_url, server.version) == (upstream.url, "0.34.2")
    assert server.models == (Installed("a:7b", 7.6e9, told[0]), Installed("b:1b", 494.03e6, told[1]))


async def test_a_server_with_many_models_is_found():
    many = {f"model-{number}:latest": FakeModel() for number in range(1000)}
    async with FakeOllama(models=many) as upstream:
        assert len((await find({"OLLAMA_HOST": upstream.url})).models) == 1000


OTHERS = {
    "not found": Plain(404, b"404 page not found"),
    "a page": Plain(200, b"<html>"),
    "a list": Plain(200, []),
    "another server's version": Plain(200, {"build": 7}),
    "refused": Plain(403, {"version": "1", "models": []}),
    "no models there": Plain(200, {"version": "1"}),
}


@pytest.mark.parametrize("answer", OTHERS.values(), ids=OTHERS)
async def test_what_is_no_server_for_us(answer):
    async def serve(exchange: Exchange) -> None:
        respond(exchange, answer)

    async with Server(serve) as server:
        assert await find({"OLLAMA_HOST": server.url}) is None


async def test_a_server_that_hangs_is_given_up():
    async def hang(_: Exchange) -> None:
        await asyncio.Event().wait()

    async with Server(hang) as server:
        assert await find({"OLLAMA_HOST": server.url}) is None
        await server.wait_for(lambda: server.exchanges[0].outcome == "abandoned")


async def test_nothing_listens():
    assert await find({"OLLAMA_HOST": "127.0.0.1:9"}) is None


async def test_what_a_server_passes_on_is_told():
    models = {"a:1b-cloud": FakeModel(), "b:latest": FakeModel(remote_host="https://relay.example:443")}
    async with FakeOllama(models=models) as upstream:
        server = await find({"OLLAMA_HOST": upstream.url})
    assert [model.remote for model in server.models] == ["ollama.com", "relay.example"]


async def test_a_server_without_models():
    async with FakeOllama(models={}) as upstream:
        server = await find({"OLLAMA_HOST": upstream.url})
    assert server.models == ()
    assert best_model(server.models) is None


COMPLETES = ("completion",)
INSERTS = ("completion", "insert")
BEST = {
    "none fills": ([Installed("llama3.1:8b", 8e9, COMPLETES), Installed("gemma3:4b", 4e9)], None),
    "codestral first": (
        [Installed("qwen2.5-coder:32b", 32e9), Installed("codestral:22b", 22e9)],
        "codestral:22b",
    ),
    "then qwen": (
        [
            Installed("starcoder2:15b", 15e9),
            Installed("deepseek-coder:33b", 33e9),
            Installed("qwen2.5-coder:7b"),
        ],
        "qwen2.5-coder:7b",
    ),
    "then deepseek": (
        [Installed("starcoder2:15b", 15e9), Installed("deepseek-coder-v2:16b", 16e9)],
        "deepseek-coder-v2:16b",
    ),
    "the larger": (
        [
            Installed("qwen2.5-coder:1.5b", 1.5e9),
            Installed("qwen2.5-coder:7b", 7.6e9),
            Installed("qwen2.5-coder:0.5b", 0.5e9),
        ],
        "qwen2.5-coder:7b",
    ),
    "a known one before what only the server knows": (
        [Installed("mine:latest", 70e9, INSERTS), Installed("codegemma:2b", 2e9)],
        "codegemma:2b",
    ),
    "what only the server knows": (
        [Installed("mine:latest", 1e9, INSERTS), Installed("llama3.1:8b", 8e9, COMPLETES)],
        "mine:latest",
    ),
    "none of another host": ([Installed("qwen3-coder:480b-cloud", 480e9, INSERTS, "ollama.com")], None),
    "none that only embeds": ([Installed("starcoder-embed", 1e9, ("embedding",))], None),
}


@pytest.mark.parametrize(("models", "name"), BEST.values(), ids=BEST)
def test_best_model(models, name):
    assert best_model(tuple(models)) == name
