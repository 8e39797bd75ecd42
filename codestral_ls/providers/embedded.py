"""A model on this machine, in a process of ours: no key, no network, and no code that leaves."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from codestral_ls.core.dialect import BLIND, template_for
from codestral_ls.core.model import BadRequest, Chunk, FimRequest, ModelError, Profile, Unavailable
from codestral_ls.core.privacy import THIS_MACHINE, redact
from codestral_ls.providers.child import CONTEXT_TOKENS, Child, check_extra, start
from codestral_ls.providers.http import Host
from codestral_ls.providers.llama_server import probe
from codestral_ls.providers.llamacpp import LlamaCpp
from codestral_ls.providers.store import path_of

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Coroutine
    from pathlib import Path

    from codestral_ls.core.model import ChatRequest
    from codestral_ls.core.template import FimTemplate

    _Ask = Callable[[LlamaCpp], AsyncGenerator[Chunk, None]]

MOST_CRASHES = 3
"""So often in a row it is started again; then something is wrong that starting does not mend."""

_TIMEOUT_SECONDS = 120.0
_DEATH_SECONDS = 0.5

# Where a prompt's token costs 4 to 15 ms and one of the answer 10 to 50, little context is the better one:
# 256 tokens before the cursor do as well as 512.
_PREFIX_ONLY = Profile(
    identity="",
    label="",
    fills=False,
    streams=1,
    prefix_tokens=256,
    suffix_tokens=0,
    max_lines=1,
    min_logprob=-2.0,
)
_FILLING = Profile(
    identity="",
    label="",
    fills=True,
    streams=1,
    prefix_tokens=256,
    suffix_tokens=64,
    max_lines=4,
    min_logprob=-1.5,
)
_WARM_UP = FimRequest(redact("def add(a, b):\n"), redact("    return a"), redact("\n"), max_tokens=1)

_BUSY = "completions wait until its answer in the chat, or its change of the code, is complete"

_Item = Chunk | ModelError | None


class Embedded:
    """The model by that name, or in the GGUF file at that path, loaded when it is first needed.

    It generates one text at a time. What a user reads is never interrupted: a talk waits for those before it,
    and a completion for all talks, as `profile.degraded` says then. A newer request, of either kind, ends a
    completion, whose stream then stops without `finish`. `template` and `stop` are the settings of those
    names. Making it raises `BadRequest` where the model is not here, llama.cpp is not, or a setting cannot
    work.
    """

    def __init__(self, model: str, *, template: str = "", stop: tuple[str, ...] = ()) -> None:
        check_extra()
        self._path = _file(model)
        self._profile = profile_of(model, template)
        self._template = template_for(self._profile.model, template)
        self._from_catalog = not model.endswith(".gguf")
        self._stop = stop
        self._child: Child | None = None
        self._loading: asyncio.Task[LlamaCpp] | None = None
        self._filling: asyncio.Task[None] | None = None
        self._talking: set[asyncio.Task[None]] = set()
        self._slot = asyncio.Lock()
        self._crashes = 0
        self._closed = False

    @property
    def profile(self) -> Profile:
        """What is known of it now. Whether a file of an unknown family fills holes is known when it is
        loaded."""
        return replace(self._profile, degraded=_BUSY) if self._talking else self._profile

    def fim(self, request: FimRequest) -> AsyncGenerator[Chunk, None]:
        """Fill the hole. Raises a `ModelError`: `Unavailable` when the process has died, once; the next
        request starts another, up to `MOST_CRASHES` times in a row."""
        return self._stream(lambda server: server.fim(request))

    def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """Continue the conversation; raises like `fim`."""
        return self._stream(lambda server: server.chat(request), talk=True)

    async def warm(self) -> None:
        """Load the model and let it say a word, so that every page of it is in memory."""
        async with aclosing(self.fim(_WARM_UP)) as chunks:
            async for _ in chunks:
                pass

    async def aclose(self) -> None:
        """End the process, within two seconds. It is not started again."""
        self._closed = True
        tasks = {task for task in (self._filling, self._loading, *self._talking) if task}
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)
        await self._discard()

    async def _stream(self, ask: _Ask, *, talk: bool = False) -> AsyncGenerator[Chunk, None]:
        items: asyncio.Queue[_Item] = asyncio.Queue()
        task = self._begin(self._generate(ask, items), talk=talk)
        # Not at the end of the task's own code, which never runs if it is cancelled before it begins.
        task.add_done_callback(lambda _: items.put_nowait(None))
        try:
            while (item := await items.get()) is not None:
                if isinstance(item, ModelError):
                    raise item
                yield item
        finally:
            task.cancel()
            await asyncio.wait((task,))

    def _begin(self, work: Coroutine[object, object, None], *, talk: bool) -> asyncio.Task[None]:
        if self._filling:
            self._filling.cancel()
        task = asyncio.create_task(work)
        if talk:
            self._talking.add(task)
            task.add_done_callback(self._talking.discard)
        else:
            self._filling = task
        return task

    async def _generate(self, ask: _Ask, items: asyncio.Queue[_Item]) -> None:
        """Put the reply's chunks, and then a `ModelError` where there is one."""
        try:
            async with self._slot:
                await self._ask(ask, items)
        except ModelError as error:
            items.put_nowait(error)

    async def _ask(self, ask: _Ask, items: asyncio.Queue[_Item]) -> None:
        server = await self._server()
        try:
            async with aclosing(ask(server)) as chunks:
                async for chunk in chunks:
                    items.put_nowait(chunk)
        except ModelError as error:
            raise await self._explained(error) from error
        self._crashes = 0

    async def _server(self) -> LlamaCpp:
        """The running server, started where there is none. A request that is given up lets it load on."""
        if self._child and not self._child.alive:
            await self._discard()
        if self._loading is None:
            self._loading = asyncio.create_task(self._load())
            # Who waits for it may have gone when it fails; asyncio would complain that nobody looked.
            self._loading.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            return await asyncio.shield(self._loading)
        except ModelError:
            self._loading = None
            raise

    async def _load(self) -> LlamaCpp:
        if self._closed:
            raise Unavailable(f"{self._profile.label} was closed. Ask again.")
        if self._crashes >= MOST_CRASHES:
            raise Unavailable(
                f"{self._profile.label} stopped {MOST_CRASHES} times in a row and is not started again. "
                "Free memory or choose a smaller model, then restart the server."
            )
        self._child = await start(self._path)
        template = self._template
        if template is None and not self._from_catalog:
            template = await self._infill_template(self._child)
        host = Host(self._child.url, THIS_MACHINE, self._child.key, timeout=_TIMEOUT_SECONDS)
        return LlamaCpp(host, self._profile, template, context=CONTEXT_TOKENS, stop=self._stop)

    async def _infill_template(self, child: Child) -> FimTemplate | None:
        """What the server would fill holes by, for a file of an unknown family. It is not left to do it: it
        reads so little at a time here that it would cut the prefix to a hundred tokens."""
        found = await probe(child.url, THIS_MACHINE, child.key, _TIMEOUT_SECONDS)
        template = found.infill if found else None
        if template and template.fills:
            self._profile = _profile(self._profile.identity, self._profile.model, fills=True)
        return template

    async def _explained(self, error: ModelError) -> ModelError:
        """The error itself, or what it comes from: the process has died."""
        if self._child is None or not await self._child.died(_DEATH_SECONDS):
            return error
        self._crashes += 1
        await self._discard()
        return Unavailable(
            f"{self._profile.label} stopped unexpectedly. The next completion starts it again."
        )

    async def _discard(self) -> None:
        """End the process and close the connections to it."""
        loading, self._loading = self._loading, None
        child, self._child = self._child, None
        if loading and loading.done() and not loading.cancelled() and not loading.exception():
            await loading.result().aclose()
        if child:
            await child.close()


def _file(model: str) -> Path:
    path = path_of(model)
    if path is None:
        raise BadRequest(
            f"The model {model} is not on this machine. Run: codestral-ls models install {model}"
        )
    return path


def profile_of(model: str, template: str = "") -> Profile:
    """What the name of a model or of its file tells, or the setting `completion.template`. Raises
    `BadRequest`."""
    name = PurePath(model).stem if model.endswith(".gguf") else model
    known = template_for(name, template)
    identity = f"embedded/{name}" + (f"/{template}" if template else "")
    return _profile(identity, name, fills=known is not None and known.fills)


def _profile(identity: str, name: str, *, fills: bool) -> Profile:
    return replace(
        _FILLING if fills else _PREFIX_ONLY,
        identity=identity,
        label=f"{name} on this machine",
        model=name,
        degraded="" if fills else BLIND,
        window=CONTEXT_TOKENS,
        features=frozenset(("prefix",)),
    )
