"""`codestral-ls cache`: what the replies on disk amount to, and how to be rid of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codestral_ls.cli.failure import Failure
from codestral_ls.cli.terminal import print_json

if TYPE_CHECKING:
    import argparse
    from pathlib import Path

    import diskcache


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "cache",
        help="replies kept on disk: their size, or remove them",
        description="Show or remove the replies of models that are kept on this machine.",
    )
    actions = parser.add_subparsers(metavar="ACTION", required=True)
    for name, text, action in (
        ("info", "where they are, how many, and how large", _info),
        ("clear", "remove all of them", _clear),
    ):
        command = actions.add_parser(name, help=text, description=f"Replies on disk: {text}.")
        command.add_argument("--json", action="store_true", help="print the answer as JSON")
        command.set_defaults(run=run, action=action)


def run(args: argparse.Namespace) -> int:
    """Raises Failure where the cache cannot be used."""
    import sqlite3

    import diskcache

    from codestral_ls.engine.cache import cache_folder

    folder = cache_folder()
    try:
        sentence, facts = args.action(folder)
    except (OSError, sqlite3.Error, diskcache.Timeout) as error:
        raise Failure(
            f"The cache in {folder} cannot be used ({type(error).__name__})."
            " End every codestral-ls and delete the folder."
        ) from None
    if args.json:
        print_json({"folder": str(folder), **facts})
    else:
        print(sentence)
    return 0


def _info(folder: Path) -> tuple[str, dict[str, int]]:
    entries, size = 0, 0
    if folder.exists():
        with _store(folder) as store:
            entries, size = len(store), store.volume()
    return f"{entries:,} replies, {size / 1e6:,.1f} MB in {folder}", {"entries": entries, "bytes": size}


def _clear(folder: Path) -> tuple[str, dict[str, int]]:
    removed = 0
    if folder.exists():
        with _store(folder) as store:
            removed = store.clear()
    return f"{removed:,} replies removed from {folder}", {"removed": removed}


def _store(folder: Path) -> diskcache.Cache:
    """The store with the user's size: the size that it was last opened with is kept in it."""
    from codestral_ls.engine.cache import open_store
    from codestral_ls.engine.settings import load

    return open_store(folder, load(None, ()).settings.cache.size_mb * 1024 * 1024)
