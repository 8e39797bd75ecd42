"""How a hole is put to a server of OpenAI's protocol, and what of its reply is shown.

That a server answers proves nothing: llama.cpp's, for one, takes a `suffix` and does not look at it. So our
own template where the model's family is known, `suffix` where host and model are on a short list, and else a
question to the chat model, which is the worst of the three and said to be.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, Literal

from codestral_ls.core.dialect import PREFIX_ONLY, raw_prompt
from codestral_ls.core.model import BadRequest, Chunk
from codestral_ls.providers.stops import StopFilter

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from codestral_ls.core.config import Fim
    from codestral_ls.core.model import FimRequest
    from codestral_ls.core.template import FimTemplate
    from codestral_ls.core.unwrap import Unwrapping

Way = Literal["template", "suffix", "chat"]

CONTROL: Final = "What was typed holds a control token of the model. Completions return on another line."

# By DeepSeek's guide to its FIM beta and by OpenAI's own SDK. An empty model is any.
_TAKE_SUFFIX: Final = (
    ("api.deepseek.com", ""),
    ("api.openai.com", "gpt-3.5-turbo-instruct"),
)

_EMPTY_SUFFIX = "\n"
_MOST_STOPS = 4


def way_of(host: str, model: str, fim: Fim, template: FimTemplate | None) -> Way:
    """How holes are put to a model: as set, else by what is known to work."""
    if fim in ("template", "suffix", "chat"):
        return fim
    if any(host == known and named in ("", model) for known, named in _TAKE_SUFFIX):
        return "suffix"
    return "template" if template else "chat"


def stops_of(request: FimRequest, template: FimTemplate | None, more: tuple[str, ...]) -> tuple[str, ...]:
    """What ends a reply, the likeliest first: of some servers only the first four may be asked."""
    return tuple(dict.fromkeys((*request.stop, *more, *(template.stops if template else ()))))


def body_of(
    way: Way, model: str, request: FimRequest, template: FimTemplate | None, stops: tuple[str, ...]
) -> dict[str, Any]:
    """What is sent to `/completions`. Raises `BadRequest` where what was typed cannot be sent.

    A `suffix` of null or nothing is refused by servers that know none, and stays away.
    """
    body: dict[str, Any] = {
        "model": model,
        **(_suffixed(request) if way == "suffix" else _templated(request, template)),
        "temperature": request.temperature,
        # Ollama's default here is 1.0, vLLM's is the model's own.
        "top_p": 1.0,
        "max_tokens": request.max_tokens,
        "stream": True,
        "stream_options": {"include_usage": True},
    }
    if stops:
        body["stop"] = list(stops[:_MOST_STOPS])
    if request.seed is not None:
        body["seed"] = request.seed
    return body


async def shown(
    chunks: AsyncGenerator[Chunk, None], stops: tuple[str, ...], unwrapping: Unwrapping | None = None
) -> AsyncGenerator[Chunk, None]:
    """What is shown of a reply: the text up to the first stop, out of its wrapping where it has one. At a
    stop the reply is closed."""
    cut = StopFilter(stops)
    async with aclosing(chunks):
        async for chunk in chunks:
            text = unwrapping.feed(chunk.text) if unwrapping else chunk.text
            if chunk.finish and unwrapping:
                text += unwrapping.rest()
            text = cut.feed(text)
            if cut.met:
                yield Chunk(text, "stop", chunk.usage)
                return
            if chunk.finish:
                text += cut.rest()
            if text or chunk.finish:
                yield replace(chunk, text=text)


def _suffixed(request: FimRequest) -> Mapping[str, Any]:
    pieces = PREFIX_ONLY.render(
        request.prefix + request.typed, "", snippets=request.snippets, path=request.path or ""
    )
    return {"prompt": "".join(piece.text for piece in pieces), "suffix": request.suffix or _EMPTY_SUFFIX}


def _templated(request: FimRequest, template: FimTemplate | None) -> Mapping[str, Any]:
    prompt = raw_prompt(request, template)
    if prompt is None:
        raise BadRequest(CONTROL)
    # vLLM takes control tokens out of the text before it looks for stops, which then never come.
    return {"prompt": prompt, **({"skip_special_tokens": False} if template else {})}
