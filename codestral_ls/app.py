"""Wiring: settings → model → engine. The only place that knows which model the engine was handed."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from typing import TYPE_CHECKING

from codestral_ls.core.config import Settings
from codestral_ls.core.exclusion import IgnoreRules
from codestral_ls.core.model import NotAllowed
from codestral_ls.core.privacy import Reach
from codestral_ls.engine.accounts import Accounts
from codestral_ls.engine.cache import DiskTier, cache_folder
from codestral_ls.engine.carrier import Carrier
from codestral_ls.engine.chat import Chat
from codestral_ls.engine.complete import Completer
from codestral_ls.engine.feedback import Feedback
from codestral_ls.engine.ledger import Ledger
from codestral_ls.engine.models import ChatModels
from codestral_ls.engine.options import Options
from codestral_ls.engine.refactor import Refactorer
from codestral_ls.engine.settings import first_unclear, ledger_file, load, state_folder, user_file
from codestral_ls.engine.status import Status
from codestral_ls.engine.transcripts import Transcripts
from codestral_ls.engine.workspace import Workspace
from codestral_ls.lineup import Lineup, made
from codestral_ls.log import trace
from codestral_ls.providers import anywhere, choose, detect

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence
    from pathlib import Path

    from codestral_ls.core.config import Endpoint
    from codestral_ls.core.layers import Problem
    from codestral_ls.core.model import ChatModel
    from codestral_ls.providers import Choice, Finding
    from codestral_ls.user import User

    Choose = Callable[[Endpoint, Mapping[str, str], Reach], Awaitable[Choice]]


logger = logging.getLogger(__name__)

RETRY_SECONDS = 8.0
"""How long after it could not be had a model is looked for again."""


class App:
    """The product without its shells: documents, settings, completion, refactoring, and the models behind.

    `choose`, `clock` (in seconds) and `ledger` are for those who bring a model and a time of their own.
    """

    def __init__(
        self,
        user: User,
        *,
        config_file: Path | None = None,
        command_line: Mapping[str, object] | None = None,
        environ: Mapping[str, str] = os.environ,
        choose: Choose = choose,
        clock: Callable[[], float] = time.monotonic,
        ledger: Ledger | None = None,
    ) -> None:
        self.workspace = Workspace()
        self.ledger = ledger or Ledger(ledger_file(environ), time.time)
        self.accounts = Accounts(self.ledger, self.workspace)
        self.feedback = Feedback(self.ledger, clock, self.workspace.get)
        self.settings = Settings()
        self.origins: Mapping[str, str] = {}
        self.completer: Completer | None = None
        self._leaving: Completer | None = None
        self.status = Status("off", "", "")
        self._user = user
        self._config_file = config_file
        self._command_line = command_line or {}
        self._environ = environ
        self._choose = choose
        self._clock = clock
        self.model: ChatModel | None = None
        self.chat_models = ChatModels(self._chat_model, self._completing, self.accounts, clock)
        self.refactorer = Refactorer(self.chat_models, self.workspace)
        self.chat = Chat(self.chat_models, self.workspace, Transcripts(state_folder(environ) / "chats"))
        self._lineup: Lineup | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._disk: DiskTier | None = None
        self._connecting: asyncio.Task[None] | None = None
        self.unclear: Problem | None = None

    def configure(self, editor: Sequence[Mapping[str, object]] = ()) -> tuple[Problem, ...]:
        """Read all settings again, with what the editor says; later entries win. Reconnects where that is
        needed, if `start` was called. Returns what is wrong with them."""
        merged = load(self._config_file, self.workspace.roots, editor, self._command_line, self._environ)
        before, self.settings, self.origins = self.settings, merged.settings, merged.origins
        privacy = self.settings.privacy
        self.workspace.set_rules(IgnoreRules.of(privacy.ignore, gitignore=privacy.gitignore))
        self.accounts.configure(self.settings.budget)
        self._warn_uncounted()
        unclear = self.unclear
        self.unclear = first_unclear(merged.problems, self._config_file or user_file(self._environ))
        now = (self.settings.completion, self.reach, self.unclear)
        then = (before.completion, _reach(before), unclear)
        if (*now, self.settings.cache) != (*then, before.cache) and self._connecting:
            self.start()
        if (*now, self.settings.chat) != (*then, before.chat):
            self.chat_models.configure(self.settings.chat, self.settings.completion)
        self.refactorer.language = self.settings.chat.language or "English"
        self.refactorer.rounds = self.settings.chat.rounds
        self.chat.language, self.chat.saves = self.settings.chat.language, self.settings.chat.save
        return merged.problems

    @property
    def choice(self) -> Choice | None:
        """How the model that is asked first came to be; None where there is none."""
        return self._lineup.choice if self._lineup else None

    @property
    def reach(self) -> Reach:
        """Where the user lets code go."""
        return _reach(self.settings)

    def start(self) -> None:
        """Connect to the configured model and warm it up, in the background. Again: with new settings."""
        if self._retry:
            self._retry.cancel()
        # From now on nothing goes by settings that were: code may have to stay here that might leave before.
        self._leaving, self.completer = self.completer or self._leaving, None
        self.chat_models.drop()
        before, self._connecting = self._connecting, asyncio.create_task(self._connect(self._connecting))
        self._connecting.add_done_callback(self._tell_fault)
        if before:
            before.cancel()

    def close(self, uri: str) -> None:
        """A document was closed."""
        self.workspace.close(uri)
        self.feedback.closed(uri)
        if self.completer:
            self.completer.forget(uri)

    async def connected(self) -> None:
        """Wait until the model is there, or cannot be had."""
        while (task := self._connecting) and not task.done():
            await asyncio.wait((task,))

    async def around(self) -> tuple[Finding, ...]:
        """What there is to complete code with, whatever the settings say of it. Raises a `ModelError`."""
        return await detect(anywhere(self.settings.completion), self._environ, self.reach)

    async def chosen(self, endpoint: Endpoint) -> Choice:
        """The model that is meant by an endpoint of the settings. Raises a `ModelError`."""
        return await self._choose(endpoint, self._environ, self.reach)

    async def aclose(self) -> None:
        """End every task, stream and child process."""
        if self._retry:
            self._retry.cancel()
        if self._connecting:
            self._connecting.cancel()
            await asyncio.wait((self._connecting,))
        await self._disconnect()
        await self.chat_models.aclose()
        self.feedback.close()
        self.ledger.close()

    async def _connect(self, before: asyncio.Task[None] | None) -> None:
        if before:
            await asyncio.wait((before,))
        await self._disconnect()
        if not self.settings.completion.enabled:
            self._tell(Status("off", "Completion is switched off in the settings.", ""))
            return
        if self.unclear:
            self._tell(Status("error", _mend(self.unclear), ""))
            return
        await self.accounts.ready()
        lineup = self._lineup = Lineup(self.settings, self.chosen, self._user)
        model = await lineup.first()
        if model is None:
            self._tell_missing(lineup)
            return
        carrier = self._use(model, instead=lineup.missing[0].message if lineup.missing else "")
        await asyncio.gather(carrier.warm(), lineup.add_others(carrier))
        self._warn_uncounted()

    def _tell_missing(self, lineup: Lineup) -> None:
        """There is no model. Of a server that may be started later, nobody else would tell us."""
        if lineup.may_come:
            self._retry = asyncio.get_running_loop().call_later(RETRY_SECONDS, self.start)
        self._tell(Status(lineup.state, lineup.missing[0].message, ""))

    async def _chat_model(self, endpoint: Endpoint) -> ChatModel:
        """A model to talk to. Raises a `ModelError`."""
        if self.unclear:
            raise NotAllowed(_mend(self.unclear))
        model = await made(await self.chosen(endpoint), self._user)
        if why := self.accounts.why_uncounted(model.profile):
            self._user.warn(why)
        return model

    async def _completing(self) -> ChatModel | None:
        """The model of completion; None where there is none."""
        await self.connected()
        return self.model

    def _use(self, model: ChatModel, *, instead: str) -> Carrier:
        settings = self.settings
        cache = settings.cache
        self.model = model
        self.feedback.model = model.profile.identity
        self._disk = DiskTier(cache_folder(), cache.size_mb, cache.days) if cache.disk else None
        if self._disk:
            self._disk.warm()
        carrier = Carrier(
            model,
            disk=self._disk,
            accounts=self.accounts,
            clock=self._clock,
            on_status=self._tell,
            hedge_after=settings.completion.hedge_ms / 1000,
            instead=instead,
        )
        options = Options.of(settings.completion)
        self.completer = Completer(carrier, self.workspace, options, self.feedback)
        return carrier

    async def _disconnect(self) -> None:
        completer, lineup, disk = self.completer or self._leaving, self._lineup, self._disk
        self.completer = self._leaving = self.model = self._lineup = self._disk = None
        self.chat_models.drop()
        if completer:
            await completer.aclose()
        if lineup:
            await lineup.aclose()
        if disk:
            await asyncio.to_thread(disk.close)

    def _warn_uncounted(self) -> None:
        """Say of which models the budget does not see the costs."""
        models = self._lineup.models if self._lineup else ()
        for why in dict.fromkeys(self.accounts.why_uncounted(model.profile) for model in models):
            if why:
                self._user.warn(why)

    def _tell_fault(self, connecting: asyncio.Task[None]) -> None:
        """Nobody awaits the task: an error of ours would leave the user with "warming up" for good."""
        if not connecting.cancelled() and (error := connecting.exception()):
            logger.error("Connecting failed: %s", trace(error))
            self._tell(
                Status("error", "Connecting to the model failed by a fault of codestral-ls itself.", "")
            )

    def _tell(self, status: Status) -> None:
        if status != self.status:
            self.status = status
            self._user.tell(status)


def _reach(settings: Settings) -> Reach:
    privacy = settings.privacy
    return Reach(privacy.local_only, privacy.region, privacy.hosts)


def _mend(problem: Problem) -> str:
    return f"Nothing is sent until this is mended: {problem}"
