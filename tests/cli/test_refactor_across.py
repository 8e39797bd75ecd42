"""`codestral-ls refactor` over several files, with a host that calls tools over HTTP."""

import json

import pytest

from codestral_ls.bench.reply import Reply
from codestral_ls.cli import main
from codestral_ls.core.model import ToolCall
from tests.upstream.chat import ChatReply
from tests.upstream.mistral import FakeMistral
from tests.upstream.thread import in_thread

FILES = {
    "shop/cart.py": "def total(items):\n    return sum(items)\n",
    "till.py": "\ufefffrom shop.cart import total\r\n\r\nprint(total([1]))\r\n",
    ".env": "KEY=1\n",
}
TURNS = (
    (("find_references", {"name": "total"}), ("read_file", {"path": ".env"})),
    (
        ("propose_edit", {"path": "shop/cart.py", "old": "def total(", "new": "def amount("}),
        ("propose_edit", {"path": "till.py", "old": "import total", "new": "import amount"}),
        ("propose_edit", {"path": "till.py", "old": "print(total(", "new": "print(amount("}),
    ),
)


def answer(exchange) -> Reply:
    turn = sum(message["role"] == "assistant" for message in exchange.json["messages"])
    if turn == len(TURNS):
        return ChatReply("Done.")
    return ChatReply(
        "", calls=tuple(ToolCall("null", name, json.dumps(given)) for name, given in TURNS[turn])
    )


@pytest.fixture
def upstream(tmp_path, monkeypatch):
    for name in ("CACHE", "STATE"):
        monkeypatch.setenv(f"CODESTRAL_LS_{name}", str(tmp_path / name.lower()))
    work = tmp_path / "work"
    for name, text in FILES.items():
        (work / name).parent.mkdir(parents=True, exist_ok=True)
        (work / name).write_bytes(text.encode())
    monkeypatch.chdir(work)
    with in_thread(FakeMistral(answer)) as running:
        host = running.upstream
        config = tmp_path / "config.toml"
        config.write_text(
            f'[completion]\nprovider = "mistral"\nbase_url = "{host.api_url}"\napi_key_env = "TEST_KEY"\n'
        )
        monkeypatch.setenv("CODESTRAL_LS_CONFIG", str(config))
        monkeypatch.setenv("TEST_KEY", host.api_key)
        yield host


def rename(*words: str) -> int:
    order = ("--action", "rename-everywhere", "--instruction", "amount")
    return main(["refactor", "shop/cart.py:1", *order, *words])


def test_every_file_is_in_the_diff(upstream, capsys):
    assert rename() == 0
    said = capsys.readouterr()
    assert [line for line in said.out.splitlines() if line.startswith("+++")] == [
        "+++ b/shop/cart.py",
        "+++ b/till.py",
    ]
    assert "till.py" in said.err
    messages = upstream.requests[-1].json["messages"]
    read = [message["content"] for message in messages if message["role"] == "tool"]
    assert "till.py:3: print(total([1]))" in read[0]
    assert read[1] == "There is no text file '.env' in the workspace."


def test_every_file_is_written(upstream, tmp_path, capsys):
    assert rename("--write") == 0
    for name, text in FILES.items():
        assert (tmp_path / "work" / name).read_bytes() == text.replace("total", "amount").encode()
