"""The user at a terminal: progress bars on standard error, a yes to what they asked for, and JSON."""

from __future__ import annotations

import json
import re
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from codestral_ls.engine.status import Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping


def print_json(facts: Mapping[str, object]) -> None:
    """On one line, in ASCII: not every terminal or pipe takes more."""
    print(json.dumps(facts))


# What moves the cursor, colours the screen, or turns the direction of what follows.
_COMMANDS = re.compile("[\0-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def printable(text: str) -> str:
    """A text of somebody else's as a terminal may get it: what would be a command to it is spelt out."""
    return _COMMANDS.sub(lambda found: f"<U+{ord(found[0]):04X}>", text)


class Terminal:
    """A user who runs a command that needs a model, and so agrees to fetch a small one where `fetches`."""

    def __init__(self, *, fetches: bool) -> None:
        self.status = Status("off", "", "")
        self._fetches = fetches

    def tell(self, status: Status) -> None:
        self.status = status

    def warn(self, message: str) -> None:
        print(f"codestral-ls: {message}", file=sys.stderr)

    async def consent(self, question: str, yes: str) -> bool:
        return self._fetches

    @contextmanager
    def progress(self, title: str) -> Iterator[Callable[[int, int], None]]:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        if not console.is_terminal:
            print(f"{title} …", file=sys.stderr, flush=True)
            yield lambda done, total: None
            return
        columns = (TextColumn(title), BarColumn(), DownloadColumn(), TimeRemainingColumn())
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task(title, total=None)
            yield lambda done, total: bar.update(task, completed=done, total=total)
