"""Whose server is at a port of this machine: by Linux's tables of sockets, as `proc_pid_net(5)` has them."""

from __future__ import annotations

import socket
import sys

import pytest

from codestral_ls.core.config import Completion
from codestral_ls.core.privacy import Reach
from codestral_ls.providers import choose, detect, discovery, listener, llama_server
from codestral_ls.providers.listener import other_user
from tests.upstream.ollama import FakeOllama
from tests.upstream.openai import VLLM, FakeOpenAI

HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
LISTENING, CONNECTED = "0A", "01"


def row(port: int, uid: int, state: str = LISTENING, address: str = "0100007F") -> str:
    return (
        f"   0: {address}:{port:04X} 00000000:0000 {state} 00000000:00000000 00:00000000 00000000 {uid} 0 7\n"
    )


@pytest.fixture
def table(tmp_path, monkeypatch):
    """Linux's table as a test writes it, for a user of number 1000."""
    file = tmp_path / "tcp"
    monkeypatch.setattr(listener, "TABLES", (file, tmp_path / "tcp6"))
    monkeypatch.setattr(listener.os, "getuid", lambda: 1000, raising=False)
    monkeypatch.setattr(listener, "_name", lambda uid: f"user {uid}")
    return lambda *rows: file.write_text(HEAD + "".join(rows))


ROWS = {
    "nobody": ((), None),
    "ourselves": ((row(11434, 1000),), None),
    "root": ((row(11434, 0),), None),
    "a service": ((row(11434, 998),), None),
    "nobody's": ((row(11434, 65534),), None),
    "somebody else": ((row(80, 0), row(11434, 1001)), "user 1001"),
    "at every address": ((row(11434, 1001, address="00000000"),), "user 1001"),
    "with IPv6": ((row(11434, 1001, address="0" * 32),), "user 1001"),
    "elsewhere": ((row(11435, 1001),), None),
    "a client of it": ((row(11434, 1001, CONNECTED),), None),
    "what is no row": (("?\n", "a b c d e f g h\n"), None),
}


@pytest.mark.parametrize(("rows", "user"), ROWS.values(), ids=ROWS)
def test_other_user(table, rows, user):
    table(*rows)
    assert other_user("http://127.0.0.1:11434") == user


def test_a_system_without_such_tables(table):
    assert other_user("http://127.0.0.1:11434") is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has such tables")
def test_the_real_tables():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert listener.users(port) == {listener.os.getuid()}
        assert other_user(f"http://127.0.0.1:{port}") is None


async def test_no_code_goes_to_a_server_that_another_user_runs(table, monkeypatch, tmp_path):
    """Unless the settings name it."""
    monkeypatch.setenv("CODESTRAL_LS_CACHE", str(tmp_path))
    monkeypatch.setattr(llama_server, "PORTS", [])
    async with FakeOllama("x") as ollama, FakeOpenAI(VLLM, "x") as other:
        ports = [int(server.url.rpartition(":")[2]) for server in (ollama, other)]
        monkeypatch.setattr(discovery, "PORTS", ports[1:])
        environ = {"OLLAMA_HOST": f"127.0.0.1:{ports[0]}"}
        table(*(row(port, 1001) for port in ports))
        found = {each.provider: each for each in await detect(Completion(), environ, Reach())}
        assert [name for name, each in found.items() if each.choice] == ["embedded"]
        for name in ("ollama", "openai"):
            assert "run by user 1001" in found[name].says
            assert f"completion.provider is {name!r}" in found[name].says
        named = await choose(Completion(provider="ollama"), environ, Reach())
        assert named.why == "completion.provider is 'ollama'"
