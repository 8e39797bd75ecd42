"""Changes over several files: a model looks things up and proposes changes by tools, within limits.

It goes on until the model calls no tool any more. Where a limit is reached the model is told once; what it
proposes then is the last. All changes are checked together, and become one proposal or none.
"""

from __future__ import annotations

import asyncio
import re
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from codestral_ls.core.model import BadRequest, Message, ToolCall
from codestral_ls.core.privacy import redact
from codestral_ls.core.refusal import Refused
from codestral_ls.engine.overlay import Overlay
from codestral_ls.engine.proposal import Proposal, unheard
from codestral_ls.engine.symbols import OnDemand
from codestral_ls.engine.tools import Toolbox, offered
from codestral_ls.engine.tree import Tree, real_path

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence

    from codestral_ls.core.model import ChatRequest, Tool
    from codestral_ls.engine.proposal import FileChange, Report, Stage
    from codestral_ls.engine.talker import Reply, Talker
    from codestral_ls.engine.workspace import Workspace

    Ask = Callable[[ChatRequest, Stage, int], Awaitable[Reply]]
    Changes = tuple[tuple[FileChange, ...], tuple[str, ...]]

_LAST = (
    "A limit is reached: this was the last that you can look up. Propose now, in one answer, every change "
    "that is still missing, or answer without a call if none is."
)
_MOST_READ = 200_000
_MOST_NAMED, _LONGEST_NAME = 8, 64


@dataclass(frozen=True, slots=True)
class Limits:
    """How far a model may go: `rounds` of calls, of which so many are carried out in each, `seconds` in all;
    `characters` that it may read in all, and of which its reply in one round may consist."""

    rounds: int = 12
    seconds: float = 300.0
    calls: int = 16
    characters: int = _MOST_READ
    reply: int = 100_000


def limits(talker: Talker, rounds: int) -> Limits:
    """How far a model may go; it reads no more than half of its window."""
    window = talker.profile.window
    most = talker.scale.characters(window // 2) if window else _MOST_READ
    return Limits(rounds, characters=min(most, _MOST_READ))


class Across:
    """One refactoring over the workspace as it is now.

    `ask` brings a request to the model: `Rewriting.asked`. `clock` is in seconds.
    """

    def __init__(
        self,
        workspace: Workspace,
        ask: Ask,
        limits: Limits,
        *,
        report: Report = unheard,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._ask = ask
        self._limits = limits
        self._report = report
        self._clock = clock
        self._started = clock()
        self._rounds = 0
        self._tree = Tree(workspace)
        self._overlay = Overlay(self._tree)
        self._symbols = OnDemand(self._tree, lambda: self._overlay.texts, clock)
        self._toolbox = Toolbox(self._tree, self._overlay, self._symbols, limits.characters)

    def name(self, uri: str) -> str:
        """What tools call a document. Raises `BadRequest` for one that is no file of the workspace."""
        path = real_path(uri)
        if path is None or not self._tree.may_see(path):
            raise BadRequest("This file is in no folder that the editor has opened: open its folder.")
        return self._tree.name(path)

    async def propose(self, request: ChatRequest, name: str = "") -> Proposal:
        """All changes that the model proposes. `name` is what gets another name or signature: where it still
        stands as before is told in the notes.

        Raises a `ModelError` and `Refused`.
        """
        try:
            async with asyncio.timeout(2 * self._limits.seconds):
                changes, unchecked = await self._changes(_Conversation(request))
        except TimeoutError:
            raise Refused("endless") from None
        notes = [*self._remarks(unchecked), *(await self._left(name) if name else ())]
        return Proposal("", changes, notes=tuple(notes), reads=self._toolbox.reads)

    async def _changes(self, conversation: _Conversation) -> Changes:
        """What the conversation comes to; a syntax error is told to the model, once."""
        await self._converse(conversation, "asking")
        if not self._rounds:
            raise Refused("prose")
        try:
            return await self._checked()
        except Refused as refused:
            if refused.reason != "syntax":
                raise
            conversation.say(f"{refused.message} Correct it with propose_edit.")
        await self._converse(conversation, "repairing")
        return await self._checked()

    async def _checked(self) -> Changes:
        self._report("checking", 0)
        return await asyncio.to_thread(self._overlay.changes)

    async def _converse(self, conversation: _Conversation, stage: Stage) -> None:
        """Until the model calls no more tools, or may not. Raises `Refused` where it does not come to an
        end."""
        told = False
        while reply := await self._reply(conversation, stage, told):
            await self._carry_out(conversation, reply.calls)
            over = self._toolbox.spent or len(reply.calls) > self._limits.calls
            if told and over:
                raise Refused("endless")
            if told:
                break
            if over or self._is_late():
                told = True
                self._toolbox.close()
                conversation.say(_LAST)
        if self._toolbox.failed:
            raise Refused("diff")

    async def _reply(self, conversation: _Conversation, stage: Stage, told: bool) -> Reply | None:
        """A reply with calls; None for one without, which is the end."""
        reply = await self._ask(conversation.request(offered(only_writing=told)), stage, self._limits.reply)
        if reply.finish != "stop":
            raise Refused("truncated")
        if sum(len(call.arguments) for call in reply.calls[: self._limits.calls]) > self._limits.reply:
            raise Refused("long")
        conversation.hear(reply, self._limits.calls)
        return reply if reply.calls else None

    async def _carry_out(self, conversation: _Conversation, calls: Sequence[ToolCall]) -> None:
        self._rounds += 1
        self._report("reading", 0)
        for call in calls[: self._limits.calls]:
            conversation.answer(await self._toolbox.answer(call))

    def _is_late(self) -> bool:
        late = self._clock() - self._started > self._limits.seconds
        return late or self._rounds >= self._limits.rounds

    def _remarks(self, unchecked: tuple[str, ...]) -> Iterator[str]:
        if unchecked:
            yield f"The syntax was not checked of {_listed(unchecked)}."
        if denied := self._toolbox.denied:
            yield f"The model also wanted to change what it may not, or what is not there: {_listed(denied)}."

    async def _left(self, name: str) -> list[str]:
        """Where a name still stands as before, and where nobody could look."""
        found = await self._symbols.find(name)
        left = [
            f"{self._tree.name(place.path)}:{place.line + 1}"
            for place in sorted(found.places, key=lambda place: (place.path, place.line))
            if (place.role == "reference" or place.path in found.unparsed)
            and self._overlay.is_untouched(place.path, place.text)
        ]
        hidden = [self._tree.name(path) for path in found.hidden]
        told = {
            f"{name} still stands as before in {_listed(left)}: look whether that is another thing.": left,
            f"{name} also stands in files that are kept from the model: {_listed(hidden)}.": hidden,
            f"Not every file was searched for {name}.": not found.whole,
        }
        return [note for note, holds in told.items() if holds]


class _Conversation:
    """A request that grows by what the model says and by what its calls bring."""

    def __init__(self, request: ChatRequest) -> None:
        self._request = request
        self._messages = list(request.messages)
        self._open: list[str] = []
        self._called = 0

    def request(self, tools: tuple[Tool, ...]) -> ChatRequest:
        return replace(self._request, messages=tuple(self._messages), tools=tools)

    def hear(self, reply: Reply, most: int) -> None:
        """Note a reply with so many of its calls. They get ids of ours: hosts give none, or one twice."""
        calls = tuple(map(self._noted, reply.calls[:most]))
        self._open = [call.id for call in calls]
        text = reply.text if reply.text.strip() or calls else "Done."
        self._messages.append(Message("assistant", redact(text), calls))

    def answer(self, text: str) -> None:
        """Answer the first call that is open."""
        self._messages.append(Message("tool", redact(text), call_id=self._open.pop(0)))

    def say(self, text: str) -> None:
        """Tell the model something; behind a tool's answer it is a part of it, since not every host takes a
        user's message there."""
        last = self._messages[-1]
        if last.role == "tool":
            self._messages[-1] = replace(last, text=redact(f"{last.text}\n\n{text}"))
        else:
            self._messages.append(Message("user", redact(text)))

    def _noted(self, call: ToolCall) -> ToolCall:
        """A call as every host takes it back."""
        self._called += 1
        name = re.sub(r"[^A-Za-z0-9_-]", "_", call.name[:_LONGEST_NAME]) or "unknown"
        return ToolCall(f"{self._called:09d}", name, call.arguments if _is_object(call.arguments) else "{}")


def _is_object(text: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(text), dict)
    except (msgspec.MsgspecError, UnicodeEncodeError, RecursionError):
        return False


def _listed(names: Iterable[str]) -> str:
    """The first of some names, and how many there are beside them."""
    known = list(dict.fromkeys(names))
    rest = f" and {len(known) - _MOST_NAMED} more" if len(known) > _MOST_NAMED else ""
    return f"{', '.join(known[:_MOST_NAMED])}{rest}"
