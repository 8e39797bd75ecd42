"""What pygls gets wrong, over a real process's standard input and output: one session for all of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from itertools import count

import pytest
import pytest_asyncio

from tests.e2e.conftest import SCRIPTED, environment_in
from tests.e2e.wire import SECRET, Message, Process, frame, place, refused

pytestmark = pytest.mark.asyncio(loop_scope="module")

INLINE = "textDocument/inlineCompletion"
DEEP = b'{"jsonrpc":"2.0","id":7,"method":"x","params":' + b"[" * 200_000 + b"]" * 200_000 + b"}"
_NUMBERS = count(0, 10)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def process(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Process]:
    """Initialized, and at the end still able to shut down."""
    folder = tmp_path_factory.mktemp("server")
    process = await Process.start(folder, SCRIPTED, environment_in(folder))
    await process.initialize()
    await process.sync()
    process.seen.clear()
    yield process
    await process.shut_down()
    assert await process.rest() == []
    assert await process.ended() == 0
    await process.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def server(process: Process) -> AsyncIterator[Process]:
    """The shared session. A test leaves no message unread."""
    process.forget_log()
    yield process
    await process.sync()
    assert process.seen == []


@pytest.fixture
def number() -> int:
    """The id of a test's first request; the nine that follow are its own, too."""
    return next(_NUMBERS)


@pytest.fixture
def uri(number: int) -> str:
    """The test's own document."""
    return f"file:///w/{number}.py"


@pytest.mark.parametrize(
    ("method", "params"),
    [
        pytest.param(INLINE, {}, id="nothing"),
        pytest.param(INLINE, None, id="null"),
        pytest.param(INLINE, [SECRET], id="list"),
        pytest.param(INLINE, {**place(0, 0), "position": SECRET}, id="text for a position"),
        pytest.param(INLINE, {**place(0, 0), "position": {"line": -1, "character": 0}}, id="negative line"),
        pytest.param(INLINE, place(0, 0, triggerKind="x"), id="text for a trigger"),
        pytest.param("textDocument/completion", {"textDocument": 5, "position": 5}, id="numbers"),
        pytest.param("workspace/executeCommand", {"arguments": [SECRET]}, id="command without a name"),
    ],
)
async def test_malformed_parameters(server: Process, number: int, method: str, params: object) -> None:
    server.ask(number, method, params)
    refused(await server.answer(number), -32602)
    assert SECRET not in server.log


@pytest.mark.parametrize(
    "params",
    [
        pytest.param(None, id="null"),
        pytest.param({"textDocument": SECRET}, id="text for a document"),
        pytest.param([SECRET], id="list"),
    ],
)
async def test_malformed_notification(server: Process, number: int, uri: str, params: object) -> None:
    for method in ("textDocument/didOpen", "textDocument/didChange", "$/cancelRequest"):
        server.tell(method, params)
    server.tell("textDocument/didShowCompletion", params)
    server.open("a", uri)
    assert await server.result(number, INLINE, place(0, 1, uri))
    assert [line for line in server.log.splitlines() if "didOpen" in line and "not what LSP defines" in line]
    assert SECRET not in server.log


@pytest.mark.parametrize(
    ("body", "code"),
    [
        pytest.param(b"{" + SECRET.encode(), -32700, id="not JSON"),
        pytest.param(b"", -32700, id="empty"),
        pytest.param(b'{"a": "\xff"}', -32700, id="not UTF-8"),
        pytest.param(DEEP, -32700, id="too deep"),
        pytest.param(b"[]", -32600, id="a batch"),
        pytest.param(b"5", -32600, id="a number"),
        pytest.param(b"{}", -32600, id="an empty object"),
        pytest.param(b'{"id": null, "method": "shutdown"}', -32600, id="id null"),
        pytest.param(b'{"id": {}, "method": "shutdown"}', -32600, id="id object"),
    ],
)
async def test_no_message(server: Process, body: bytes, code: int) -> None:
    server.send(body)
    refused(await server.answer(None), code)
    await server.sync()


async def test_a_message_in_single_bytes(server: Process) -> None:
    body = json.dumps(
        {"jsonrpc": "2.0", "id": "ä😀", "method": "workspace/executeCommand", "params": {"command": "x"}},
        ensure_ascii=False,
    ).encode()
    for byte in frame(body):
        server.send_raw(bytes([byte]))
        await asyncio.sleep(0)
    assert (await server.answer("ä😀"))["result"] is None


async def test_failing_handlers(server: Process, number: int, uri: str) -> None:
    """A completion that fails is empty. The log has the places in our code and nothing of the user's."""
    server.open(f"{SECRET} raise", uri)
    assert await server.result(number, INLINE, place(0, 30, uri)) == {"items": []}
    assert await server.result(number + 1, "textDocument/completion", place(0, 30, uri)) == {
        "isIncomplete": True,
        "items": [],
    }
    assert "RuntimeError (codestral_ls.server:" in server.log
    assert SECRET not in server.log
    assert "Traceback" not in server.log


async def test_answer_that_cannot_be_encoded(server: Process, number: int, uri: str) -> None:
    server.open(f"{SECRET} odd", uri)
    server.ask(number, INLINE, place(0, 30, uri))
    refused(await server.answer(number), -32603)
    assert "inlineCompletion failed" in server.log
    assert SECRET not in server.log


async def test_cancel(server: Process, number: int, uri: str) -> None:
    server.open("hang", uri)
    server.ask(number, INLINE, place(0, 4, uri))
    server.tell("$/cancelRequest", {"id": number})
    refused(await server.answer(number), -32800)
    for unknown in (number, -1, "no such id"):
        server.tell("$/cancelRequest", {"id": unknown})
    await server.sync()
    assert server.log == ""


async def test_id_in_use(server: Process, number: int, uri: str) -> None:
    server.open("hang", uri)
    server.ask(number, INLINE, place(0, 4, uri))
    server.ask(number, INLINE, place(0, 4, uri))
    refused(await server.answer(number), -32600)
    server.tell("$/cancelRequest", {"id": number})
    refused(await server.answer(number), -32800)


async def test_request_sees_its_own_document(server: Process, number: int, uri: str) -> None:
    """In one write with changes before and behind it, a request is answered for the text in between."""
    server.open("abc", uri)
    identity = {"uri": uri, "version": 2}
    messages: list[Message | bytes] = []
    for message_id, text in enumerate(("x", "yy", "zzz"), number):
        changes = {"textDocument": identity, "contentChanges": [{"text": text}]}
        messages.append({"method": "textDocument/didChange", "params": changes})
        messages.append({"id": message_id, "method": INLINE, "params": place(0, 99, uri)})
    server.send(*messages)
    answers = [await server.answer(message_id) for message_id in range(number, number + 3)]
    texts = [answer["result"]["items"][0]["insertText"] for answer in answers]
    assert texts == ["@1[x|]", "@2[y|]", "@3[z|]"]


async def test_stray_prints(server: Process, number: int, uri: str) -> None:
    server.open("print", uri)
    assert (await server.result(number, INLINE, place(0, 5, uri)))["items"]
    assert "a stray print" in server.log
    assert "and one from C" in server.log
