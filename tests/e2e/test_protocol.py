"""What pygls gets wrong, over a real process's standard input and output."""

from __future__ import annotations

import asyncio
import json

import pytest

from tests.e2e.wire import Message, Process, frame, place

SECRET = "top_secret_source"
INLINE = "textDocument/inlineCompletion"
DEEP = b'{"jsonrpc":"2.0","id":7,"method":"x","params":' + b"[" * 200_000 + b"]" * 200_000 + b"}"


def refused(answer: Message, code: int) -> None:
    """An error is a code and one sentence: no trace, no source code."""
    error = answer["error"]
    assert error["code"] == code
    assert set(error) == {"code", "message"}
    assert error["message"].endswith(".")
    assert "\n" not in error["message"]
    assert SECRET not in json.dumps(answer)


@pytest.mark.parametrize(
    ("method", "params"),
    [
        pytest.param(INLINE, {}, id="nothing"),
        pytest.param(INLINE, None, id="null"),
        pytest.param(INLINE, [SECRET], id="list"),
        pytest.param(INLINE, {**place(0, 0), "position": SECRET}, id="text for a position"),
        pytest.param(INLINE, {**place(0, 0), "position": {"line": -1, "character": 0}}, id="negative line"),
        pytest.param(INLINE, place(0, 0, triggerKind=7), id="unknown trigger"),
        pytest.param("textDocument/completion", {"textDocument": 5, "position": 5}, id="numbers"),
        pytest.param("workspace/executeCommand", {"arguments": [SECRET]}, id="command without a name"),
    ],
)
async def test_malformed_parameters(server: Process, method: str, params: object) -> None:
    await server.initialize()
    server.ask("an id", method, params)
    refused(await server.answer("an id"), -32602)
    assert SECRET not in server.log


@pytest.mark.parametrize(
    "params",
    [
        pytest.param(None, id="null"),
        pytest.param({"textDocument": SECRET}, id="text for a document"),
        pytest.param([SECRET], id="list"),
    ],
)
async def test_malformed_notification(server: Process, params: object) -> None:
    await server.initialize()
    for method in ("textDocument/didOpen", "textDocument/didChange", "$/cancelRequest"):
        server.tell(method, params)
    server.tell("textDocument/didShowCompletion", params)
    server.open("a")
    assert await server.result(1, INLINE, place(0, 1))
    assert [line for line in server.log.splitlines() if "didOpen" in line and "not what LSP defines" in line]
    assert SECRET not in server.log
    assert not [message for message in server.seen if message.get("method") == "window/showMessage"]


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
    await server.initialize()
    server.send(body)
    refused(await server.answer(None), code)
    await server.shut_down()
    assert await server.ended() == 0


async def test_junk_between_messages(server: Process) -> None:
    junk = b"x" * 200_000
    server.send_raw(b"hello\r\n\r\nContent-Length: many\r\n\r\n" + junk + b"\r\n")
    body = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": {"capabilities": {}}}
    lower = frame(json.dumps(body).encode()).replace(b"Content-Length", b"Content-Type: x\r\ncontent-length")
    server.send_raw(lower)
    assert (await server.answer(1))["result"]["serverInfo"]["name"] == "codestral-ls"


async def test_a_message_in_single_bytes(server: Process) -> None:
    await server.initialize()
    body = json.dumps({"jsonrpc": "2.0", "id": "ä😀", "method": "shutdown"}, ensure_ascii=False).encode()
    for byte in frame(body):
        server.send_raw(bytes([byte]))
        await asyncio.sleep(0)
    assert (await server.answer("ä😀"))["result"] is None


async def test_order_of_a_session(server: Process) -> None:
    server.ask(1, "textDocument/hover", {})
    server.tell("textDocument/didOpen", {})
    refused(await server.answer(1), -32002)
    await server.initialize()
    server.ask(2, "initialize", {"capabilities": {}})
    refused(await server.answer(2), -32600)
    server.ask(3, "codestral/nothing")
    refused(await server.answer(3), -32601)
    server.tell("codestral/nothing")
    await server.result(4, "shutdown")
    server.ask(5, INLINE, place(0, 0))
    refused(await server.answer(5), -32600)
    server.tell("exit")
    assert await server.ended() == 0


async def test_initialize_can_be_tried_again(server: Process) -> None:
    server.ask(1, "initialize", {"capabilities": 5})
    refused(await server.answer(1), -32602)
    assert await server.initialize()


async def test_nested_message_is_no_message(server: Process) -> None:
    await server.initialize(initializationOptions={"jsonrpc": "2.0", "id": 1, "method": "shutdown"})
    assert (
        await server.result(1, "workspace/executeCommand", {"command": "x", "arguments": [{"jsonrpc": 1}]})
        is None
    )


async def test_failing_handlers(server: Process) -> None:
    """A completion that fails is empty. The log has the places in our code and nothing of the user's."""
    await server.initialize()
    server.open(f"{SECRET} raise")
    assert await server.result(1, INLINE, place(0, 30)) == {"items": []}
    assert await server.result(2, "textDocument/completion", place(0, 30)) == {
        "isIncomplete": True,
        "items": [],
    }
    assert "RuntimeError (codestral_ls.server:" in server.log
    assert SECRET not in server.log
    assert "Traceback" not in server.log
    assert not [message for message in server.seen if message.get("method") == "window/showMessage"]


async def test_answer_that_cannot_be_encoded(server: Process) -> None:
    await server.initialize()
    server.open(f"{SECRET} odd")
    server.ask(1, INLINE, place(0, 30))
    refused(await server.answer(1), -32603)
    assert "inlineCompletion failed" in server.log
    assert SECRET not in server.log


async def test_cancel(server: Process) -> None:
    await server.initialize()
    server.open("hang")
    server.ask(1, INLINE, place(0, 4))
    server.tell("$/cancelRequest", {"id": 1})
    refused(await server.answer(1), -32800)
    for unknown in (1, 99, "no such id"):
        server.tell("$/cancelRequest", {"id": unknown})
    server.send({"id": 2, "method": "shutdown"})
    await server.answer(2)
    assert server.log == ""


async def test_id_in_use(server: Process) -> None:
    await server.initialize()
    server.open("hang")
    server.ask(1, INLINE, place(0, 4))
    server.ask(1, INLINE, place(0, 4))
    refused(await server.answer(1), -32600)
    server.tell("$/cancelRequest", {"id": 1})
    refused(await server.answer(1), -32800)


async def test_shutdown_answers_what_still_runs(server: Process) -> None:
    await server.initialize()
    server.open("hang")
    for number in range(3):
        server.ask(number, INLINE, place(0, 4))
    server.ask("menu", "textDocument/completion", place(0, 4))
    server.ask("bye", "shutdown")
    server.ask("late", INLINE, place(0, 4))
    server.tell("exit")
    answers = [message for message in await server.rest() if "id" in message and "method" not in message]
    codes = {message["id"]: message.get("error", {}).get("code") for message in answers}
    assert codes == {0: -32800, 1: -32800, 2: -32800, "menu": -32800, "bye": None, "late": -32600}
    assert len(answers) == len(codes)
    assert await server.ended() == 0


async def test_every_request_gets_one_answer(server: Process) -> None:
    """Whatever becomes of it, and however the messages fall together."""
    await server.initialize()
    words = ("hang", "raise", "none", "odd", "late", "plain")
    server.open("\n".join(words))
    for number in range(120):
        kind = number % 2
        server.ask(number, (INLINE, "textDocument/completion")[kind], place(number % len(words), 99))
        if number % 5 == 0 or words[number % len(words)] == "hang":
            server.tell("$/cancelRequest", {"id": number})
    server.ask("open", INLINE, place(0, 99, uri="file:///w/unknown.py"))
    await server.result("fin", "shutdown")
    server.tell("exit")
    answers = [m["id"] for m in await server.rest() if "method" not in m]
    assert sorted(map(str, answers)) == sorted(map(str, [*range(120), "open"]))


async def test_request_sees_its_own_document(server: Process) -> None:
    """In one write with changes before and behind it, a request is answered for the text in between."""
    await server.initialize()
    server.open("abc")
    identity = {"uri": "file:///w/a.py", "version": 2}
    messages: list[Message | bytes] = []
    for number, text in enumerate(("x", "yy", "zzz")):
        changes = {"textDocument": identity, "contentChanges": [{"text": text}]}
        messages.append({"method": "textDocument/didChange", "params": changes})
        messages.append({"id": number, "method": INLINE, "params": place(0, 99)})
    server.send(*messages)
    answers = {number: await server.answer(number) for number in range(3)}
    texts = [answers[number]["result"]["items"][0]["insertText"] for number in range(3)]
    assert texts == ["@1[x|]", "@2[y|]", "@3[z|]"]


async def test_stray_prints(server: Process) -> None:
    await server.initialize()
    server.open("print")
    assert (await server.result(1, INLINE, place(0, 5)))["items"]
    assert "a stray print" in server.log
    assert "and one from C" in server.log


async def test_no_message_body_in_the_log(server: Process) -> None:
    """At the level "debug", too; pygls would log all of these."""
    await server.initialize(initializationOptions={"completion": {"model": SECRET}})
    server.open(SECRET)
    server.ask(1, INLINE, {**place(0, 0), "x": SECRET})
    await server.answer(1)
    server.send(
        {"id": "unknown", "result": SECRET}, {"id": "unknown", "error": {"code": 1, "message": SECRET}}
    )
    server.tell(SECRET, SECRET)
    await server.shut_down()
    await server.ended()
    lines = [line for line in server.log.splitlines() if f"notification {SECRET}" not in line]
    assert SECRET not in "\n".join(lines)
