"""What an editor can ask of the product itself, beside the protocol's own requests.

codestral/usage    what was spent, in dollars: `today_usd`, `month_usd`
codestral/models   what there is to complete code with, best first: `provider`, `says`, and whether it `works`
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from codestral_ls.refactoring import loudly

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from codestral_ls.language_server import Server


async def usage(ls: Server, params: object) -> dict[str, float]:
    spent = await ls.app.accounts.spent()
    return {"today_usd": spent.day, "month_usd": spent.month}


async def models(ls: Server, params: object) -> list[dict[str, Any]]:
    with loudly(ls):
        found = await ls.app.around()
    return [
        {"provider": each.provider, "says": each.says, "works": each.choice is not None} for each in found
    ]


FEATURES: Mapping[str, Callable[..., Any]] = {"codestral/usage": usage, "codestral/models": models}
