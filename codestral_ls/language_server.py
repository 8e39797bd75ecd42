"""The language server as its features see it: one session with an editor, and the `App` behind it."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from pygls.lsp.server import LanguageServer

from codestral_ls import __version__, log
from codestral_ls.abilities import Abilities
from codestral_ls.editor import Editor
from codestral_ls.lenient import converter
from codestral_ls.pages import Pages
from codestral_ls.protocol import Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from codestral_ls.app import App
    from codestral_ls.convert import Encoding
    from codestral_ls.core.prompt import Site
    from codestral_ls.core.suggestion import Suggestion

    Connect = Callable[[Editor], App]

logger = logging.getLogger(__name__)

CLOSING = 1.0
"""Seconds that the engine may take to end; the process is gone half a second later."""


class Server(LanguageServer):
    """One session with an editor, and the `App` behind it."""

    protocol: Protocol

    def __init__(self, connect: Connect, *, applies_edits: bool = False) -> None:
        super().__init__("codestral-ls", __version__, protocol_cls=Protocol, converter_factory=converter)
        self.editor = Editor(self.protocol)
        self.pages = Pages(self.protocol)
        self.app = connect(self.editor)
        self.encoding: Encoding = "utf-16"
        self.abilities = Abilities()
        self.applies_edits = applies_edits
        self._told: dict[str, Mapping[str, object]] = {}
        self._closed = False

    def configure(self, source: str = "", values: object = None) -> None:
        """Read all settings again, with what the editor says now in one way; null or {} says nothing."""
        if isinstance(values, dict) and values:
            self._told[source] = values
        before = self.app.settings.log
        for problem in self.app.configure(list(self._told.values())):
            self.editor.warn(str(problem))
        if (after := self.app.settings.log) != before:
            try:
                log.configure(after.level, after.file)
            except OSError as error:
                self.editor.warn(f"The log file cannot be opened: {error.strerror}.")

    async def pull_settings(self) -> None:
        if values := await self.editor.settings():
            self.configure("workspace/configuration", values)

    async def complete(self, site: Site, *, invoked: bool) -> tuple[Suggestion, ...]:
        """The suggestion that may be shown here; several for a user who asked, and goes on with one."""
        completer = self.app.completer
        return await completer.candidates(site, "invoked" if invoked else "automatic") if completer else ()

    def shown(self, suggestion_id: str) -> None:
        """The editor says that it shows a suggestion, and so which of several the user looks at."""
        self.app.feedback.shown(suggestion_id)
        if self.app.completer:
            self.app.completer.follow(suggestion_id)

    def partly_accepted(self, suggestion_id: str, length: int) -> None:
        """The editor says that so much of a suggestion, in UTF-16 units from its start, was accepted."""
        self.app.feedback.partly_accepted(suggestion_id, length)
        if self.app.completer:
            self.app.completer.follow(suggestion_id)

    async def aclose(self) -> None:
        """End the engine, once, and in time."""
        if self._closed:
            return
        self._closed = True
        self.pages.close()
        try:
            async with asyncio.timeout(CLOSING):
                await self.app.aclose()
        except TimeoutError:
            logger.warning("The engine did not end within %s s.", CLOSING)
