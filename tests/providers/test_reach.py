"""Where the rules keep code from, no provider, relay, fallback or redirect gets, not even by a look-up.

The sockets belong to the test: see `tests/outside.py`.
"""

from __future__ import annotations

from contextlib import aclosing
from functools import cache
from pathlib import Path

import httpx
import pytest

from codestral_ls.app import App
from codestral_ls.bench.serve import Server
from codestral_ls.core.config import Completion
from codestral_ls.core.model import (
    ChatRequest,
    FimRequest,
    Message,
    ModelError,
    NotAllowed,
    Profile,
)
from codestral_ls.core.privacy import THIS_MACHINE, Reach, redact
from codestral_ls.core.prompt import Site
from codestral_ls.core.text import Document
from codestral_ls.providers import choose
from codestral_ls.providers.http import Host
from codestral_ls.providers.llamacpp import LlamaCpp
from tests.outside import Outside

RELAY = "https://relay.example"
REACHES = {
    "local_only": Reach(local_only=True),
    "local_only before hosts": Reach(local_only=True, hosts=("relay.example",)),
    "the EU": Reach(region="eu"),
    "the US": Reach(region="us"),
    "hosts": Reach(hosts=("other.example",)),
    "a region before hosts": Reach(region="eu", hosts=("other.example", "api.us.mistral.ai")),
}
PROVIDERS = ("mistral", "ollama", "llamacpp", "openai")
KEYS = {"MISTRAL_API_KEY": "a", "CODESTRAL_API_KEY": "b", "OPENAI_API_KEY": "c", "RELAY_KEY": "d"}
FIM = FimRequest(redact("def f():\n"), redact("    return "), redact("\n"), max_tokens=8)
CHAT = ChatRequest((Message("user", redact("hello")),), max_tokens=8)


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch, tmp_path):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
    for name in ("CACHE", "STATE"):
        monkeypatch.setenv(f"CODESTRAL_LS_{name}", str(tmp_path / name))


@pytest.fixture(scope="module", autouse=True)
def one_trust():
    """The machine's authorities are read once, which takes 20 ms: with nobody a connection comes about."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx, "create_ssl_context", cache(httpx.create_ssl_context))
        yield


async def driven(endpoint: Completion, reach: Reach, environ=KEYS) -> ModelError | None:
    """The last error after everything that a model can be asked."""
    try:
        model = (await choose(endpoint, environ, reach)).connect()
    except ModelError as error:
        return error
    last: ModelError | None = None
    streams = [lambda: model.fim(FIM)]
    if chat := getattr(model, "chat", None):
        streams.append(lambda: chat(CHAT))
    for ask in [model.warm, *(lambda stream=stream: read(stream()) for stream in streams)]:
        try:
            await ask()
        except ModelError as error:
            last = error
    await model.aclose()
    return last


async def read(stream):
    async with aclosing(stream) as chunks:
        async for _ in chunks:
            pass


@pytest.mark.parametrize("reach", REACHES.values(), ids=REACHES)
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_relay_elsewhere_is_not_even_looked_up(provider, reach):
    endpoint = Completion(provider=provider, model="codestral", base_url=RELAY, api_key_env="RELAY_KEY")
    with Outside() as outside:
        assert isinstance(await driven(endpoint, reach), NotAllowed)
    assert (outside.names, outside.addresses) == (set(), set())


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_relay_that_the_user_names_is(provider):
    """So the others were not looked up for the rules' sake."""
    endpoint = Completion(provider=provider, model="codestral", base_url=RELAY, api_key_env="RELAY_KEY")
    with Outside() as outside:
        assert not isinstance(
            await driven(endpoint, Reach(region="eu", hosts=("relay.example",))), NotAllowed
        )
    assert outside.names == {"relay.example"}


ADDRESSES = {
    "local_only": (Reach(local_only=True), set()),
    "the EU": (Reach(region="eu"), {"api.eu.mistral.ai"}),
    "the US": (Reach(region="us"), {"api.us.mistral.ai"}),
    "hosts": (Reach(hosts=("api.mistral.ai",)), {"api.mistral.ai"}),
    "none of them": (Reach(region="eu", hosts=("other.example",)), set()),
    "any": (Reach(), {"codestral.mistral.ai"}),
}


@pytest.mark.parametrize(("reach", "names"), ADDRESSES.values(), ids=ADDRESSES)
@pytest.mark.parametrize("provider", ["mistral", "auto"])
async def test_mistrals_host_is_the_one_that_is_allowed(provider, reach, names):
    with Outside() as outside:
        await driven(Completion(provider=provider), reach)
    assert (outside.names, outside.addresses) == (names, set())


@pytest.mark.parametrize(
    "variables", [{}, {"OLLAMA_HOST": "ollama.example:80"}], ids=["plain", "OLLAMA_HOST"]
)
@pytest.mark.parametrize("provider", ["ollama", "llamacpp", "openai", "auto"])
async def test_a_search_stays_on_this_machine(provider, variables):
    environ = {"OPENAI_API_KEY": "c", "OPENAI_BASE_URL": RELAY, **variables}
    with Outside() as outside:
        await driven(Completion(provider=provider), Reach(), environ)
    assert (outside.names, outside.addresses) == (set(), set())


async def test_a_model_that_ollama_only_passes_on_is_elsewhere():
    async with redirecting(RELAY) as server:
        endpoint = Completion(provider="ollama", model="coder:480b-cloud", base_url=server.url)
        with Outside(ports_of(server)):
            assert isinstance(await driven(endpoint, THIS_MACHINE), NotAllowed)
    assert server.exchanges == []


def redirecting(place):
    async def redirect(exchange):
        exchange.start(307, {"location": f"{place}{exchange.path}", "content-length": "0"})
        exchange.write(b"", last=True)

    return Server(redirect)


def ports_of(server):
    return (int(server.url.rpartition(":")[2]),)


@pytest.mark.parametrize(
    "place", [RELAY, "http://127.0.0.1:9"], ids=["elsewhere", "another port of this machine"]
)
@pytest.mark.parametrize("reach", [*REACHES.values(), Reach()], ids=[*REACHES, "any"])
@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_redirect_is_not_followed(provider, reach, place):
    async with redirecting(place) as server:
        endpoint = Completion(provider=provider, model="x", base_url=server.url, api_key_env="RELAY_KEY")
        with Outside(ports_of(server)) as outside:
            assert await driven(endpoint, reach)
    assert server.exchanges
    assert (outside.names, outside.addresses, outside.refused) == (set(), set(), set())


async def test_the_embedded_models_server_cannot_send_it_elsewhere():
    async with redirecting(RELAY) as server:
        model = LlamaCpp(Host(server.url, THIS_MACHINE, "key"), Profile("", ""), None)
        with Outside(ports_of(server)) as outside, pytest.raises(ModelError):
            await read(model.fim(FIM))
        await model.aclose()
    assert outside.names == set()


PROXIED = {
    "local_only": (Reach(local_only=True), set()),
    "another region": (Reach(region="us"), set()),
    "a region": (Reach(region="eu"), {"proxy.example"}),
}


@pytest.mark.parametrize(("reach", "names"), PROXIED.values(), ids=PROXIED)
async def test_a_proxy_is_asked_only_for_hosts_that_are_allowed(reach, names, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    endpoint = Completion(provider="mistral", base_url="https://api.eu.mistral.ai")
    with Outside() as outside:
        await driven(endpoint, reach)
    assert outside.names == names


class Silent:
    """A user who sees nothing and agrees to nothing."""

    def __init__(self):
        self.said = []

    def tell(self, status):
        self.said.append(status.message)

    def warn(self, message):
        self.said.append(message)

    async def consent(self, question, yes):
        return False


FALLBACKS = ", ".join(f'"{provider}/codestral@{RELAY}"' for provider in PROVIDERS)
SETTINGS = {
    "local_only": ("[privacy]\nlocal_only = true\n", "", set()),
    "local_only by the workspace": ("", "[privacy]\nlocal_only = true\n", set()),
    "the EU": ('[privacy]\nregion = "eu"\n', "", {"api.eu.mistral.ai"}),
    "the EU by the workspace": ("", '[privacy]\nregion = "eu"\n', {"api.eu.mistral.ai"}),
    "hosts": ('[privacy]\nhosts = ["api.us.mistral.ai"]\n', "", {"api.us.mistral.ai"}),
    "a workspace that would lift it": (
        '[privacy]\nregion = "eu"\n',
        '[privacy]\nregion = "any"\nlocal_only = false\nhosts = ["relay.example"]\n',
        {"api.eu.mistral.ai"},
    ),
    "a workspace that names another model": (
        "[privacy]\nlocal_only = true\n",
        f'[completion]\nprovider = "openai"\nbase_url = "{RELAY}"\n',
        set(),
    ),
    "a mistake in it": ('[privacy]\nregion = "europe"\n', "", set()),
    "a mistake in the file": ("[privacy\n", "", set()),
}


@pytest.mark.parametrize("provider", ["auto", *PROVIDERS])
@pytest.mark.parametrize(("own", "theirs", "names"), SETTINGS.values(), ids=SETTINGS)
async def test_the_whole_product(own, theirs, names, provider, tmp_path: Path):
    config = tmp_path / "config.toml"
    config.write_text(f'[completion]\nprovider = "{provider}"\nfallback = [{FALLBACKS}]\n{own}')
    (tmp_path / ".codestral.toml").write_text(theirs)
    app = App(Silent(), config_file=config, environ=KEYS)
    app.workspace.set_roots([tmp_path])
    with Outside() as outside:
        app.configure()
        app.start()
        await app.connected()
        document = Document.of((tmp_path / "x.py").as_uri(), "python", 1, "def f():\n    return ")
        app.workspace.open(document)
        if app.completer:
            assert await app.completer.complete(Site(document, document.length), "invoked") is None
        await app.aclose()
    assert outside.names <= names
    assert outside.addresses == set()
    if provider == "mistral":
        assert outside.names == names


async def test_new_settings_count_before_the_next_request(tmp_path):
    """Not only when the old connections are closed, which takes a moment."""
    config = tmp_path / "config.toml"
    config.write_text('[completion]\nprovider = "mistral"\n')
    app = App(Silent(), config_file=config, environ=KEYS)
    with Outside():
        app.configure()
        app.start()
        await app.connected()
        assert app.completer
        app.configure([{"privacy": {"local_only": True}}])
        assert app.completer is None
        await app.connected()
        await app.aclose()
