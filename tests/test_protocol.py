"""The protocol without a process: nothing that a client sends may go unanswered or stop the session."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lsprotocol import types
from pygls.lsp.server import LanguageServer

from codestral_ls.lenient import converter
from codestral_ls.protocol import Protocol

CONVERTER = converter()
REQUESTS = sorted(method for method, (_, response, *_) in types.METHOD_TO_TYPES.items() if response)
NOTIFICATIONS = sorted(set(types.METHOD_TO_TYPES) - {*REQUESTS, types.EXIT})

_words = st.sampled_from(
    [
        "textDocument",
        "position",
        "line",
        "uri",
        "range",
        "context",
        "triggerKind",
        "text",
        "id",
        "token",
        "kind",
    ]
)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(_words | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


class Sink:
    """What the client would read."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []

    def write(self, data: bytes) -> None:
        self.messages.append(json.loads(data.partition(b"\r\n\r\n")[2]))

    def close(self) -> None: ...


async def session() -> tuple[Protocol, Sink]:
    """An initialized session that takes every method of LSP, and answers with its parameters."""
    server = LanguageServer("x", "1", protocol_cls=Protocol, converter_factory=lambda: CONVERTER)
    protocol = server.protocol
    assert isinstance(protocol, Protocol)
    for method in {*types.METHOD_TO_TYPES} - {types.SHUTDOWN}:
        result = types.InitializeResult(types.ServerCapabilities()) if method == types.INITIALIZE else None
        server.feature(method)(lambda params, result=result: result or params)
    sink = Sink()
    protocol.set_writer(sink)
    protocol.receive(b'{"id": 0, "method": "initialize", "params": {"capabilities": {}}}')
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert sink.messages.pop()["result"]
    return protocol, sink


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([*REQUESTS, "x/y"]).filter(lambda method: method != types.SHUTDOWN), json_values)
def test_any_parameters_get_one_answer(method: str, params: Any) -> None:
    async def check() -> None:
        protocol, sink = await session()
        protocol.receive(json.dumps({"id": 1, "method": method, "params": params}).encode())
        for _ in range(5):
            await asyncio.sleep(0)
        (answer,) = sink.messages
        assert answer["id"] == 1
        assert ("result" in answer) != (answer.get("error", {}).get("code") in (-32600, -32601, -32602))

    asyncio.run(check())


@settings(max_examples=200, deadline=None)
@given(st.sampled_from([*NOTIFICATIONS, "x/y"]), json_values)
def test_any_notification_is_survived(method: str, params: Any) -> None:
    async def check() -> None:
        protocol, sink = await session()
        protocol.receive(json.dumps({"method": method, "params": params}).encode())
        assert not sink.messages
        protocol.receive(b'{"id": 1, "method": "shutdown"}')
        for _ in range(5):
            await asyncio.sleep(0)
        assert sink.messages == [{"jsonrpc": "2.0", "id": 1, "result": None}]

    asyncio.run(check())


@settings(max_examples=200, deadline=None)
@given(
    json_values | st.dictionaries(st.sampled_from(["id", "method", "params", "result", "error"]), json_values)
)
def test_any_json_is_survived(message: Any) -> None:
    async def check() -> None:
        protocol, sink = await session()
        protocol.receive(json.dumps(message).encode())
        for _ in range(5):
            await asyncio.sleep(0)
        assert len(sink.messages) <= 1
        sink.messages.clear()
        protocol.receive(b'{"id": "z", "method": "shutdown"}')
        for _ in range(5):
            await asyncio.sleep(0)
        assert [answer["id"] for answer in sink.messages] == ["z"]

    asyncio.run(check())


@pytest.mark.parametrize(
    "body", [b'{"id": "r", "result": 5}', b'{"id": "r", "error": {"code": 1, "message": "m"}}']
)
async def test_answer_that_comes_after_we_stopped_waiting(body: bytes) -> None:
    protocol, sink = await session()
    waiting = asyncio.ensure_future(protocol.send_request_async("x/y", None, msg_id="r"))
    await asyncio.sleep(0)
    waiting.cancel()
    await asyncio.sleep(0)
    protocol.receive(body)
    assert [message["method"] for message in sink.messages] == ["x/y"]
    assert not protocol._request_futures
    assert not protocol._result_types
