"""A conversation for llama.cpp's server in which the name of a control token is text.

`/v1/chat/completions` looks for control tokens in the whole prompt: code that quotes one would end its own
message, and what follows could speak for somebody else. So where a message holds such a name, the server is
asked for the prompt that its template makes, and given that as tokens.
"""

from __future__ import annotations

import re
from secrets import token_hex
from typing import TYPE_CHECKING, Any

import msgspec

from codestral_ls.core.dialect import has_control
from codestral_ls.core.model import BadReply, BadRequest
from codestral_ls.core.template import Piece
from codestral_ls.providers.chat import ChatFields, chat_body
from codestral_ls.providers.decoding import decode
from codestral_ls.providers.llama_completion import FIELDS

if TYPE_CHECKING:
    from codestral_ls.core.model import ChatRequest
    from codestral_ls.core.template import FimTemplate
    from codestral_ls.providers.http import Host
    from codestral_ls.providers.llama_tokens import Tokenizer

_CONTROL = (
    "What the model would be shown holds a control token of the model, which it would obey where it may call"
    " tools. Set another model for chat."
)


def holds_control(request: ChatRequest, template: FimTemplate | None) -> bool:
    """Whether the server could take a part of what was said for a control token."""
    return any(has_control(text, template) for text in request.texts)


async def completion_fields(
    request: ChatRequest, template: FimTemplate | None, host: Host, tokenizer: Tokenizer
) -> dict[str, Any]:
    """The body by which `/completion` goes on with the conversation. Raises a `ModelError`: `BadRequest`
    where functions may be called, since only the other route reads calls out of the reply."""
    if request.tools or any(message.calls for message in request.messages):
        raise BadRequest(_CONTROL)
    texts: dict[str, str] = {}
    messages = chat_body("", request, ChatFields())["messages"]
    for message in messages:
        if has_control(message["content"], template):
            name = token_hex(16)
            texts[name], message["content"] = message["content"], name
    answer = await host.post("/apply-template", {"messages": messages}, request.texts)
    fields = {
        "prompt": await tokenizer.tokens(_pieces(_prompt(answer, host.name), texts)),
        "n_predict": request.max_tokens,
        "temperature": request.temperature,
        "stop": list(request.stop),
        "cache_prompt": True,
        "stream": True,
        "response_fields": FIELDS,
    }
    return fields | ({"json_schema": request.schema} if request.schema else {})


def _prompt(answer: bytes, host: str) -> str:
    try:
        return decode(answer, _Templated).prompt
    except msgspec.MsgspecError:
        raise BadReply(f"{host} did not say how its model is talked to. Check base_url.") from None


def _pieces(prompt: str, texts: dict[str, str]) -> tuple[Piece, ...]:
    """The prompt with each text in the place of its name."""
    parts = re.split(f"({'|'.join(texts)})", prompt)
    return tuple(
        Piece(texts[part], bare=True) if part in texts else Piece(part, marker=True) for part in parts if part
    )


class _Templated(msgspec.Struct):
    prompt: str
