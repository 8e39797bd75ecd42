"""What the server tells and asks the person at the editor."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

from lsprotocol import types

from codestral_ls.core.privacy import place_of
from codestral_ls.progress import Bar
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
        self._cancels: dict[int | str, Callable[[], object]] = {}

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
            self._protocol.notify(STATUS, _figures(status))

    def warn(self, message: str) -> None:
        """Show a warning, the same one only once."""
        if message in self._warned:
            return
        self._warned.add(message)
        if self._listening:
            self._show(message)
        else:
            self._waiting.append(message)

    def inform(self, message: str) -> None:
        """Show what belongs to something that the user has just asked for."""
        self._show(message, types.MessageType.Info)

    def complain(self, message: str) -> None:
        """Show why something cannot be had that the user has just asked for."""
        self._show(message, types.MessageType.Error)

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
        if not self._shows_progress:
            yield lambda done, total: None
            return
        bar = Bar(self._protocol, title, percentage=0)
        with self._shown(bar):
            yield bar.report

    @contextmanager
    def work(self, title: str, token: int | str | None = None) -> Iterator[Callable[[str], None]]:
        """Shows what goes on until the block ends, as it is told. The user may cancel the task.

        `token` is the editor's own, where it gave one with its request.
        """
        task = asyncio.current_task()
        if task is None or (token is None and not self._shows_progress):
            yield lambda message: None
            return
        bar = Bar(self._protocol, title, token=token)
        self._cancels[bar.token] = task.cancel
        try:
            with self._shown(bar):
                yield bar.say
        finally:
            del self._cancels[bar.token]

    def cancel(self, token: int | str) -> None:
        """The user cancels what has this progress bar."""
        if cancel := self._cancels.get(token):
            cancel()

    async def apply(self, edit: types.WorkspaceEdit, label: str, *, answers: bool = True) -> None:
        """Have the editor change its files. Raises `Refused` where it does not, as cancelled where its user
        was asked and said no. One that does not answer is trusted to do it."""
        params = types.ApplyWorkspaceEditParams(edit, label=label)
        request = self._protocol.send_request_async(types.WORKSPACE_APPLY_EDIT, params)
        if not answers:
            self._protocol.in_background(request)
            return
        try:
            answer = await request
            if answer.applied:
                return
        except Refused as refused:
            if refused.code == types.LSPErrorCodes.RequestCancelled:
                raise
        raise Refused(types.LSPErrorCodes.RequestFailed, "The editor did not apply the change.")

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

    @property
    def _shows_progress(self) -> bool:
        window = self._protocol.client_capabilities.window
        return bool(window and window.work_done_progress)

    @contextmanager
    def _shown(self, bar: Bar) -> Iterator[None]:
        self._protocol.in_background(bar.begin())
        try:
            yield
        finally:
            bar.end()

    def _show(self, message: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        params = types.ShowMessageParams(kind, f"codestral-ls: {message}")
        self._protocol.notify(types.WINDOW_SHOW_MESSAGE, params)


def _figures(status: Status) -> dict[str, str]:
    """A status for the editor. `host` and `place` say where code goes; without a model it goes nowhere."""
    said = {"state": status.state, "message": status.message, "model": status.model}
    return said if status.host is None else {**said, "host": status.host, "place": place_of(status.host)}
