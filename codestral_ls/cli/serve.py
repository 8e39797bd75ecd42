"""`codestral-ls serve`: the language server, for an editor to start."""

from __future__ import annotations

import argparse

LEVELS = ("error", "warning", "info", "debug")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "serve",
        help="the language server, for an editor to start",
        description="Speak the Language Server Protocol with an editor.",
        epilog="Exit status: 0 after a shutdown, 1 if the editor left without one, 2 if it could not start.",
    )
    transport = parser.add_mutually_exclusive_group()
    transport.add_argument("--stdio", action="store_true", help="over standard input and output: the default")
    transport.add_argument(
        "--tcp",
        type=_address,
        metavar="[HOST:]PORT",
        help="wait for one editor on a port (0: any free one) and end with it; the host is 127.0.0.1",
    )
    parser.add_argument(
        "--applies-edits",
        action="store_true",
        help="the editor applies what the server wants to change, though it says that it does not (ALE)",
    )
    parser.add_argument("--config", metavar="FILE", help="read this instead of the user's settings file")
    parser.add_argument("--log-level", choices=LEVELS, help="how much is logged")
    parser.add_argument("--log-file", metavar="FILE", help="append the log to a file, not to standard error")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from codestral_ls.session import serve

    return serve(args)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not (port.isascii() and port.isdigit() and int(port) < 1 << 16):
        raise argparse.ArgumentTypeError(
            f"{text!r} is no address: write HOST:PORT or PORT, as 127.0.0.1:2087"
        )
    return host.strip("[]") or "127.0.0.1", int(port)
