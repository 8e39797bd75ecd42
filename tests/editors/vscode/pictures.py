"""The README's pictures: a real VS Code with our extension, before a model whose answers are written here.

`python -m tests.editors.vscode.pictures` takes them anew, with what `tests.editors.vscode.install` brings.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image

from tests.e2e.actions import Case, answer
from tests.editors.vscode.conftest import Session, at_work
from tests.editors.vscode.install import EXTENSION
from tests.editors.vscode.window import Window, browsing
from tests.upstream.chat import ChatReply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PICTURES = EXTENSION / "pictures"

_COLOURS = 128
_SHARPNESS = 2

CART = '''def total(items: list[Item]) -> float:
    """Return the total price of the items."""
    total = 0
    for item in items:
        █
    return total
'''
MISSING = "if item.quantity < 1:\n            continue\n        total += item.price * item.quantity"
WRITTEN = CART.replace("█", MISSING)

PRICED = """def █priced(items: list[Item]) -> list[str]:
    found = []
    for item in items:
        if item.price:
            found.append(item.name)
    return found
"""
SHORTER = Case(
    PRICED.partition(":\n")[2].rstrip(),
    "    return [item.name for item in items if item.price]",
)

QUESTION = "Why is this slow for a million items, and what can I do?"
ANSWER = """Each item is an object whose fields are looked up **one by one**. Keep them in columns:

```python prices.py
import numpy as np


def total(prices: np.ndarray, quantities: np.ndarray) -> float:
    \"\"\"Return the total price of the items.\"\"\"
    return float(prices @ np.maximum(quantities, 0))
```

The product of two arrays runs in compiled code, not in a loop of Python's.
"""


def ghost_text(session: Session) -> None:
    window = session.window
    window.palette("View: Toggle Primary Side Bar Visibility")
    session.upstream.reply = MISSING
    window.open("cart.py", CART)
    window.run("editor.action.inlineSuggest.trigger")
    window.until_ghost(MISSING)


def refactoring(session: Session) -> None:
    window = session.window
    session.upstream.reply = answer(SHORTER)
    window.open("priced.py", PRICED)
    window.press("Control+Alt+r")
    window.pick("Simplify", "Simplify")
    window.page.locator(".monaco-diff-editor .line-insert").first.wait_for()
    window.page.locator(".notification-toast").get_by_role("button", name="Discard").wait_for()


def chat(session: Session) -> None:
    window = session.window
    window.open("prices.py", WRITTEN)
    window.palette("Codestral: Chat")
    frame = window.web_view("#question:focus")
    widen(window, 570)
    session.upstream.reply = ChatReply(ANSWER)
    frame.get_by_role("textbox", name="Question").fill(QUESTION)
    window.press("Enter")
    frame.get_by_role("button", name="Show as a diff").wait_for()


PRICES = {
    "codestral.budget.prices": {"codestral-latest": {"input": 0.3, "output": 0.9, "source": "Mistral's list"}}
}
"""Our host is on this machine, where nothing has a price."""


def widen(window: Window, width: int) -> None:
    """Drag the side bar's edge."""
    mouse, box = window.page.mouse, window.page.locator(".part.sidebar").bounding_box()
    assert box
    mouse.move(box["x"] + box["width"] + 1, 200)
    mouse.down()
    mouse.move(width, 200)
    mouse.up()


SCENES: Mapping[str, tuple[Callable[[Session], None], int, int]] = {
    "ghost-text": (ghost_text, 800, 400),
    "refactoring": (refactoring, 1160, 400),
    "chat": (chat, 1160, 640),
}
"""What each picture shows, and how large the window is."""


def take(session: Session, name: str) -> None:
    """Take one picture and keep it, with fewer colours."""
    show, width, height = SCENES[name]
    page = session.window.page
    page.set_viewport_size({"width": width, "height": height})
    session.window.palette("View: Close All Editors")
    show(session)
    page.mouse.move(width / 2, height - 40)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(_COLOURS)
    PICTURES.mkdir(exist_ok=True)
    image.save(PICTURES / f"{name}.png", optimize=True)


def main() -> None:
    with (
        tempfile.TemporaryDirectory() as place,
        browsing() as chromium,
        at_work(Path(place), chromium, PRICES, _SHARPNESS) as session,
    ):
        for name in SCENES:
            take(session, name)


if __name__ == "__main__":
    main()
