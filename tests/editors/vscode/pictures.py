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

MOST_BYTES = 150_000
_COLOURS = 64
_SHARPNESS = 2

CART = '''from typing import NamedTuple


class Item(NamedTuple):
    name: str
    price: float
    quantity: int


def total(items: list[Item]) -> float:
    """Return the total price of the items."""
    total = 0
    for item in items:
        █
    return total
'''
MISSING = "if item.quantity < 1:\n            continue\n        total += item.price * item.quantity"
WRITTEN = CART.replace("█", MISSING)
SHORTER = Case(
    WRITTEN.partition("items.\"\"\"\n")[2],
    "    return sum(item.price * item.quantity for item in items if item.quantity > 0)\n",
)
QUESTION = "Why is this slow for a million items, and what can I do?"
ANSWER = """Each item is a tuple whose fields are looked up **by name**, one after the other. Sum columns instead:

```python cart.py
import numpy as np


def total(prices: np.ndarray, quantities: np.ndarray) -> float:
    \"\"\"Return the total price of the items.\"\"\"
    return float(prices @ np.maximum(quantities, 0))
```

The product of the two arrays runs in compiled code, about `50` times as fast.
"""


def ghost_text(session: Session) -> None:
    window = session.window
    session.upstream.reply = MISSING
    window.open("cart.py", CART)
    window.run("editor.action.inlineSuggest.trigger")
    window.until_ghost(MISSING)


def refactoring(session: Session) -> None:
    window = session.window
    session.upstream.reply = answer(SHORTER)
    window.open("cart.py", WRITTEN.replace("def total", "def █total"))
    window.press("Control+Alt+r")
    window.pick("Simplify", "Simplify")
    window.page.locator(".monaco-diff-editor .line-insert").first.wait_for()
    window.page.locator(".notification-toast").get_by_role("button", name="Discard").wait_for()


def chat(session: Session) -> None:
    window = session.window
    window.open("cart.py", WRITTEN)
    window.palette("Codestral: Chat")
    frame = window.web_view("#question:focus")
    session.upstream.reply = ChatReply(ANSWER)
    frame.get_by_role("textbox", name="Question").fill(QUESTION)
    window.press("Enter")
    frame.get_by_role("button", name="Show as a diff").wait_for()


SCENES: Mapping[str, tuple[Callable[[Session], None], int, int]] = {
    "ghost-text": (ghost_text, 800, 440),
    "refactoring": (refactoring, 1100, 480),
    "chat": (chat, 1100, 560),
}
"""What each picture shows, and how large the window is."""


def take(session: Session, name: str) -> None:
    """Take one picture and keep it, with fewer colours."""
    show, width, height = SCENES[name]
    size = {"width": width, "height": height, "deviceScaleFactor": _SHARPNESS, "mobile": False}
    page = session.window.page
    page.context.new_cdp_session(page).send("Emulation.setDeviceMetricsOverride", size)
    show(session)
    image = Image.open(io.BytesIO(page.screenshot())).convert("RGB").quantize(_COLOURS)
    PICTURES.mkdir(exist_ok=True)
    image.save(PICTURES / f"{name}.png", optimize=True)


def main() -> None:
    with tempfile.TemporaryDirectory() as place, browsing() as chromium, at_work(Path(place), chromium, {}) as session:
        for name in SCENES:
            take(session, name)


if __name__ == "__main__":
    main()
