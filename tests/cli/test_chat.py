"""`codestral-ls chat` as a user types it: a question, a pipe, a dialogue, and Ctrl-C."""

from __future__ import annotations

import io
import json
import os
import select
import signal
import subprocess
import sys
from contextlib import contextmanager

import pytest

from codestral_ls.bench.reply import Reply
from codestral_ls.cli import main
from tests.upstream.errors import UNAUTHORIZED
from tests.upstream.mistral import FakeMistral
from tests.upstream.thread import in_thread

ANSWER = "Because:\n\n```python path=cart.py\nx = 1\n```"
CART = "import os\n\n\ndef total(prices):\n    return sum(prices)\n"
PATIENCE = 60


@pytest.fixture
def running(tmp_path, monkeypatch):
    """An upstream, settings that lead to it, and a folder with some files to stand in."""
    for name in ("CACHE", "STATE"):
        monkeypatch.setenv(f"CODESTRAL_LS_{name}", str(tmp_path / name.lower()))
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    (tmp_path / "work" / "cart.py").write_text(CART)
    (tmp_path / "work" / ".env").write_text("KEY=1\n")
    with in_thread(FakeMistral(ANSWER)) as running:
        settings = (
            '[completion]\nprovider = "mistral"',
            f'base_url = "{running.upstream.api_url}"\napi_key_env = "TEST_KEY"',
        )
        (tmp_path / "config.toml").write_text("\n".join(settings))
        monkeypatch.setenv("CODESTRAL_LS_CONFIG", str(tmp_path / "config.toml"))
        monkeypatch.setenv("TEST_KEY", running.upstream.api_key)
        yield running


@pytest.fixture
def upstream(running):
    return running.upstream


@pytest.fixture(autouse=True)
def piped(monkeypatch):
    """What is piped in: nothing, unless a test says so."""

    def pipe(data: bytes = b"") -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(data)))

    pipe()
    return pipe


def told(upstream, number=-1):
    return [message["content"] for message in upstream.requests[number].json["messages"]]


def test_a_question_about_some_lines(upstream, capsys):
    assert main(["chat", "Why?", "--file", "cart.py:4-5", "--file", "cart.py"]) == 0
    said = capsys.readouterr()
    assert said.out == f"{ANSWER}\n"
    assert "(shown to the model: cart.py 4–5, cart.py, symbols of cart.py)" in said.err
    assert "(codestral-latest at 127.0.0.1" in said.err
    assert "tokens" in said.err
    question = told(upstream)[-1]
    assert 'lines="4–5">\ndef total(prices):' in question
    assert question.endswith("\n\nWhy?")


def test_what_is_piped_in_is_read(upstream, capsys, piped):
    piped(b"+ a line\xff\n")
    assert main(["chat", "Review this."]) == 0
    assert (
        '<input path="standard input">\n+ a line\N{REPLACEMENT CHARACTER}\n</input>\n\nReview this.'
        in told(upstream)
    )
    assert "(shown to the model: standard input)" in capsys.readouterr().err


def test_a_question_may_be_piped_in(upstream, piped):
    piped(b"Why?\n")
    assert main(["chat"]) == 0
    assert told(upstream)[1:] == ["Why?"]


def test_an_answer_for_machines(upstream, capsys):
    assert main(["chat", "Why?", "--file", "cart.py", "--json"]) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["markdown"] == ANSWER
    assert answer["blocks"] == [{"path": "cart.py", "language": "python", "code": "x = 1"}]
    assert answer["context"] == ["cart.py"]
    assert answer["usage"]["prompt"] > 50
    assert answer["cost_usd"] == 0


def test_the_model_of_the_flag_is_asked(upstream, tmp_path):
    with (tmp_path / "config.toml").open("a") as config:
        config.write('\n[chat]\nquick = "codestral-2508"\n')
    assert main(["chat", "Why?"]) == 0
    assert main(["chat", "Why?", "--model", "mistral-small-latest"]) == 0
    assert [each.json["model"] for each in upstream.requests] == ["codestral-2508", "mistral-small-latest"]


def test_no_answer_has_a_status_of_its_own(upstream):
    upstream.reply = ""
    assert main(["chat", "Why?"]) == 1


BAD = {
    "nothing to ask": (["chat"], "There is no question."),
    "no such file": (["chat", "?", "--file", "nowhere.py"], "nowhere.py cannot be read"),
    "a line too many": (["chat", "?", "--file", "cart.py:4-9"], "so there are no lines 4-9."),
    "a secret": (["chat", "?", "--file", ".env"], ".env is never sent to a model: its name says"),
    "an unknown conversation": (["chat", "?", "--conversation", "1"], "There is no such conversation"),
}


@pytest.mark.parametrize(("words", "sentence"), BAD.values(), ids=BAD)
def test_what_cannot_be_asked_is_one_sentence(upstream, capsys, words, sentence):
    assert main(words) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert sentence in said.err
    assert upstream.requests == []


def test_a_refused_key_is_one_sentence(upstream, capsys):
    upstream.reply = UNAUTHORIZED[False]
    assert main(["chat", "Why?"]) == 2
    said = capsys.readouterr()
    assert (said.out, said.err.count("\n")) == ("", 1)
    assert "The key was refused by 127.0.0.1" in said.err


def test_conversations_are_kept_only_if_asked(upstream, tmp_path, capsys):
    assert main(["chat", "Why?"]) == 0
    assert not (tmp_path / "state" / "chats").exists()
    with (tmp_path / "config.toml").open("a") as config:
        config.write("\n[chat]\nsave = true\n")
    for question in ("Why?", "What?"):
        assert main(["chat", question, "--json"]) == 0
    first, second = (json.loads(line)["conversation"] for line in capsys.readouterr().out.splitlines()[-2:])
    assert main(["chat", "And?", "--conversation", first]) == 0
    assert told(upstream)[1:] == ["Why?", ANSWER, "And?"]
    capsys.readouterr()
    assert main(["chat", "--list"]) == 0
    assert capsys.readouterr().out == f"{first}    2 turns  Why?\n{second}    1 turn   What?\n"
    assert main(["chat", "--forget", first]) == 0
    assert main(["chat", "--forget", first]) == 1
    assert main(["chat", "--list", "--json"]) == 0
    assert [
        each["title"] for each in json.loads(capsys.readouterr().out.splitlines()[-1])["conversations"]
    ] == ["What?"]
    assert main(["chat", "--forget", "all"]) == 0
    assert [*(tmp_path / "state" / "chats").iterdir()] == []


COMMAND = (sys.executable, "-m", "codestral_ls", "chat")


def test_ctrl_c_stops_the_answer_and_the_bill(running):
    running.upstream.reply = Reply("One two three", ending="stall", sent=1)
    with subprocess.Popen([*COMMAND, "Count."], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE) as process:
        assert process.stdout.read(3) == b"One"
        process.send_signal(signal.SIGINT)
        assert process.wait(PATIENCE) == 130
    running.wait_for(lambda: running.upstream.requests[0].outcome == "abandoned")


class Terminal:
    """What somebody sees and types."""

    def __init__(self, number: int) -> None:
        self._number = number
        self._unread = ""

    def until(self, text: str) -> str:
        """All up to a text, which has to come."""
        while text not in self._unread:
            ready, _, _ = select.select([self._number], [], [], PATIENCE)
            assert ready, f"{text!r} never came: {self._unread!r}"
            self._unread += os.read(self._number, 1000).decode("utf-8", "replace")
        seen, _, self._unread = self._unread.partition(text)
        return seen

    def type(self, text: str) -> None:
        os.write(self._number, text.encode())


@contextmanager
def dialogue():
    """The command at a terminal of its own."""
    import pty

    ours, theirs = pty.openpty()
    command = [*COMMAND, "--file", "cart.py"]
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True)
    os.close(theirs)
    try:
        yield process, Terminal(ours)
    finally:
        process.kill()
        process.wait()
        os.close(ours)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals of this kind")
def test_a_dialogue_goes_on_after_an_answer_was_stopped(running):
    running.upstream.reply = Reply("One two three", ending="stall", sent=1)
    with dialogue() as (process, terminal):
        terminal.until("> ")
        terminal.type("Count.\n")
        terminal.until("One")
        process.send_signal(signal.SIGINT)
        shown = terminal.until(" ms)")
        assert "(shown to the model: cart.py" in shown
        assert "The answer was stopped before its end." in shown
        running.wait_for(lambda: running.upstream.requests[0].outcome == "abandoned")
        running.upstream.reply = "Two \x1b[31mred."
        terminal.until("> ")
        terminal.type("And?\n")
        shown = terminal.until(" ms)")
        assert "Two <U+001B>[31mred." in shown
        assert told(running.upstream)[1:] == ["Count.", "One", "And?"]
        assert CART in told(running.upstream)[0], "the file stays pinned"
        terminal.until("> ")
        terminal.type("\x04")
        assert process.wait(PATIENCE) == 0


def test_ctrl_c_leaves_a_dialogue_that_waits(upstream, monkeypatch):
    """The signal itself is a matter of Python's: it may come before `input` listens."""

    def interrupted(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(sys, "stdin", type("Keyboard", (), {"isatty": lambda _: True})())
    monkeypatch.setattr("builtins.input", interrupted)
    assert main(["chat"]) == 130
    assert upstream.requests == []
