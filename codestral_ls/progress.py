"""A bar in the editor that shows what goes on, by LSP's `window/workDoneProgress`."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from typing import TYPE_CHECKING

from lsprotocol import types

from codestral_ls.protocol import Refused

if TYPE_CHECKING:
    from codestral_ls.protocol import Protocol


class Bar:
    """One bar. It may be told of progress before the editor shows it, and after it has ended."""

    def __init__(
        self,
        protocol: Protocol,
        title: str,
        percentage: int | None = None,
        token: int | str | None = None,
    ) -> None:
        """Without a `percentage`, nobody knows how long it takes; then the user may cancel it. A `token` is
        one that the editor gave with its request, to show a bar for it."""
        self.token = uuid.uuid4().hex if token is None else token
        self._is_editors = token is not None
        self._protocol = protocol
        self._title = title
        self._percentage = percentage
        self._message: str | None = None
        self._shown = self._ended = False
        self._loop = asyncio.get_running_loop()

    async def begin(self) -> None:
        params = types.WorkDoneProgressCreateParams(self.token)
        with contextlib.suppress(Refused):
            if not self._is_editors:
                await self._protocol.send_request_async(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params)
            if not self._ended:
                self._shown = True
                self._send(
                    types.WorkDoneProgressBegin(
                        title=self._title,
                        cancellable=True if self._percentage is None else None,
                        message=self._message,
                        percentage=self._percentage,
                    )
                )

    def report(self, done: int, total: int) -> None:
        """So much of so much. This may be called from any thread."""
        percentage = min(100 * done // total, 100) if total > 0 else 0
        with contextlib.suppress(RuntimeError):  # The loop is closed: the server is ending.
            self._loop.call_soon_threadsafe(self._advance, percentage)

    def say(self, message: str) -> None:
        """What goes on now."""
        if message != self._message:
            self._message = message
            if self._shown:
                self._send(types.WorkDoneProgressReport(message=message))

    def end(self) -> None:
        self._ended = True
        if self._shown:
            self._send(types.WorkDoneProgressEnd())
            self._shown = False

    def _advance(self, percentage: int) -> None:
        if percentage > (self._percentage or 0):
            self._percentage = percentage
            if self._shown:
                self._send(types.WorkDoneProgressReport(percentage=percentage))

    def _send(
        self,
        value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd,
    ) -> None:
        self._protocol.notify(types.PROGRESS, types.ProgressParams(self.token, value))
