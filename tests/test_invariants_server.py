"""The invariants that only a whole server can keep, on the virtual clock; `test_invariants` has the table."""

from __future__ import annotations

import asyncio
import random
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest

import codestral_ls
from codestral_ls.bench import clock
from codestral_ls.bench.client import Refused
from codestral_ls.bench.virtual import LAST_TIMER
from codestral_ls.core.model import Unreachable
from codestral_ls.engine.cache import MEMORY_ENTRIES
from tests.stage import NO_DISK, containers, staged
from tests.typist import Guesser, Typist

CORE = Path(codestral_ls.__file__).parent / "core"
SOURCE = "".join(path.read_text("utf-8") for path in sorted(CORE.glob("*.py")))
CANDIDATES = f"{NO_DISK}[completion]\ncandidates = 3\n"
URI = "file:///shop/cart.py"


async def type_on(typists, keys, seed=3):
    """Each key in one of the files, mostly that of the key before; returns the answers."""
    lot = random.Random(seed)
    answers, typist = [], typists[0]
    for _ in range(keys):
        typist = lot.choice(typists) if lot.random() < 0.03 else typist
        answers.append(typist.press())
        await asyncio.sleep(lot.lognormvariate(-2.1, 0.8))
    await asyncio.gather(*answers, return_exceptions=True)
    return answers


def typist(stage, uri=URI, text=SOURCE):
    return Typist(stage, uri, text, random.Random(5))


def suggestions(answers):
    return [item for answer in answers if not answer.exception() for item in answer.result()["items"]]


@pytest.mark.parametrize(("streams", "keys"), [(2, 10_000), (1, 1500)])
def test_3_keystrokes_leave_nothing(tmp_path, streams, keys):
    """3: streams, entries and tasks are bounded, and gone once the documents are closed."""

    async def play():
        model = Guesser(SOURCE, streams)
        async with staged(tmp_path, model, CANDIDATES) as stage:
            before = asyncio.all_tasks()
            # Many files, since what a key costs grows with the text above it.
            uris = [f"file:///shop/{name}.py" for name in "abcdefghijklmnop"]
            answers = await type_on(
                [typist(stage, uri, SOURCE[-n * 9000 :]) for n, uri in enumerate(uris)], keys
            )
            assert len(suggestions(answers)) > keys / 10
            assert model.most == streams
            held = {path: len(held) for path, held in containers(stage.app)}
            assert max(held.values()) <= MEMORY_ENTRIES, held
            for uri in uris:
                stage.close(uri)
            await asyncio.sleep(LAST_TIMER)
            assert model.open == 0
            assert asyncio.all_tasks() == before
            every = containers(stage.app)
            left = [path for path, held in every if any("/shop/" in str(key) for key in held)]
            assert left == []

    clock.run(play())


SECRETS = {
    "file:///shop/.env": "canary_env",
    "file:///shop/deploy.pem": "canary_pem",
    "file:///shop/generated/api.py": "canary_generated",
    "file:///home/me/.aws/config": "canary_aws",
}
TOKEN = "sk-canaryCANARYcanary0123456789"


def test_12_what_is_secret_goes_nowhere(tmp_path, monkeypatch, caplog):
    """12: neither to the model nor into the log, the ledger or the cache on disk."""
    monkeypatch.setenv("CODESTRAL_LS_CACHE", str(tmp_path / "cache"))
    caplog.set_level("DEBUG")
    model = Guesser(SOURCE)

    async def play():
        config, ledger = "[privacy]\nignore = ['generated/']\n", tmp_path / "ledger.jsonl"
        async with staged(tmp_path, model, config, ledger) as stage:
            stage.open(URI, f"def plain_text():\n    key = '{TOKEN}'\n    total = \n")
            assert (await stage.ask(URI, 2, 12, by_hand=True)[1])["items"]
            for uri, word in SECRETS.items():
                stage.open(uri, f"def {word}():\n    {word} = \n")
                for by_hand in (True, False):
                    answer = await stage.ask(uri, 1, len(word) + 7, by_hand=by_hand)[1]
                    assert answer == {"items": []}
                await type_on([typist(stage, uri, word * 10)], 50)
            await type_on([typist(stage)], 100)
            assert "plain_text" in model.requests[0].prefix

    clock.run(play())
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {"ledger.jsonl", "cache.db"} <= {path.name for path in files}
    places = [
        *map(repr, model.requests),
        caplog.text,
        *(path.read_bytes().decode("latin-1") for path in files),
    ]
    names = [str(path) for path in files]
    assert not any("canary" in place for place in [*places, *names])


class Watch:
    """What the event loop's thread waited for while it was watched: files, sockets and processes."""

    WAITS = (
        "open",
        "os.",
        "socket.connect",
        "socket.getaddrinfo",
        "sqlite3.",
        "subprocess.",
        "time.sleep",
        "shutil.",
    )

    def __init__(self):
        self.waits = []
        self.thread = None
        sys.addaudithook(self._saw)

    def _saw(self, event, _):
        if self.thread == threading.get_ident() and event.startswith(self.WAITS):
            self.waits.append(event)

    @contextmanager
    def on(self):
        self.thread = threading.get_ident()
        try:
            yield
        finally:
            self.thread = None


def test_13_the_loop_never_waits(tmp_path, monkeypatch):
    """13: with a ledger and a cache on disk. A hook sees each file that is opened and each connection. How
    long the loop computes is measured by `codestral-ls bench latency` and `bench edit`, not here."""
    monkeypatch.setenv("CODESTRAL_LS_CACHE", str(tmp_path / "cache"))
    watch = Watch()

    async def play():
        async with staged(tmp_path, Guesser(SOURCE), "", tmp_path / "ledger.jsonl") as stage:
            (keys := typist(stage)).press()
            await asyncio.sleep(1)
            with watch.on():
                answers = await type_on([keys], 600)
            assert suggestions(answers)
            with watch.on(), (tmp_path / "proof").open("w"):
                pass

    clock.run(play())
    assert watch.waits == ["open"]


class Down(Guesser):
    """A host that cannot be reached."""

    def __init__(self, text):
        super().__init__(text)
        self.profile = replace(self.profile, host="host.example")

    async def warm(self):
        raise Unreachable("The host is down.")

    async def fim(self, request):
        self.requests.append(request)
        if self.requests:
            raise Unreachable("The host is down.")
        yield


OFFLINE = {
    "no key": (None, f"{NO_DISK}[completion]\nprovider = 'mistral'\n", "error"),
    "no network": (Down(SOURCE), NO_DISK, "offline"),
    "switched off": (None, f"{NO_DISK}[completion]\nenabled = false\n", "off"),
}


@pytest.mark.parametrize(("model", "config", "state"), OFFLINE.values(), ids=OFFLINE)
def test_14_17_without_a_model_a_server_is_a_quiet_one(tmp_path, model, config, state):
    """14: a failure is told once, and never in a pop-up, whatever is tried since. 17: the session goes on,
    each request is answered with nothing."""

    async def play():
        async with staged(tmp_path, model, config) as stage:
            assert stage.client.abilities["inlineCompletionProvider"]
            answers = await type_on([typist(stage)], 400)
            assert all(isinstance(answer.exception(), Refused | None) for answer in answers)
            assert sum(answer.exception() is None for answer in answers) > 300
            assert suggestions(answers) == []
            assert stage.client.told("window/showMessage") == []
            told = [status["state"] for status in stage.client.told("codestral/status")]
            assert told == (["working", state] if model else [state])
            assert model is None or len(model.requests) > 5

    clock.run(play())


def test_18_what_was_accepted_is_what_is_counted(tmp_path):
    """18: character for character, by the item's command."""
    file = tmp_path / "ledger.jsonl"

    async def play():
        async with staged(tmp_path, Guesser(SOURCE), NO_DISK, file) as stage:
            keys = typist(stage)
            await type_on([keys], 600)
            return keys.accepted

    accepted = clock.run(play())
    records = [msgspec.json.decode(line) for line in file.read_bytes().splitlines()]
    counted = [record["length"] for record in records if record["kind"] == "accepted"]
    assert len(counted) > 20
    assert sum(counted) == accepted
