"""A refactoring over several files in a real VS Code: looked at, applied, taken back."""

from __future__ import annotations

from pathlib import Path

from tests.e2e.actions import Case, answer
from tests.editors.vscode.conftest import Session
from tests.editors.vscode.window import Window

SCALES = "def weigh(item):\n    return item.grams / 1000\n"
PARCEL = "from scales import weigh\n\n\ndef postage(item):\n    return 2 + weigh(item)\n"

RENAMED = Case(
    asked="kilos",
    calls=(
        ({"name": "weigh"}, {"path": "parcel.py"}),
        (
            {"path": "scales.py", "old": "def weigh(", "new": "def kilos("},
            {"path": "parcel.py", "old": "import weigh", "new": "import kilos"},
            {"path": "parcel.py", "old": "+ weigh(", "new": "+ kilos("},
        ),
    ),
)


def test_a_name_is_changed_everywhere_and_back(session: Session) -> None:
    """It is saved by itself, since not all of it is in sight, and one key takes all of it back."""
    window = session.window
    files = open_both(window)
    session.upstream.reply = answer(RENAMED)
    window.press("Control+Alt+r")
    window.pick("Rename everywhere", "Rename everywhere")
    window.page.locator(".quick-input-widget").get_by_text("Rename everywhere").wait_for()
    window.type(RENAMED.asked)
    window.press("Enter")
    changes = window.page.locator(".editor-group-container.active .multiDiffEntry")
    window.until(lambda: changes.count() == 2, "a diff of each file")
    window.apply_diff("several-files")
    saved(window, files, "kilos")
    window.run("workbench.action.focusActiveEditorGroup")
    window.press("Control+z")
    window.until(lambda: window.lines()[0] == "def weigh(item):", "the old name")
    window.run("workbench.action.files.saveAll")
    saved(window, files, "weigh")


def open_both(window: Window) -> list[Path]:
    """The one that uses it, then the one that defines it."""
    return [window.open("parcel.py", PARCEL), window.open("scales.py", SCALES.replace("weigh", "█weigh"))]


def saved(window: Window, files: list[Path], name: str) -> None:
    for file, text in zip(files, (PARCEL, SCALES), strict=True):
        window.until_saved(file, text.replace("weigh", name))
