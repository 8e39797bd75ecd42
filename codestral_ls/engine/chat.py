"""Conversations with the chat model about code: several at once, each answered as it is written."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING
from urllib.parse import unquote
from uuid import uuid4

from codestral_ls.core.answer import code_blocks
from codestral_ls.core.attachment import Excerpt, Topic, attachments
from codestral_ls.core.conversation import Conversation, Room, Turn, ask_answer
from codestral_ls.core.model import BadRequest
from codestral_ls.core.privacy import redact
from codestral_ls.engine.proposal import Bill
from codestral_ls.engine.question import Answer, Summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from codestral_ls.core.attachment import Attachment
    from codestral_ls.core.model import Finish
    from codestral_ls.core.text import Document, Span
    from codestral_ls.engine.models import ChatModels
    from codestral_ls.engine.question import Question
    from codestral_ls.engine.transcripts import Transcripts
    from codestral_ls.engine.workspace import Workspace

MOST_CONVERSATIONS = 50
"""So many are remembered; the one that rested longest goes first."""

MOST_CHARACTERS = 1_000_000
"""A longer conversation loses its oldest turns."""

MOST_OPEN = 8
"""So many of the documents that are open beside are shown, those that were opened last."""

LONGEST_QUESTION = 200_000

_ENDS: Mapping[Finish | None, tuple[str, ...]] = {
    "length": ("The answer is as long as the model may write at once: ask it to go on.",),
    "error": ("The answer was cut off before its end: ask again.",),
    None: ("The answer was cut off before its end: ask again.",),
}

_STOPPED = "The answer was stopped before its end."

_UNKNOWN = "There is no such conversation: begin a new one."


class Chat:
    """`language` is that of the answers, empty for the question's own; with `saves`, conversations are kept
    on disk."""

    def __init__(self, models: ChatModels, workspace: Workspace, transcripts: Transcripts) -> None:
        self.language = ""
        self.saves = False
        self._models = models
        self._workspace = workspace
        self._transcripts = transcripts
        self._talks: dict[str, _Talk] = {}

    def begin(self) -> str:
        """A new conversation."""
        talk = _Talk(Conversation(uuid4().hex))
        self._keep(talk)
        return talk.conversation.id

    async def ask(
        self,
        question: Question,
        conversation: str,
        hear: Callable[[str], None] = lambda _: None,
        stopped: Callable[[Answer], None] = lambda _: None,
    ) -> Answer:
        """The answer, every piece of which `hear` is told as it comes.

        Questions of one conversation are answered one after the other. Cancelling ends the request at once;
        what had come by then is a part of the conversation, and `stopped` is told it, with what it was asked
        with and what it took. Raises a `ModelError`.
        """
        if not question.text.strip():
            raise BadRequest("There is no question.")
        if len(question.text) > LONGEST_QUESTION:
            raise BadRequest(f"A question may have at most {LONGEST_QUESTION:,} characters.")
        talk = await self._talk(conversation)
        async with talk.lock:
            return await self._answer(talk, question, _Heard(hear), stopped)

    async def find(self, conversation: str, turn: str = "") -> tuple[Turn, tuple[Attachment, ...]]:
        """A turn of a conversation, the last where none is named, and all that was shown with it. Raises
        `BadRequest`."""
        found = (await self._talk(conversation)).conversation
        for each in reversed(found.turns):
            if turn in ("", each.id):
                return each, (*each.attached, *found.pinned)
        raise BadRequest(_UNKNOWN)

    async def conversations(self) -> list[Summary]:
        """Every conversation that can be gone on with, the newest first."""
        known = {talk.conversation.id: talk.conversation for talk in reversed(self._talks.values())}
        saved = await asyncio.to_thread(self._transcripts.all)
        for conversation in saved:
            known.setdefault(conversation.id, conversation)
        return [Summary(each.id, each.title, len(each.turns)) for each in known.values() if each.turns]

    async def turns(self, conversation: str) -> tuple[Turn, ...]:
        """What was said in a conversation, as far as it is still known. Raises `BadRequest`."""
        return (await self._talk(conversation)).conversation.turns

    async def end(self, conversation: str) -> bool:
        """Forget a conversation, on disk as well. Returns whether there was one. Raises `BadRequest`."""
        known = self._talks.pop(conversation, None)
        try:
            return await asyncio.to_thread(self._transcripts.forget, conversation) or known is not None
        except OSError as error:
            raise BadRequest(f"The conversation cannot be deleted: {error.strerror}.") from None

    async def _talk(self, conversation: str) -> _Talk:
        if conversation not in self._talks:
            saved = await asyncio.to_thread(self._transcripts.load, conversation)
            if saved is None:
                raise BadRequest(_UNKNOWN)
            # Another question may have been faster.
            if conversation not in self._talks:
                self._keep(_Talk(saved))
        talk = self._talks[conversation]
        self._keep(talk)
        return talk

    def _keep(self, talk: _Talk) -> None:
        """As the one that was asked last; others that rest are forgotten."""
        key = talk.conversation.id
        self._talks.pop(key, None)
        resting = [other for other, each in self._talks.items() if not each.lock.locked()]
        for other in resting[: max(len(self._talks) + 1 - MOST_CONVERSATIONS, 0)]:
            del self._talks[other]
        self._talks[key] = talk

    async def _answer(
        self, talk: _Talk, question: Question, heard: _Heard, stopped: Callable[[Answer], None]
    ) -> Answer:
        talker = await self._models.talker("quick", question.size)
        room = Room.of(talker.profile, talker.scale)
        topic, left_out = self._topic(question)
        attached = attachments(topic, room.for_attachments)
        turn, conversation = _begun(talk.conversation, question, attached)
        answer = partial(heard.answer, conversation, turn, tuple(each.title for each in attached))
        try:
            reply = await talker.ask(
                ask_answer(conversation, turn, self.language, room),
                task="chat",
                uri=question.mentions[0].document.uri if question.mentions else "",
                on_text=heard.take,
                on_bill=heard.pay,
            )
        except asyncio.CancelledError:
            stopped(answer((*left_out, _STOPPED)))
            raise
        finally:
            if heard.text:
                talk.conversation = conversation.then(replace(turn, answer=heard.text), MOST_CHARACTERS)
        return answer((*left_out, *_ENDS.get(reply.finish, ()), *await self._save(talk)))

    def _topic(self, question: Question) -> tuple[Topic, tuple[str, ...]]:
        """What may be shown, and sentences about what may not."""
        mentioned = [(each.document, each.extent) for each in question.mentions]
        uris = {document.uri for document, _ in mentioned}
        others = [each for each in reversed(self._workspace.documents) if each.uri not in uris]
        excerpts, refused = self._allowed(mentioned)
        others = others[:MOST_OPEN] if question.open else []
        beside, _ = self._allowed((each, None) for each in others)
        # Diagnostics are of the first document, and quote it.
        first = excerpts and excerpts[0].document is question.mentions[0].document
        diagnostics = question.diagnostics if first else ()
        return Topic(excerpts, diagnostics, question.texts, beside), refused

    def _allowed(
        self, documents: Iterable[tuple[Document, Span | None]]
    ) -> tuple[tuple[Excerpt, ...], tuple[str, ...]]:
        excerpts, refused = [], []
        for document, extent in documents:
            if why := self._workspace.why_refused(document):
                name = document.uri.rpartition("/")[2]
                refused.append(f"{unquote(name)} was not shown to the model, because {why}.")
            else:
                excerpts.append(Excerpt(document, self._workspace.shown_path(document.uri), extent))
        return tuple(excerpts), tuple(refused)

    async def _save(self, talk: _Talk) -> tuple[str, ...]:
        """Keep it on disk, if the user wants that and has not ended it meanwhile. Returns what went wrong."""
        conversation = talk.conversation
        if not self.saves or self._talks.get(conversation.id) is not talk:
            return ()
        try:
            await asyncio.to_thread(self._transcripts.save, conversation)
        except OSError as error:
            return (f"The conversation was not saved: {error.strerror}.",)
        return ()


class _Talk:
    """A conversation, and the one question at a time that it is asked."""

    def __init__(self, conversation: Conversation) -> None:
        self.conversation = conversation
        self.lock = asyncio.Lock()


class _Heard:
    """The pieces of an answer so far, and what was taken for it."""

    def __init__(self, hear: Callable[[str], None]) -> None:
        self._hear = hear
        self._pieces: list[str] = []
        self._bill = Bill()

    @property
    def text(self) -> str:
        return "".join(self._pieces)

    def take(self, piece: str) -> None:
        self._pieces.append(piece)
        self._hear(piece)

    def pay(self, bill: Bill) -> None:
        self._bill = bill

    def answer(
        self, conversation: Conversation, turn: Turn, context: tuple[str, ...], notes: tuple[str, ...]
    ) -> Answer:
        text = self.text
        return Answer(conversation.id, turn.id, text, code_blocks(text), context, notes, self._bill)


def _begun(
    conversation: Conversation, question: Question, attached: tuple[Attachment, ...]
) -> tuple[Turn, Conversation]:
    turn = Turn(uuid4().hex, redact(question.text))
    if not question.pinned:
        return replace(turn, attached=attached), conversation
    fresh = tuple(each for each in attached if each not in conversation.pinned)
    return turn, replace(conversation, pinned=(*conversation.pinned, *fresh))
