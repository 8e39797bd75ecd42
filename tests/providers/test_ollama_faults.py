"""What goes wrong with Ollama, and what the user's rules keep from it."""

from __future__ import annotations

import asyncio

import pytest

from codestral_ls.bench.reply import Plain, Reply
from codestral_ls.core.model import (
    BadReply,
    BadRequest,
    ModelError,
    NotAllowed,
    Unauthorized,
    Unavailable,
)
from codestral_ls.core.privacy import THIS_MACHINE, Reach
from codestral_ls.providers.ollama import connect
from tests.providers.ollama_requests import QWEN, REQUEST, TEXT, at, reply_to
from tests.upstream.ollama import FakeOllama
from tests.upstream.ollama_models import FakeModel


def raw(*lines: bytes) -> Reply:
    return Reply("", pack=lambda _: [b"".join(line + b"\n" for line in lines)])


FAULTS = {
    "closed": (Reply(TEXT, ending="cut"), Unavailable, "broke off|cut off"),
    "ended without an end": (Reply(TEXT, ending="unmarked"), Unavailable, "cut off before its end"),
    "silent": (Reply(TEXT, ending="stall"), Unavailable, "sent nothing for 0.2 s"),
    "an error": (raw(b'{"error":"model runner stopped"}'), Unavailable, "gave up.*: model runner stopped"),
    "an error that quotes": (
        raw(b'{"error":"bad line: def compute_total(items):"}'),
        Unavailable,
        "gave up in the middle of its answer. Ask again",
    ),
    "no JSON": (raw(b"{compute_total"), BadReply, "not that of Ollama"),
    "a page": (raw(b"<html>"), BadReply, "not that of Ollama"),
    "a list": (raw(b"[1]"), BadReply, "not that of Ollama"),
    "another type": (raw(b'{"response":5}'), BadReply, "not that of Ollama"),
    "a line without end": (Reply("", pack=lambda _: [b"x" * 1_100_000]), BadReply, "endless line"),
    "loaded, and no answer": (raw(b'{"done":true,"done_reason":"load"}'), BadReply, "to load the model"),
    "unloaded": (raw(b'{"done":true,"done_reason":"unload"}'), BadReply, "to unload the model"),
    "500": (Plain(500, {"error": "llama runner process has terminated"}), Unavailable, "cannot answer now"),
    "401": (Plain(401, {"error": "unauthorized"}), Unauthorized, "key"),
}


@pytest.mark.parametrize(("reply", "kind", "sentence"), FAULTS.values(), ids=FAULTS)
async def test_an_answer_that_is_none(reply, kind, sentence):
    async with FakeOllama(reply) as upstream:
        with pytest.raises(ModelError, match=sentence) as caught:
            await reply_to(upstream, timeout=0.2)
    assert type(caught.value) is kind
    assert "compute_total" not in caught.value.message


async def test_an_error_in_mid_stream():
    async with FakeOllama(TEXT, error_after=2) as upstream:
        client = at(upstream)
        reply = client.fim(REQUEST)
        assert [(await anext(reply)).text for _ in range(2)] == ["total", " ="]
        with pytest.raises(
            Unavailable, match="gave up in the middle of its answer: an error was encountered"
        ):
            await anext(reply)
        await client.aclose()


async def test_a_model_that_is_not_installed():
    async with FakeOllama(TEXT) as upstream:
        with pytest.raises(BadRequest, match=r"has no model starcoder2:3b\. Run: ollama pull starcoder2:3b"):
            await reply_to(upstream, model="starcoder2:3b")
        client = at(upstream)
        await client.warm()
        upstream.settings.missing.add(QWEN)
        with pytest.raises(BadRequest, match=f"Run: ollama pull {QWEN}"):
            await anext(client.fim(REQUEST))
        await client.aclose()


async def test_a_full_queue():
    async with FakeOllama(TEXT, busy=True) as upstream:
        with pytest.raises(Unavailable, match="server busy, please try again"):
            await reply_to(upstream)


async def test_another_server_at_that_address():
    async with FakeOllama(TEXT) as upstream:
        client = connect(QWEN, THIS_MACHINE, base_url=f"{upstream.url}/v1")
        with pytest.raises(BadRequest, match="Check base_url"):
            await client.warm()
        await client.aclose()


async def test_closing_the_reply_ends_the_generation():
    async with FakeOllama(Reply(TEXT, ending="stall")) as upstream:
        client = at(upstream)
        reply = client.fim(REQUEST)
        await anext(reply)
        await reply.aclose()
        async with asyncio.timeout(5):
            await upstream.wait_for(lambda: upstream.asked("/api/generate")[0].outcome == "abandoned")
        await client.aclose()


CLOUD = "qwen3-coder:480b-cloud"
REACHES = {
    "this machine only": (THIS_MACHINE, "privacy.local_only"),
    "a region": (Reach(region="eu"), "privacy.region"),
    "other hosts": (Reach(hosts=("relay.example",)), "privacy.hosts"),
}


@pytest.mark.parametrize(("reach", "rule"), REACHES.values(), ids=REACHES)
@pytest.mark.parametrize("model", [CLOUD, "passed-on"])
async def test_a_server_that_passes_code_on_is_not_the_way_around_the_rules(model, reach, rule):
    passed_on = {f"{model}:latest": FakeModel(remote_host="https://ollama.com:443")}
    async with FakeOllama(TEXT, models=passed_on) as upstream:
        client = at(upstream, model, reach)
        for _ in range(2):
            with pytest.raises(NotAllowed, match=f"passes {model} on to ollama.com. {rule}"):
                await anext(client.fim(REQUEST))
        await client.aclose()
    assert {exchange.path for exchange in upstream.exchanges} <= {"/api/show"}


async def test_a_model_elsewhere_is_used_where_it_may_be():
    async with FakeOllama(TEXT) as upstream:
        client = at(upstream, CLOUD, Reach())
        await client.warm()
        assert "".join([chunk.text async for chunk in client.fim(REQUEST)]) == TEXT
        await client.aclose()
    assert client.profile.host == "ollama.com"
