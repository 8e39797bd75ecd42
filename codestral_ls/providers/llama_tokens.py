"""Prompts as tokens, cut by the vocabulary of a llama.cpp server, and requests cut to its context."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from codestral_ls.core.model import BadReply
from codestral_ls.core.prompt import Budget, fitted
from codestral_ls.providers.decoding import decode

if TYPE_CHECKING:
    from codestral_ls.core.model import BadRequest, FimRequest
    from codestral_ls.core.template import Piece
    from codestral_ls.providers.http import Host

_OVERFLOW = re.compile(r"\((\d+) tokens\) exceeds the available context size \((\d+) tokens\)")

# Lines stay whole and tokens differ in length: what is cut by a share is cut a little shorter.
_SPARE_SHARE = 0.9


@dataclass(eq=False)
class Tokenizer:
    """A server's vocabulary. The tokens of the last prompt's pieces are kept: most of the next are those."""

    host: Host
    _known: dict[tuple[Piece, bool], list[int]] = field(default_factory=dict)

    async def tokens(self, pieces: tuple[Piece, ...]) -> list[int]:
        """A prompt as tokens, in which only markers are control tokens. Raises a `ModelError`."""
        known, found = self._known, {}
        for place, piece in enumerate(pieces):
            key = piece, place == 0
            found[key] = known.get(key) or await self._piece(piece, first=place == 0)
        self._known = found
        return [token for place, piece in enumerate(pieces) for token in found[piece, place == 0]]

    async def _piece(self, piece: Piece, *, first: bool) -> list[int]:
        if not piece.bare:
            return await self._cut(piece.text, special=piece.marker, first=first)
        # As SentencePiece's authors do it: cut with something before it that joins with no text, and then
        # without. Where a line end does join, the vocabulary is none that puts blanks before texts.
        head = await self._cut("\n")
        tokens = await self._cut("\n" + piece.text)
        if tokens[: len(head)] == head:
            return tokens[len(head) :]
        return await self._cut(piece.text)

    async def _cut(self, text: str, *, special: bool = False, first: bool = False) -> list[int]:
        body = {"content": text, "add_special": first, "parse_special": special}
        answer = await self.host.post("/tokenize", body, (text,))
        try:
            return decode(answer, _Tokens).tokens
        except msgspec.MsgspecError:
            raise BadReply(f"{self.host.name} gave no tokens for a text. Check base_url.") from None


def overflow(error: BadRequest) -> float | None:
    """By what share a prompt must shrink that the server found too long for its context; None if that is not
    what it complains of."""
    found = _OVERFLOW.search(error.message)
    return int(found[2]) / int(found[1]) if found else None


def shrunk(request: FimRequest, share: float) -> FimRequest:
    """The request with so much of its text, that which is nearest to the hole. Other files go first."""
    others = sum(len(snippet.text) for snippet in request.snippets)
    before, behind = len(request.prefix) + len(request.typed), len(request.suffix)
    room = int((others + before + behind) * share * _SPARE_SHARE)
    suffix = min(behind, room // 4)
    return fitted(request, Budget(prefix=room - suffix, suffix=suffix))


class _Tokens(msgspec.Struct):
    tokens: list[int]
