"""How far a refactoring is, on a terminal, where it takes long."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from codestral_ls.engine.proposal import Report, Stage


@contextmanager
def progress(title: str, after: float = 1.0) -> Iterator[Report]:
    """Shows on standard error what it is told, once more than `after` seconds have gone by."""
    from rich.console import Console
    from rich.text import Text

    from codestral_ls.engine.proposal import stage_text, unheard

    console = Console(stderr=True)
    if not console.is_terminal:
        yield unheard
        return
    status = console.status(Text(title))
    showing = asyncio.get_running_loop().call_later(after, status.start)

    def report(stage: Stage, received: int) -> None:
        status.update(Text(f"{title}: {stage_text(stage, received)}"))

    try:
        yield report
    finally:
        showing.cancel()
        status.stop()
