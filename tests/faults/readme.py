"""The table of faults as the README has it: what tells the same sentence is one row."""

from __future__ import annotations

from itertools import product

from tests.faults.hosts import PROVIDERS
from tests.faults.table import FAULTS
from tests.faults.told import Told

_HEAD = ("What happens", "What you are told", "Completions return")
_ANSWERED = ("Nothing: the completion comes", "at once")
_FOR_EXAMPLE = {
    "host": "*host*",
    "connect": "3",
    "seconds": "10",
    "total": "300",
    "refused": " *What this provider advises.*",
}


def faults_table() -> str:
    """The table as Markdown, and below it what cannot happen."""
    groups: dict[tuple[str, str], dict[str, list[str]]] = {_ANSWERED: {}}
    reasons: dict[str, list[str]] = {}
    for (name, fault), provider in product(FAULTS.items(), PROVIDERS):
        told = fault.told_by(provider)
        if isinstance(told, str):
            reasons.setdefault(f"`{provider}`, where {told}", []).append(name)
        else:
            groups.setdefault(_row(told), {}).setdefault(name, []).append(provider)
    rows = [_HEAD, ("---",) * 3, *((_names(names), *row) for row, names in groups.items())]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return "\n\n".join([table, *(f"Not with {who}: {'; '.join(names)}." for who, names in reasons.items())])


def _row(told: Told | None) -> tuple[str, str]:
    return ((told.form or told.sentence).format(**_FOR_EXAMPLE), told.when) if told else _ANSWERED


def _names(names: dict[str, list[str]]) -> str:
    return "; ".join(name + _only(name, providers) for name, providers in names.items())


def _only(name: str, providers: list[str]) -> str:
    """Of whom it is true, where it is not of all."""
    possible = [one for one in PROVIDERS if not isinstance(FAULTS[name].told_by(one), str)]
    return "" if providers == possible else f" (`{'`, `'.join(providers)}`)"
