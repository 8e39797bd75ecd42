"""Chat with hosts of OpenAI's protocol, Mistral among them: what is sent."""

from __future__ import annotations

import dataclasses

import pytest

from codestral_ls.core.model import Message
from codestral_ls.core.privacy import redact
from codestral_ls.providers.chat import ChatFields, chat_body
from tests.providers.conversation import ASKED, CALLS, REQUEST, TOOL

SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]}
ALL = ChatFields(cache_key="prompt_cache_key", prediction=True, prefix=True, fixed={"top_p": 1.0})


BODIES = {
    "plain": ({}, {}),
    "stop": ({"stop": ("a", "b", "c", "d", "e")}, {"stop": ["a", "b", "c", "d"]}),
    "schema": (
        {"schema": SCHEMA},
        {
            "response_format": {
                "type": "json_schema",
                "json_schema": {"name": "reply", "schema": SCHEMA, "strict": True},
            }
        },
    ),
    "prediction": ({"prediction": redact("x")}, {"prediction": {"type": "content", "content": "x"}}),
    "cache key": ({"cache_key": "k"}, {"prompt_cache_key": "k"}),
    "tools": (
        {"tools": (TOOL,)},
        {
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "read_file",
                        "description": "Reads a file.",
                        "parameters": TOOL.parameters,
                    },
                }
            ]
        },
    ),
}


@pytest.mark.parametrize(("change", "more"), BODIES.values(), ids=BODIES)
def test_body(change, more):
    body = chat_body("m", dataclasses.replace(REQUEST, **change), ALL)
    assert body == {
        "model": "m",
        "messages": [
            {"role": "system", "content": "You refactor code."},
            {"role": "user", "content": "def compute_total(items): ..."},
        ],
        "temperature": 0.0,
        "top_p": 1.0,
        "max_tokens": 100,
        "stream": True,
        **more,
    }


def test_a_host_is_sent_nothing_that_it_has_not():
    request = dataclasses.replace(REQUEST, prediction=redact("x"), cache_key="k")
    assert chat_body("m", request, ChatFields()).keys() == {
        "model",
        "messages",
        "temperature",
        "max_tokens",
        "stream",
    }


def test_calls_and_their_results():
    said = Message("assistant", redact(""), CALLS[:1])
    result = Message("tool", redact("x = 1"), call_id="abc123XYZ")
    messages = chat_body("m", dataclasses.replace(REQUEST, messages=(ASKED, said, result)), ALL)["messages"]
    call = {
        "id": "abc123XYZ",
        "type": "function",
        "function": {"name": "read_file", "arguments": '{"path":"a.py"}'},
    }
    assert messages[1:] == [
        {"role": "assistant", "content": "", "tool_calls": [call]},
        {"role": "tool", "content": "x = 1", "tool_call_id": "abc123XYZ"},
    ]


@pytest.mark.parametrize(("fields", "marked"), [(ALL, True), (ChatFields(), False)], ids=["can", "cannot"])
def test_the_beginning_of_the_reply(fields, marked):
    begun = Message("assistant", redact("```python\n"))
    messages = chat_body("m", dataclasses.replace(REQUEST, messages=(ASKED, begun)), fields)["messages"]
    assert [message.get("prefix", False) for message in messages] == [False, marked]
