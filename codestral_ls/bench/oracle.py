"""An upstream that answers from the future: with the text that the session goes on to type.

What it says runs on beyond what belongs there, as models do, until `stop` or `max_tokens`. At each word it
may leave the truth, at a settable rate, and go on with something plausible and wrong; and it never says
anything else where the text before the cursor never comes to be.
"""

from __future__ import annotations

import asyncio
import hashlib
import random
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from codestral_ls.core.model import BadRequest, Chunk, Profile, Usage
from codestral_ls.core.text import line_feeds

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from codestral_ls.bench.future import Playhead
    from codestral_ls.core.model import ChatRequest, FimRequest, Finish

CHARACTERS_PER_TOKEN = 4

_WORD = re.compile(r"\w+")
# Text before the cursor by which a place is found again; so much is unlikely to come twice near the cursor.
_TAIL = 80


@dataclass(frozen=True, slots=True)
class Latency:
    """An upstream's times, in seconds: to the first token (the median of a log-normal distribution with this
    sigma) and between tokens. `streams` requests are served at once; more wait."""

    first: float
    token: float
    streams: int
    sigma: float = 0.3


LATENCIES = {
    "cloud": Latency(0.220, 0.008, 2),
    "slow": Latency(0.550, 0.008, 2),
    "local": Latency(0.090, 0.022, 1),
}


@dataclass(frozen=True, slots=True)
class Said:
    """What an upstream says to a prompt, in tokens as they are counted. `true` is how many characters of it
    are the true text, or what follows that in the file."""

    text: str
    finish: Finish
    true: int

    @property
    def tokens(self) -> list[str]:
        size = CHARACTERS_PER_TOKEN
        return [self.text[start : start + size] for start in range(0, len(self.text), size)]


@dataclass(slots=True)
class Call:
    """One request, and how it went. Times are the loop's. `line` is the file and line that the cursor was on;
    `prompt` is in the order in which Codestral reads it: the suffix first.

    A stream that was closed at once after a piece of it had come was enough, so that `outcome` is "stopped";
    one closed at another time was "cancelled".
    """

    prompt: str
    line: tuple[str, int]
    started: float
    said: Said
    generated: int = 0
    outcome: Literal["complete", "stopped", "cancelled", "running"] = "running"


class Oracle:
    """Knows what to say to a prompt, by where the session is."""

    def __init__(self, playhead: Playhead, wrong: float, seed: int) -> None:
        self._playhead = playhead
        self._wrong = wrong
        self._seed = seed

    def answer(self, before: str, max_tokens: int, stop: Sequence[str]) -> Said:
        """What stands behind `before` in the text that the session is about to make."""
        lot = random.Random(hashlib.sha256(f"{self._seed}\0{before[-200:]}".encode()).digest())
        true = self._continuation(before)
        length = self._right(true, lot)
        text = true if length == len(true) and true else true[:length] + self._invented(true[length:], lot)
        ends = [at for mark in stop if (at := text.find(mark)) >= 0]
        if ends:
            text = text[: min(ends)]
        room = max_tokens * CHARACTERS_PER_TOKEN
        return Said(text[:room], "length" if len(text) > room else "stop", min(length, len(text), room))

    def _right(self, true: str, lot: random.Random) -> int:
        """How much of the true text is said: up to a word that the upstream gets wrong."""
        words = (found.start() for found in _WORD.finditer(true))
        return next((start for start in words if lot.random() < self._wrong), len(true))

    def _continuation(self, before: str) -> str:
        """The true text and what follows it; empty where the session never comes to have `before` here."""
        play = self._playhead
        ahead = play.ahead
        head = line_feeds(play.text[: play.cursor])
        text = head + line_feeds(ahead.text + play.text[play.cursor + ahead.over :])
        tail = before[-_TAIL:]
        places = [found.start() + len(tail) for found in re.finditer(f"(?={re.escape(tail)})", text)]
        nearest = min(places, key=lambda place: abs(place - len(head)), default=None)
        return "" if nearest is None else text[nearest:]

    def _invented(self, true: str, lot: random.Random) -> str:
        """A line that the file has elsewhere, from its first word on, with another word changed; never the
        true text's beginning."""
        lines = [line.strip() for line in self._playhead.text.splitlines() if len(line.strip()) > 8]
        words = _WORD.findall(self._playhead.text) or ["value"]
        line = lot.choice(lines or ["value = 0"])
        line = _WORD.sub(lambda found: lot.choice(words) if lot.random() < 0.5 else found[0], line)
        if true.lstrip().startswith(line[:1]):
            line = f"{lot.choice('qzjx')}{line}"
        return f"{line}\n{lot.choice(lines or ['value = 0'])}\n"


@dataclass
class OracleModel:
    """The oracle as a `Model`, with a latency. `calls` tells what it was asked and how each request ended."""

    oracle: Oracle
    playhead: Playhead
    latency: Latency
    seed: int
    calls: list[Call] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.profile = Profile("oracle", "the session's own future", streams=self.latency.streams)
        self._slots = asyncio.Semaphore(self.latency.streams)
        self._lot = random.Random(self.seed)

    async def fim(self, request: FimRequest) -> AsyncGenerator[Chunk, None]:
        loop = asyncio.get_running_loop()
        before = request.prefix + request.typed
        said = self.oracle.answer(before, request.max_tokens, request.stop)
        call = Call(request.suffix + before, self.playhead.line, loop.time(), said)
        self.calls.append(call)
        first = self.latency.first * self._lot.lognormvariate(0.0, self.latency.sigma)
        last = -1.0
        try:
            async with self._slots:
                await asyncio.sleep(first)
                for number, token in enumerate(said.tokens):
                    await asyncio.sleep(self.latency.token if number else 0)
                    call.generated += 1
                    last = loop.time()
                    yield Chunk(token)
                call.outcome = "complete"
                yield Chunk("", said.finish, self._usage(call))
        finally:
            if call.outcome == "running":
                call.outcome = "stopped" if loop.time() == last else "cancelled"

    def chat(self, request: ChatRequest) -> AsyncGenerator[Chunk, None]:
        """It only knows what is typed next. Raises `BadRequest`."""
        raise BadRequest(f"{self.profile.label} cannot be talked to.")

    async def warm(self) -> None: ...

    async def aclose(self) -> None: ...

    def _usage(self, call: Call) -> Usage:
        return Usage(len(call.prompt) // CHARACTERS_PER_TOKEN, call.generated)
