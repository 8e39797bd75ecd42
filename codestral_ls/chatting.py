"""Conversations over LSP: requests beside the protocol's own, and commands for editors that only have those.

codestral/chat         asks; the answer comes whole, and before that as `$/progress` on `partialResultToken`,
                       whose last value for an answer that is stopped has all about it, as `stopped`
codestral/chat/apply   makes a workspace edit of a block of code in an answer
codestral/chat/list    tells the conversations that can be gone on with
codestral/chat/show    tells what was said in one
codestral/chat/end     forgets one

Each is also a command, with the same object as its one argument: `codestral.chat`, `codestral.chat.apply` and
so on. The command to apply has the editor apply the edit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from lsprotocol import types

from codestral_ls.code_actions import understood
from codestral_ls.convert import span
from codestral_ls.engine.chat_edit import propose_block
from codestral_ls.engine.proposal import stage_text
from codestral_ls.engine.question import Mention, Question, turn_facts
from codestral_ls.protocol import Refused
from codestral_ls.refactoring import loudly
from codestral_ls.workspace_edit import workspace_edit

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from codestral_ls.core.text import Document
    from codestral_ls.engine.proposal import Proposal
    from codestral_ls.engine.question import Answer
    from codestral_ls.language_server import Server

    Feature = Callable[[Server, Any], Awaitable[Any]]

_T = TypeVar("_T")

_MALFORMED = "The parameters are not those of a conversation: see the documentation of codestral/chat."
_NOT_OPEN = "The file is not open in the editor."
_NO_NEW_FILES = "This editor does not create files for a language server: save the block as {path} yourself."


@dataclass(frozen=True, slots=True)
class Context:
    """What a question is about: a document, and what is selected in it, with `diagnostics` there.

    With `open`, the model is shown the other open documents, too; with `pin`, all of this for the rest of the
    conversation.
    """

    uri: str = ""
    range: types.Range | None = None
    diagnostics: list[types.Diagnostic] = field(default_factory=list)
    open: bool = False
    pin: bool = False


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, in a new conversation where none is named. The tokens are LSP's."""

    message: str
    conversation: str = ""
    context: Context = Context()
    partialResultToken: Any = None
    workDoneToken: Any = None


@dataclass(frozen=True, slots=True)
class Applied:
    """A block of an answer, counted from 0; without `turn` of the last one.

    With `uri` it goes into that document, with `range` as well to those lines of it, or before the line of an
    empty range.
    """

    conversation: str
    block: int = 0
    turn: str = ""
    uri: str = ""
    range: types.Range | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A conversation that there is."""

    conversation: str


async def chat(ls: Server, params: object) -> dict[str, Any]:
    asked = _read(ls, params, Asked)
    with loudly(ls), ls.editor.work("Codestral", _token(asked.workDoneToken)) as say:
        conversation = asked.conversation or ls.app.chat.begin()
        listener = _Listener(ls, _token(asked.partialResultToken), conversation, say)
        say(stage_text("asking", 0))
        answer = await ls.app.chat.ask(_question(ls, asked), conversation, listener.hear, listener.stopped)
        return answer.facts


async def propose(ls: Server, params: object) -> dict[str, Any]:
    """The edit for a block of an answer, and what the user should know of it."""
    with loudly(ls):
        proposal = await _proposal(ls, _read(ls, params, Applied))
    edit = workspace_edit(proposal, ls.encoding, ls.abilities)
    return {"title": proposal.title, "edit": edit, "notes": list(proposal.notes)}


async def apply(ls: Server, params: object) -> None:
    """The same, applied by the editor."""
    with loudly(ls):
        proposal = await _proposal(ls, _read(ls, params, Applied))
        await ls.editor.apply(workspace_edit(proposal, ls.encoding, ls.abilities), proposal.title)
    if text := proposal.remarks:
        ls.editor.inform(text)


async def conversations(ls: Server, params: object) -> list[dict[str, Any]]:
    return [msgspec.to_builtins(summary) for summary in await ls.app.chat.conversations()]


async def show(ls: Server, params: object) -> list[dict[str, Any]]:
    with loudly(ls):
        turns = await ls.app.chat.turns(_read(ls, params, Known).conversation)
    return [turn_facts(turn) for turn in turns]


async def end(ls: Server, params: object) -> bool:
    with loudly(ls):
        return await ls.app.chat.end(_read(ls, params, Known).conversation)


FEATURES: Mapping[str, Feature] = {
    "codestral/chat": chat,
    "codestral/chat/apply": propose,
    "codestral/chat/list": conversations,
    "codestral/chat/show": show,
    "codestral/chat/end": end,
}


def _commanded(feature: Feature) -> Feature:
    def command(ls: Server, arguments: Sequence[object]) -> Awaitable[Any]:
        return feature(ls, arguments[0] if arguments else None)

    return command


COMMANDS: Mapping[str, Feature] = {
    "codestral.chat": _commanded(chat),
    "codestral.chat.apply": _commanded(apply),
    "codestral.chat.list": _commanded(conversations),
    "codestral.chat.show": _commanded(show),
    "codestral.chat.end": _commanded(end),
}


class _Listener:
    """Passes an answer on to the editor as it comes."""

    def __init__(
        self, ls: Server, token: int | str | None, conversation: str, say: Callable[[str], None]
    ) -> None:
        self._protocol = ls.protocol
        self._token = token
        self._conversation = conversation
        self._say = say
        self._received = 0

    def hear(self, text: str) -> None:
        self._received += len(text)
        self._say(stage_text("writing", self._received))
        # Who stops the first answer goes on in the same conversation.
        self._pass({"conversation": self._conversation, "text": text})

    def stopped(self, answer: Answer) -> None:
        """What the response, which is an error, has no room for."""
        self._pass({"conversation": self._conversation, "text": "", "stopped": answer.facts})

    def _pass(self, value: dict[str, object]) -> None:
        if self._token is not None:
            self._protocol.notify(types.PROGRESS, types.ProgressParams(self._token, value))


def _read(ls: Server, params: object, kind: type[_T]) -> _T:
    return ls.protocol.read(_without_nulls(params), kind, _MALFORMED)


def _without_nulls(value: object) -> object:
    """Null is as good as nothing."""
    if isinstance(value, dict):
        return {key: _without_nulls(each) for key, each in value.items() if each is not None}
    return value


def _token(value: object) -> int | str | None:
    return value if isinstance(value, int | str) else None


def _question(ls: Server, asked: Asked) -> Question:
    context = asked.context
    if not context.uri:
        return Question(asked.message, open=context.open, pinned=context.pin)
    document = _document(ls, context.uri)
    extent = span(document, context.range, ls.encoding) if context.range else None
    return Question(
        asked.message,
        mentions=(Mention(document, extent),),
        diagnostics=tuple(understood(document, each, ls.encoding) for each in context.diagnostics),
        open=context.open,
        pinned=context.pin,
    )


def _document(ls: Server, uri: str) -> Document:
    document = ls.app.workspace.get(uri)
    if document is None:
        raise Refused(types.ErrorCodes.InvalidParams, _NOT_OPEN)
    return document


async def _proposal(ls: Server, applied: Applied) -> Proposal:
    turn, shown = await ls.app.chat.find(applied.conversation, applied.turn)
    at = None
    if applied.uri:
        document = _document(ls, applied.uri)
        at = Mention(document, span(document, applied.range, ls.encoding) if applied.range else None)
    proposal = await propose_block(turn, applied.block, shown, ls.app.workspace, at)
    if not ls.abilities.creates and any(change.old is None for change in proposal.changes):
        path = ls.app.workspace.shown_path(proposal.changes[0].uri)
        raise Refused(types.LSPErrorCodes.RequestFailed, _NO_NEW_FILES.replace("{path}", path))
    return proposal
