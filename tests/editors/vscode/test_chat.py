"""The chat view of a real VS Code: an answer that streams, is stopped, and whose code goes into the file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.editors.vscode.conftest import Session
from tests.editors.vscode.window import Window
from tests.upstream.chat import ChatReply

if TYPE_CHECKING:
    from playwright.sync_api import Frame

BEFORE = """def total(items):
    total = 0
    for item in items:
        total += item.price
    return total
"""
AFTER = """def total(items):
    return sum(item.price for item in items)
"""
ANSWER = f"`total` can be **one line**:\n\n```python talk.py\n{AFTER}```\n\nIt does the same."


def chat(window: Window) -> Frame:
    """The page of the chat, with the focus where one types."""
    window.palette("Codestral: Chat")
    return window.web_view("#question:focus")


def test_an_answer_streams_and_can_be_stopped(session: Session) -> None:
    window = session.window
    window.open("stop.py", BEFORE)
    frame = chat(window)
    session.upstream.reply = ChatReply("It adds the prices up, and then it", sent=6, ending="stall")
    frame.get_by_role("textbox", name="Question").fill("What does it do?")
    window.press("Enter")
    frame.get_by_text("It adds the prices").wait_for()
    window.photograph("chat-streaming")
    frame.get_by_role("button", name="Stop").click()
    frame.get_by_text("Stopped.").first.wait_for()
    session.running.wait_for(lambda: session.upstream.requests[-1].outcome == "abandoned")


def test_a_question_that_was_begun_stays(session: Session) -> None:
    window = session.window
    window.open("draft.py", BEFORE)
    question = chat(window).locator("#question")
    question.fill("Why does")
    window.open("draft.py", BEFORE)
    chat(window)
    assert question.input_value() == "Why does"
    question.fill("")


def test_code_of_an_answer_is_applied(session: Session) -> None:
    window = session.window
    file = window.open("talk.py", BEFORE)
    frame = chat(window)
    session.upstream.reply = ChatReply(ANSWER)
    frame.get_by_role("textbox", name="Question").fill("Make total shorter.")
    window.press("Enter")
    frame.get_by_role("button", name="Show as a diff").wait_for()
    assert frame.locator("strong", has_text="one line").count() == 1
    assert BEFORE in session.upstream.requests[-1].json["messages"][-1]["content"]
    window.photograph("chat")
    frame.get_by_role("button", name="Show as a diff").click()
    window.apply_diff("chat-diff")
    window.save(file, AFTER)
