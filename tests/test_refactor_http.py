"""A refactoring over real HTTP: Mistral's strict host, its repeated beginnings, and connections that end."""

from __future__ import annotations

import asyncio

import pytest

from codestral_ls.app import App
from codestral_ls.core.applicable import applicable
from codestral_ls.core.model import ModelError
from codestral_ls.core.text import Document, Span
from codestral_ls.engine.ledger import Ledger, Reader
from tests.test_app import Listener
from tests.upstream.chat import ChatReply
from tests.upstream.mistral import FakeMistral

OLD = "def total(items):\n    result = 0\n    for item in items:\n        result += item\n    return result\n"
NEW = "def total(items):\n    return sum(items)\n"
DOCUMENT = Document.of("file:///shop/cart.py", "python", 1, f"import os\n\n{OLD}")
CODEBLOCK = f"{NEW}```\n"


def app_of(tmp_path, upstream: FakeMistral) -> App:
    config = tmp_path / "config.toml"
    config.write_text(
        f'[cache]\ndisk = false\n[completion]\nprovider = "mistral"\nbase_url = "{upstream.api_url}"\n'
        'api_key_env = "KEY"\n'
    )
    environ = {"KEY": upstream.api_key, "CODESTRAL_LS_STATE": str(tmp_path)}
    app = App(
        Listener(), config_file=config, environ=environ, ledger=Ledger(tmp_path / "ledger.jsonl", lambda: 1e9)
    )
    app.configure()
    return app


def choice(name: str = "simplify"):
    place = Span(14, 14)
    return next(c for c in applicable(DOCUMENT, place) if c.action.name == name)


@pytest.mark.parametrize(
    "reply", [CODEBLOCK, f"```python target\n{CODEBLOCK}"], ids=["goes on", "begins anew"]
)
async def test_the_host_takes_what_it_is_sent(tmp_path, reply):
    async with FakeMistral(reply) as upstream:
        app = app_of(tmp_path, upstream)
        proposal = await app.refactorer.propose(DOCUMENT, choice())
        await app.aclose()
        [request] = upstream.requests
    assert proposal.changes[0].new_text == f"import os\n\n{NEW}"
    assert request.json["messages"][-1]["prefix"] is True
    assert request.json["prediction"]["content"] in OLD


async def test_two_spans_are_asked_for_by_a_schema(tmp_path):
    reply = '{"replacements": [{"span": "target", "text": "def total(items):\\n    return sum(items)"}]}'
    async with FakeMistral(reply) as upstream:
        app = app_of(tmp_path, upstream)
        proposal = await app.refactorer.propose(DOCUMENT, choice("modernise"))
        await app.aclose()
        [request] = upstream.requests
    assert proposal.changes[0].new_text == f"import os\n\n{NEW}"
    assert request.json["response_format"]["type"] == "json_schema"


async def test_what_a_thinking_model_thinks_is_no_code(tmp_path):
    async with FakeMistral(
        ChatReply(CODEBLOCK, thoughts="I could write ```python\nx\n``` here.")
    ) as upstream:
        app = app_of(tmp_path, upstream)
        proposal = await app.refactorer.propose(DOCUMENT, choice())
        await app.aclose()
    assert proposal.changes[0].new_text == f"import os\n\n{NEW}"


ENDS = {"the user gives up": None, "other settings": {"chat": {"quick": "mistral-small-latest"}}}


@pytest.mark.parametrize("settings", ENDS.values(), ids=ENDS)
async def test_the_connection_ends_with_the_request(tmp_path, settings):
    """Where code may go can have changed with the settings: what is under way ends at once."""
    async with FakeMistral(ChatReply(CODEBLOCK, ending="stall", sent=12)) as upstream:
        app = app_of(tmp_path, upstream)
        came = asyncio.Event()
        asked = asyncio.create_task(
            app.refactorer.propose(
                DOCUMENT, choice(), report=lambda stage, _: stage == "writing" and came.set()
            )
        )
        await asyncio.wait_for(came.wait(), 20)
        if settings is None:
            asked.cancel()
        else:
            app.configure([settings])
        with pytest.raises((asyncio.CancelledError, ModelError)) as ended:
            await asyncio.wait_for(asked, 20)
        assert isinstance(ended.value, asyncio.CancelledError) == (settings is None)
        await upstream.wait_for(lambda: upstream.requests[0].outcome == "abandoned")
        await app.aclose()
    [record] = Reader(tmp_path / "ledger.jsonl")
    assert record.task == "refactoring"
    assert record.estimated
    assert record.completion_tokens > 0
