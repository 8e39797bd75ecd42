"""The hole as a question to a chat model, for servers that have nothing better."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from codestral_ls.core.dialect import has_control, without_control
from codestral_ls.core.model import ChatRequest, Message
from codestral_ls.core.privacy import redact

if TYPE_CHECKING:
    from codestral_ls.core.model import FimRequest

CURSOR: Final = "<CURSOR>"
"""Where the hole is. A reply ends before it: what follows would be the text behind the hole."""

_SYSTEM = (
    "You complete code in an editor. The user's message is a part of a file, with {cursor} where text is to"
    " be inserted. Answer with the inserted text alone: it begins right at {cursor}, in the middle of a line"
    " or a word if need be. No explanation, no code fence, nothing of what stands before or behind {cursor}."
)
_OTHER_FILE = "Another file of the project, {path}:\n\n{text}\n\n"

# A fence, its language and a repeated line have to be paid for as well.
_WRAPPING_TOKENS = 32


def question(request: FimRequest) -> ChatRequest | None:
    """What is asked. None where what was typed holds what a server could take for a control token.

    It names no stops: the line end after a fence is none. They are for what is taken out of the reply.
    """
    texts = without_control(request.prefix, request.typed, request.suffix, None)
    if texts is None:
        return None
    prefix, typed, suffix = texts
    files = (
        _OTHER_FILE.format(path=part.path, text=part.text)
        for part in request.snippets
        if not has_control(f"{part.path}\n{part.text}", None)
    )
    return ChatRequest(
        messages=(
            Message("system", redact("".join((_SYSTEM.format(cursor=CURSOR), "\n\n", *files)).rstrip())),
            Message("user", redact(f"{prefix}{typed}{CURSOR}{suffix}")),
        ),
        max_tokens=request.max_tokens + _WRAPPING_TOKENS,
        temperature=request.temperature,
        cache_key=request.cache_key,
    )
