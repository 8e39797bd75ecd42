"""Ghost text in a real VS Code: drawn, typed through, chosen among, accepted, and then the file."""

from __future__ import annotations

import pytest

from tests.editors.vscode.conftest import Session
from tests.editors.vscode.window import Window

CART = """def total(items):
    total = 0
    for item in items:
        █
    return total
"""

CASES = {
    "a-line": ("t", "otal += item.price * item.quantity"),
    "several-lines": ("", "if item.quantity < 1:\n            continue\n        total += item.price"),
    "astral": ("note = '🎉' + ", "str('🎈🎊') + 'é'"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_suggestion_appears_and_is_accepted(session: Session, name: str) -> None:
    typed, reply = CASES[name]
    window, accepted = session.window, session.noted("accepted")
    session.upstream.reply = reply
    file = window.open(f"{name}.py", CART)
    window.type(typed)
    if not typed:
        window.run("editor.action.inlineSuggest.trigger")
    window.until_ghost(reply)
    window.photograph(f"ghost-{name}")
    session.upstream.reply = ""
    window.press("Tab")
    window.until(lambda: session.noted("accepted") == accepted + 1, "the server's note of it")
    window.save(file, CART.replace("█", typed + reply))
    window.press("Control+z")
    window.save(file, CART.replace("█", typed))
    assert session.noted("accepted") == accepted + 1


def test_what_comes_next_is_there_once_a_suggestion_is_accepted(session: Session) -> None:
    """It is what the model went on to say. Another Tab takes it, and nothing is asked for it."""
    window, text = session.window, CART.replace("total", "stock")
    line, following = "price = item.price", "\n        price *= item.quantity\n        stock += price"
    session.upstream.reply = f"{line[1:]}{following}"
    file = window.open("next.py", text)
    window.type(line[0])
    window.until_ghost(line[1:])
    asked = len(session.upstream.requests)
    window.press("Tab")
    window.until_ghost(following)
    window.photograph("ghost-next")
    window.press("Tab")
    window.save(file, text.replace("█", f"{line}{following}"))
    assert len(session.upstream.requests) == asked


DRAWN = "wanted => probe.recorded().at(-1)?.at(1) === wanted"


def frames(window: Window) -> list[tuple[str, str]]:
    """The document and the ghost text in every frame that was drawn since `probe.record()`."""
    drawn: list[tuple[str, str]] = window.page.evaluate("probe.recorded()")
    return drawn or [("", "")]


def test_typing_through_does_not_flicker(session: Session) -> None:
    """One request; in every frame that was drawn, what is typed and what is offered make the same line."""
    window, reply = session.window, "total += price * 1.19"
    session.upstream.reply = reply[1:]
    window.open("through.py", CART.replace("item", "price"))
    window.type(reply[0])
    window.until_ghost(reply[1:])
    asked = len(session.upstream.requests)
    window.page.evaluate("probe.record()")
    for end in range(2, len(reply)):
        window.type(reply[end - 1])
        window.until_page(DRAWN, reply[end:], lambda: str(frames(window)[-1]))
    lines = {text.split("\n")[3] + ghost for text, ghost in frames(window)}
    assert lines == {" " * 8 + reply}
    assert [ghost for _, ghost in frames(window)] == [reply[end:] for end in range(1, len(reply))]
    assert len(session.upstream.requests) == asked


def test_the_user_chooses_among_candidates(session: Session) -> None:
    """Our key asks for more than one; VS Code's go to the next one and back, and a word of one is taken."""
    window, replies = session.window, ["total += 1 * item", "total -= 2 * item", "total *= 3 * item"]
    waiting = iter(replies)
    session.upstream.reply = lambda _: next(waiting, "")
    file = window.open("cycle.py", CART.replace("items", "things"))
    window.press("Alt+Backslash")
    window.until_ghost(replies[0])
    for wanted in (*replies[1:], replies[0]):
        window.press("Alt+BracketRight")
        window.until_ghost(wanted)
    for wanted in (replies[-1], replies[-2], replies[0]):
        window.press("Alt+BracketLeft")
        window.until_ghost(wanted)
    window.photograph("candidates")
    window.run("editor.action.inlineSuggest.acceptNextWord")
    window.until(lambda: window.lines()[3].strip() == "total", "the word")
    window.until_ghost(replies[0].removeprefix("total"))
    window.press("Escape")
    window.until_ghost("")
    window.save(file, CART.replace("items", "things").replace("█", "total"))


def test_it_is_taken_by_words_and_lines(session: Session) -> None:
    """What is left of it stays, without another request; the server is told when all of it is taken."""
    window, text = session.window, CART.replace("total", "parts")
    lines = ["if item.amount:", "            parts += item.price", "        parts *= 1.19"]
    session.upstream.reply = "\n".join(lines)
    file = window.open("parts.py", text)
    window.run("editor.action.inlineSuggest.trigger")
    window.until_ghost("\n".join(lines))
    asked, accepted = len(session.upstream.requests), session.noted("accepted")
    window.run("editor.action.inlineSuggest.acceptNextWord")
    window.until_ghost("\n".join([lines[0].removeprefix("if"), *lines[1:]]))
    for row in (1, 2):
        window.press("Alt+End")
        window.until_ghost("\n".join(lines[row:]))
    assert len(session.upstream.requests) == asked
    session.upstream.reply = ""
    window.press("Alt+End")
    window.save(file, text.replace("█", "\n".join(lines)))
    window.until(lambda: session.noted("accepted") == accepted + 1, "the server's note of it")


def test_it_goes_on_from_the_entry_that_is_selected_in_the_menu(session: Session) -> None:
    window, text = session.window, "zebras_in_stock = 3\nprint(█)\n"
    session.upstream.reply = " * 2"
    file = window.open("menu.py", text)
    window.type("zebr")
    window.press("Control+Space")
    window.page.locator(".suggest-widget.visible").get_by_text("zebras_in_stock").first.wait_for()
    window.until_ghost("as_in_stock * 2")
    window.photograph("menu")
    window.press("Tab")
    window.until_ghost(" * 2")
    window.press("Tab")
    window.until_ghost("")
    window.save(file, text.replace("█", "zebras_in_stock * 2"))
