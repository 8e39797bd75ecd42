"""`codestral-ls doctor`: what is configured, from where, is it reachable, can it fill holes, how fast."""

from __future__ import annotations

import asyncio
import sys
import time
from contextlib import aclosing
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codestral_ls.cli.session import add_flags, connect, session
from codestral_ls.cli.terminal import print_json

if TYPE_CHECKING:
    import argparse

    from codestral_ls.app import App
    from codestral_ls.core.model import FimRequest, Model

UNWELL = 1

# Only a model that reads what follows the hole can know the name that it has to return.
PREFIX = "def area(width, height):\n    "
SUFFIX = "\n    return surface_in_square_metres\n"
EXPECTED = "surface_in_square_metres"


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "doctor",
        help="check the settings and the model",
        description="Show the settings and where they come from, and try the model with a small request.",
        epilog="Exit status: 0 if completion works, 1 if it does not; with --explain, 0 if code of that file"
        " may be sent, 1 if not. Nothing of your code is sent.",
    )
    parser.add_argument(
        "--explain",
        metavar="FILE[:LINE[:COLUMN]]",
        help="say what of this file would be sent, to whom, and which rule decides",
    )
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")
    add_flags(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.explain is not None:
        from codestral_ls.cli.explain import explain

        return asyncio.run(explain(args))
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    async with session(args, roots=[Path.cwd()], fetches=False) as app:
        await connect(app)
        findings = await _examined(app)
        if args.json:
            print_json(findings)
        else:
            _show(findings)
        return 0 if findings["works"] else UNWELL


async def _examined(app: App) -> dict[str, Any]:
    from codestral_ls.core.schema import SETTINGS

    tree = {path: _value(app, path) for path in SETTINGS}
    findings: dict[str, Any] = {
        "settings": {
            path: {"value": tree[path], "from": origin}
            for path, origin in app.origins.items()
            if origin != "default"
        },
        "model": app.model.profile.label if app.model else None,
        "why": app.choice.why if app.choice else None,
        "price": _price(app, app.model) if app.model else None,
        "found": await _around(app),
        "works": False,
        "message": app.status.message,
    }
    if app.model and app.status.state == "ready":
        findings |= await _tried(app.model)
    return findings


async def _around(app: App) -> list[dict[str, Any]]:
    """What else there is, or was looked for and not found."""
    from codestral_ls.core.model import ModelError

    try:
        found = await app.around()
    except ModelError as error:
        return [{"provider": "auto", "says": error.message, "usable": False}]
    return [{"provider": it.provider, "says": it.says, "usable": it.choice is not None} for it in found]


def _value(app: App, path: str) -> object:
    section, _, key = path.partition(".")
    return getattr(getattr(app.settings, section), key)


def _price(app: App, model: Model) -> str:
    from codestral_ls.core.prices import describe, price_of

    host, name = model.profile.host, model.profile.model
    return describe(host, name, price_of(host, name, app.settings.budget.prices))


async def _tried(model: Model) -> dict[str, Any]:
    """One small request: how long it takes, and whether what follows the hole was understood."""
    from codestral_ls.core.model import ModelError

    started = time.perf_counter()
    first: float | None = None
    text = ""
    try:
        async with aclosing(model.fim(_request())) as chunks:
            async for chunk in chunks:
                text += chunk.text
                if text and first is None:
                    first = time.perf_counter() - started
    except ModelError as error:
        return {"works": False, "message": error.message}
    return {
        "works": True,
        "reads_what_follows": model.profile.fills,
        "degraded": model.profile.degraded,
        "filled_the_hole": EXPECTED in text,
        "first_text_ms": round((first or 0) * 1000),
        "milliseconds": round((time.perf_counter() - started) * 1000),
        "answer": text,
    }


def _request() -> FimRequest:
    from codestral_ls.core.prompt import Window, build_fim

    head, _, typed = PREFIX.rpartition("\n")
    return build_fim(Window(head + "\n", typed, SUFFIX), "single", max_tokens=24)


def _show(findings: dict[str, Any]) -> None:
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    for path, setting in findings["settings"].items():
        console.print(f"{path} = {setting['value']!r}  [dim]({setting['from']})[/dim]", markup=True)
    if not findings["settings"]:
        console.print("[dim]All settings have their defaults.[/dim]")
    if findings["model"]:
        console.print(f"Model: {findings['model']}, because {findings['why']}.")
        console.print(f"Price: {findings['price']}", markup=False)
    for found in findings["found"]:
        mark = "[green]+[/green]" if found["usable"] else "[dim]-[/dim]"
        console.print(f"{mark} {found['says'][:1].upper()}{found['says'][1:]}.")
    if not findings["works"]:
        print(f"codestral-ls: {findings['message']}", file=sys.stderr)
        return
    fim = "yes" if findings["filled_the_hole"] else "not in this test"
    reads = fim if findings["reads_what_follows"] else "no: this model continues what stands before it"
    console.print(f"Fills holes: {reads}")
    if findings["degraded"]:
        console.print(f"Not as well as it could: {findings['degraded']}.", markup=False)
    console.print(
        f"First text after {findings['first_text_ms']:,} ms, all after {findings['milliseconds']:,} ms."
    )
    console.print("[green]Completion works.[/green]")
