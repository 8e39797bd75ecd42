"""An `App` for the length of one command, with the settings that its flags give."""

from __future__ import annotations

import logging
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from codestral_ls.cli.failure import Failure

if TYPE_CHECKING:
    import argparse
    from collections.abc import AsyncIterator, Sequence

    from codestral_ls.app import App
    from codestral_ls.core.layers import Problem

PROVIDERS = ("auto", "mistral", "ollama", "llamacpp", "openai", "embedded")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """The flags that choose a model."""
    parser.add_argument("--provider", choices=PROVIDERS, help="where the model runs")
    parser.add_argument("--model", metavar="NAME", help="name of the model, or path of a GGUF file")
    parser.add_argument("--config", metavar="FILE", help="read this instead of the user's settings file")
    parser.add_argument(
        "--settings",
        metavar="JSON",
        type=_settings,
        default={},
        help="settings of an editor, above all files'",
    )


@asynccontextmanager
async def session(
    args: argparse.Namespace,
    roots: Sequence[Path],
    *,
    fetches: bool,
    task: Literal["completion", "chat"] = "completion",
) -> AsyncIterator[App]:
    """An app with its settings, for `connect`. With `fetches` it gets missing weights. The flags choose the
    model of `task`.

    Raises `Failure` where the user's settings file cannot be read: it may be what keeps the code here.
    """
    from codestral_ls.app import App
    from codestral_ls.cli.terminal import Terminal

    app = App(
        Terminal(fetches=fetches),
        config_file=None if args.config is None else Path(args.config),
        command_line={task: _chosen(args, task)},
    )
    # What there is to say is said by the command, and only once.
    logging.getLogger("codestral_ls").addHandler(_NOWHERE)
    app.workspace.set_roots(roots)
    try:
        _tell(app.configure([args.settings]), app.unclear)
        yield app
    finally:
        await app.aclose()


async def connect(app: App) -> None:
    """Connect to the model, or try to: the app's `status` tells."""
    app.start()
    await app.connected()


def _chosen(args: argparse.Namespace, task: Literal["completion", "chat"]) -> dict[str, str]:
    """What the flags say. A chat has a model for each size of its tasks, and a flag means them all."""
    flags = {"provider": args.provider, "model": args.model}
    if task == "chat" and (args.provider or args.model):
        flags |= dict.fromkeys(("model", "quick", "heavy"), args.model or "")
    return {key: value for key, value in flags.items() if value is not None}


def _settings(text: str) -> dict[str, object]:
    import argparse
    import json

    try:
        values = json.loads(text)
    except ValueError:
        values = None
    if not isinstance(values, dict):
        raise argparse.ArgumentTypeError("write an object of JSON, with sections as in the settings file")
    return values


_NOWHERE = logging.NullHandler()


def _tell(problems: Sequence[Problem], unclear: Problem | None) -> None:
    """What is wrong with the settings, but for what the app's status will say itself."""
    if unclear and not unclear.path:
        raise Failure(str(unclear))
    for problem in problems:
        if problem is not unclear:
            print(f"codestral-ls: {problem}", file=sys.stderr)
