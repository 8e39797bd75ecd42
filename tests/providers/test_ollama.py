"""Ollama, against a stand-in with its traps, which its own client takes for the real server."""

from __future__ import annotations

import dataclasses

import pytest

from codestral_ls.bench.reply import Reply
from codestral_ls.core.dialect import parse_template
from codestral_ls.core.model import (
    BadRequest,
    Chunk,
    Snippet,
    Usage,
)
from codestral_ls.core.privacy import redact
from tests.providers.ollama_requests import PREFIX, QWEN, REQUEST, SUFFIX, TEXT, TYPED, at, hole, reply_to
from tests.upstream.mistral import grouped, split
from tests.upstream.ollama import FakeOllama, Loaded
from tests.upstream.ollama_models import FakeModel

SNIPPETS = (Snippet(redact("shop/cart.py"), redact("x = 1\n")),)
BARRED = f"<|fim_prefix|>{PREFIX}{TYPED}<|fim_suffix|>{SUFFIX}<|fim_middle|>"

PROMPTS = {
    "by the server's template": (QWEN, REQUEST, {}, BARRED, False),
    "by ours, where it has none": (
        "deepseek-coder-gguf",
        REQUEST,
        {},
        f"<｜fim▁begin｜>{PREFIX}{TYPED}<｜fim▁hole｜>{SUFFIX}<｜fim▁end｜>",
        True,
    ),
    "no suffix, which would be a chat": (
        QWEN,
        hole(suffix=""),
        {},
        f"<|fim_prefix|>{PREFIX}{TYPED}<|fim_suffix|><|fim_middle|>",
        True,
    ),
    "no prefix, which would load": (
        QWEN,
        hole("", ""),
        {},
        f"<|fim_prefix|><|fim_suffix|>{SUFFIX}<|fim_middle|>",
        True,
    ),
    "other files": (
        QWEN,
        hole(snippets=SNIPPETS, path=redact("shop/total.py")),
        {},
        "<|repo_name|>project\n<|file_sep|>shop/cart.py\nx = 1\n<|file_sep|>shop/total.py\n" + BARRED,
        True,
    ),
    "a template of the user's": (
        QWEN,
        REQUEST,
        {"template": parse_template("[B]{prefix}[A]{suffix}[M]")},
        f"[B]{PREFIX}{TYPED}[A]{SUFFIX}[M]",
        True,
    ),
    "a family that only the server knows": ("mine", REQUEST, {}, f"<A>{PREFIX}{TYPED}<B>{SUFFIX}<C>", False),
    "the same, with no suffix": ("mine", hole(suffix=""), {}, f"<A>{PREFIX}{TYPED}<B>\n<C>", False),
    "the same, with other files": (
        "mine",
        hole(snippets=SNIPPETS),
        {},
        f"<A># shop/cart.py\nx = 1\n\n{PREFIX}{TYPED}<B>{SUFFIX}<C>",
        False,
    ),
    "a family that nobody knows": ("llama3.1:8b", REQUEST, {}, f"{PREFIX}{TYPED}", True),
    "markers in the text around": (
        QWEN,
        hole("a = '<|fim_middle|>'\nb", "", "c\nd = '<|im_end|>'"),
        {},
        "<|fim_prefix|>'\nb<|fim_suffix|>c\nd = '<|fim_middle|>",
        False,
    ),
    "nothing is left but a marker": (
        QWEN,
        hole("<|fim_middle|>", "", "<|fim_middle|>"),
        {},
        "<|fim_prefix|><|fim_suffix|><|fim_middle|>",
        True,
    ),
}


@pytest.mark.parametrize(("model", "request_", "options", "prompt", "raw"), PROMPTS.values(), ids=PROMPTS)
async def test_what_the_model_is_given(model, request_, options, prompt, raw):
    async with FakeOllama(TEXT) as upstream:
        chunks = await reply_to(upstream, request_, model, **options)
    [asked] = upstream.asked("/api/generate")
    assert upstream.prompts == [prompt]
    assert ("raw" in asked.json, "suffix" in asked.json) == (raw, not raw)
    assert "".join(chunk.text for chunk in chunks) == TEXT


async def test_a_request():
    async with FakeOllama(TEXT) as upstream:
        request = dataclasses.replace(REQUEST, stop=("\n\n", "<|im_end|>"), seed=7, temperature=0.2)
        await reply_to(upstream, request, stop=("###",), keep_alive="-1", context_tokens=2048)
    body = upstream.asked("/api/generate")[0].json
    stops = body["options"].pop("stop")
    assert body == {
        "model": QWEN,
        "prompt": PREFIX + TYPED,
        "suffix": SUFFIX,
        "stream": True,
        "keep_alive": -1,
        "truncate": False,
        "shift": False,
        "think": False,
        "options": {"num_ctx": 2048, "num_predict": 64, "temperature": 0.2, "seed": 7},
    }
    # The request's own come first, then the user's; those of the family and of the model's file follow.
    assert stops[:3] == ["\n\n", "<|im_end|>", "###"]
    assert len(set(stops)) == len(stops)
    assert {"<|endoftext|>", "<|fim_pad|>"} <= set(stops)


async def test_the_stops_of_a_model_of_the_users_own_are_kept():
    async with FakeOllama("total<D>more") as upstream:
        chunks = await reply_to(upstream, dataclasses.replace(REQUEST, stop=("\n",)), "mine")
    assert "".join(chunk.text for chunk in chunks) == "total"
    assert upstream.asked("/api/generate")[0].json["options"]["stop"] == ["\n", "<D>"]


EMPTY = {
    "nothing before the cursor, and no template": ("llama3.1:8b", hole("", "", "x")),
    "nothing but a marker, and no template": ("llama3.1:8b", hole("<|im_end|>", "", "")),
    "nothing before the cursor, and only the server's template": ("mine", hole("", "", "x")),
}


@pytest.mark.parametrize(("model", "request_"), EMPTY.values(), ids=EMPTY)
async def test_an_empty_prompt_would_only_load_the_model(model, request_):
    async with FakeOllama(TEXT) as upstream:
        assert await reply_to(upstream, request_, model) == [Chunk("", "stop")]
    assert upstream.asked("/api/generate") == []


@pytest.mark.parametrize("model", [QWEN, "llama3.1:8b"])
async def test_a_marker_on_the_line_is_not_asked_about(model):
    async with FakeOllama(TEXT) as upstream:
        with pytest.raises(BadRequest, match="control token"):
            await reply_to(upstream, hole(typed="x = '<|im_end|>'"), model)
    assert upstream.asked("/api/generate") == []


async def test_a_model_that_has_lost_its_template_is_asked_in_ours_from_then_on():
    async with FakeOllama(TEXT) as upstream:
        client = at(upstream)
        await client.warm()
        upstream.models[QWEN] = FakeModel()
        texts = ["".join([chunk.text async for chunk in client.fim(REQUEST)]) for _ in range(2)]
        await client.aclose()
    assert texts == [TEXT, TEXT]
    assert ["suffix" in asked.json for asked in upstream.asked("/api/generate")] == [
        False,
        True,
        False,
        False,
    ]


OLD = {
    "it tells no capabilities": ({"tells_capabilities": False}, BARRED),
    "it knows no stops": ({"knows_stops": False}, BARRED),
}


@pytest.mark.parametrize(("settings", "prompt"), OLD.values(), ids=OLD)
async def test_an_old_server(settings, prompt):
    async with FakeOllama(f"{TEXT}<|endoftext|>more", **settings) as upstream:
        chunks = await reply_to(upstream)
    assert upstream.prompts == [prompt]
    assert ("".join(chunk.text for chunk in chunks), chunks[-1].finish) == (TEXT, "stop")


LONG = hole("word " * 600)


async def test_a_prompt_that_is_too_long_is_refused_and_not_cut():
    async with FakeOllama(TEXT) as upstream:
        with pytest.raises(BadRequest, match=r"exceeds the available context size.*smaller budget"):
            await reply_to(upstream, LONG, context_tokens=512)
    assert upstream.prompts == []


async def test_a_prompt_that_an_old_server_has_cut_is_told():
    async with FakeOllama(TEXT, knows_truncate=False) as upstream:
        with pytest.raises(BadRequest, match=r"read only a part.*larger completion\.context_tokens"):
            await reply_to(upstream, LONG, context_tokens=512)
    assert BARRED[-15:] in upstream.prompts[0]
    assert not upstream.prompts[0].startswith("<|fim_prefix|>word word")


async def test_the_model_is_loaded_once():
    async with FakeOllama(TEXT) as upstream:
        client = at(upstream)
        await client.warm()
        for request in (REQUEST, hole(suffix=""), hole(typed="x")):
            assert [chunk async for chunk in client.fim(request)]
        await client.aclose()
    assert upstream.loads == [Loaded(QWEN, 8192, shift=False)]
    assert len({exchange.connection for exchange in upstream.asked("/api/generate")[1:]}) == 1


async def test_a_small_model_is_not_given_more_context_than_it_was_trained_for():
    async with FakeOllama(TEXT, models={QWEN: FakeModel(context=2048)}) as upstream:
        client = at(upstream)
        await client.warm()
        await client.aclose()
    assert upstream.loads == [Loaded(QWEN, 2048, shift=False)]
    assert (client.profile.prefix_tokens, client.profile.suffix_tokens) == (1228, 307)


@pytest.mark.parametrize("keep_alive", ["0", "-1", "5m", "1h30m", "300"])
async def test_warming_never_unloads(keep_alive):
    async with FakeOllama(TEXT) as upstream:
        client = at(upstream, keep_alive=keep_alive)
        await client.warm()
        await client.aclose()
    assert len(upstream.asked("/api/generate")) == len(upstream.loads) == (keep_alive != "0")


PROFILES = {
    "known by name": (QWEN, True, "", {}),
    "known by the server only": ("mine", True, "", {}),
    "kept from what is behind by the user": (
        QWEN,
        False,
        "it does not see what follows the cursor",
        {"template": parse_template("[B]{prefix}")},
    ),
    "unknown": ("llama3.1:8b", False, "it does not see what follows the cursor", {}),
}


@pytest.mark.parametrize(("model", "fills", "degraded", "options"), PROFILES.values(), ids=PROFILES)
async def test_profile(model, fills, degraded, options):
    async with FakeOllama(TEXT) as upstream:
        client = at(upstream, model, **options)
        await client.warm()
        await client.aclose()
    profile = client.profile
    assert (profile.fills, profile.degraded, profile.model) == (fills, degraded, model)
    assert (profile.host, profile.label) == ("127.0.0.1", f"{model} at {upstream.url[7:]}")


STREAMS = {
    "plain": Reply(TEXT),
    "two lines in a write": Reply(TEXT, pack=grouped(2)),
    "all in one write": Reply(TEXT, pack=grouped(100)),
    "one byte in a write": Reply(TEXT, pack=split(1)),
    "empty": Reply(""),
    "text in the last line": Reply(TEXT, extra={"response": " # the end"}),
}


@pytest.mark.parametrize("reply", STREAMS.values(), ids=STREAMS)
async def test_stream(reply):
    async with FakeOllama(reply) as upstream:
        chunks = await reply_to(upstream)
    assert "".join(chunk.text for chunk in chunks) == reply.text + reply.extra.get("response", "")
    assert [chunk.finish for chunk in chunks[:-1]] == [None] * (len(chunks) - 1)
    assert chunks[-1].finish == "stop"
    assert chunks[-1].usage.completion > 0


async def test_finish_and_usage():
    async with FakeOllama(Reply("a b c", extra={"prompt_eval_count": 200})) as upstream:
        [*_, last] = await reply_to(upstream, dataclasses.replace(REQUEST, max_tokens=2))
    assert (last.finish, last.usage) == ("length", Usage(200, 3))


async def test_a_thought_is_no_answer():
    async with FakeOllama(TEXT, thoughts="Let me see.") as upstream:
        assert "".join(chunk.text for chunk in await reply_to(upstream)) == TEXT
