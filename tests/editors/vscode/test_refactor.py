"""Code actions and explanations in a real VS Code: chosen, looked at, applied, undone, read."""

from __future__ import annotations

from tests.e2e.actions import EXPLANATION, Case, answer
from tests.editors.vscode.conftest import Session
from tests.editors.vscode.window import Window

CART = """def total(items):
    total = 0
    for item in items:
        total += item.price * item.quantity
    return total


def mean(items):
    return total(items) / len(items)
"""

DOCUMENTED = Case(
    "(items):\n    total = 0\n", '(items):\n    """Add up what the items cost."""\n    total = 0\n'
)
SKIPPING = Case("in items:\n", "in items:\n        if not item.quantity:\n            continue\n")


def opened(window: Window, name: str) -> None:
    window.open(name, CART.replace("total(items):", "█total(items):", 1))


def test_a_code_action_is_looked_at_applied_and_undone(session: Session) -> None:
    window, asked = session.window, len(session.upstream.requests)
    session.upstream.reply = answer(DOCUMENTED)
    opened(window, "shop.py")
    file = window.server.workspace / "shop.py"
    window.run("editor.action.refactor")
    menu = window.page.locator(".action-widget")
    menu.get_by_text("Document", exact=True).wait_for()
    window.photograph("code-actions")
    assert len(session.upstream.requests) == asked
    menu.get_by_text("Document", exact=True).click()
    window.apply_diff("refactor-preview")
    window.save(file, CART.replace(DOCUMENTED.old, DOCUMENTED.new))
    window.run("workbench.action.focusActiveEditorGroup")
    window.press("Control+z")
    window.save(file, CART)


def test_an_instruction_is_typed(session: Session) -> None:
    window = session.window
    session.upstream.reply = answer(SKIPPING)
    opened(window, "instructed.py")
    window.press("Control+Alt+r")
    window.pick("Change as I say", "Change as I say …")
    window.page.get_by_placeholder("skip empty lines").wait_for()
    window.photograph("instruction")
    window.type("Skip items of which there are none.")
    window.press("Enter")
    window.apply_diff("instruction-preview")
    window.save(window.server.workspace / "instructed.py", CART.replace(SKIPPING.old, SKIPPING.new))
    said = session.upstream.requests[-1].json["messages"]
    assert any("of which there are none" in str(message["content"]) for message in said)


def test_an_explanation_is_read(session: Session) -> None:
    window = session.window
    session.upstream.reply = answer(Case(says=EXPLANATION))
    opened(window, "explained.py")
    window.palette("Codestral: Explain")
    said = window.web_view("code:text-is('prices')").locator("main")
    assert said.inner_text().strip() == EXPLANATION.replace("`", "")
    window.photograph("explanation")
    window.run("workbench.action.closeActiveEditor")
    window.until_focused()  # A page that is being closed swallows keys.
