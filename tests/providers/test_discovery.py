"""Servers of OpenAI's protocol on this machine, and their addresses."""

from __future__ import annotations

import dataclasses
from contextlib import AsyncExitStack

import pytest

from codestral_ls.bench.reply import Plain
from codestral_ls.core.privacy import Reach
from codestral_ls.providers import discovery
from codestral_ls.providers.discovery import Found, best_model, find, probe, root
from tests.upstream.openai import CODER, INSTRUCT, LM_STUDIO, VLLM, FakeOpenAI

ROOTS = {
    "http://127.0.0.1:8000": "http://127.0.0.1:8000/v1",
    "http://127.0.0.1:8000/": "http://127.0.0.1:8000/v1",
    "http://127.0.0.1:8000/v1": "http://127.0.0.1:8000/v1",
    "http://127.0.0.1:8000/v3/": "http://127.0.0.1:8000/v3",
    "https://relay.example/api": "https://relay.example/api/v1",
    "https://host.example/v1beta/openai": "https://host.example/v1beta/openai",
    "https://api.deepseek.com": "https://api.deepseek.com/beta",
    "https://api.deepseek.com/beta": "https://api.deepseek.com/beta",
}


@pytest.mark.parametrize(("base_url", "expected"), ROOTS.items(), ids=ROOTS)
def test_root(base_url, expected):
    assert root(base_url) == expected


BEST = {
    "none": ((), None),
    "the first": (("a", "b"), "a"),
    "one that fills": (("a", "qwen2.5-coder-7b"), "qwen2.5-coder-7b"),
    "none for search": (("text-embedding-x", "bge-m3", "a"), "a"),
    "for search only": (("text-embedding-x",), None),
}


@pytest.mark.parametrize(("models", "best"), BEST.values(), ids=BEST)
def test_best_model(models, best):
    assert best_model(models) == best


NOBODY = {
    "no list": Plain(404, b""),
    "a web page": Plain(200, b"<html></html>"),
    "another list": Plain(200, ["a"]),
    "a closed door": Plain(401, {"error": {"message": "no"}}),
    "an error": Plain(500, b""),
    "silence": Plain(200, {"data": []}, latency=60),
}


@pytest.mark.parametrize("answer", NOBODY.values(), ids=NOBODY)
async def test_what_is_no_server(answer, monkeypatch):
    monkeypatch.setattr(discovery, "PROBE_SECONDS", 0.05)
    async with FakeOpenAI(VLLM) as upstream:
        upstream._checks = (lambda _: answer,)
        assert await probe(upstream.url, Reach()) is None


async def test_nobody_listens():
    async with FakeOpenAI(VLLM) as upstream:
        url = upstream.url
    assert await probe(url, Reach()) is None


async def test_a_key_is_used():
    async with FakeOpenAI(VLLM, key="key") as upstream:
        assert await probe(upstream.url, Reach()) is None
        assert await probe(upstream.url, Reach(), "key") == Found(upstream.url, (CODER, INSTRUCT))


async def test_the_first_that_has_a_model_is_found(monkeypatch):
    kinds = [dataclasses.replace(VLLM, models=()), LM_STUDIO, VLLM]
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(FakeOpenAI(kind)) for kind in kinds]
        monkeypatch.setattr(discovery, "PORTS", [int(server.url.rpartition(":")[2]) for server in servers])
        assert await find(Reach(local_only=True)) == Found(servers[1].url, LM_STUDIO.models)
