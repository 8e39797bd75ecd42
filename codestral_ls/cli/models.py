"""`codestral-ls models`: the models that can run on this machine."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from codestral_ls.cli.terminal import Terminal, print_json


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "models",
        help="models that run on this machine: list, install, remove",
        description="List, install or remove the models that run on this machine.",
        epilog="Any other model is used by the path of its GGUF file: completion.model in the settings.",
    )
    parser.set_defaults(run=run, action=_list, json=False)
    actions = parser.add_subparsers(metavar="ACTION")
    listing = actions.add_parser("list", help="what there is, and what is installed (the default)")
    # Without SUPPRESS its default would overwrite what `models --json list` has set.
    for command, default in ((parser, False), (listing, argparse.SUPPRESS)):
        command.add_argument("--json", action="store_true", default=default, help="print the list as JSON")
    for name, text, action in (
        ("install", "fetch a model, check it and keep it", _install),
        ("remove", "delete a model", _remove),
    ):
        command = actions.add_parser(name, help=text, description=f"{text.capitalize()}.")
        command.add_argument("name", metavar="NAME", help="a name from `codestral-ls models list`")
        command.set_defaults(action=action)


def run(args: argparse.Namespace) -> int:
    """Raises a `ModelError` where a model cannot be fetched or removed."""
    args.action(args)
    return 0


def _list(args: argparse.Namespace) -> None:
    from codestral_ls.providers import store

    here = store.installed()
    rows = [
        {
            "name": model.name,
            "bytes": model.bytes,
            "licence": model.licence,
            "fills": model.fills,
            "about": model.about,
            "path": str(store.path_of(model.name)) if model.name in here else None,
        }
        for model in store.MODELS
    ]
    if args.json:
        print_json({"folder": str(store.folder()), "models": rows})
    else:
        _show(rows, str(store.folder()))


def _show(rows: list[dict[str, Any]], folder: str) -> None:
    from rich.console import Console
    from rich.table import Table

    columns = ("Name", "Size", "Licence", "Fills holes", "Installed", "What it is")
    table = Table(*columns, box=None, pad_edge=False)
    for row in rows:
        size = f"{row['bytes'] / 1e6:,.0f} MB"
        fills, here = ("yes" if row[key] else "no" for key in ("fills", "path"))
        table.add_row(row["name"], size, row["licence"], fills, here, row["about"])
    console = Console(width=None if sys.stdout.isatty() else 160)
    console.print(table)
    console.print(f"\nInstalled models are kept in {folder}", highlight=False, soft_wrap=True)


def _install(args: argparse.Namespace) -> None:
    from codestral_ls.providers import store

    store.model_named(args.name)
    with Terminal(fetches=True).progress(f"Fetching {args.name}") as progress:
        path = store.install(args.name, progress)
    print(f"{args.name} is installed: {path}")


def _remove(args: argparse.Namespace) -> None:
    from codestral_ls.providers import store

    freed = store.remove(args.name)
    what = f"is removed, {freed / 1e6:,.0f} MB are free again" if freed else "was not installed"
    print(f"{args.name} {what}.")
