"""What the status bar of a real VS Code shows, and the menu behind it: pause, languages, keys."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest

from tests.editors.vscode.conftest import QUIET_FILES, Session
from tests.editors.vscode.window import Window
from tests.upstream.mistral import FakeMistral

SOUND = "forty_two()"
ENTERED = "a-key-that-the-user-has-typed-in"


def test_the_status_bar_tells_who_answers_where_and_for_how_much(session: Session) -> None:
    window = session.window
    begin(window, "told.py")
    told = ("Codestral: Ready", "codestral-latest", "Code stays on this machine", "Today: $")
    window.until(lambda: all(part in window.state() for part in told), window.state)
    assert window.status().inner_text().strip() == "codestral-latest · local"
    window.status().click()
    menu = window.page.locator(".quick-input-widget")
    menu.get_by_text("Codestral: Ready").wait_for()
    for entry in ("Pause in this window", "Switch model…", "Log", "Settings"):
        menu.get_by_text(entry, exact=True).wait_for()
    window.photograph("status-menu")
    window.press("Escape")


def test_the_doctor_is_asked(session: Session) -> None:
    window = session.window
    choose(window, "Doctor")
    said = window.page.locator(".terminal-wrapper .xterm-rows")
    said.get_by_text("Completion works.").wait_for()
    window.photograph("doctor")
    window.palette("View: Toggle Panel Visibility")
    said.wait_for(state="hidden")


def test_a_pause_asks_nothing(session: Session) -> None:
    window = session.window
    begin(window, "paused.py")
    turn(window, "Pause in this window")
    window.until(lambda: "Paused" in window.state(), window.state)
    window.photograph("paused")

    def resume() -> None:
        turn(window, "Resume")
        window.until_ready()

    silent_until(session, resume)


def test_a_language_is_left_alone_until_it_is_turned_on_again(session: Session) -> None:
    window, entry = session.window, "Suggestions in this language"
    begin(window, "quiet.rb")
    turn(window, entry)
    window.page.get_by_text("Codestral is off for ruby.").wait_for()

    def turn_on() -> None:
        turn(window, entry)
        window.page.get_by_text("Codestral is on for ruby.").wait_for()

    silent_until(session, turn_on)


def test_files_are_left_alone(session: Session) -> None:
    begin(session.window, QUIET_FILES.replace("**/*", "very"))
    silent_until(session, lambda: begin(session.window, "loud.py"))


def test_the_model_is_switched_and_back(session: Session) -> None:
    window = session.window
    begin(window, "switching.py")
    switch(window, "Ollama", "no-such-model")
    window.until(lambda: "no-such-model" in window.state(), window.state)
    switch(window, "Codestral, by Mistral", "")
    window.until(lambda: "Ready codestral-latest" in window.state(), window.state)
    session.upstream.reply = SOUND
    complete(session, "switched.py")


@pytest.fixture
def refused(session: Session) -> Iterator[Session]:
    """A session whose key is not accepted any more."""
    session.upstream.api_key = ENTERED
    yield session
    session.upstream.api_key = FakeMistral.api_key


def test_a_key_is_entered_kept_and_forgotten(refused: Session) -> None:
    """It reaches the model's host, also after a restart of VS Code, and is in no file."""
    window, upstream = refused.window, refused.upstream
    upstream.reply = SOUND
    begin(window, "keys.py")
    ask(window)
    window.until(lambda: "key was refused" in window.state(), window.state)
    window.photograph("refused-key")
    enter_key(refused, ENTERED)
    complete(refused, "entered.py")
    assert upstream.requests[-1].headers["authorization"] == f"Bearer {ENTERED}"
    window.page.reload()
    window.until_ready()
    complete(refused, "kept.py")
    files = [file for file in window.server.place.rglob("*") if file.is_file()]
    assert len(files) > 20
    assert not [file for file in files if ENTERED.encode() in file.read_bytes()]
    upstream.api_key = FakeMistral.api_key
    enter_key(refused, "")
    complete(refused, "forgotten.py")


def choose(window: Window, entry: str) -> None:
    """Take an entry of our menu."""
    window.status().click()
    window.pick("", entry)


def turn(window: Window, entry: str) -> None:
    """Take an entry of our menu that asks nothing, and go back to the text."""
    choose(window, entry)
    window.page.locator(".quick-input-widget").wait_for(state="hidden")
    window.run("workbench.action.focusActiveEditorGroup")
    window.until_focused()


def begin(window: Window, name: str) -> None:
    """Open a file whose like the server has not seen."""
    window.open(name, f"{name.partition('.')[0]} = █\n")


def switch(window: Window, provider: str, model: str) -> None:
    choose(window, "Switch model")
    window.page.locator(".quick-input-widget").get_by_text("Automatic").wait_for()
    window.photograph("models")
    window.pick("", provider)
    window.page.get_by_text("A model's name").wait_for()
    window.type(model)
    window.press("Enter")


def ask(window: Window) -> None:
    window.run("editor.action.inlineSuggest.trigger")


def silent_until(session: Session, call: Callable[[], object]) -> None:
    """Nothing is asked by typing nor by key before the call, and after it, by key."""
    window, asked = session.window, len(session.upstream.requests)
    session.upstream.reply = SOUND
    (name,) = re.findall(r"\w+", window.lines()[0])
    window.type(name)
    window.press("ArrowLeft")
    window.press("ArrowRight")
    ask(window)
    window.until_marked(2)  # What was asked for has gone out long before.
    call()
    assert len(session.upstream.requests) == asked
    ask(window)
    window.until_ghost(SOUND)
    assert len(session.upstream.requests) > asked
    window.press("Escape")


def complete(session: Session, name: str) -> None:
    window = session.window
    begin(window, name)
    ask(window)
    window.until_ghost(SOUND)
    window.press("Escape")


def enter_key(session: Session, key: str) -> None:
    """By the menu; it is done when another server is ready."""
    window = session.window
    choose(window, "Enter key")
    window.pick("", session.upstream.base_url)
    window.page.get_by_text("It is kept in VS Code's secret storage").wait_for()
    window.type(key)
    with window.restarting():
        window.press("Enter")
