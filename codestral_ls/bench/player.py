"""An editor that plays a session to a language server, as VS Code would: a change per edit, a request at the
cursor after it, a cancel for the request before; and it shows, follows and accepts what comes back.
"""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from codestral_ls.bench.positions import offset_of, position_of, range_of
from codestral_ls.bench.screen import Screen, ghost_of
from codestral_ls.bench.sessions import applied
from codestral_ls.core.languages import language_of
from codestral_ls.core.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codestral_ls.bench.future import Future, Playhead
    from codestral_ls.bench.oracle import Call
    from codestral_ls.bench.screen import Ghost
    from codestral_ls.bench.sessions import Session, Step

REST = 2.0
"""Seconds after the last step, for answers that are still to come."""

INLINE = "textDocument/inlineCompletion"
MENU = "textDocument/completion"

# Automatic for ghost text; a menu knows only "invoked", by typing or by hand.
_TRIGGERS = {INLINE: 2, MENU: 1}
_MOST_STREAMS = 8


class Connection(Protocol):
    """The way to a server: what `bench.client.Client` has."""

    def notify(self, method: str, params: object) -> None: ...

    def send(self, method: str, params: object) -> tuple[int, asyncio.Future[Any]]: ...


class Differs(Exception):
    """The replay did not reach the text that the session ends with."""


@dataclass(slots=True)
class Tally:
    """What the editor did beside pressing keys. `spared` are the session's keystrokes that accepting made
    needless: for each, whether the session went on to write a word there. `hits` are seconds of real time
    until an answer that no model was needed for: none was running."""

    accepted: int = 0
    acceptances: int = 0
    spared: list[bool] = field(default_factory=list)
    hits: list[float] = field(default_factory=list)


class Player:
    """Plays one session."""

    def __init__(
        self,
        session: Session,
        future: Future,
        playhead: Playhead,
        server: Connection,
        seed: int,
        calls: Sequence[Call],
        method: str = INLINE,
    ) -> None:
        self.tally = Tally()
        self.screen = Screen(random.Random(seed))
        self.texts: dict[str, str] = dict(session.before)
        self._session = session
        self._future = future
        self._playhead = playhead
        self._server = server
        self._calls = calls
        self._method = method
        self._versions: dict[str, int] = {}
        self._outstanding: int | None = None
        self._changed = asyncio.Event()
        self._start = 0.0

    async def play(self) -> None:
        """Play all steps. Raises `Differs`."""
        self._start = asyncio.get_running_loop().time()
        index = 0
        while index < len(self._session.steps):
            accepted = await self._wait(index)
            if accepted is None:
                await self._do(index, self._session.steps[index])
                index += 1
            else:
                index = accepted
        await asyncio.sleep(REST)
        if wrong := [file for file, text in self.texts.items() if text != self._session.after[file]]:
            raise Differs(f"After the replay {', '.join(wrong)} differs from the session's end.")

    async def _wait(self, index: int) -> int | None:
        """Wait for a step's time. Where a suggestion is accepted meanwhile: the step that then comes next."""
        loop = asyncio.get_running_loop()
        due = self._start + self._session.steps[index].time
        while (now := loop.time()) < due:
            if self.screen.noticed is not None and self.screen.noticed <= now:
                ghost = self.screen.take_in()
                if ghost and (following := await self._accept(index, ghost)) is not None:
                    return following
                continue
            self._changed.clear()
            try:
                async with asyncio.timeout_at(min(due, self.screen.noticed or due)):
                    await self._changed.wait()
            except TimeoutError:
                pass
        return None

    async def _do(self, index: int, step: Step) -> None:
        self._open(step.file)
        if step.edits:
            self._change(step.file, step.edits)
        if step.cursor is not None:
            self._playhead.move(index + 1, step.file, self.texts[step.file], step.cursor)
        if not step.edits or step.cursor is None:
            self._cancel()
            self.screen.clear()
            return
        self.screen.follow(step.edits[0], step.cursor)
        if step.is_keystroke:
            self.screen.press(asyncio.get_running_loop().time(), self._playhead.ahead)
        await self._ask(step.file, step.cursor)

    async def _accept(self, index: int, ghost: Ghost) -> int | None:
        """Accept as much as is right: all of it, else its first lines. The steps that would have typed it
        are left out, and what follows comes as much earlier. None if no line is right."""
        file = self._playhead.file
        found = self._acceptable(index, ghost)
        if found is None:
            return None
        edit, length, reached = found
        self.tally.accepted += length
        self.tally.acceptances += 1
        self.tally.spared += self._spared(index, reached)
        self._change(file, (edit,))
        self._tell_accepted(ghost, edit)
        cursor = edit.span.start + len(edit.text)
        self._start = asyncio.get_running_loop().time() - self._session.steps[reached].time
        self._playhead.move(reached + 1, file, self.texts[file], cursor)
        self.screen.follow(edit, cursor)
        await self._ask(file, cursor)
        return reached + 1

    def _acceptable(self, index: int, ghost: Ghost) -> tuple[Edit, int, int] | None:
        """The most of a suggestion that the session comes to, how many characters that writes, and the step
        after which it has it."""
        file, text = self._playhead.file, self._playhead.text
        for edit, length in ghost.parts():
            reached = self._future.reached(index, file, applied(text, (edit,)))
            if reached is not None:
                return edit, length, reached
        return None

    def _spared(self, index: int, reached: int) -> Iterator[bool]:
        """For each keystroke of the steps that are left out, whether a word was still to come after it."""
        file, text = self._playhead.file, self._playhead.text
        for number, step in enumerate(self._session.steps[index : reached + 1], index):
            text = applied(text, step.edits)
            if step.is_keystroke and step.cursor is not None:
                yield self._future.ahead(number + 1, file, text, step.cursor).is_known

    def _tell_accepted(self, ghost: Ghost, edit: Edit) -> None:
        if edit == ghost.edit:
            if command := ghost.item.get("command"):
                call = {"command": command["command"], "arguments": command.get("arguments", [])}
                _, done = self._server.send("workspace/executeCommand", call)
                # Whether the server knows its own command is of no interest here.
                done.add_done_callback(lambda done: done.cancelled() or done.exception())
        else:
            length = ghost.typed + len(edit.text)
            params = {"item": ghost.item, "acceptedLength": length}
            self._server.notify("textDocument/didPartiallyAcceptCompletion", params)

    def _open(self, file: str) -> None:
        if file not in self._versions:
            self._versions[file] = 1
            text = self.texts[file]
            document = {"uri": uri_of(file), "languageId": language_of(file), "version": 1, "text": text}
            self._server.notify("textDocument/didOpen", {"textDocument": document})

    def _change(self, file: str, edits: Sequence[Edit]) -> None:
        self._versions[file] += 1
        text = self.texts[file]
        # The last edit first, so that the places of the others are still right when it is their turn.
        changes = [{"range": range_of(text, edit.span), "text": edit.text} for edit in reversed(edits)]
        document = {"uri": uri_of(file), "version": self._versions[file]}
        self.texts[file] = applied(text, edits)
        params = {"textDocument": document, "contentChanges": changes}
        self._server.notify("textDocument/didChange", params)

    async def _ask(self, file: str, cursor: int) -> None:
        self._cancel()
        text = self.texts[file]
        params = {
            "textDocument": {"uri": uri_of(file)},
            "position": position_of(text, cursor),
            "context": {"triggerKind": _TRIGGERS[self._method]},
        }
        idle = None if self._busy() else len(self._calls)
        started = time.perf_counter()
        self._outstanding, answer = self._server.send(self._method, params)
        answer.add_done_callback(partial(self._answered, self._outstanding, text, cursor, idle, started))
        # The server must come to look at the document before the next change of it.
        await asyncio.sleep(0)

    def _cancel(self) -> None:
        if self._outstanding is not None:
            self._server.notify("$/cancelRequest", {"id": self._outstanding})
            self._outstanding = None

    def _busy(self) -> bool:
        """Whether the model is being asked something."""
        return any(call.outcome == "running" for call in self._calls[-_MOST_STREAMS:])

    def _answered(
        self,
        number: int,
        text: str,
        cursor: int,
        idle: int | None,
        started: float,
        answer: asyncio.Future[Any],
    ) -> None:
        """Take in an answer, unless it comes too late. `idle` is how many requests to the model there had
        been when it was asked for, if none was running."""
        if answer.cancelled() or answer.exception() or number != self._outstanding:
            return
        self._outstanding = None
        now = asyncio.get_running_loop().time()
        ghost = _ghost(answer.result(), text, cursor)
        if ghost and idle == len(self._calls):
            self.tally.hits.append(time.perf_counter() - started)
        if self.screen.show(ghost, now) and ghost:
            self._server.notify("textDocument/didShowCompletion", {"item": ghost.item})
        self._changed.set()


def uri_of(file: str) -> str:
    """Under which URI a session's file is opened."""
    return f"file:///replay/{quote(file)}"


def _ghost(result: Any, text: str, cursor: int) -> Ghost | None:  # noqa: ANN401 - JSON.
    items = result["items"] if isinstance(result, dict) else result or []
    if not items:
        return None
    item = items[0]
    edit = item.get("textEdit") or item
    new = edit.get("newText") or edit.get("insertText") or item.get("label", "")
    extent = edit.get("range") or edit.get("insert")
    ends = (offset_of(text, extent["start"]), offset_of(text, extent["end"])) if extent else (cursor, cursor)
    return ghost_of(item, Span(*ends), new, text, cursor)
