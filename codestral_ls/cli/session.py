"""An `App` for the length of one command, with the settings that its flags give."""

from __future__ import annotations

import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator, Sequence

    from codestral_ls.app import App


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags that choose a model."""
    parser.add_argument("--provider", metavar="NAME", help="auto, mistral, llamacpp or embedded")
    parser.add_argument("--model", metavar="NAME", help="name of the model, or path of a GGUF file")
    parser.add_argument("--config", metavar="FILE", help="read this instead of the user's settings file")


@asynccontextmanager
async def session(args: argparse.Namespace, roots: Sequence[Path], *, fetches: bool) -> AsyncIterator[App]:
    """An app that has connected, or tried to: its `status` tells. With `fetches` it gets missing weights."""
    from codestral_ls.app import App
    from codestral_ls.cli.terminal import Terminal

    flags = {"provider": args.provider, "model": args.model}
    app = App(
        Terminal(fetches=fetches),
        config_file=Path(args.config) if args.config else None,
        command_line={"completion": {key: value for key, value in flags.items() if value}},
    )
    app.workspace.set_roots(roots)
    for problem in app.configure():
        print(f"codestral-ls: {problem}", file=sys.stderr)
    try:
        app.start()
        await app.connected()
        yield app
    finally:
        await app.aclose()
