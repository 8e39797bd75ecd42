"""`codestral-ls bench …`: measurements anyone can repeat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from codestral_ls.bench import edit, latency, refactor, replay, rewrite

if TYPE_CHECKING:
    import argparse

COMMANDS = (latency, edit, refactor, rewrite, replay)


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "bench",
        help="measure the server on this machine",
        description="Measure the server on this machine. Compare figures of one run only: machines differ.",
    )
    commands = parser.add_subparsers(metavar="WHAT", required=True)
    for command in COMMANDS:
        command.add_parser(commands)
