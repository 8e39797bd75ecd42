"""What each request took and cost, and whether there is money left for the next."""

from __future__ import annotations

import asyncio
from datetime import date
from math import ceil
from typing import TYPE_CHECKING

from codestral_ls.core.budget import first_reached, limits
from codestral_ls.core.config import Budget
from codestral_ls.core.model import Usage
from codestral_ls.core.prices import cost, is_free, price_of
from codestral_ls.engine.spending import Spending
from codestral_ls.engine.workspace import path_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from codestral_ls.core.budget import Spent
    from codestral_ls.core.config import Price
    from codestral_ls.core.model import Profile
    from codestral_ls.core.prompt import TokenScale
    from codestral_ls.engine.ledger import Ledger, Task
    from codestral_ls.engine.workspace import Workspace

OK, GIVEN_UP = "ok", "given up"
"""How a request ended that did not fail: with a reply, or because nobody wanted it any more."""

# What a host bills for though it did not say how much: it had begun to answer, or may have.
_BILLED = frozenset({OK, GIVEN_UP, "BadReply"})


class Accounts:
    """Keeps the ledger of requests, and the budget over all servers that write the same one.

    With limits set, `ready` has to be awaited before the first request. Beyond a limit go, for each server,
    only requests that it starts before its first request since has ended: then it has read what the others
    spent. That is one, where one is made at a time, and never more than run at once.
    """

    def __init__(self, ledger: Ledger, workspace: Workspace, budget: Budget | None = None) -> None:
        self._ledger = ledger
        self._workspace = workspace
        self._spending = Spending(ledger)
        self.configure(budget or Budget())

    def configure(self, budget: Budget) -> None:
        """Other prices and limits from now on."""
        self._prices = budget.prices
        self._limits = limits(budget)
        self._summed = self._spending.follow() if self._limits else None

    async def ready(self) -> None:
        """Wait until it is known what was spent, where that matters."""
        if self._summed:
            await asyncio.wait((asyncio.wrap_future(self._summed),))

    async def spent(self) -> Spent:
        """What this user's servers spent today and this month, those that run now included."""
        if found := self._spending.follow():
            await asyncio.wait((asyncio.wrap_future(found),))
        return self._spending.spent(self._today())

    def why_refused(self, profile: Profile) -> str | None:
        """Why this model must not be asked now, as a sentence; None if it may."""
        if not self._limits:
            return None
        spent = self._spending.spent(self._today())
        limit = first_reached(self._limits, spent)
        return None if limit is None or self._is_free(profile) else limit.why_reached(spent)

    def why_uncounted(self, profile: Profile) -> str | None:
        """Why the limits do not see what this model costs, as a sentence; None if they do, or none is set."""
        if not self._limits or self._price(profile):
            return None
        return (
            f"What {profile.label} costs is not known, so {self._limits[0].setting} cannot count it: "
            "give its price in budget.prices."
        )

    def asked(
        self,
        suggestion: str,
        profile: Profile,
        *,
        uri: str,
        sent: int,
        length: int,
        usage: Usage | None,
        scale: TokenScale,
        milliseconds: int,
        outcome: str,
        task: Task = "completion",
    ) -> float | None:
        """Note a request that has ended, and return its cost in dollars, None where nobody knows it.

        `sent` and `length` are the characters of prompt and reply, from which the tokens are estimated where
        the host did not tell; `outcome` is `OK`, `GIVEN_UP`, or the name of the error's class.
        """
        counted = usage or _estimated(sent, length, scale, outcome)
        dollars = self._cost(profile, counted)
        if dollars:
            self._spending.add(suggestion, self._today(), dollars)
        self._ledger.record(
            "asked",
            suggestion,
            model=profile.identity,
            length=length,
            milliseconds=milliseconds,
            prompt_tokens=counted.prompt if counted else None,
            completion_tokens=counted.completion if counted else None,
            cached_tokens=usage.cached if usage else None,
            outcome=outcome,
            task=task,
            project=project_of(uri, self._workspace.roots),
            host=profile.host,
            name=profile.model if profile.host else "",
            cost_usd=dollars,
            estimated=usage is None and counted is not None,
        )
        self._spending.read_on()
        return dollars

    def _price(self, profile: Profile) -> Price | None:
        return price_of(profile.host, profile.model, self._prices)

    def _is_free(self, profile: Profile) -> bool:
        price = self._price(profile)
        return price is not None and is_free(price)

    def _cost(self, profile: Profile, usage: Usage | None) -> float | None:
        if usage is None:
            return 0.0
        price = self._price(profile)
        return None if price is None else round(cost(price, usage), 9)

    def _today(self) -> date:
        return date.fromtimestamp(self._ledger.now())


def project_of(uri: str, roots: Iterable[Path]) -> str:
    """The last part of the path of the workspace that a document is in; empty if it is in none."""
    try:
        path = path_of(uri)
    except ValueError:
        return ""
    around = [root for root in roots if path.is_relative_to(root)]
    return max(around, key=lambda root: len(root.parts)).name if around else ""


def _estimated(sent: int, length: int, scale: TokenScale, outcome: str) -> Usage | None:
    """The tokens of a request whose end we did not wait for; None where it was refused before any."""
    if not length and outcome not in _BILLED:
        return None
    return Usage(ceil(sent / scale.measured), ceil(length / scale.measured))
