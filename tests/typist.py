"""Somebody who types in several files at once, at random, and a model that often knows what comes next."""

from __future__ import annotations

import asyncio
import random
from typing import Any

from codestral_ls.core.model import Chunk, FimRequest, Profile
from tests.stage import Stage

FIRST_TOKEN, TOKEN = 0.22, 0.008


class Guesser:
    """Says what stands behind the prompt's last words in `text`, or something else. Counts open streams."""

    calls: tuple[()] = ()

    def __init__(self, text: str, streams: int = 2) -> None:
        self.profile = Profile("guesser", "a guesser", streams=streams)
        self.requests: list[FimRequest] = []
        self.open = self.most = 0
        self._text = text
        self._lot = random.Random(1)

    async def fim(self, request: FimRequest) -> Any:
        self.requests.append(request)
        self.open += 1
        self.most = max(self.most, self.open)
        try:
            await asyncio.sleep(FIRST_TOKEN)
            for piece in self._pieces(request):
                await asyncio.sleep(TOKEN)
                yield Chunk(piece)
            yield Chunk("", "stop")
        finally:
            self.open -= 1

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...

    def _pieces(self, request: FimRequest) -> list[str]:
        at = self._text.find((request.prefix + request.typed)[-12:])
        if at < 0 or self._lot.random() < 0.3:
            at = self._lot.randrange(len(self._text))
        said = self._text[at + 12 : at + 132]
        return [said[start : start + 4] for start in range(0, len(said), 4)]


class Typist:
    """Types `text` in a file, with mistakes that are taken back, and accepts some of what is shown."""

    def __init__(self, stage: Stage, uri: str, text: str, lot: random.Random) -> None:
        self.uri = uri
        self.accepted = 0
        self._stage = stage
        self._text = text
        self._lot = lot
        self._line = self._column = self._done = 0
        self._version = 1
        self._shown: dict[str, Any] | None = None
        self._waiting: int | None = None
        stage.open(uri, "")

    def press(self) -> asyncio.Future[Any]:
        """One key, the cancel of the request before, and the request for what comes next."""
        if self._waiting is not None:
            self._stage.client.notify("$/cancelRequest", {"id": self._waiting})
        if self._shown and self._lot.random() < 0.2:
            self._accept(self._shown)
        elif self._column and self._lot.random() < 0.05:
            self._write(self._column - 1, "")
        else:
            self._write(self._column, self._text[self._done % len(self._text)])
            self._done += 1
        self._shown = None
        by_hand = self._lot.random() < 0.02
        self._waiting, answer = self._stage.ask(self.uri, self._line, self._column, by_hand=by_hand)
        answer.add_done_callback(self._answered)
        return answer

    def _answered(self, answer: asyncio.Future[Any]) -> None:
        if not answer.exception():
            self._waiting = None
            self._shown = next(iter(answer.result()["items"]), None)

    def _accept(self, item: dict[str, Any]) -> None:
        self.accepted += len(item["insertText"])
        self._write(item["range"]["start"]["character"], item["insertText"])
        self._stage.client.send("workspace/executeCommand", item["command"])

    def _write(self, start: int, text: str) -> None:
        """Put text in place of what stands between `start` and the cursor, which is at the file's end."""
        extent = {
            "start": {"line": self._line, "character": start},
            "end": {"line": self._line, "character": self._column},
        }
        self._version += 1
        self._stage.change(self.uri, self._version, extent, text)
        *lines, last = text.split("\n")
        self._line += len(lines)
        self._column = len(last) if lines else start + len(last)
