"""The oracle behind HTTP, and replays in real time before servers in processes of their own."""

import asyncio
import json
import os
import sys
import time

import httpx
import pytest

from codestral_ls.bench import player, run
from codestral_ls.bench.client import Refused, running
from codestral_ls.bench.future import Future, Playhead
from codestral_ls.bench.host import Host
from codestral_ls.bench.live import Contender, ourselves, peer, replay_live
from codestral_ls.bench.oracle import Latency, Oracle
from codestral_ls.bench.sessions import Session, Step
from codestral_ls.bench.virtual import Setting
from codestral_ls.cli import main
from codestral_ls.core.text import Edit, Span

LINE = "total = sum(item.price for item in items)"
BEFORE = "# What they cost.\nitems = load(1)\n"


def typed(gap: float, line: str = LINE) -> Session:
    """A session that types a line behind others."""
    steps = []
    for number, key in enumerate(line):
        at = len(BEFORE) + number
        steps.append(Step(gap * (number + 1), "a.py", (Edit(Span(at, at), key),), at + 1, "key"))
    return Session("a.py", {"a.py": BEFORE}, steps, {"a.py": BEFORE + line})


def host_of(latency: Latency) -> Host:
    playhead = Playhead(Future(typed(0.1)))
    playhead.move(0, "a.py", BEFORE, len(BEFORE))
    return Host(Oracle(playhead, 0.0, 1), playhead, latency, 1)


AT_ONCE = Latency(0.0, 0.0, 2)
WIRES = {
    "mistral": (
        "/v1/fim/completions",
        {"prompt": BEFORE, "suffix": "\n", "max_tokens": 3, "stream": True, "model": "x"},
        lambda event: event["choices"][0]["delta"]["content"],
    ),
    "llama.cpp": (
        "/infill",
        {"input_prefix": BEFORE, "input_suffix": "\n", "n_predict": 3, "stream": True},
        lambda event: event["content"],
    ),
}


@pytest.mark.parametrize(("path", "body", "text"), WIRES.values(), ids=WIRES.keys())
async def test_streams(path, body, text):
    host = host_of(AT_ONCE)
    async with host.server, httpx.AsyncClient(base_url=host.server.url, trust_env=False) as client:
        answer = await client.post(path, json=body)
    events = [line.removeprefix("data: ") for line in answer.text.split("\n\n") if line]
    said = "".join(text(json.loads(event)) for event in events if event != "[DONE]")
    assert said == LINE[:12]
    assert (host.calls[0].generated, host.calls[0].outcome) == (3, "complete")
    assert host.calls[0].prompt == f"\n{BEFORE}"


async def test_tabby():
    host = host_of(AT_ONCE)
    async with host.server, httpx.AsyncClient(base_url=host.server.url, trust_env=False) as client:
        health = (await client.get("/v1/health")).json()
        body = {"language": "python", "segments": {"prefix": BEFORE, "suffix": "\n"}}
        answer = (await client.post("/v1/completions", json=body)).json()
        assert (await client.post("/v1/events", json={})).status_code == 200
    assert health["model"]
    assert answer["choices"][0]["text"].startswith(LINE)


async def test_a_client_that_leaves_costs_no_more():
    host = host_of(Latency(0.0, 60.0, 2))
    path, body, _ = WIRES["mistral"]
    async with host.server:
        async with (
            httpx.AsyncClient(base_url=host.server.url, trust_env=False) as client,
            client.stream("POST", path, json=body) as answer,
        ):
            await anext(answer.aiter_lines())
        await host.server.wait_for(lambda: host.server.exchanges[0].outcome is not None)
        await asyncio.gather(*host.server.tasks, return_exceptions=True)
    assert host.calls[0].generated == 1
    assert host.calls[0].outcome in ("stopped", "cancelled")


async def test_our_server_in_real_time(monkeypatch):
    monkeypatch.setattr(player, "REST", 1.0)
    result = await replay_live(typed(0.02), Setting(wrong=0.0), ourselves())
    assert result.server == "codestral-ls, live"
    assert result.calls
    assert result.calls[0].prompt.endswith(LINE[0]) or BEFORE in result.calls[0].prompt
    assert run.tasks(result) is None
    assert any(key.shown for key in result.keystrokes)


PEER = """
import json, sys
def read():
    length = int(sys.stdin.buffer.readline().split(b":")[1])
    sys.stdin.buffer.readline()
    return json.loads(sys.stdin.buffer.read(length))
def write(message):
    body = json.dumps({"jsonrpc": "2.0", **message}).encode()
    sys.stdout.buffer.write(b"Content-Length: %d\\r\\n\\r\\n%b" % (len(body), body))
    sys.stdout.buffer.flush()
while (message := read())["method"] != "exit":
    result = {"capabilities": {"completionProvider": {}}} if message["method"] == "initialize" else None
    if message["method"] == "textDocument/completion":
        at = message["params"]["position"]
        edit = {"range": {"start": at, "end": at}, "newText": "total"}
        result = {"isIncomplete": True, "items": [{"label": "total", "textEdit": edit}]}
    if "id" in message:
        write({"id": message["id"], "result": result})
"""


async def test_a_peer_that_has_only_a_menu(monkeypatch):
    monkeypatch.setattr(player, "REST", 0.1)
    monkeypatch.setattr("codestral_ls.bench.live._SETTLING", 0.0)
    contender = Contender("menu", (sys.executable, "-c", PEER))
    result = await replay_live(typed(0.9, LINE[:7]), Setting(), contender)
    # A busy machine may be slower than a key.
    assert any(key.shown is not None for key in result.keystrokes)
    assert result.tally.hits
    assert result.calls == []


def test_peers_by_their_command():
    assert peer("node 'my server.js' --stdio {url}").command == ("node", "my server.js", "--stdio", "{url}")
    assert peer("tabby-agent").command[1:] == ("--lsp", "--stdio")


async def test_a_server_that_has_ended_answers_nothing():
    async def play():
        async with running((sys.executable, "-c", PEER), os.environ) as client:
            client.notify("exit", None)
            _, waiting = client.send("textDocument/hover", {})
            for answer in (waiting, client.send("textDocument/hover", {})[1]):
                with pytest.raises(Refused, match="has ended"):
                    await answer

    with pytest.raises(Refused, match="has ended"):  # At its end it is asked to shut down.
        await play()


def test_a_peer_that_leaves_at_once(tmp_path, capsys):
    session = tmp_path / "a.json"
    session.write_text(json.dumps({"name": "a.py", "text": "", "keys": [[1, "x"]]}))
    assert main(["bench", "replay", str(session), "--peer", f"{sys.executable} -c pass"]) == 1
    assert "The replay broke off: the server has ended." in capsys.readouterr().err


def test_a_peer_that_is_not_there(tmp_path, capsys):
    session = tmp_path / "a.json"
    session.write_text(json.dumps({"name": "a.py", "text": "", "keys": [[1, "x"]]}))
    before = time.monotonic()
    assert main(["bench", "replay", str(session), "--peer", "no-such-server --stdio"]) == 2
    assert "The server cannot be started: No such file or directory." in capsys.readouterr().err
    assert time.monotonic() - before < 60
