"""Hosts that answer with what is made to bring us down, or to get into a log or onto a terminal."""

import json
import logging

import httpx
import msgspec
import pytest

from codestral_ls.core.model import BadReply
from codestral_ls.core.privacy import Reach
from codestral_ls.providers.decoding import decode
from codestral_ls.providers.errors import Answer, error_code, human_message, quotable
from codestral_ls.providers.http import Host
from codestral_ls.providers.ollama_wire import facts_from, reply_from
from codestral_ls.providers.reply import Reply, event_of

DEEP = "[" * 200_000

EVENTS = {
    "an error of brackets": '{"error": ' + DEEP,
    "a field that nobody knows": '{"what": ' + DEEP,
    "arguments of brackets": '{"choices": [{"delta": {"tool_calls": [{"function": {"arguments": {"a": '
    + DEEP,
    "so many tokens": '{"usage": {"prompt_tokens": ' + "9" * 400 + "}}",
    "so many digits": '{"usage": {"prompt_tokens": ' + "9" * 5_000 + "}}",
}


@pytest.mark.parametrize("data", EVENTS.values(), ids=EVENTS)
def test_an_event_that_is_a_trap_is_none(data):
    with pytest.raises(msgspec.DecodeError):
        event_of(data)


@pytest.mark.parametrize(
    "line", ['{"error": ', '{"what": ', '{"message": {"tool_calls": [{"function": {"arguments": ']
)
def test_a_line_of_ollama_that_is_a_trap_is_none(line):
    with pytest.raises(BadReply):
        reply_from(f"{line}{DEEP}".encode())
    with pytest.raises(BadReply):
        facts_from(b'{"model_info": {"a": ' + DEEP.encode(), "m")


def test_an_error_of_brackets_says_nothing():
    body = b'{"message": ' + DEEP.encode()
    assert (human_message(body), error_code(body)) == (None, None)
    with pytest.raises(msgspec.DecodeError):
        decode(body, object)


def test_a_hundred_thousand_calls_and_pieces_of_one():
    """By the square of their number this took minutes."""
    reply, calls, pieces = Reply(), 100_000, 300_000
    many = [{"index": number} for number in range(calls)]
    more = [{"index": 0, "function": {"arguments": "x" * 40}}] * pieces
    for parts in (many, more):
        reply.take(event_of(json.dumps({"choices": [{"delta": {"tool_calls": parts}}]})))
    found = reply.calls()
    assert (len(found), len(found[0].arguments)) == (calls, 40 * pieces)


def test_what_a_host_says_is_no_command_to_a_terminal():
    assert quotable("gone\x1b]52;c;QUJD\x07 for\rgood\u202e") == "gone ]52;c;QUJD  for good"


KEY = "sk-0123456789abcdefghij"
CODE = "secret_function_of_the_user"


@pytest.mark.parametrize(
    ("code", "id_"),
    [(KEY, CODE), (CODE, KEY), (f"x-{KEY}", "a\x1b[2Jb"), ("3051", "0198-af.1")],
    ids=["key", "code", "key in it", "right"],
)
async def test_a_host_puts_nothing_into_the_log_that_it_was_sent(caplog, code, id_):
    host = Host("https://the.host", Reach(), KEY)
    body = json.dumps({"code": code, "message": "No."}).encode()
    with caplog.at_level(logging.DEBUG):
        host.error(
            Answer(400, httpx.Headers({"mistral-correlation-id": id_.encode()}), body), (f"def {CODE}():",)
        )
    told = f"{code}, correlation id {id_}" if code == "3051" else "None, correlation id None"
    assert told in caplog.text
