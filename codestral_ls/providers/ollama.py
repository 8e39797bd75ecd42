"""A model of an Ollama server: `/api/generate` for holes, `/api/chat` for talk, both in lines of JSON.

The server has traps that it keeps silent about. It cuts a prompt that is too long out of its middle, unless
told not to (`truncate`, `shift`); takes a prompt with an empty suffix for a chat; loads a model anew when
`num_ctx` or `shift` change; and passes models of the "cloud" on to another host.
"""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

from codestral_ls.core.dialect import raw_prompt, template_for, without_control
from codestral_ls.core.model import BadRequest, Chunk, NotAllowed, Profile, Unavailable
from codestral_ls.providers.errors import human_message
from codestral_ls.providers.http import Host, drain
from codestral_ls.providers.ndjson import lines
from codestral_ls.providers.ollama_wire import (
    Facts,
    facts_from,
    lasting,
    messages,
    options,
    remote_of,
    reply_from,
    tool,
)
from codestral_ls.providers.openai_fim import CONTROL, shown, stops_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Mapping

    from codestral_ls.core.model import ChatRequest, FimRequest, ToolCall
    from codestral_ls.core.privacy import Reach
    from codestral_ls.core.template import FimTemplate

HOST: Final = "http://127.0.0.1:11434"
CONTEXT_TOKENS: Final = 8192
TIMEOUT_SECONDS: Final = 60.0
LOAD_SECONDS: Final = 600.0
"""A large model comes from a slow disk in minutes."""

_SHOW, _GENERATE, _CHAT = "/api/show", "/api/generate", "/api/chat"
_EMPTY_SUFFIX = "\n"


class Ollama:
    """One model of a server. What the server knows of it is asked before the first request.

    `template` is used in place of the server's own. `stop` are texts that end an answer, beside those of the
    model's family and file.
    """

    def __init__(
        self,
        host: Host,
        model: str,
        profile: Profile,
        *,
        template: FimTemplate | None = None,
        stop: tuple[str, ...] = (),
        context_tokens: int = CONTEXT_TOKENS,
        keep_alive: str = "30m",
    ) -> None:
        self._host = host
        self._model = model
        self._profile = profile
        self._own = template
        self._template = template or template_for(model)
        self._stop = stop
        self._context_tokens = context_tokens
        self._keep_alive = lasting(keep_alive)
        self._facts: Facts | None = None

    @property
    def profile(self) -> Profile:
        """What the model's name tells; from the first request or `warm` on, what the server says."""
        return self._profile

    async def fim(self, request: FimRequest) -> AsyncGenerator[Chunk, None]:
        """Fill the hole. Closing the generator closes the stream, which ends the generation."""
        facts = await self._known()
        prompt = self._prompt(request, inserts=facts.inserts)
        if not prompt["prompt"]:  # The server would load the model and say that it is done.
            yield Chunk("", "stop")
            return
        try:
            async with aclosing(self._filled(request, prompt, facts)) as chunks:
                async for chunk in chunks:
                    yield chunk
        except BadRequest as error:
            if "suffix" not in prompt or "insert" not in error.message:
                raise self._explained(error) from error
            self._facts = replace(facts, inserts=False)
            async with aclosing(self._filled(request, self._prompt(request, inserts=False), facts)) as chunks:
                async for chunk in chunks:
                    yield chunk

    async def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """Continue the conversation. A model is asked not to think first; if it does, that is left out."""
        facts = await self._known()
        # A request's stops replace those of the model's file.
        stops = (*request.stop, *facts.stops) if request.stop else ()
        body = {
            "messages": messages(request),
            **self._common(),
            "options": options(request, self._num_ctx, stops),
        }
        if request.tools:
            body["tools"] = [tool(declared) for declared in request.tools]
        if request.schema is not None:
            body["format"] = dict(request.schema)
        private = tuple(message.text for message in request.messages)
        async with aclosing(shown(self._answer(_CHAT, body, private), request.stop)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def warm(self) -> None:
        """Ask what the server knows of the model, and have it loaded. Raises a `ModelError`."""
        facts = await self._known()
        if facts.remote or self._keep_alive == 0:  # An empty prompt would then unload it.
            return
        patient = replace(self._host, timeout=max(LOAD_SECONDS, self._host.timeout))
        body = {**self._common(), "stream": False, "options": {"num_ctx": self._num_ctx}}
        try:
            await patient.post(_GENERATE, body)
        finally:
            await patient.aclose()

    async def aclose(self) -> None:
        await self._host.aclose()

    @property
    def _num_ctx(self) -> int:
        trained = self._facts.context if self._facts else 0
        return min(self._context_tokens, trained) if trained else self._context_tokens

    async def _known(self) -> Facts:
        if self._facts is None:
            self._check_remote(remote_of(self._model))
            try:
                answer = await self._host.post(_SHOW, {"model": self._model})
            except BadRequest as error:
                raise self._explained(error) from error
            facts = facts_from(answer, self._model)
            self._check_remote(facts.remote)
            self._facts = facts = replace(facts, inserts=facts.inserts and not self._own)
            self._profile = _informed(self._profile, facts, self._num_ctx)
        return self._facts

    def _check_remote(self, host: str) -> None:
        """A server of this machine that passes code on must not be the way around the user's rules."""
        if host and (why := self._host.reach.why_refused("https", host)):
            raise NotAllowed(f"Ollama passes {self._model} on to {host}. {why}")

    def _prompt(self, request: FimRequest, *, inserts: bool) -> dict[str, Any]:
        """The fields that hold the prompt: for the server's own template, or in ours. Raises `BadRequest`."""
        cut = without_control(request.prefix, request.typed, request.suffix, self._template)
        raw = raw_prompt(request, self._template)
        if cut is None or raw is None:
            raise BadRequest(CONTROL)
        if not inserts or (self._template and request.snippets):
            return {"prompt": raw, "raw": True}
        # Without a template, what is raw is the prefix after the other files; only the server knows the rest.
        prefix = cut[0] + cut[1] if self._template else raw
        suffix = cut[2] if self._template else cut[2] or _EMPTY_SUFFIX
        return {"prompt": prefix, "suffix": suffix} if prefix and suffix else {"prompt": raw, "raw": True}

    def _filled(
        self, request: FimRequest, prompt: Mapping[str, Any], facts: Facts
    ) -> AsyncGenerator[Chunk, None]:
        stops = stops_of(request, self._template, (*self._stop, *facts.stops))
        body = {**prompt, **self._common(), "options": options(request, self._num_ctx, stops)}
        others = (snippet.text for snippet in request.snippets)
        private = (request.prefix, request.typed, request.suffix, *others)
        return shown(self._answer(_GENERATE, body, private), stops)

    async def _answer(
        self, path: str, body: Mapping[str, Any], private: tuple[str, ...]
    ) -> AsyncGenerator[Chunk, None]:
        """The chunks of an answer, calls all on the last one."""
        calls: list[ToolCall] = []
        async with aclosing(lines(self._host, path, body, private)) as told:
            async for line in told:
                chunk = self._read(line, private)
                calls += chunk.calls
                if chunk.finish:
                    await drain(told)
                    yield replace(chunk, calls=tuple(calls))
                    return
                if chunk.text:
                    yield Chunk(chunk.text)
        raise Unavailable(f"The answer of {self._host.name} was cut off before its end. Ask again.")

    def _read(self, line: bytes, private: tuple[str, ...]) -> Chunk:
        """The chunk that a line makes. Raises a `ModelError`."""
        reply = reply_from(line)
        if reply.error is not None:
            raise self._host.broken_off(human_message(line) or "", private)
        usage = reply.chunk.usage
        if usage and usage.prompt >= self._num_ctx and not (self._facts and self._facts.remote):
            # Servers before 0.12.6 know no `truncate`: that the prompt was cut is told by its length alone.
            raise BadRequest(
                f"{self._host.name} has read only a part of the prompt, which is longer than its context of "
                f"{self._num_ctx} tokens. Set a larger completion.context_tokens."
            )
        return reply.chunk

    def _explained(self, error: BadRequest) -> BadRequest:
        if "not found" in error.message and self._model in error.message:
            return BadRequest(f"{self._host.name} has no model {self._model}. Run: ollama pull {self._model}")
        return error

    def _common(self) -> dict[str, Any]:
        return {
            "model": self._model,
            "stream": True,
            "keep_alive": self._keep_alive,
            "truncate": False,
            "shift": False,
            "think": False,
        }


def connect(
    model: str,
    reach: Reach,
    *,
    base_url: str = "",
    key: str | None = None,
    timeout: float | None = None,
    context_tokens: int | None = None,
    keep_alive: str = "30m",
    template: FimTemplate | None = None,
    stop: tuple[str, ...] = (),
) -> Ollama:
    """A model by its name at a server. Nothing is asked yet. `timeout` is seconds without a byte."""
    base_url = base_url or HOST
    family = template or template_for(model)
    host = Host(
        base_url,
        reach,
        key,
        timeout=timeout or TIMEOUT_SECONDS,
        unauthorized="Set the key that the server's proxy wants.",
    )
    context = context_tokens or CONTEXT_TOKENS
    profile = Profile(
        identity=f"ollama/{host.name}/{model}" + (f"/{template.name}" if template else ""),
        label=f"{model} at {host.name}",
        model=model,
        host=remote_of(model) or urlsplit(base_url).hostname or "",
        fills=family is not None and family.fills,
        # A server computes one text at a time unless told otherwise; the others wait in its queue.
        streams=1,
    )
    return Ollama(
        host,
        model,
        _informed(profile, Facts(), context),
        template=template,
        stop=stop,
        context_tokens=context,
        keep_alive=keep_alive,
    )


def _informed(profile: Profile, facts: Facts, num_ctx: int) -> Profile:
    """The profile with what the server says. A quarter of the context is left to what is typed and to the
    answer."""
    fills, room = profile.fills or facts.inserts, num_ctx * 3 // 4
    return replace(
        profile,
        host=facts.remote or profile.host,
        fills=fills,
        degraded="" if fills else "it does not see what follows the cursor",
        prefix_tokens=min(1500, room * 4 // 5),
        suffix_tokens=min(375, room // 5),
        window=num_ctx,
        features=frozenset(("schema",)),
    )
