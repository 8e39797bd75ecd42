"""What is found where the settings name no provider: the order, the look around, and what is not taken."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from codestral_ls.bench.reply import Plain
from codestral_ls.bench.serve import Server
from codestral_ls.core.config import Completion
from codestral_ls.core.model import BadRequest, Unavailable
from codestral_ls.core.privacy import Reach
from codestral_ls.providers import anywhere, choose, detect, discovery, llama_server
from tests.upstream.ollama import FakeModel, FakeOllama, respond
from tests.upstream.openai import VLLM, FakeOpenAI

KEY = {"MISTRAL_API_KEY": "key"}
PROPS = {
    "default_generation_settings": {"n_ctx": 4096},
    "total_slots": 1,
    "model_path": "models/qwen2.5-coder-1.5b.gguf",
}


async def llama(exchange):
    """As much of llama.cpp's server as says what it is."""
    told = Plain(200, PROPS) if exchange.path == "/props" else Plain(404, {"error": {"code": 404}})
    respond(exchange, told)


@pytest.fixture
async def machine(monkeypatch, tmp_path):
    """A machine on which the named servers run, and nothing else: gives the environment."""
    monkeypatch.setenv("CODESTRAL_LS_CACHE", str(tmp_path))
    monkeypatch.setattr(llama_server, "PORTS", [])
    monkeypatch.setattr(discovery, "PORTS", [])
    async with AsyncExitStack() as stack:

        async def run(*servers: str) -> dict[str, str]:
            environ = {"OLLAMA_HOST": "127.0.0.1:9"}
            for name in servers:
                server = await stack.enter_async_context(SERVERS[name]())
                port = int(server.url.rpartition(":")[2])
                match name.split()[0]:
                    case "ollama":
                        environ["OLLAMA_HOST"] = f"127.0.0.1:{port}"
                    case "llamacpp":
                        llama_server.PORTS.append(port)
                    case "openai":
                        discovery.PORTS.append(port)
            return environ

        yield run


SERVERS = {
    "ollama": lambda: FakeOllama("x"),
    "ollama without holes": lambda: FakeOllama("x", models={"llama3.1:8b": FakeModel()}),
    "llamacpp": lambda: Server(llama),
    "openai": lambda: FakeOpenAI(VLLM, "x"),
}

ORDER = {
    "a key before every server": (("ollama", "llamacpp", "openai"), KEY, "at api.mistral.ai", "KEY is set"),
    "Ollama before llama.cpp": (("ollama", "llamacpp", "openai"), {}, "codestral:22b at", "Ollama"),
    "llama.cpp before others": (("llamacpp", "openai"), {}, "qwen2.5-coder-1.5b at", "a llama.cpp server"),
    "others before the embedded one": (("openai",), {}, "Qwen/Qwen2.5-Coder-7B at", "OpenAI's protocol"),
    "Ollama without a model that fills": (
        ("ollama without holes", "llamacpp"),
        {},
        "qwen2.5-coder-1.5b at",
        "a llama.cpp server",
    ),
}


@pytest.mark.parametrize(("servers", "keys", "label", "why"), ORDER.values(), ids=ORDER)
async def test_the_first_of_what_runs_is_taken(servers, keys, label, why, machine):
    choice = await choose(Completion(), await machine(*servers) | keys, Reach())
    model = choice.connect()
    assert label in model.profile.label
    assert why in choice.why
    assert choice.install is None
    await model.aclose()


async def test_with_nothing_around_the_embedded_model_says_why(machine):
    choice = await choose(Completion(), await machine(), Reach())
    assert choice.install
    assert "no key was found" in choice.why
    assert "no server on this machine that fills holes" in choice.why


NAMED = {
    "a model of Ollama's": (("ollama", "openai"), "qwen2.5-coder:7b", "qwen2.5-coder:7b at"),
    "a model of another server's": (("ollama", "openai"), "some-instruct", "some-instruct at"),
}


@pytest.mark.parametrize(("servers", "name", "label"), NAMED.values(), ids=NAMED)
async def test_a_named_model_is_taken_where_it_is(servers, name, label, machine):
    choice = await choose(Completion(model=name), await machine(*servers), Reach())
    model = choice.connect()
    assert label in model.profile.label
    await model.aclose()


async def test_the_look_around_tells_of_every_place(machine):
    found = await detect(Completion(), await machine("ollama without holes", "openai"), Reach())
    says = {finding.provider: finding.says for finding in found}
    assert list(says) == ["mistral", "ollama", "llamacpp", "openai", "embedded"]
    assert "no key was found" in says["mistral"]
    assert "none of its models fills holes: try `ollama pull qwen2.5-coder:1.5b`" in says["ollama"]
    assert "no llama.cpp server answers" in says["llamacpp"]
    assert "with Qwen/Qwen2.5-Coder-7B" in says["openai"]
    assert "has to be fetched first" in says["embedded"]


AROUND = {
    "a relay's key is not Mistral's": (
        Completion(provider="openai", base_url="https://relay.example", api_key_env="OWN", model="x"),
        "no key was found",
    ),
    "nor is that of a host of the user's": (
        Completion(provider="mistral", base_url="https://relay.example", api_key_env="OWN"),
        "no key was found",
    ),
    "that of Mistral's host is": (
        Completion(provider="mistral", base_url="https://codestral.mistral.ai", api_key_env="OWN"),
        "OWN is set",
    ),
    "a name of the user's is": (Completion(api_key_env="OWN"), "OWN is set"),
}


@pytest.mark.parametrize(("endpoint", "says"), AROUND.values(), ids=AROUND)
async def test_what_else_there_is(endpoint, says, machine):
    found = await detect(anywhere(endpoint), await machine() | {"OWN": "key"}, Reach())
    told = {finding.provider: finding.says for finding in found}
    assert says in told["mistral"]
    assert "has to be fetched first" in told["embedded"]


async def test_servers_that_never_answer_are_asked_at_once_and_given_up(machine, monkeypatch):
    """Three that stall take as long as one: each is waiting when the last of them is asked."""
    environ = await machine()
    asked: list[int] = []
    all_asked = asyncio.Event()

    async def stall(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readline()
        asked.append(len(asked))
        if len(asked) == 3:
            all_asked.set()
        await reader.read()
        writer.close()

    async with AsyncExitStack() as stack:
        servers = [await asyncio.start_server(stall, "127.0.0.1", 0) for _ in range(3)]
        ports = [server.sockets[0].getsockname()[1] for server in servers]
        for server in servers:
            await stack.enter_async_context(server)
        monkeypatch.setattr(llama_server, "PORTS", [ports[0]])
        monkeypatch.setattr(discovery, "PORTS", [ports[1]])
        environ["OLLAMA_HOST"] = f"127.0.0.1:{ports[2]}"
        looking = asyncio.create_task(detect(Completion(), environ, Reach()))
        async with asyncio.timeout(10):
            await all_asked.wait()
            assert not looking.done()
            found = await looking
    assert [finding.provider for finding in found if finding.choice] == ["embedded"]


EXPLICIT = {
    "Ollama without a model": ({"provider": "ollama"}, ("ollama",), "codestral:22b at"),
    "Ollama with one": ({"provider": "ollama", "model": "mine"}, (), "mine at 127.0.0.1:9"),
    "llama.cpp": ({"provider": "llamacpp"}, ("llamacpp",), "qwen2.5-coder-1.5b at"),
    "OpenAI's protocol": ({"provider": "openai", "model": "some"}, ("openai",), "some at"),
}


@pytest.mark.parametrize(("settings", "servers", "label"), EXPLICIT.values(), ids=EXPLICIT)
async def test_a_provider_that_is_named(settings, servers, label, machine):
    choice = await choose(Completion(**settings), await machine(*servers), Reach())
    model = choice.connect()
    assert label in model.profile.label
    await model.aclose()


MISSING = {
    "Ollama": ({"provider": "ollama"}, (), Unavailable, "No Ollama server tells its models at"),
    "a model of Ollama's": (
        {"provider": "ollama"},
        ("ollama without holes",),
        BadRequest,
        "None of Ollama's models fills holes",
    ),
    "llama.cpp": ({"provider": "llamacpp"}, (), Unavailable, "No llama.cpp server answers"),
    "OpenAI's protocol": ({"provider": "openai"}, (), BadRequest, "set completion.base_url"),
}


@pytest.mark.parametrize(("settings", "servers", "kind", "sentence"), MISSING.values(), ids=MISSING)
async def test_a_provider_that_is_not_there_is_said(settings, servers, kind, sentence, machine):
    with pytest.raises(kind, match=sentence):
        await choose(Completion(**settings), await machine(*servers), Reach())
