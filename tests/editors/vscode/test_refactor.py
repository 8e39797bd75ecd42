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
    window.until_marked(CART.count("total"))
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


def test_a_preview_is_discarded(session: Session) -> None:
    window = session.window
    session.upstream.reply = answer(DOCUMENTED)
    opened(window, "discarded.py")
    window.press("Control+Alt+r")
    window.pick("Document", "Document")
    window.until_diff()
    window.press("Escape")
    window.until_no_diff()
    window.run("workbench.action.focusActiveEditorGroup")
    window.save(window.server.workspace / "discarded.py", CART)


def test_a_refactoring_is_cancelled(session: Session) -> None:
    """While the model is still at it; its host is told, and nothing is shown."""
    window = session.window
    session.upstream.reply = answer(DOCUMENTED, sent=3, ending="stall")
    opened(window, "cancelled.py")
    window.press("Control+Alt+r")
    window.pick("Document", "Document")
    toasts = window.page.locator(".notification-toast")
    toasts.get_by_text("Document").wait_for()
    window.photograph("progress")
    toasts.get_by_role("button", name="Cancel").click()
    session.running.wait_for(lambda: session.upstream.requests[-1].outcome == "abandoned")
    window.until(lambda: not toasts.count(), "the end of the progress bar")
    assert not window.page.locator(".monaco-diff-editor").count()


def test_an_explanation_is_read(session: Session) -> None:
    window = session.window
    session.upstream.reply = answer(Case(says=EXPLANATION))
    opened(window, "explained.py")
    window.palette("Codestral: Explain")
    said = window.web_view("code:text-is('prices')").locator("main")
    assert said.inner_text().strip() == EXPLANATION.replace("`", "")
    window.photograph("explanation")
    window.page.locator(".editor-instance .view-lines").first.click()
    window.until_focused()
    session.upstream.reply = answer(Case(says="It adds up."))
    window.palette("Codestral: Explain")
    window.web_view("main:has-text('It adds up')")
    assert window.page.locator(".tab[aria-label*='Explain']").count() == 1
    window.run("workbench.action.closeActiveEditor")
    window.until_focused()  # A page that is being closed swallows keys.
