"""The chat view of a real VS Code from day to day: drafts, what an answer took, colours, the past."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.editors.vscode.conftest import Session
from tests.editors.vscode.test_chat import BEFORE, chat
from tests.upstream.chat import ChatReply

if TYPE_CHECKING:
    from playwright.sync_api import Frame, Locator

    from tests.editors.vscode.window import Window

CODE = ChatReply("```python\nreturn 42  # sure\n```\nSo be it.")
COLOURS = {"vs-dark": "rgb(197, 134, 192)", "vs": "rgb(175, 0, 219)"}


def ask(window: Window, frame: Frame, question: str) -> None:
    frame.locator("#question").fill(question)
    window.press("Enter")


def test_a_draft_stays_when_the_view_is_hidden(session: Session) -> None:
    window = session.window
    window.open("hidden.py", BEFORE)
    frame = chat(window)
    frame.locator("#question").fill("Why does")
    frame.get_by_role("checkbox", name="other open files").check()
    window.press("Control+Shift+e")
    window.page.locator(".explorer-folders-view").wait_for()
    window.until(lambda: frame.is_detached(), "the end of the view's page")
    frame = chat(window)
    assert frame.locator("#question").input_value() == "Why does"
    assert frame.get_by_role("checkbox", name="other open files").is_checked()
    frame.get_by_role("checkbox", name="other open files").uncheck()
    frame.locator("#question").fill("")


def test_an_answer_that_was_stopped_tells_what_it_took(session: Session) -> None:
    window = session.window
    window.open("taken.py", BEFORE)
    frame = chat(window)
    session.upstream.reply = ChatReply("It adds the prices up, and then it", sent=6, ending="stall")
    ask(window, frame, "What does it take?")
    last = frame.locator("article").last
    last.get_by_text("It adds the prices").wait_for()
    window.press("Escape")
    last.get_by_text("The answer was stopped before its end.").wait_for()
    assert last.get_by_text("With it went: taken.py").count() == 1
    assert last.get_by_text("codestral-latest").count() == 1
    assert frame.locator("#question:focus").count() == 1


def test_an_answer_ends_with_its_server(session: Session) -> None:
    window = session.window
    window.open("ended.py", BEFORE)
    window.palette("Codestral: New Conversation")
    frame = chat(window)
    session.upstream.reply = ChatReply("It adds the prices up, and then it", sent=6, ending="stall")
    ask(window, frame, "What does it do now?")
    last = frame.locator("article").last
    last.get_by_text("It adds the prices").wait_for()
    killed = window.server.processes()
    for process in killed:
        os.kill(process, signal.SIGKILL)
    last.get_by_text("The language server has ended.").wait_for()
    window.until(lambda: window.server.processes() - killed, "another server")
    window.until_ready()
    session.upstream.reply = ChatReply("Here I am.")
    ask(window, frame, "And now?")
    frame.get_by_text("tokens in").wait_for()
    assert frame.get_by_text("It adds the prices").count() == 1


def test_arrows_bring_earlier_questions_back(session: Session) -> None:
    window = session.window
    window.open("recalled.py", BEFORE)
    window.palette("Codestral: New Conversation")
    frame = chat(window)
    session.upstream.reply = ChatReply("This.")
    for count, asked in enumerate(("One?", "Two?"), start=1):
        ask(window, frame, asked)
        window.until(lambda: frame.get_by_text("tokens in").count() == count, "the answer")  # noqa: B023
    for key, wanted in (("Up", "Two?"), ("Up", "One?"), ("Up", "One?"), ("Down", "Two?"), ("Down", "")):
        window.press(f"Arrow{key}")
        window.until(lambda: frame.locator("#question").input_value() == wanted, wanted)  # noqa: B023


@pytest.mark.parametrize("theme", COLOURS)
def test_code_has_the_colours_of_the_theme(session: Session, theme: str) -> None:
    window = session.window
    window.open("coloured.py", BEFORE)
    frame = chat(window)
    session.upstream.reply = CODE
    ask(window, frame, "What is the answer?")
    keyword = frame.locator("article").last.locator(".hljs-keyword")
    keyword.wait_for()
    window.use(theme)
    window.until(lambda: colour(keyword) == COLOURS[theme], lambda: colour(keyword))


def colour(keyword: Locator) -> str:
    return str(keyword.evaluate("each => getComputedStyle(each).color"))


def test_a_conversation_is_deleted(session: Session) -> None:
    window, question = session.window, "What is to be forgotten?"
    window.open("forgotten.py", BEFORE)
    window.palette("Codestral: New Conversation")
    frame = chat(window)
    session.upstream.reply = ChatReply("This.")
    ask(window, frame, question)
    frame.get_by_text("tokens in").wait_for()
    window.palette("Codestral: Conversations")
    row = window.page.locator(".quick-input-list .monaco-list-row", has_text=question)
    row.hover()
    row.get_by_role("button", name="Delete this conversation").click()
    row.wait_for(state="detached")
    window.press("Escape")
    assert frame.locator("article").count() == 0
