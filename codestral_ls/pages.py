"""Texts for the user to read, shown in whichever way the editor has."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from lsprotocol import types

from codestral_ls.protocol import Refused

if TYPE_CHECKING:
    from codestral_ls.abilities import Abilities
    from codestral_ls.protocol import Protocol

EXPLANATION = "codestral/explanation"
"""The notification for editors that show a text in a panel of their own: `title` and `markdown`."""

_LONGEST_NAME = 60


class Pages:
    """Shows texts. Those that an editor opens as files are in a folder of this user's that is gone with the
    session: they may quote code."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._folder: TemporaryDirectory[str] | None = None
        self._written = 0

    async def show(self, title: str, markdown: str, abilities: Abilities) -> None:
        if abilities.panel:
            self._protocol.notify(EXPLANATION, {"title": title, "markdown": markdown})
        elif not (abilities.pages and await self._open(title, markdown)):
            params = types.ShowMessageParams(types.MessageType.Info, markdown)
            self._protocol.notify(types.WINDOW_SHOW_MESSAGE, params)

    def close(self) -> None:
        """Delete what was written."""
        if self._folder:
            self._folder.cleanup()

    async def _open(self, title: str, markdown: str) -> bool:
        """Whether the editor has opened it."""
        file = self._file(title)
        file.write_text(markdown, encoding="utf-8")
        params = types.ShowDocumentParams(file.as_uri(), take_focus=True)
        with contextlib.suppress(Refused):
            answer = await self._protocol.send_request_async(types.WINDOW_SHOW_DOCUMENT, params)
            return bool(answer.success)
        return False

    def _file(self, title: str) -> Path:
        """A new file each time: an editor would ask what to do with an open one that changes."""
        self._folder = self._folder or TemporaryDirectory(prefix="codestral-ls-", ignore_cleanup_errors=True)
        self._written += 1
        name = re.sub(r"[^\w.]+", "-", title)[:_LONGEST_NAME].strip("-.")
        return Path(self._folder.name) / f"{name}-{self._written}.md"
