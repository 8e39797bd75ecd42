"""The guard below every provider, looked at as an attacker would: no spelling of a host gets around it, no
redirect is followed, no certificate is taken on trust."""

from __future__ import annotations

import asyncio
import ssl

import pytest
import trustme

from codestral_ls.bench.reply import Plain
from codestral_ls.bench.upstream import FIM_PATH, Upstream
from codestral_ls.core.model import BadRequest, ModelError, NotAllowed, Unavailable
from codestral_ls.core.privacy import THIS_MACHINE, Reach, is_loopback
from codestral_ls.providers.http import Host

EU = Reach(region="eu")
RELAY = Reach(hosts=("Relay.Example", "[FD00:0::1]", "xn--fa-hia.example"))

REFUSED = {
    "a dot at the end of this machine's name": (THIS_MACHINE, "http://localhost.:9"),
    "a name below this machine's": (THIS_MACHINE, "http://x.localhost:9"),
    "a short IPv4 address": (THIS_MACHINE, "http://127.1:9"),
    "a decimal IPv4 address": (THIS_MACHINE, "http://2130706433:9"),
    "a hexadecimal IPv4 address": (THIS_MACHINE, "http://0x7f.0.0.1:9"),
    "an octal IPv4 address": (THIS_MACHINE, "http://0177.0.0.1:9"),
    "every address of this machine": (THIS_MACHINE, "http://0.0.0.0:9"),
    "a mapped address of another machine": (THIS_MACHINE, "http://[::ffff:8.8.8.8]:9"),
    "the wire's own network": (THIS_MACHINE, "http://[fe80::1]:9"),
    "this machine by way of another interface": (THIS_MACHINE, "http://[::1%eth0]:9"),
    "a user that looks like a host": (THIS_MACHINE, "http://127.0.0.1@evil.example"),
    "a backslash": (THIS_MACHINE, "http://127.0.0.1\\@evil.example"),
    "an escape in the name": (THIS_MACHINE, "http://localhost%2eevil.example"),
    "a web socket": (THIS_MACHINE, "wss://evil.example"),
    "a file": (THIS_MACHINE, "file:///etc/passwd"),
    "no host": (THIS_MACHINE, "http:///v1"),
    "a user that looks like an allowed host": (EU, "https://api.eu.mistral.ai@evil.example"),
    "an allowed host as a part": (EU, "https://api.eu.mistral.ai.evil.example"),
    "an escaped zero": (EU, "https://api.eu.mistral.ai%00.evil.example"),
    "letters that look alike": (EU, "https://api.eu.mistrаl.ai"),
    "an allowed host without TLS": (EU, "http://api.eu.mistral.ai"),
    "another region": (EU, "https://api.us.mistral.ai"),
    "a host that a list leaves out": (RELAY, "https://api.mistral.ai"),
}


@pytest.mark.parametrize(("reach", "url"), REFUSED.values(), ids=REFUSED)
async def test_no_spelling_gets_around_it(reach, url, monkeypatch):
    looked_up = []
    monkeypatch.setattr(
        asyncio.get_running_loop(), "getaddrinfo", lambda host, *_, **__: looked_up.append(host)
    )
    host = Host(url, reach, "key")
    with pytest.raises((NotAllowed, BadRequest)):
        await host.get("/v1/models")
    await host.aclose()
    assert looked_up == []


ALLOWED = {
    "capitals": (EU, "API.EU.Mistral.AI"),
    "the dot of a whole name": (EU, "api.eu.mistral.ai."),
    "capitals in the list": (RELAY, "relay.example"),
    "another spelling of an address": (RELAY, "fd00::1"),
    "a name as it is looked up": (RELAY, "xn--fa-hia.example"),
    "this machine, always": (RELAY, "127.0.0.1"),
}


@pytest.mark.parametrize(("reach", "host"), ALLOWED.values(), ids=ALLOWED)
def test_a_host_is_known_however_it_is_spelled(reach, host):
    assert reach.why_refused("https", host) is None


@pytest.mark.parametrize("host", ["LOCALHOST", "::ffff:127.0.0.1", "::FFFF:7F00:1", "0:0:0:0:0:0:0:1"])
def test_this_machine_has_many_spellings(host):
    assert is_loopback(host)


async def test_a_name_of_this_machine_that_leads_elsewhere_is_told_nothing(monkeypatch):
    """A resolver may say anything of `localhost`; what counts is who is at the other end."""
    monkeypatch.setattr("codestral_ls.providers.transport.is_loopback", lambda host: host == "localhost")
    async with Upstream("x") as upstream:
        host = Host(upstream.base_url.replace("127.0.0.1", "localhost"), THIS_MACHINE, "key")
        with pytest.raises(NotAllowed, match=r"localhost is not this machine here but 127\.0\.0\.1"):
            await host.get("/v1/models")
        await host.aclose()
    assert upstream.exchanges == []


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_an_error_and_its_place_is_not_asked(status):
    async with Upstream("x") as elsewhere, Upstream() as upstream:
        upstream.reply = Plain(status, b"", {"location": f"{elsewhere.base_url}{FIM_PATH}"})
        host = Host(upstream.base_url, THIS_MACHINE, "key")
        with pytest.raises(BadRequest, match="redirects elsewhere"):
            [_ async for _ in host.events(FIM_PATH, {"prompt": "x"})]
        await host.aclose()
    assert elsewhere.connections == 0


PROXIES = {"SOCKS": "socks5://127.0.0.1:9", "nonsense": "over://there"}


@pytest.mark.parametrize("proxy", PROXIES.values(), ids=PROXIES)
async def test_a_proxy_that_cannot_be_used_is_said(proxy, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", proxy)
    with pytest.raises(BadRequest, match="HTTPS_PROXY"):
        await Host("https://relay.example", Reach(), "key").get("/v1/models")


async def test_a_proxy_does_not_get_to_read(monkeypatch):
    """Without TLS it would: a host that the user vouches for is then asked without it."""
    for variable in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(variable, "http://proxy.invalid:9")
    names = []

    async def look_up(host, *_, **__):
        names.append(host)
        raise OSError("getaddrinfo failed")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", look_up)
    host = Host("http://relay.example", RELAY, "key")
    with pytest.raises(Unavailable):
        await host.get("/v1/models")
    await host.aclose()
    assert set(names) == {b"relay.example"}


@pytest.fixture
async def secure():
    """A server with a certificate of an authority of our own making, and that authority."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nOK")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    yield f"https://localhost:{server.sockets[0].getsockname()[1]}", authority
    server.close()


async def test_a_certificate_of_an_unknown_authority_is_refused(secure, monkeypatch):
    url, _ = secure
    for variable in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(variable, raising=False)
    host = Host(url, Reach(), "key")
    with pytest.raises(ModelError, match="its certificate is not trusted"):
        await host.get("/")
    await host.aclose()


async def test_an_authority_that_the_user_names_is_trusted(secure, monkeypatch, tmp_path):
    url, authority = secure
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    host = Host(url, Reach(), "key")
    assert (await host.get("/")).body == b"OK"
    await host.aclose()
