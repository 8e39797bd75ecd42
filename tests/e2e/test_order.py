"""Whole sessions from `initialize` to `exit`, each with a process of its own."""

from __future__ import annotations

from tests.e2e.wire import SECRET, Process, frame, place, refused

INLINE = "textDocument/inlineCompletion"


async def test_order_of_a_session(server: Process) -> None:
    """From junk, and an `initialize` that is refused and tried again, to `exit`."""
    junk = b"x" * 200_000
    server.send_raw(b"hello\r\n\r\nContent-Length: many\r\n\r\n" + junk + b"\r\n")
    body = b'{"jsonrpc": "2.0", "id": 1, "method": "textDocument/hover", "params": {}}'
    server.send_raw(frame(body).replace(b"Content-Length", b"Content-Type: x\r\ncontent-length"))
    refused(await server.answer(1), -32002)
    server.tell("textDocument/didOpen", {})
    server.ask(2, "initialize", {"capabilities": 5})
    refused(await server.answer(2), -32602)
    assert (await server.initialize())["serverInfo"]["name"] == "codestral-ls"
    server.ask(3, "initialize", {"capabilities": {}})
    refused(await server.answer(3), -32600)
    server.ask(4, "codestral/nothing")
    refused(await server.answer(4), -32601)
    server.tell("codestral/nothing")
    await server.result(5, "shutdown")
    server.ask(6, INLINE, place(0, 0))
    refused(await server.answer(6), -32600)
    server.tell("exit")
    assert await server.ended() == 0


async def test_newer_editor(server: Process) -> None:
    """Values that lsprotocol does not know, and nonsense where we read nothing, refuse nobody. What stands
    beside them is read, and what only looks like a message is none."""
    capabilities = {
        "general": {"positionEncodings": ["utf-64", "utf-32"], "markdown": 5, "regularExpressions": []},
        "textDocument": {
            "inlineCompletion": {"dynamicRegistration": "perhaps"},
            "completion": {"completionItem": {"documentationFormat": ["asciidoc"]}, "contextSupport": 9},
            "semanticTokens": {"formats": ["absolute"], "requests": None},
            "rename": {"prepareSupportDefaultBehavior": 2},
        },
        "workspace": {
            "configuration": True,
            "didChangeConfiguration": {"dynamicRegistration": True, "scope": 1},
            "workspaceEdit": {"resourceOperations": ["teleport"], "failureHandling": "pray"},
        },
        "notebookDocument": "all",
        "window": {"workDoneProgress": True, "showDocument": [], "showMessage": 1},
        "experimental": {"jsonrpc": "2.0", "id": 1, "method": "shutdown"},
    }
    result = await server.initialize(
        capabilities, clientInfo="Editor 9", trace="everything", workDoneToken={}, locale=5
    )
    assert result["capabilities"]["positionEncoding"] == "utf-32"
    assert "completionProvider" not in result["capabilities"]
    question = await server.asked("workspace/configuration")
    server.send({"id": question["id"], "result": [{"jsonrpc": 1}]})
    await server.asked("client/registerCapability")
    server.open("😀")
    assert (await server.result(1, INLINE, place(0, 1)))["items"][0]["insertText"] == "@1[😀|]"
    await server.shut_down()
    assert await server.ended() == 0


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
