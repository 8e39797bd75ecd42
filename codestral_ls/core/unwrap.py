"""The code in a chat model's answer, which was told to answer with nothing else and seldom does.

All of this is for replies that are still coming: what is taken from the beginning of a reply is always the
beginning of what is taken from the whole of it.
"""

from __future__ import annotations

import re

_THINK, _THOUGHT = "<think>", "</think>"
_FENCES = ("```", "~~~")
_FENCE = re.compile(r"`{3,}|~{3,}")

_OPENERS = (
    "Absolutely",
    "Based",
    "Below",
    "Certainly",
    "Here",
    "I",
    "It",
    "Of course",
    "Okay",
    "Sorry",
    "Sure",
    "The",
    "This",
    "To",
    "You",
)
_PROSE = re.compile(rf"(?:{'|'.join(_OPENERS)})\b")
_APOLOGY = re.compile(r"(?:I'm |I am )?[Ss]orry\b|I (?:can't|cannot|am unable|don't)\b")
_WORD_AT_END = re.compile(r"\w{2,}\Z")


def unwrap(reply: str, typed: str = "", *, done: bool = True) -> str:
    """The code in `reply`, as much of it as is certain while the reply is not `done`.

    Thoughts, a fence with what stands around it, and prose before code are left out; so is the beginning of
    the cursor's line, `typed`, which many repeat.
    """
    return _after_typed(_unfenced(_after_thoughts(reply, done), done), typed, done)


class Unwrapping:
    """`unwrap` for a reply that comes in pieces."""

    def __init__(self, typed: str) -> None:
        self._typed = typed
        self._reply = ""
        self._shown = 0

    def feed(self, piece: str) -> str:
        """What may be shown of the code so far and was not yet."""
        self._reply += piece
        return self._new(done=False)

    def rest(self) -> str:
        """What was held back, when nothing follows any more."""
        return self._new(done=True)

    def _new(self, *, done: bool) -> str:
        code = unwrap(self._reply, self._typed, done=done)[self._shown :]
        self._shown += len(code)
        return code


def _after_thoughts(reply: str, done: bool) -> str:
    text = reply.lstrip()
    if text.startswith(_THINK):
        return text.partition(_THOUGHT)[2].lstrip("\n")
    return "" if not done and _THINK.startswith(text) else reply


def _unfenced(text: str, done: bool) -> str:
    body = text.lstrip()
    if body.startswith(_FENCES):
        return _block(body, done)
    if not done and any(start.startswith(body) for start in (*_FENCES, *_OPENERS)):
        return ""
    return _after_prose(body, done) if _PROSE.match(body) else text


def _after_prose(body: str, done: bool) -> str:
    """The code behind a sentence. It may be a comment's text as well: that shows when no fence has come."""
    if fence := re.search(r"^[ \t]*(?=```|~~~)", body, re.MULTILINE):
        return _block(body[fence.end() :], done)
    if not done or _APOLOGY.match(body):
        return ""
    first, _, rest = body.partition("\n")
    return rest.lstrip("\n") if first.rstrip().endswith(":") else body


def _block(body: str, done: bool) -> str:
    """The inside of the block that begins with its fence."""
    fence = _FENCE.match(body)
    assert fence
    first, newline, rest = body[fence.end() :].partition("\n")
    if not newline and not done:
        return ""
    if fence[0] in first:
        return first.partition(fence[0])[0]
    mark = f"{fence[0][0]}{{{len(fence[0])},}}"
    if closed := re.search(rf"^[ \t]*{mark}[ \t]*{'$' if done else chr(10)}", rest, re.MULTILINE):
        rest = rest[: closed.start()]
    elif not done:
        # The last line may become the closing fence, which takes the line end before it along.
        rest = rest[: _tail(rest, fence[0][0])]
    return rest.removesuffix("\n")


def _tail(text: str, mark: str) -> int:
    """Where that begins which may be a part of the closing fence."""
    line = text.rfind("\n") + 1
    return max(line - 1, 0) if not text[line:].strip(f" \t{mark}") else len(text)


def _after_typed(code: str, typed: str, done: bool) -> str:
    word = _WORD_AT_END.search(typed)
    heads = (typed, typed.lstrip(), word[0] if word else "")
    for head in filter(None, heads):
        if code.startswith(head):
            return code[len(head) :]
        if not done and head.startswith(code):
            return ""
    return code
