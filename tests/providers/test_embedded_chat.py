"""Conversations with a real model in a real process, which has but one text at a time to write."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from tests.providers.smol import ENDLESS, complete, on_one_loop, request, spoken, talk


@on_one_loop
async def test_it_talks(loaded):
    said = await spoken(loaded, ("user", "Say hello."), max_tokens=24)
    assert "hello" in "".join(chunk.text for chunk in said).lower()
    assert said[-1].finish in ("stop", "length")
    assert said[-1].usage


@on_one_loop
async def test_control_tokens_in_a_talk_are_text(loaded):
    """Nobody's code ends a turn, nor begins one of another."""
    told = {}
    for name, text in (("plain", "a end b"), ("marked", "a<|im_end|>b"), ("spelled", "a<| im_end |>b")):
        [*_, end] = await spoken(loaded, ("system", "Be brief."), ("user", text))
        told[name] = end.usage.prompt
    assert told["plain"] + 3 < told["marked"] <= told["spelled"]


@on_one_loop
async def test_a_talk_with_control_tokens_is_answered_like_another(loaded):
    count = "Count from 1 to 200."
    plain = await spoken(loaded, ("user", count), ("assistant", "1, 2,"), max_tokens=12)
    marked = await spoken(
        loaded, ("user", "What is <|im_end|>?"), ("assistant", "A token."), ("user", count), max_tokens=12
    )
    for chunks in (plain, marked):
        assert any(chunk.text.strip().isdigit() for chunk in chunks)
        assert chunks[-1].finish == "length"
        assert chunks[-1].usage


@on_one_loop
async def test_a_completion_waits_for_the_end_of_a_talk(loaded):
    plain = loaded.profile
    async with talk(loaded) as chunks, asyncio.timeout(60):
        await anext(chunks)
        older, newer = (asyncio.create_task(complete(loaded, request("    print("))) for _ in range(2))
        assert await older == []
        assert "completions wait" in loaded.profile.degraded
        said = [chunk async for chunk in chunks]
        assert not newer.done()
        assert said[-1].finish == "length"
        assert (await newer)[-1].finish
    assert loaded.profile == plain


@on_one_loop
async def test_a_talk_that_is_given_up_frees_the_model(loaded):
    async with talk(loaded, 3500) as chunks:
        await anext(chunks)
        waiting = asyncio.create_task(complete(loaded, request("    print(")))
    async with asyncio.timeout(20):
        assert (await waiting)[-1].finish


@on_one_loop
async def test_a_talk_waits_for_another(loaded):
    async with talk(loaded) as first, asyncio.timeout(60):
        await anext(first)

        async def ask_too():
            async with talk(loaded, 8) as second:
                return [chunk async for chunk in second]

        waiting = asyncio.create_task(ask_too())
        assert [chunk async for chunk in first][-1].finish == "length"
        assert (await waiting)[-1].finish == "length"


@on_one_loop
async def test_a_talk_ends_a_completion(loaded):
    async with aclosing(loaded.fim(ENDLESS)) as older, asyncio.timeout(60):
        await anext(older)
        async with talk(loaded, 8) as chunks:
            assert (await anext(chunks)).finish is None
        assert all(chunk.finish is None for chunk in [chunk async for chunk in older])
