"""A server whose engine does what the word before the cursor says: `python -m tests.e2e.scripted`.

`hang` never answers, `raise` fails with the document's text in the exception, `none` finds nothing, `odd`
answers with what no JSON can hold, `print` writes to standard output first, `late` waits for `go`, `fetch`
asks the user first, `thread` leaves a thread behind. Anything else is answered with the
offset and the characters on both sides of it.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

from codestral_ls import log
from codestral_ls.core.config import Settings
from codestral_ls.core.prompt import Site, Trigger
from codestral_ls.core.suggestion import Suggestion
from codestral_ls.core.text import Span
from codestral_ls.engine.feedback import Feedback
from codestral_ls.engine.ledger import Ledger
from codestral_ls.engine.settings import load
from codestral_ls.engine.status import Status
from codestral_ls.engine.workspace import Workspace
from codestral_ls.session import run


class Completer:
    def __init__(self, ledger: Ledger, workspace: Workspace, user: Any) -> None:
        self._ledger = ledger
        self._workspace = workspace
        self._user = user
        self._gone = asyncio.Event()

    async def complete(self, site: Site, trigger: Trigger) -> Suggestion | None:
        if self._workspace.why_refused(site.document):
            return None
        words = site.line_head.split()
        act = getattr(self, f"_{words[-1]}", None) if words else None
        text = await act(site) if act else _around(site)
        span = Span(site.offset, site.offset)
        return Suggestion(f"{trigger}-1", span, text, "model") if text is not None else None

    async def candidates(self, site: Site, trigger: Trigger) -> tuple[Suggestion, ...]:
        suggestion = await self.complete(site, trigger)
        return (suggestion,) if suggestion else ()

    def follow(self, suggestion_id: str) -> None: ...

    async def _hang(self, site: Site) -> str:
        await asyncio.Event().wait()
        raise AssertionError

    async def _late(self, site: Site) -> str:
        await self._gone.wait()
        self._ledger.record("asked", "late")
        return _around(site)

    async def _go(self, site: Site) -> None:
        self._gone.set()

    async def _raise(self, site: Site) -> str:
        raise RuntimeError(site.document.text)

    async def _none(self, site: Site) -> None:
        return None

    async def _odd(self, site: Site) -> Any:
        # An answer for a document that is gone is no offer, so that nothing but its encoding is in question.
        self._workspace.close(site.document.uri)
        return object()

    async def _print(self, site: Site) -> str:
        print("a stray print")
        os.write(1, b"and one from C\n")
        return _around(site)

    async def _fetch(self, site: Site) -> str | None:
        if not await self._user.consent("Fetch the model?", "Fetch 98 MB"):
            return None
        with self._user.progress("Fetching") as progress:
            await self._gone.wait()
            for done in (0, 50, 50, 100):
                await asyncio.to_thread(progress, done * 1000, 100_000)
        return _around(site)

    async def _thread(self, site: Site) -> str:
        threading.Thread(target=threading.Event().wait).start()
        return _around(site)


class App:
    """What the server needs of the real one. The environment makes it slow to close."""

    def __init__(self, user: Any) -> None:
        self.settings = Settings()
        self.workspace = Workspace()
        self.ledger = Ledger(Path(os.environ["LEDGER"]), lambda: 0.0)
        self.feedback = Feedback(self.ledger, time.monotonic, self.workspace.get)
        self.completer = Completer(self.ledger, self.workspace, user)
        self._user = user

    def configure(self, editor: Any) -> Any:
        merged = load(None, self.workspace.roots, editor)
        self.settings = merged.settings
        self.workspace.judge_again()
        self._user.tell(Status("ready", "", f"{self.settings.completion.model} {len(self.workspace.roots)}"))
        return merged.problems

    def start(self) -> None:
        self._user.tell(Status("working", "started", ""))

    def close(self, uri: str) -> None:
        self.workspace.close(uri)
        self.feedback.closed(uri)

    async def aclose(self) -> None:
        self.feedback.close()
        self.ledger.close()
        if "STUCK" in os.environ:
            await asyncio.Event().wait()


def _around(site: Site) -> str:
    document, offset = site.document, site.offset
    return f"@{offset}[{document.slice(offset - 1, offset)}|{document.slice(offset, offset + 1)}]"


if __name__ == "__main__":
    log.configure("debug")
    address = ("127.0.0.1", 0) if "--tcp" in sys.argv else None
    sys.exit(run(App, address))
