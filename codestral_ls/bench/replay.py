"""`codestral-ls bench replay`: play typing sessions to the server, before an upstream that knows them."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from codestral_ls.bench.run import Run
    from codestral_ls.bench.sessions import Session
    from codestral_ls.bench.virtual import Setting

UPSTREAMS = ("cloud", "slow", "local")
_FAILED, _BAD_INPUT = 1, 2


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "replay",
        help="play a typing session, and count what it costs and what is seen",
        description="Play typing sessions through the server as an editor would, on a virtual clock, against "
        "an upstream that answers with what the session goes on to type. A session is a VS Code workspace "
        "recording or a file of our own form (see fixtures/sessions).",
    )
    parser.add_argument("sessions", nargs="*", type=Path, metavar="SESSION", help="a recorded session")
    parser.add_argument(
        "--type", action="append", default=[], type=Path, metavar="FILE", help="type this source file"
    )
    parser.add_argument("--upstream", choices=UPSTREAMS, default="cloud", help="its latency (default: cloud)")
    parser.add_argument(
        "--wrong", type=float, default=0.1, metavar="SHARE", help="words at which it errs (default: 0.1)"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of all that is random (default: 1)")
    parser.add_argument("--seconds", type=float, metavar="N", help="only the session's first N seconds")
    parser.add_argument("--live", action="store_true", help="also in real time, over stdio and HTTP")
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="COMMAND",
        help="also another LSP server, in real time; {url} in its command is the upstream's address, which "
        "speaks Mistral's, llama.cpp's and Tabby's HTTP; `tabby-agent` alone is enough",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--plot", type=_picture, metavar="FILE", help="write a picture, an .svg file")
    parser.set_defaults(run=run)


def _picture(word: str) -> Path:
    """Where to write a picture. Raises `argparse.ArgumentTypeError`."""
    from argparse import ArgumentTypeError

    path = Path(word)
    if path.suffix.lower() != ".svg" or not path.absolute().parent.is_dir():
        raise ArgumentTypeError(f"{word!r}: name an .svg file in a folder that there is")
    return path


def run(args: argparse.Namespace) -> int:
    """Play and print. Returns the exit status: 1 where a document did not come out as recorded."""
    from codestral_ls.bench.client import Refused
    from codestral_ls.bench.player import Differs
    from codestral_ls.bench.sessions import Unreadable
    from codestral_ls.bench.virtual import Setting

    setting = Setting(args.upstream, args.wrong, args.seed)
    try:
        sessions = list(_sessions(args))
        if not sessions:
            raise Unreadable("There is nothing to replay: name a session, or a source file with --type.")
        runs = [run for session in sessions for run in _runs(session, setting, args)]
    except Unreadable as error:
        print(f"codestral-ls: {error}", file=sys.stderr)
        return _BAD_INPUT
    except Differs as error:
        print(f"codestral-ls: {error}", file=sys.stderr)
        return _FAILED
    except Refused as error:
        print(f"codestral-ls: The replay broke off: {error.args[1]}.", file=sys.stderr)
        return _FAILED
    except OSError as error:
        print(f"codestral-ls: The server cannot be started: {error.strerror}.", file=sys.stderr)
        return _BAD_INPUT
    _report(runs, setting, args)
    return 0


def _sessions(args: argparse.Namespace) -> Iterator[Session]:
    from codestral_ls.bench.sessions import read_session, read_text
    from codestral_ls.bench.typist import type_file

    for path in args.sessions:
        session = read_session(path)
        yield session.first(args.seconds) if args.seconds else session
    for path in args.type:
        session = type_file(path.name, read_text(path), args.seed)
        yield session.first(args.seconds) if args.seconds else session


def _runs(session: Session, setting: Setting, args: argparse.Namespace) -> Iterator[Run]:
    import asyncio

    from codestral_ls.bench.live import ourselves, peer, replay_live
    from codestral_ls.bench.virtual import replay

    yield replay(session, setting)
    contenders = [ourselves()] if args.live else []
    contenders += [peer(command) for command in args.peer]
    for contender in contenders:
        print(f"Playing {session.name} to {contender.name}, in real time …", file=sys.stderr)
        yield asyncio.run(replay_live(session, setting, contender))


def _report(runs: Sequence[Run], setting: Setting, args: argparse.Namespace) -> None:
    if args.plot:
        from codestral_ls.bench.plot import picture

        args.plot.write_text(picture(runs, str(setting)), encoding="utf-8")
    if args.json:
        _print_json(runs, setting)
    else:
        _print_table(runs, setting)


def _print_json(runs: Sequence[Run], setting: Setting) -> None:
    import msgspec

    from codestral_ls.bench.run import FIGURES

    found = [
        {
            "session": run.session.name,
            "server": run.server,
            "upstream": setting.upstream,
            "wrong": setting.wrong,
            "seed": setting.seed,
            "figures": {figure.key: figure.of(run) for figure in FIGURES},
        }
        for run in runs
    ]
    print(msgspec.json.format(msgspec.json.encode(found)).decode())


def _print_table(runs: Sequence[Run], setting: Setting) -> None:
    from rich.console import Console
    from rich.table import Table

    from codestral_ls.bench.run import FIGURES

    columns = [f"{run.session.name}\n{run.server}" for run in runs]
    table = Table("", *columns, title=str(setting), title_justify="left")
    for column in table.columns[1:]:
        column.justify = "right"
    for figure in FIGURES:
        table.add_row(figure.name, *(figure.written(run) for run in runs))
    Console(highlight=False).print(table)
