"""The command line. Each command's code is imported when it runs, so that `--help` answers at once."""

from __future__ import annotations

import argparse
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING

from codestral_ls import __version__
from codestral_ls.bench import cli as bench
from codestral_ls.cli import cache, chat, complete, doctor, models, refactor, serve, usage
from codestral_ls.cli.failure import FAILED, Failure
from codestral_ls.cli.terminal import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

DESCRIPTION = """\
Code completion for every editor that speaks LSP, by Codestral or by a model on this machine.

  codestral-ls complete cart.py:14:9     fill in the code at line 14, column 9 of cart.py
  codestral-ls refactor cart.py:14 --list  what the chat model can do with that code
  codestral-ls chat "…" --file cart.py   ask about code
  codestral-ls doctor                    which model is used, why, and whether it works
  codestral-ls serve                     the language server, started by an editor
"""

EPILOG = """\
Keys are read from the environment: CODESTRAL_API_KEY for codestral.mistral.ai, MISTRAL_API_KEY for
api.mistral.ai. Without one, a model on this machine is used and no code leaves it.
"""

COMMANDS = (serve, complete, chat, refactor, doctor, models, cache, usage, bench)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command. Returns its exit status: 0 for success, `FAILED` for what one sentence on standard error
    explains."""
    if isinstance(sys.stdout, TextIOWrapper):
        # A terminal that cannot show a letter shows another sign, and goes on.
        sys.stdout.reconfigure(errors="replace")
    args = _parser().parse_args(arguments)
    from codestral_ls.core.model import ModelError

    try:
        status: int = args.run(args)
        return status
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output, `head` for one, has had enough: what is left must not be flushed.
        sys.stdout = None
        return 0
    except (ModelError, Failure) as error:
        print(f"codestral-ls: {printable(str(error))}", file=sys.stderr)
        return FAILED
    except OSError as error:
        # A full disk behind our output, a folder that is gone.
        where = f"{error.filename}: " if error.filename else ""
        said = printable(f"{where}{error.strerror or error}")
        print(f"codestral-ls: This cannot be done: {said}.", file=sys.stderr)
        return FAILED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="codestral-ls",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"codestral-ls {__version__}")
    subparsers = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_parser(subparsers)
    return parser
