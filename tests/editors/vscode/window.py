"""A window of VS Code in a browser, as its user sees and uses it."""

from __future__ import annotations

import contextlib
import json
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote, urlsplit

from tests.editors.vscode.code_server import KEYS, PATIENCE
from tests.editors.vscode.install import browser
from tests.support import parse_marked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from playwright.sync_api import Browser, Frame, Locator, Page

    from tests.editors.vscode.code_server import CodeServer

ROOT = Path(__file__).parents[3]
SCREENSHOTS = ROOT / "build" / "screenshots" / "vscode"
PROBE = Path(__file__).with_name("probe.js")

_POLL = 0.05
_DIFF = ".editor-group-container.active .monaco-diff-editor"
_SIZE = {"width": 1280, "height": 800}
_SCHEMES: Mapping[str, Literal["dark", "light"]] = {"vs": "light", "vs-dark": "dark"}
"""What the system likes, by the class of VS Code's page. The one that tests begin with is the last."""

_FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class Window:
    """One window. Keys go where the focus is; what they bring about is waited for with `until`."""

    def __init__(self, page: Page, server: CodeServer) -> None:
        self.page = page
        self.server = server

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def press(self, keys: str) -> None:
        self.page.keyboard.press(keys)

    def run(self, command: str) -> None:
        """Give a command that has a key in `KEYS`."""
        self.press(
            "+".join(part.capitalize() for part in KEYS[command].replace("ctrl", "control").split("+"))
        )

    def palette(self, title: str) -> None:
        """Give a command by its title in the palette."""
        self.press("F1")
        self.pick(f">{title}", title)

    def pick(self, typed: str, wanted: str) -> None:
        """Choose in an open list of VS Code's: type, and take the row that has `wanted` in it."""
        box = self.page.locator(".quick-input-widget input.input")
        box.wait_for()
        box.fill(typed)
        self.page.locator(".quick-input-list .monaco-list-row", has_text=wanted).first.click()

    def open(self, name: str, marked: str) -> Path:
        """Write a file of the workspace and open it, with the cursor where █ stands."""
        file, text = self.server.workspace / name, parse_marked(marked)
        file.write_text(text.text, encoding="utf-8")
        self.run("workbench.action.quickOpen")
        self.pick(str(file), file.name)  # An absolute path is looked up; any other, in an index.
        self.page.locator(".tab.active", has_text=file.name).wait_for()
        self.until(lambda: self.lines()[0] == text.text.split("\n")[0], f"{name} in the editor")
        self.until_focused()
        if text.offset is not None:
            line = text.before.count("\n") + 1
            self.place(line, text.offset - (text.before.rfind("\n") + 1) + 1)
        return file

    def place(self, line: int, column: int) -> None:
        """Set the cursor; both count from 1."""
        self.press("Control+g")
        box = self.page.locator(".quick-input-widget input.input")
        box.wait_for()
        box.fill(f":{line}:{column}")
        self.press("Enter")
        self.until_focused()  # The place is shown while the list is open, too.
        self.page.locator(".statusbar-item", has_text=f"Ln {line}, Col {column}").wait_for()

    def save(self, file: Path, wanted: str) -> None:
        """Save, and wait for exactly `wanted` in the file."""
        self.press("Control+s")
        self.until_saved(file, wanted)

    def until_saved(self, file: Path, wanted: str) -> None:
        """Wait until `wanted` is in the file, and VS Code knows: an undo before counts as saved."""
        self.until(
            lambda: file.read_text(encoding="utf-8") == wanted,
            lambda: f"the saved text, instead of which there is {file.read_text(encoding='utf-8')!r}",
        )
        self.page.locator(f'.tab[data-resource-name="{file.name}"]:not(.dirty)').wait_for()

    def apply_diff(self, name: str) -> None:
        """Wait for the preview of a change, keep a picture of it as `name`, and agree."""
        self.until_diff()
        self.photograph(name)
        self.press("Control+Enter")
        self.until_no_diff()

    def until_marked(self, count: int) -> None:
        """Wait until so many occurrences of the word at the cursor are marked: it has rested there.

        VS Code marks them after a move by keys; the one that opened the file may come before the focus.
        """
        for key in ("ArrowLeft", "ArrowRight"):
            self.press(key)
        marked = self.page.locator(".editor-group-container.active .view-overlays [class*=wordHighlight]")
        self.until(lambda: marked.count() == count, lambda: f"{count} marked words, not {marked.count()},")

    def until_diff(self) -> None:
        """Wait for the preview of a change, about which nothing is left to say but yes or no."""
        self.page.locator(f"{_DIFF} .line-insert").first.wait_for()
        toasts = self.page.locator(".notification-toast")
        toasts.get_by_role("button", name="Discard").wait_for()
        self.until(lambda: toasts.count() == 1, "the end of the progress bar")

    def until_no_diff(self) -> None:
        self.until(lambda: not self.page.locator(_DIFF).count(), "the end of the preview")

    def web_view(self, selector: str) -> Frame:
        """The page of the extension's own that has such an element, which is waited for."""
        return self.until(lambda: next(self._frames_with(selector), None), f"a page with {selector}")

    def _frames_with(self, selector: str) -> Iterator[Frame]:
        from playwright.sync_api import Error

        for frame in self.page.frames:
            with contextlib.suppress(Error):  # VS Code replaces a frame while it loads.
                if frame.locator(selector).count():
                    yield frame

    def lines(self) -> list[str]:
        return self.page.evaluate("probe.lines()") or [""]

    def ghost(self) -> str:
        return str(self.page.evaluate("probe.ghost()"))

    def until_ghost(self, wanted: str) -> None:
        self.until_page(
            "wanted => probe.ghost() === wanted", wanted, lambda: f"{wanted!r} instead of {self.ghost()!r}"
        )

    def until_page(self, condition: str, argument: object, what: Callable[[], str]) -> Any:
        """Wait for something true in the page, which is returned. The page looks at it in every frame."""
        from playwright.sync_api import TimeoutError as Late

        try:
            return self.page.wait_for_function(condition, arg=argument).json_value()
        except Late:
            raise AssertionError(f"{what()} did not come") from None

    def until(
        self, condition: Callable[[], object], what: str | Callable[[], str], patience: float = PATIENCE
    ) -> Any:
        """Wait for something true, which is returned."""
        deadline = time.monotonic() + patience
        while not (found := condition()):
            if time.monotonic() > deadline:
                raise AssertionError(f"{what if isinstance(what, str) else what()} did not come")
            time.sleep(_POLL)
        return found

    def until_focused(self) -> None:
        """Wait until keys go to the text."""
        self.page.locator(".editor-group-container.active .monaco-editor.focused").wait_for()

    def until_ready(self) -> None:
        self.until(lambda: "Ready" in self.state(), lambda: f"the server's being ready: {self.state()!r}")

    @contextmanager
    def restarting(self) -> Iterator[None]:
        """What is done here has another server started; wait until that is ready."""
        self.page.evaluate("probe.listen()")
        yield
        self.until_page(
            "() => probe.restarted()", None, lambda: f"another server's being ready: {self.state()!r}"
        )

    def state(self) -> str:
        """What our item in the status bar tells a screen reader."""
        return str(self.page.evaluate("probe.state()"))

    def status(self) -> Locator:
        """Our item in the status bar."""
        return self.page.locator(".statusbar-item[id*='codestral']")

    def photograph(self, name: str) -> None:
        """Keep a picture in each theme."""
        for theme, scheme in _SCHEMES.items():
            self.use(theme)
            self.shoot(f"{name}-{scheme}")

    def use(self, theme: str) -> None:
        """Show everything in a theme, `vs` or `vs-dark`. VS Code follows the system, so no key is needed."""
        self.page.emulate_media(color_scheme=_SCHEMES[theme])
        self.page.locator(f".monaco-workbench.{theme}").wait_for()

    def shoot(self, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")


@contextmanager
def browsing() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser(), args=_FLAGS)
        try:
            yield chromium
        finally:
            chromium.close()


@contextmanager
def window(chromium: Browser, server: CodeServer, file: str, sharpness: int = 1) -> Iterator[Window]:
    """A window on the server's workspace with a file open, which is there already. `sharpness` is in dots of
    its pictures for one of the page."""
    page = chromium.new_page(viewport=_SIZE, device_scale_factor=sharpness, color_scheme="dark")
    page.set_default_timeout(PATIENCE * 1000)
    page.add_init_script(path=PROBE)
    remote = f"vscode-remote://{urlsplit(server.url).netloc}{quote(str(server.workspace / file))}"
    payload = quote(json.dumps([["openFile", remote]]))
    page.goto(f"{server.url}/?folder={quote(str(server.workspace))}&payload={payload}")
    page.locator(".editor-instance .view-line").first.wait_for()
    try:
        yield Window(page, server)
    finally:
        page.close()
