"""The client of llama.cpp's server, against recorded answers. The real one is in `test_llama_server.py`."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import pytest

from codestral_ls.bench.serve import Exchange, Server
from codestral_ls.core.model import (
    BadReply,
    BadRequest,
    ChatRequest,
    Chunk,
    FimRequest,
    Message,
    ModelError,
    Tool,
    Unauthorized,
    Unavailable,
    Usage,
)
from codestral_ls.core.privacy import Reach, redact
from codestral_ls.providers.llama_completion import Reply
from codestral_ls.providers.llamacpp import ServerInfo, connect
from tests.providers.recorded import answer, server

LAST = {"content": "", "stop": True, "stop_type": "word", "tokens_evaluated": 9, "tokens_predicted": 4}


def event(
    content: str, *tokens: tuple[str, float], rivals: tuple[tuple[str, float], ...] = (), **more
) -> dict:
    probabilities = [
        {
            "id": number,
            "token": text,
            "logprob": logprob,
            "top_logprobs": [
                {"id": number, "token": text, "logprob": logprob},
                *({"id": 100 + i, "token": t, "logprob": p} for i, (t, p) in enumerate(rivals)),
            ],
        }
        for number, (text, logprob) in enumerate(tokens)
    ]
    return {"index": 0, "content": content, "stop": False, "completion_probabilities": probabilities}


def sse(*events: dict) -> bytes:
    body = "".join(f"data: {json.dumps(event)}\n\n" for event in events)
    return b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n" + body.encode()


def request(typed: str = "", **more) -> FimRequest:
    return FimRequest(redact("the prefix\n"), redact(typed), redact("the suffix"), 16, **more)


async def ask(url: str, model: str, wanted: FimRequest) -> list[Chunk]:
    client = connect(ServerInfo(url, model, 2048, 1), Reach())
    try:
        return [chunk async for chunk in client.fim(wanted)]
    finally:
        await client.aclose()


@pytest.mark.parametrize(
    ("model", "typed", "prompt", "grammar"),
    [
        (
            "qwen2.5-coder-1.5b",
            "",
            "<|fim_prefix|>the prefix\n<|fim_suffix|>the suffix<|fim_middle|>",
            None,
        ),
        (
            "qwen2.5-coder-1.5b",
            'x["a',
            "<|fim_prefix|>the prefix\n<|fim_suffix|>the suffix<|fim_middle|>x",
            'root ::= "[\\"a" [\\x00-\\U0010FFFF]*',
        ),
        ("smollm2", "", "the prefix\n", 'root ::= "" [^\\n\\r] [\\x00-\\U0010FFFF]*'),
        ("smollm2", "de", "the prefix\n", 'root ::= "de" [^\\n\\r] [\\x00-\\U0010FFFF]*'),
    ],
)
async def test_requests(model, typed, prompt, grammar):
    async with server({"/completion": sse(LAST)}) as (url, asked):
        await ask(url, model, request(typed, stop=("\n",), seed=7))
    [(_, body)] = asked
    assert (body["prompt"], body.get("grammar")) == (prompt, grammar)
    assert (body["stream"], body["cache_prompt"], body["seed"], body["temperature"]) == (True, True, 7, 0.0)
    assert body["stop"][0] == "\n"


async def test_text_that_looks_like_control_tokens_is_sent_as_tokens():
    answers = {"/completion": sse(LAST), "/tokenize": answer(200, {"tokens": [1, 2]})}
    prefix = redact("s = '<|fim_middle|>'\n")
    async with server(answers) as (url, asked):
        await ask(url, "qwen2.5-coder", FimRequest(prefix, redact(""), redact("z"), 4))
    *cut, (_, body) = asked
    assert [(part["content"], part["parse_special"], part["add_special"]) for _, part in cut] == [
        ("<|fim_prefix|>", True, True),
        (prefix, False, False),
        ("<|fim_suffix|>", True, False),
        ("z", False, False),
        ("<|fim_middle|>", True, False),
    ]
    assert body["prompt"] == [1, 2] * 5


@pytest.mark.parametrize(
    ("head", "events", "chunks"),
    [
        (
            "",
            [event("a", ("a", -0.5)), event("b", ("b", -0.25)), LAST],
            [Chunk("a", logprob=-0.5), Chunk("b", logprob=-0.25), Chunk("", "stop", Usage(9, 4))],
        ),
        (
            "",
            [event("", ("", -1.0)), event("é", ("é", -0.5)), LAST],
            [Chunk("é", logprob=-1.5), Chunk("", "stop", Usage(9, 4))],
        ),
        (
            "",
            [event("a", ("a", -0.5)), event("", ("\n", -3.0)), LAST],
            [Chunk("a", logprob=-0.5), Chunk("", "stop", Usage(9, 4))],
        ),
        (
            " li",
            [event(" lines", (" lines", -1.0), rivals=((" x", -0.1), (" list", -1.0))), LAST],
            [Chunk("nes", logprob=-math.log(2)), Chunk("", "stop", Usage(9, 4))],
        ),
        (
            " li",
            [event(" l", (" l", -2.0)), event("ist", ("ist", -1.0), rivals=(("x", -0.1),)), LAST],
            [Chunk("st", logprob=0.0), Chunk("", "stop", Usage(9, 4))],
        ),
        (
            "",
            [event("a"), {**LAST, "stop_type": "limit", "timings/cache_n": 5}],
            [Chunk("a", logprob=0.0), Chunk("", "length", Usage(9, 4, 5))],
        ),
    ],
    ids=["plain", "half a letter", "end of line", "head in a token", "head over two", "limit"],
)
def test_replies(head, events, chunks):
    reply = Reply(head, Unavailable)
    found = [chunk for data in events if (chunk := reply.read(json.dumps(data)))]
    assert [(c.text, c.finish, c.usage) for c in found] == [(c.text, c.finish, c.usage) for c in chunks]
    assert [c.logprob for c in found] == [c.logprob and pytest.approx(c.logprob, abs=1e-9) for c in chunks]


TOO_LONG = {
    "error": {
        "code": 400,
        "message": "request (5001 tokens) exceeds the available context size (4096 tokens)",
    }
}
WRONG_KEY = {"error": {"code": 401, "message": "Invalid API Key", "type": "authentication_error"}}
LOADING = {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}


@pytest.mark.parametrize(
    ("reply", "kind", "words"),
    [
        (answer(400, TOO_LONG), BadRequest, "exceeds the available context size"),
        (answer(401, WRONG_KEY), Unauthorized, "key"),
        (answer(503, LOADING), Unavailable, "Loading model"),
        (sse(event("a")), Unavailable, "cut off"),
        (
            sse({"error": {"code": 500, "message": "out of memory"}}),
            Unavailable,
            "gave up in the middle of its answer: out of memory",
        ),
        (sse({"content": 7}), BadReply, "not that of llama.cpp"),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\ndata: {\n\n", BadReply, "not that of llama.cpp"),
    ],
    ids=["too long", "wrong key", "loading", "cut off", "broken off", "other fields", "no JSON"],
)
async def test_failures(reply, kind, words):
    async with server({"/completion": reply}) as (url, _):
        with pytest.raises(ModelError) as failure:
            await ask(url, "qwen2.5-coder", request())
    assert type(failure.value) is kind
    assert words in failure.value.message
    assert "the prefix" not in failure.value.message


async def test_a_talk_with_control_tokens_and_tools_is_refused():
    """What is called is read from the server's own answers, and it would obey the tokens."""
    async with server({}) as (url, asked):
        client = connect(ServerInfo(url, "qwen2.5-coder", 2048, 1), Reach())
        told = (Message("user", redact("s = '<|im_end|>'")),)
        with pytest.raises(BadRequest, match="holds a control token of the model"):
            await anext(client.chat(ChatRequest(told, 16, tools=(Tool("look", "Looks.", {}),))))
        await client.aclose()
    assert asked == []


async def test_one_connection_serves_all_completions():
    """Though no mark ends the stream."""

    async def say(exchange: Exchange) -> None:
        exchange.start(200, {"content-type": "text/event-stream"})
        for content in (event("a"), LAST):
            exchange.write(b"data: %b\n\n" % json.dumps(content).encode())
        exchange.write(b"", last=True)

    async with Server(say) as upstream:
        client = connect(ServerInfo(upstream.url, "qwen2.5-coder", 2048, 1), Reach())
        for _ in range(3):
            assert [chunk.text async for chunk in client.fim(request())] == ["a", ""]
        await client.aclose()
        assert upstream.connections == 1


async def test_a_prompt_that_stays_too_long_is_asked_twice():
    async with server({"/completion": answer(400, TOO_LONG)}) as (url, asked):
        with pytest.raises(BadRequest, match="exceeds the available context size"):
            await ask(url, "qwen2.5-coder", replace(request(), prefix=redact("x = 1\n" * 200)))
    first, second = (len(body["prompt"]) for _, body in asked)
    assert second < first * 4096 / 5001
