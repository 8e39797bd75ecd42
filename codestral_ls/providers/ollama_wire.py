"""The wire format of Ollama's own API, by its `docs/api.md`, `api/types.go` and `server/routes.go`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import msgspec

from codestral_ls.core.model import BadReply, Chunk, Finish, ToolCall, Usage
from codestral_ls.providers.decoding import Count, decode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codestral_ls.core.model import ChatRequest, FimRequest, Message, Tool

CLOUD: Final = "ollama.com"
"""Who runs the models that a local server only passes on to."""

_FINISHES: Mapping[str, Finish] = {"length": "length"}
_NO_ANSWERS = ("load", "unload")
_NUMBER = re.compile(r"-?\d+")
_STOP = re.compile(r"^stop\s+(.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Facts:
    """What a server knows of a model. `context` is what it was trained for, 0 if that is not told.

    `inserts` tells whether the server has a template of its own for holes, `stops` are those of the model's
    file, which the ones of a request replace. `remote` is the host that runs it if the server does not.
    """

    inserts: bool = False
    context: int = 0
    stops: tuple[str, ...] = ()
    remote: str = ""


def remote_of(model: str) -> str:
    """The host that runs a model whose name says that it is not run by the server; else an empty text."""
    return CLOUD if model.lower().endswith(("-cloud", ":cloud")) else ""


def facts_from(answer: bytes, model: str) -> Facts:
    """What the answer of `/api/show` says. Raises `BadReply`."""
    try:
        show = decode(answer, _Show)
    except msgspec.MsgspecError:
        raise BadReply("The server's answer is not that of Ollama. Check base_url.") from None
    info = show.model_info or {}
    context = info.get(f"{info.get('general.architecture')}.context_length")
    # Servers before 0.6.4 tell no capabilities; they, too, look for the suffix in the template.
    inserts = ".Suffix" in show.template if show.capabilities is None else "insert" in show.capabilities
    return Facts(
        inserts=inserts,
        context=context if isinstance(context, int) else 0,
        stops=tuple(map(_unquoted, _STOP.findall(show.parameters))),
        remote=urlsplit(show.remote_host).hostname or show.remote_host or remote_of(model),
    )


def lasting(keep_alive: str) -> str | int:
    """How long a model stays loaded, as the server wants it: a bare number in a text has no unit there."""
    return int(keep_alive) if _NUMBER.fullmatch(keep_alive) else keep_alive


def options(request: FimRequest | ChatRequest, num_ctx: int, stops: tuple[str, ...]) -> dict[str, Any]:
    """The options of a request. `num_ctx` is to be the same in every one: another loads the model anew."""
    chosen: dict[str, Any] = {
        "num_ctx": num_ctx,
        "num_predict": request.max_tokens,
        "temperature": request.temperature,
    }
    if stops:
        chosen["stop"] = list(stops)
    if (seed := getattr(request, "seed", None)) is not None:
        chosen["seed"] = seed
    return chosen


def messages(request: ChatRequest) -> list[dict[str, Any]]:
    """The conversation. A result is told by its function's name, in newer releases also by the call's id."""
    names = {call.id: call.name for message in request.messages for call in message.calls}
    return [_message(message, names) for message in request.messages]


def tool(declared: Tool) -> dict[str, Any]:
    function = {
        "name": declared.name,
        "description": declared.description,
        "parameters": dict(declared.parameters),
    }
    return {"type": "function", "function": function}


@dataclass(frozen=True, slots=True)
class Reply:
    """A line of an answer: a piece of it, or, if `error` is set, why there will be none."""

    chunk: Chunk
    error: object = None


def reply_from(line: bytes) -> Reply:
    """What a line says, of `/api/generate` or `/api/chat`. Raises `BadReply`."""
    try:
        said = decode(line, _Line)
    except msgspec.MsgspecError:
        # The decoder's own words may quote the line, which is text of the user's file.
        raise BadReply("The server's answer is not that of Ollama. Check base_url.") from None
    if said.done_reason in _NO_ANSWERS:
        raise BadReply(f"Ollama took the request for one to {said.done_reason} the model. Ask again.")
    calls = tuple(call.called(number) for number, call in enumerate(said.message.tool_calls or ()))
    text = said.response or said.message.content or ""
    if not said.done:
        return Reply(Chunk(text, calls=calls), said.error)
    usage = Usage(said.prompt_eval_count, said.eval_count)
    return Reply(Chunk(text, _FINISHES.get(said.done_reason, "stop"), usage, calls=calls), said.error)


class _Show(msgspec.Struct):
    capabilities: list[str] | None = None
    model_info: dict[str, Any] | None = None
    parameters: str = ""
    template: str = ""
    remote_host: str = ""


class _Function(msgspec.Struct):
    name: str = ""
    arguments: msgspec.Raw = msgspec.Raw(b"{}")


class _Call(msgspec.Struct):
    function: _Function
    id: str = ""

    def called(self, number: int) -> ToolCall:
        return ToolCall(
            self.id or f"call_{number}", self.function.name, bytes(self.function.arguments).decode()
        )


class _Said(msgspec.Struct):
    content: str | None = None
    tool_calls: list[_Call] | None = None


class _Line(msgspec.Struct):
    response: str = ""
    message: _Said = msgspec.field(default_factory=_Said)
    done: bool = False
    done_reason: str = ""
    prompt_eval_count: Count = 0
    eval_count: Count = 0
    error: Any = None


def _message(message: Message, names: Mapping[str, str]) -> dict[str, Any]:
    said: dict[str, Any] = {"role": message.role, "content": message.text}
    if message.calls:
        said["tool_calls"] = [_call(call) for call in message.calls]
    if message.role == "tool":
        said |= {"tool_name": names.get(message.call_id, ""), "tool_call_id": message.call_id}
    return said


def _call(call: ToolCall) -> dict[str, Any]:
    try:
        arguments = msgspec.json.decode(call.arguments, type=dict[str, Any])
    except msgspec.MsgspecError:
        # The server takes an object only; another model may have written what is none.
        arguments = {"arguments": call.arguments}
    return {"id": call.id, "function": {"name": call.name, "arguments": arguments}}


def _unquoted(text: str) -> str:
    try:
        return msgspec.json.decode(text, type=str)
    except msgspec.MsgspecError:
        return text.strip().strip('"')
