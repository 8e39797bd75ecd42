"""`codestral-ls complete FILE:LINE:COLUMN`: one completion, without an editor."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import TYPE_CHECKING

from codestral_ls.cli.failure import Failure
from codestral_ls.cli.place import Place, range_of, site_of
from codestral_ls.cli.session import add_flags, connect, session
from codestral_ls.cli.terminal import print_json

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    from codestral_ls.app import App
    from codestral_ls.core.prompt import Site
    from codestral_ls.core.suggestion import Suggestion

NOTHING = 1


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "complete",
        help="complete the code at a place in a file",
        description="Fill in the code at a place in a file and print it as it would be inserted.",
        epilog="Exit status: 0 with a completion, 1 if the model has none, 2 if it could not be asked.",
    )
    parser.add_argument("place", metavar="FILE:LINE:COLUMN", help="where to insert; the first place is 1:1")
    parser.add_argument(
        "--json", action="store_true", help="print text, range, model, tokens and time as JSON"
    )
    add_flags(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    place = Place.of(args.place)
    if place.column is None:
        raise Failure(
            f"{args.place!r} is no place in a file: write FILE:LINE:COLUMN, for example cart.py:14:9."
        )
    site = site_of(place)
    async with session(args, place.roots, fetches=True) as app:
        _check_allowed(app, place.path, site)
        await connect(app)
        if app.completer is None:
            raise Failure(app.status.message)
        if not args.json:
            print(_introduction(app), file=sys.stderr)
        started = time.perf_counter()
        suggestion = await _asked(app, site)
        milliseconds = round((time.perf_counter() - started) * 1000)
        if args.json:
            print_json(_facts(app, site, suggestion, milliseconds))
        elif suggestion:
            _show(site, suggestion, milliseconds)
        else:
            print("The model has nothing to add here.", file=sys.stderr)
        return 0 if suggestion else NOTHING


def _check_allowed(app: App, path: Path, site: Site) -> None:
    """Raises `Failure` before anything is fetched for a file that is never sent."""
    if reason := app.workspace.why_refused(site.document):
        raise Failure(f"{path.name} is never sent to a model: {reason}.")
    most = app.settings.completion.max_file_kb
    if site.document.length > most * 1024:
        raise Failure(f"{path.name} is larger than {most:,} kB: completion.max_file_kb sets that limit.")


async def _asked(app: App, site: Site) -> Suggestion | None:
    """The completion. Raises `Failure` with the reason where the model could not be asked."""
    suggestion = await app.completer.complete(site, "invoked") if app.completer else None
    if suggestion is None and app.status.state not in ("ready", "working"):
        raise Failure(app.status.message)
    return suggestion


def _introduction(app: App) -> str:
    assert app.choice is not None
    assert app.completer is not None
    hint = f" {app.choice.hint}" if app.choice.hint else ""
    return f"Model: {app.completer.profile.label}, because {app.choice.why}.{hint}"


def _show(site: Site, suggestion: Suggestion, milliseconds: int) -> None:
    """The lines as they would be, with what is new in colour where the terminal has any."""
    from rich.console import Console
    from rich.text import Text

    document = site.document
    line, _ = site.position
    before = document.slice(document.line_start(line), suggestion.span.start)
    after = document.slice(suggestion.span.end, site.offset + len(site.line_rest))
    shown = Text.assemble((before, "dim"), (suggestion.text, "bold green"), (after, "dim"))
    Console(highlight=False, soft_wrap=True).print(shown)
    tokens = f"{suggestion.usage.completion} tokens, " if suggestion.usage else ""
    print(f"({tokens}{milliseconds:,} ms)", file=sys.stderr)


def _facts(app: App, site: Site, suggestion: Suggestion | None, milliseconds: int) -> dict[str, object]:
    import msgspec

    usage = suggestion.usage if suggestion else None
    return {
        "text": suggestion.text if suggestion else None,
        "range": range_of(site.document, suggestion.span) if suggestion else None,
        "model": app.status.model or None,
        "why": app.choice.why if app.choice else None,
        "tokens": msgspec.to_builtins(usage) if usage else None,
        "milliseconds": milliseconds,
    }
