"""Whatever an editor and a host do: one answer to each request, nothing left behind, nothing raised."""

from __future__ import annotations

import asyncio
import logging
import random
from itertools import count
from pathlib import Path

import pytest

from codestral_ls.bench.client import Refused, running_server
from codestral_ls.bench.reply import Reply
from codestral_ls.core.privacy import Reach
from codestral_ls.core.prompt import Site
from codestral_ls.core.suggestion import Suggestion
from codestral_ls.core.text import Document, Edit, Span, apply_edits
from codestral_ls.engine.accounts import Accounts
from codestral_ls.engine.carrier import Carrier
from codestral_ls.engine.complete import Completer
from codestral_ls.engine.ledger import Ledger
from codestral_ls.engine.options import Options
from codestral_ls.engine.streak import Streaks
from codestral_ls.engine.workspace import Workspace
from codestral_ls.providers.mistral import Mistral
from tests.upstream.errors import ERRORS
from tests.upstream.mistral import FakeMistral, split

REQUESTS, PAUSES = 2000, 20
PAUSE = REQUESTS // PAUSES
"""So often whoever types waits for the answer, on the slowest machine, too."""
PATIENCE = 60.0
"""Seconds; the host is given up after one."""
ANSWER = "total + tax\nprint(total)\n"
LASTING = ("no allowance", "no tokens left this month")
PASSING = [fault for name, fault in ERRORS.items() if fault.status >= 429 and name not in LASTING]


def flaky(seed: int):
    """Half of the answers are well; the others are errors that may pass, cuts, resets and a few stalls."""
    lot = random.Random(seed)

    def answer(_):
        fault = lot.choice(("none",) * 10 + ("error", "cut", "reset") * 3 + ("stall",))
        if fault == "error":
            return lot.choice(PASSING)
        ending = "done" if fault == "none" else fault
        return Reply(
            ANSWER, ending=ending, sent=lot.randrange(4) if ending != "done" else None, pack=split(40)
        )

    return answer


def edited(document: Document, lot: random.Random) -> Document:
    start = lot.randrange(document.length + 1)
    end = min(document.length, start + lot.choice((0, 0, 0, 1, 30)))
    text = lot.choice(("", "x", "to", "total", "\n", "\n    ", "(", "é", "😀", "def f():\n    "))
    return apply_edits(document, [Edit(Span(start, end), text)], document.version + 1)


async def test_the_engine_over_http(caplog):
    lot = random.Random(1)
    ticks = count(
        0.0, 1000.0
    )  # Every look at the clock is long after the last, so that no breaker stays open.
    documents = [Document.of(f"file:///{n}.py", "python", 1, "def f():\n    x = \n" * 5) for n in range(3)]
    async with FakeMistral(flaky(2)) as upstream:
        url, key = upstream.api_url, upstream.api_key
        model = Mistral(url, "codestral-latest", key, key_name="a test", reach=Reach(), timeout=0.2)
        ledger = Ledger(None, lambda: 0.0)
        accounts = Accounts(ledger, workspace := Workspace())
        carrier = Carrier(model, disk=None, accounts=accounts, clock=ticks.__next__, on_status=lambda _: None)
        completer = Completer(carrier, workspace, Options(debounce=0.001), Streaks(lambda: 0.0))
        asked: list[asyncio.Task] = []
        while len(asked) < REQUESTS:
            which = lot.randrange(3)
            documents[which] = document = edited(documents[which], lot)
            site = Site(document, lot.randrange(document.length + 1))
            asked.append(asyncio.create_task(completer.complete(site, lot.choice(("automatic", "invoked")))))
            if lot.random() < 0.2:
                lot.choice(asked[-5:]).cancel()
            if lot.random() < 0.5:
                await asyncio.wait((lot.choice(asked[-3:]),), timeout=0.005)
            if not len(asked) % PAUSE:
                await asyncio.wait(asked[-1:])
            if lot.random() < 0.01:
                completer.forget(document.uri)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        await completer.aclose()
        await model.aclose()
        ledger.close()
    assert len(answers) == REQUESTS
    raised = [answer for answer in answers if isinstance(answer, BaseException)]
    assert all(isinstance(error, asyncio.CancelledError) for error in raised)
    # How many requests are made, and how many suggestions shown, is the scheduler's affair; some are.
    assert any(isinstance(answer, Suggestion) for answer in answers)
    assert len(upstream.requests) > PAUSES / 2
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []


@pytest.mark.parametrize("seed", [3])
async def test_the_server_over_stdio(tmp_path, monkeypatch, seed):
    lot = random.Random(seed)
    log = tmp_path / "log"
    async with FakeMistral(flaky(seed)) as upstream:
        with log.open("wb") as stderr:
            async with running_server(_environment(tmp_path, upstream), stderr=stderr) as client:
                await client.until("ready")
                client.notify("textDocument/didOpen", {"textDocument": _document()})
                answers = [answer async for answer in _asked(client, lot)]
        await _answered(*answers)
    results = await asyncio.gather(*answers, return_exceptions=True)
    assert len(results) == REQUESTS
    refused = [result for result in results if isinstance(result, BaseException)]
    assert all(isinstance(error, Refused) and error.args[0] == -32800 for error in refused)
    # The slower the machine, the more of them are superseded before they are sent.
    assert len(upstream.requests) > PAUSES / 2
    assert any(result["items"] for result in results if isinstance(result, dict))
    said = log.read_text()
    assert "ERROR" not in said
    assert "Traceback" not in said
    assert "def f" not in said


async def _asked(client, lot: random.Random):
    """Edit, ask, sometimes cancel, sometimes wait."""
    version = count(2)
    for _ in range(REQUESTS):
        line, column = lot.randrange(12), lot.randrange(12)
        here = {"line": line, "character": column}
        change = {
            "range": {"start": here, "end": here},
            "text": lot.choice(("x", "to", "\n", "(", "é", "😀")),
        }
        identifier = {"uri": "file:///a.py", "version": next(version)}
        client.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})
        number, answer = client.send(
            "textDocument/inlineCompletion",
            {
                "textDocument": {"uri": "file:///a.py"},
                "position": {"line": line, "character": column + 1},
                "context": {"triggerKind": lot.choice((1, 2))},
            },
        )
        if lot.random() < 0.2:
            client.notify("$/cancelRequest", {"id": number})
        if lot.random() < 0.3:
            await asyncio.wait((answer,), timeout=0.01)
        if not number % PAUSE:
            await _answered(answer)
        yield answer


async def _answered(*answers: asyncio.Future) -> None:
    """Wait for answers, none of which takes long, however long 2,000 of them may on a busy machine."""
    _, missing = await asyncio.wait(answers, timeout=PATIENCE)
    assert not missing


def _document() -> dict[str, object]:
    text = "def f():\n    x = \n" * 6
    return {"uri": "file:///a.py", "languageId": "python", "version": 1, "text": text}


def _environment(folder: Path, upstream: FakeMistral) -> dict[str, str]:
    import os

    config = folder / "config.toml"
    settings = ("provider = 'mistral'", f"base_url = '{upstream.api_url}'", "api_key_env = 'TEST_KEY'")
    config.write_text("\n".join(("[completion]", *settings, "timeout_s = 1", "debounce_ms = 5")))
    return {
        **os.environ,
        "CODESTRAL_LS_CONFIG": str(config),
        "CODESTRAL_LS_CACHE": str(folder / "cache"),
        "CODESTRAL_LS_STATE": str(folder / "state"),
        "TEST_KEY": upstream.api_key,
    }
