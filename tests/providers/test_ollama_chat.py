"""Talk with a model of Ollama, against a stand-in."""

from __future__ import annotations

import pytest

from codestral_ls.bench.reply import Reply
from codestral_ls.core.model import BadRequest, ChatRequest, Chunk, Message, NotAllowed, Tool, ToolCall
from codestral_ls.core.privacy import redact
from tests.providers.ollama_requests import QWEN, TEXT, at
from tests.upstream.ollama import FakeOllama, Loaded
from tests.upstream.ollama_models import FakeModel

SYSTEM, QUESTION = Message("system", redact("You write code.")), Message("user", redact("Sum it."))
READ = Tool("read", "Read a file.", {"type": "object", "properties": {"path": {"type": "string"}}})
CALL = ToolCall("call_7", "read", '{"path":"a.py"}')


def talk(*messages: Message, **more) -> ChatRequest:
    return ChatRequest(messages or (SYSTEM, QUESTION), max_tokens=200, **more)


async def said_by(upstream: FakeOllama, request: ChatRequest, **options) -> list[Chunk]:
    client = at(upstream, **options)
    try:
        return [chunk async for chunk in client.chat(request)]
    finally:
        await client.aclose()


SCHEMA = {"type": "object", "properties": {"edits": {"type": "array"}}}
BODIES = {
    "messages": (
        talk(),
        {
            "messages": [
                {"role": "system", "content": "You write code."},
                {"role": "user", "content": "Sum it."},
            ]
        },
    ),
    "a schema": (talk(schema=SCHEMA), {"format": SCHEMA}),
    "tools": (
        talk(tools=(READ,)),
        {
            "tools": [
                {
                    "type": "function",
                    "function": {
                        "name": "read",
                        "description": "Read a file.",
                        "parameters": dict(READ.parameters),
                    },
                }
            ]
        },
    ),
    "a call and its result": (
        talk(
            QUESTION,
            Message("assistant", redact(""), calls=(CALL,)),
            Message("tool", redact("x = 1"), call_id="call_7"),
        ),
        {
            "messages": [
                {"role": "user", "content": "Sum it."},
                {
                    "role": "assistant",
                    "content": "",
                    "tool_calls": [
                        {"id": "call_7", "function": {"name": "read", "arguments": {"path": "a.py"}}}
                    ],
                },
                {"role": "tool", "content": "x = 1", "tool_name": "read", "tool_call_id": "call_7"},
            ]
        },
    ),
    "stops, beside those of the model's file": (
        talk(stop=("END",)),
        {
            "options": {
                "num_ctx": 8192,
                "num_predict": 200,
                "temperature": 0.0,
                "stop": ["END", "<|endoftext|>", "<|im_end|>"],
            }
        },
    ),
    "none, which leaves the model's own": (
        talk(),
        {"options": {"num_ctx": 8192, "num_predict": 200, "temperature": 0.0}},
    ),
    "what is the same for all": (
        talk(),
        {
            "model": QWEN,
            "stream": True,
            "truncate": False,
            "shift": False,
            "think": False,
            "keep_alive": "30m",
        },
    ),
}


@pytest.mark.parametrize(("request_", "fields"), BODIES.values(), ids=BODIES)
async def test_what_is_asked(request_, fields):
    async with FakeOllama(TEXT) as upstream:
        chunks = await said_by(upstream, request_)
    body = upstream.asked("/api/chat")[0].json
    assert {name: body[name] for name in fields} == fields
    assert "".join(chunk.text for chunk in chunks) == TEXT
    assert [chunk.finish for chunk in chunks] == [None] * (len(chunks) - 1) + ["stop"]


async def test_arguments_that_are_no_object_are_sent_as_one():
    broken = Message("assistant", redact(""), calls=(ToolCall("1", "read", "{broken"),))
    async with FakeOllama(TEXT) as upstream:
        await said_by(upstream, talk(QUESTION, broken))
    [call] = upstream.asked("/api/chat")[0].json["messages"][1]["tool_calls"]
    assert call["function"]["arguments"] == {"arguments": "{broken"}


CALLS = {
    "with an id": ({"id": "call_x", "function": {"name": "read", "arguments": {"path": "é.py"}}}, "call_x"),
    "of an old server": ({"function": {"name": "read", "arguments": {"path": "é.py"}}}, "call_0"),
}


@pytest.mark.parametrize(("call", "identity"), CALLS.values(), ids=CALLS)
async def test_calls_come_on_the_last_chunk(call, identity):
    async with FakeOllama("Let me look.", calls=(call,)) as upstream:
        chunks = await said_by(upstream, talk(tools=(READ,)))
    assert all(not chunk.calls for chunk in chunks[:-1])
    assert chunks[-1].calls == (ToolCall(identity, "read", '{"path":"é.py"}'),)
    assert (chunks[-1].finish, chunks[-1].usage.prompt > 0) == ("stop", True)


async def test_two_calls_of_an_old_server_have_two_ids():
    calls = ({"function": {"name": "read", "arguments": {}}}, {"function": {"name": "read", "arguments": {}}})
    async with FakeOllama("", calls=calls) as upstream:
        [last] = await said_by(upstream, talk(tools=(READ,)))
    assert [call.id for call in last.calls] == ["call_0", "call_1"]


async def test_a_thought_is_no_answer():
    async with FakeOllama(TEXT, thoughts="Let me see.") as upstream:
        assert "".join(chunk.text for chunk in await said_by(upstream, talk())) == TEXT


async def test_stop_and_length():
    async with FakeOllama("a b c d", knows_stops=False) as upstream:
        assert (await said_by(upstream, talk(stop=(" c",))))[-1] == Chunk("", "stop")
    async with FakeOllama(Reply("a", finish="length")) as upstream:
        assert (await said_by(upstream, talk()))[-1].finish == "length"


async def test_talk_and_holes_use_the_same_loaded_model():
    async with FakeOllama(TEXT) as upstream:
        client = at(upstream)
        await client.warm()
        assert [chunk async for chunk in client.chat(talk())]
        await client.aclose()
    assert upstream.loads == [Loaded(QWEN, 8192, shift=False)]


async def test_refusals():
    async with FakeOllama(TEXT, models={QWEN: FakeModel(capabilities=("completion",))}) as upstream:
        with pytest.raises(BadRequest, match="does not support tools"):
            await said_by(upstream, talk(tools=(READ,)))
        with pytest.raises(BadRequest, match="Run: ollama pull absent"):
            await said_by(upstream, talk(), model="absent")
        with pytest.raises(NotAllowed, match=r"on to ollama\.com"):
            await said_by(upstream, talk(), model="gpt-oss:120b-cloud")
    assert len(upstream.asked("/api/chat")) == 1
