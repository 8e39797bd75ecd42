"""Conversations over LSP, from an editor's bytes to a chat model's and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codestral_ls.bench.reply import Reply
from codestral_ls.bench.serve import Exchange
from codestral_ls.engine.ledger import Reader
from tests.e2e.clients import CODECS, COMMAND, Editor, recorded
from tests.e2e.wire import SECRET, Message, refused
from tests.upstream.errors import UNAUTHORIZED
from tests.upstream.mistral import FakeMistral

CHAT = "codestral/chat"
VSCODE = "vscode-1.139.1-languageclient-11.0.0"
CART = "import os\n\n\ndef total(prices):\n    return sum(prices)  # 🦀\n"
ANSWER = """\
Because of `sum`.

```python path=cart.py
def total(prices):
    return 0  # 🦀
```
"""
FAILED, INVALID, CANCELLED = -32803, -32602, -32800


@pytest.fixture
async def uri(editor: Editor, tmp_path: Path) -> str:
    """The document of an editor that has introduced itself."""
    return await opened(editor, tmp_path)


async def opened(
    editor: Editor, folder: Path, encoding: str = "", told: str = VSCODE, **settings: Any
) -> str:
    (folder / "shop").mkdir()
    await editor.introduce(
        recorded(told), encoding, rootUri=(folder / "shop").as_uri(), initializationOptions=settings
    )
    while (await editor.asked("codestral/status"))["params"]["state"] != "ready":
        pass
    return editor.show(folder / "shop" / "cart.py", CART)


async def asked(editor: Editor, message: str, conversation: str = "", **more: Any) -> Message:
    params = {"message": message, "conversation": conversation or None, **more}
    answer = await editor.ask_next(CHAT, params)
    assert "result" in answer, answer
    result: Message = answer["result"]
    return result


def told(exchange: Exchange) -> list[str]:
    return [message["content"] for message in exchange.json["messages"]]


def pieces(editor: Editor, token: str) -> list[Message]:
    progress = (m["params"] for m in editor.seen if m.get("method") == "$/progress")
    return [params["value"] for params in progress if params["token"] == token]


async def piece(editor: Editor, token: str) -> Message:
    """The first piece of an answer."""
    while not (found := pieces(editor, token)):
        editor.seen.append(await editor.read())
    return found[0]


@pytest.mark.parametrize("encoding", CODECS)
async def test_an_answer_about_a_selection(
    editor: Editor, upstream: FakeMistral, tmp_path: Path, encoding: str
) -> None:
    uri = await opened(editor, tmp_path, encoding)
    upstream.reply = ANSWER
    place = editor.range_of(uri, "🦀")
    problem = {"range": place, "message": "a crab", "source": "zoo", "code": 7}
    context = {"uri": uri, "range": place, "diagnostics": [problem], "open": True}
    answer = await asked(editor, "Why?", context=context, partialResultToken="p")
    assert answer["markdown"] == ANSWER
    assert answer["blocks"] == [
        {"path": "cart.py", "language": "python", "code": "def total(prices):\n    return 0  # 🦀"}
    ]
    assert answer["context"] == ["cart.py 5", "1 diagnostic", "symbols of cart.py"]
    assert answer["usage"]["prompt"] > 100
    assert answer["model"].startswith("codestral-latest")
    assert answer["cost_usd"] == 0
    assert "".join(value["text"] for value in pieces(editor, "p")) == ANSWER
    [exchange] = upstream.requests
    system, question = told(exchange)
    assert "Answer in the language of the question." in system
    assert 'path="cart.py" language="python" lines="5">\n    return sum(prices)  # 🦀\n' in question
    assert "line 5 (zoo 7): a crab" in question
    assert question.endswith("\n\nWhy?")


async def test_text_arrives_before_the_answer_ends(editor: Editor, upstream: FakeMistral, uri: str) -> None:
    upstream.reply = Reply("One two three", ending="stall", sent=1)
    editor.ask("q", CHAT, {"message": "Count.", "partialResultToken": "p"})
    value = await piece(editor, "p")
    assert value["text"] == "One"
    assert upstream.requests[0].outcome is None
    editor.tell("$/cancelRequest", {"id": "q"})
    refused(await editor.answer("q"), CANCELLED)
    await upstream.wait_for(lambda: upstream.requests[0].outcome == "abandoned")
    # The conversation goes on with what there is.
    upstream.reply = "Two."
    answer = await asked(editor, "And?", value["conversation"])
    assert answer["conversation"] == value["conversation"]
    assert told(upstream.requests[1])[1:] == ["Count.", "One", "And?"]


WAYS = {
    "the request is cancelled": ("$/cancelRequest", {"id": "q"}),
    "the user cancels the progress": ("window/workDoneProgress/cancel", {"token": "w"}),
}


@pytest.mark.parametrize(("method", "params"), WAYS.values(), ids=WAYS)
@pytest.mark.parametrize("as_command", [False, True], ids=["request", "command"])
async def test_cancelling_ends_the_request_and_the_bill(
    editor: Editor,
    upstream: FakeMistral,
    uri: str,
    tmp_path: Path,
    method: str,
    params: Message,
    as_command: bool,
) -> None:
    upstream.reply = Reply("One two three", ending="stall", sent=1)
    about = {"uri": uri, "range": editor.range_of(uri, "return")}
    question = {"message": "Count.", "context": about, "partialResultToken": "p", "workDoneToken": "w"}
    if as_command:
        editor.ask("q", COMMAND, {"command": "codestral.chat", "arguments": [question]})
    else:
        editor.ask("q", CHAT, question)
    await piece(editor, "p")
    editor.tell(method, params)
    refused(await editor.answer("q"), CANCELLED)
    await upstream.wait_for(lambda: upstream.requests[0].outcome == "abandoned")
    await editor.result("shutdown", "shutdown")
    first, *_, last = pieces(editor, "w")
    assert (first["kind"], first["message"], last["kind"]) == ("begin", "waiting for the model", "end")
    stopped = pieces(editor, "p")[-1]["stopped"]
    assert stopped["context"] == ["cart.py 5", "symbols of cart.py"]
    assert stopped["notes"] == ["The answer was stopped before its end."]
    [record] = [each for each in Reader(tmp_path / "STATE" / "ledger.jsonl") if each.kind == "asked"]
    assert (record.task, record.outcome, record.estimated) == ("chat", "given up", True)
    assert stopped["model"].startswith("codestral-latest")
    assert stopped["cost_usd"] == record.cost_usd


async def test_two_conversations_at_once(editor: Editor, upstream: FakeMistral, uri: str) -> None:
    upstream.reply = lambda exchange: Reply(
        f"Answer to {told(exchange)[-1]}", ending="stall" if "slow" in told(exchange)[-1] else "done"
    )
    editor.ask("slow", CHAT, {"message": "a slow one", "partialResultToken": "s"})
    assert (await piece(editor, "s"))["text"]
    answer = await asked(editor, "a quick one", partialResultToken="f")
    assert answer["markdown"] == "Answer to a quick one"
    assert {value["conversation"] for value in pieces(editor, "f")} == {answer["conversation"]}
    editor.tell("$/cancelRequest", {"id": "slow"})
    refused(await editor.answer("slow"), CANCELLED)


async def test_a_long_history_is_cut_and_what_is_pinned_stays(
    editor: Editor, upstream: FakeMistral, uri: str
) -> None:
    upstream.reply = "word " * 200
    context = {"uri": uri, "pin": True}
    conversation = (await asked(editor, "0?", context=context))["conversation"]
    for number in range(1, 14):
        await asked(editor, f"{number}? {'why ' * 200}", conversation)
    sizes = [len(exchange.body) for exchange in upstream.requests]
    assert sizes[3] > sizes[2] > sizes[1]
    assert max(sizes) - sizes[-1] < 2_500, "the window is full"
    last = told(upstream.requests[-1])
    assert "return sum(prices)" in last[0]
    assert last[-1].startswith("13?")
    assert not any(text.startswith("1?") for text in last)
    assert upstream.requests[-1].outcome == "complete"


async def test_a_command_does_the_same(editor: Editor, upstream: FakeMistral, uri: str) -> None:
    upstream.reply = ANSWER
    params = {"command": "codestral.chat", "arguments": [{"message": "Why?", "context": {"uri": uri}}]}
    answer = (await editor.ask_next(COMMAND, params))["result"]
    assert answer["markdown"] == ANSWER
    assert answer["context"] == ["cart.py"]
    assert "codestral.chat" in editor.able["executeCommandProvider"]["commands"]


async def test_a_block_becomes_an_edit(editor: Editor, upstream: FakeMistral, uri: str) -> None:
    upstream.reply = ANSWER
    answer = await asked(editor, "Why?", context={"uri": uri})
    block = {"conversation": answer["conversation"], "turn": answer["turn"], "block": 0}
    result = (await editor.ask_next(f"{CHAT}/apply", block))["result"]
    assert result["title"] == "Apply to cart.py"
    assert result["notes"] == []
    editor.apply(result["edit"])
    assert editor.documents[uri] == CART.replace("sum(prices)", "0")


async def test_the_editor_applies_a_block_where_the_user_says(
    editor: Editor, upstream: FakeMistral, uri: str
) -> None:
    upstream.reply = "```python\nimport sys\n```"
    answer = await asked(editor, "Why?")
    place = {"uri": uri, "range": editor.range_of(uri, "import os")}
    block = {"conversation": answer["conversation"], "block": 0, **place}
    params = {"command": "codestral.chat.apply", "arguments": [block]}
    assert (await editor.ask_next(COMMAND, params))["result"] is None
    assert editor.documents[uri] == CART.replace("import os", "import sys")


async def test_a_new_file_is_for_editors_that_create_one(
    editor: Editor, upstream: FakeMistral, uri: str, tmp_path: Path
) -> None:
    upstream.reply = "```python path=lib/new.py\nx = 1\n```"
    block = {"conversation": (await asked(editor, "Write it."))["conversation"]}
    result = (await editor.ask_next(f"{CHAT}/apply", block))["result"]
    editor.apply(result["edit"])
    assert editor.created == {(tmp_path / "shop" / "lib" / "new.py").as_uri(): "x = 1\n"}


async def test_a_new_file_cannot_be_given_to_other_editors(
    editor: Editor, upstream: FakeMistral, tmp_path: Path
) -> None:
    await opened(editor, tmp_path, told="eglot-1.9-emacs-28.2")
    upstream.reply = "```python path=lib/new.py\nx = 1\n```"
    block = {"conversation": (await asked(editor, "Write it."))["conversation"]}
    answer = await editor.ask_next(f"{CHAT}/apply", block)
    refused(answer, FAILED)
    assert "save the block as lib/new.py yourself" in answer["error"]["message"]


async def test_conversations_are_listed_and_ended(editor: Editor, upstream: FakeMistral, uri: str) -> None:
    upstream.reply = "Because."
    names = [(await asked(editor, f"{number}?"))["conversation"] for number in range(2)]
    listed = (await editor.ask_next(f"{CHAT}/list", None))["result"]
    assert listed == [
        {"conversation": names[1], "title": "1?", "turns": 1},
        {"conversation": names[0], "title": "0?", "turns": 1},
    ]
    for expected in (True, False):
        assert (await editor.ask_next(f"{CHAT}/end", {"conversation": names[0]}))["result"] is expected
    command = {"command": "codestral.chat.list", "arguments": []}
    assert [each["title"] for each in (await editor.ask_next(COMMAND, command))["result"]] == ["1?"]


async def test_a_conversation_is_kept_only_if_asked(
    editor: Editor, upstream: FakeMistral, tmp_path: Path
) -> None:
    await opened(editor, tmp_path, chat={"save": True, "language": "French"})
    upstream.reply = "Parce que."
    conversation = (await asked(editor, "Why?"))["conversation"]
    file = tmp_path / "STATE" / "chats" / f"{conversation}.json"
    assert "Parce que." in file.read_text()
    assert "Answer in French." in told(upstream.requests[0])[0]
    await editor.ask_next(f"{CHAT}/end", {"conversation": conversation})
    assert not file.exists()


BAD: dict[str, tuple[str, Any, int]] = {
    "no parameters": (CHAT, None, INVALID),
    "no message": (CHAT, {"context": {}}, INVALID),
    "an array": (CHAT, [1], INVALID),
    "a range that is none": (CHAT, {"message": "?", "context": {"uri": "file:///a", "range": 3}}, INVALID),
    "a document that is not open": (CHAT, {"message": "?", "context": {"uri": "file:///nowhere"}}, INVALID),
    "an empty message": (CHAT, {"message": " "}, FAILED),
    "an unknown conversation": (CHAT, {"message": "?", "conversation": "f" * 32}, FAILED),
    "a path as a conversation": (CHAT, {"message": "?", "conversation": "../../config"}, FAILED),
    "no such block": (f"{CHAT}/apply", {"conversation": "f" * 32, "block": 9}, FAILED),
    "a block that is no number": (f"{CHAT}/apply", {"conversation": "f", "block": "x"}, INVALID),
    "an end of nothing": (f"{CHAT}/end", {}, INVALID),
}


@pytest.mark.parametrize(("method", "params", "code"), BAD.values(), ids=BAD)
async def test_what_cannot_be_done_is_one_sentence(
    editor: Editor, upstream: FakeMistral, uri: str, method: str, params: Any, code: int
) -> None:
    refused(await editor.ask_next(method, params), code)
    assert upstream.requests == []


async def test_a_refused_key_is_one_sentence(editor: Editor, upstream: FakeMistral, uri: str) -> None:
    upstream.reply = UNAUTHORIZED[False]
    answer = await editor.ask_next(CHAT, {"message": SECRET, "context": {"uri": uri}})
    refused(answer, FAILED)
    assert "key was refused" in answer["error"]["message"]
