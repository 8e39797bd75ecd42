"""`/v1/chat/completions`, for every host that speaks it: a `ChatRequest` as the body of one.

Fields are those of OpenAI's API reference and, for `prefix`, of Mistral's OpenAPI description.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from codestral_ls.core.model import ChatRequest, Chunk, Message, Tool
    from codestral_ls.providers.route import Route


@dataclass(frozen=True, slots=True)
class ChatFields:
    """Which fields a host has beyond those that all have, and what goes into every body.

    `cache_key` is its name for one, empty where it has none; it takes at most `most_stops` stops. `prefix`:
    the last message may be marked as the beginning of the reply.
    """

    cache_key: str = ""
    prediction: bool = False
    prefix: bool = False
    most_stops: int = 4
    fixed: Mapping[str, Any] = field(default_factory=dict)


def chat(route: Route, model: str, request: ChatRequest, fields: ChatFields) -> AsyncGenerator[Chunk, None]:
    """Continue the conversation. The generator raises a `ModelError`.

    Where the last message is the beginning of the reply, what is yielded is the rest of it.
    """
    told = route.chunks(chat_body(model, request, fields), request.texts)
    last = request.messages[-1] if request.messages else None
    return _rest(told, last.text) if last and last.role == "assistant" else told


def chat_body(model: str, request: ChatRequest, fields: ChatFields) -> dict[str, Any]:
    """What is sent. A field without content is left out: strict hosts refuse empty lists and nulls."""
    body = {
        "model": model,
        "messages": _messages(request, fields),
        "temperature": request.temperature,
        "max_tokens": request.max_tokens,
        "stream": True,
        **fields.fixed,
    }
    wanted = {
        "stop": list(request.stop[: fields.most_stops]),
        "tools": [_tool(tool) for tool in request.tools],
        "response_format": _format(request.schema),
        "prediction": {"type": "content", "content": request.prediction}
        if request.prediction and fields.prediction
        else None,
        fields.cache_key: request.cache_key,
    }
    return body | {name: value for name, value in wanted.items() if name and value}


async def _rest(chunks: AsyncGenerator[Chunk, None], begun: str) -> AsyncGenerator[Chunk, None]:
    """Without the beginning that was given, which Mistral repeats and others do not."""
    held, decided = "", False
    async with aclosing(chunks):
        async for chunk in chunks:
            held = chunk.text if decided else held + chunk.text
            if not decided and not chunk.finish and begun.startswith(held):
                continue
            yield chunk if decided else replace(chunk, text=held.removeprefix(begun))
            decided = True


def _messages(request: ChatRequest, fields: ChatFields) -> list[dict[str, Any]]:
    messages = [_message(message) for message in request.messages]
    if fields.prefix and messages and messages[-1]["role"] == "assistant":
        messages[-1]["prefix"] = True
    return messages


def _message(message: Message) -> dict[str, Any]:
    plain: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.calls:
        plain["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": call.arguments},
            }
            for call in message.calls
        ]
    if message.call_id:
        plain["tool_call_id"] = message.call_id
    return plain


def _tool(tool: Tool) -> dict[str, Any]:
    about = {"name": tool.name, "description": tool.description, "parameters": tool.parameters}
    return {"type": "function", "function": about}


def _format(schema: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if schema is None:
        return None
    return {"type": "json_schema", "json_schema": {"name": "reply", "schema": schema, "strict": True}}
