"""What the server tells and asks the person at the editor."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lsprotocol import types

from codestral_ls.protocol import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from codestral_ls.engine.status import Status
    from codestral_ls.protocol import Protocol

    _Ability = (
        types.DidChangeConfigurationClientCapabilities | types.DidChangeWatchedFilesClientCapabilities | None
    )
    _Change = tuple[str, _Ability, object]

STATUS = "codestral/status"
SECTION = "codestral"

_PATIENCE = 2.0
"""Seconds that an editor may take to tell its settings."""


class Editor:
    """The user, as an `App` knows one. Before the editor says `initialized` it is told nothing."""

    def __init__(self, protocol: Protocol) -> None:
        self._protocol = protocol
        self._listening = False
        self._status: Status | None = None
        self._waiting: list[str] = []
        self._warned: set[str] = set()

    def listen(self) -> None:
        """The editor is ready: it gets what has gathered until now."""
        self._listening = True
        if self._status:
            self.tell(self._status)
        for message in self._waiting:
            self._show(message)

    def tell(self, status: Status) -> None:
        self._status = status
        if self._listening:
            figures = {"state": status.state, "message": status.message, "model": status.model}
            self._protocol.notify(STATUS, figures)

    def warn(self, message: str) -> None:
        """Show a warning, the same one only once."""
        if message in self._warned:
            return
        self._warned.add(message)
        if self._listening:
            self._show(message)
        else:
            self._waiting.append(message)

    async def consent(self, question: str, yes: str) -> bool:
        """Whether the user picks `yes`. A user who never answers has not agreed."""
        params = types.ShowMessageRequestParams(
            type=types.MessageType.Info,
            message=question,
            actions=[types.MessageActionItem(title=yes), types.MessageActionItem(title="Not now")],
        )
        try:
            answer = await self._protocol.send_request_async(types.WINDOW_SHOW_MESSAGE_REQUEST, params)
        except Refused:
            return False
        return answer is not None and answer.title == yes

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[int, int], None]]:
        window = self._protocol.client_capabilities.window
        if not (window and window.work_done_progress):
            yield lambda done, total: None
            return
        bar = _Bar(self._protocol, title)
        self._protocol.in_background(bar.begin())
        try:
            yield bar.report
        finally:
            bar.end()

    async def settings(self) -> Mapping[str, object] | None:
        """The section `codestral` of the editor's settings; None where it does not tell."""
        workspace = self._protocol.client_capabilities.workspace
        if not (workspace and workspace.configuration):
            return None
        params = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
        with contextlib.suppress(Refused, TimeoutError):
            async with asyncio.timeout(_PATIENCE):
                answer = await self._protocol.send_request_async(types.WORKSPACE_CONFIGURATION, params)
            if answer and isinstance(answer[0], dict):
                return answer[0]
        return None

    async def watch(self, names: Iterable[str]) -> None:
        """Ask to be told of changed settings, of which some editors say nothing otherwise, and of changes to
        the workspace's files of these names."""
        wanted = [
            types.Registration(id=method, method=method, register_options=options)
            for method, ability, options in self._changes(names)
            if ability and ability.dynamic_registration
        ]
        if wanted:
            params = types.RegistrationParams(wanted)
            with contextlib.suppress(Refused):
                await self._protocol.send_request_async(types.CLIENT_REGISTER_CAPABILITY, params)

    def _changes(self, names: Iterable[str]) -> Iterator[_Change]:
        if able := self._protocol.client_capabilities.workspace:
            section = types.DidChangeConfigurationRegistrationOptions(section=SECTION)
            yield types.WORKSPACE_DID_CHANGE_CONFIGURATION, able.did_change_configuration, section
            globs = [types.FileSystemWatcher(f"**/{name}") for name in names]
            files = types.DidChangeWatchedFilesRegistrationOptions(globs)
            yield types.WORKSPACE_DID_CHANGE_WATCHED_FILES, able.did_change_watched_files, files

    def _show(self, message: str) -> None:
        params = types.ShowMessageParams(types.MessageType.Warning, f"codestral-ls: {message}")
        self._protocol.notify(types.WINDOW_SHOW_MESSAGE, params)


class _Bar:
    """A progress bar in the editor. `report` may be called from any thread."""

    def __init__(self, protocol: Protocol, title: str) -> None:
        self._protocol = protocol
        self._title = title
        self._token = uuid.uuid4().hex
        self._loop = asyncio.get_running_loop()
        self._shown = self._ended = False
        self._percent = 0

    async def begin(self) -> None:
        params = types.WorkDoneProgressCreateParams(self._token)
        with contextlib.suppress(Refused):
            await self._protocol.send_request_async(types.WINDOW_WORK_DONE_PROGRESS_CREATE, params)
            if not self._ended:
                self._shown = True
                self._send(types.WorkDoneProgressBegin(title=self._title, percentage=self._percent))

    def report(self, done: int, total: int) -> None:
        percent = min(100 * done // total, 100) if total > 0 else 0
        with contextlib.suppress(RuntimeError):  # The loop is closed: the server is ending.
            self._loop.call_soon_threadsafe(self._advance, percent)

    def end(self) -> None:
        self._ended = True
        if self._shown:
            self._send(types.WorkDoneProgressEnd())
            self._shown = False

    def _advance(self, percent: int) -> None:
        if percent > self._percent:
            self._percent = percent
            if self._shown:
                self._send(types.WorkDoneProgressReport(percentage=percent))

    def _send(
        self,
        value: types.WorkDoneProgressBegin | types.WorkDoneProgressReport | types.WorkDoneProgressEnd,
    ) -> None:
        self._protocol.notify(types.PROGRESS, types.ProgressParams(self._token, value))
