"""Our client and llama.cpp's own server, with tiny models: what becomes of a prompt, byte by byte."""

from __future__ import annotations

import asyncio
import urllib.error
from contextlib import aclosing
from dataclasses import replace

import pytest

from codestral_ls.core.dialect import template_for
from codestral_ls.core.model import BadRequest, ChatRequest, Chunk, FimRequest, Message, Snippet, Unauthorized
from codestral_ls.core.privacy import Reach, redact
from codestral_ls.providers.http import Host
from codestral_ls.providers.llama_tokens import Tokenizer
from codestral_ls.providers.llamacpp import LlamaCpp, connect, inspect, probe
from tests.providers import tiny
from tests.providers.llama import PATIENT, connected, generated, post, serve

CODESTRAL = ("[INST]", "[PREFIX]", "[MIDDLE]", "[SUFFIX]")
FILE = Snippet(redact("lib.py"), redact("answer = 42\n"))
LONG = 100_000


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("models")


@pytest.fixture(scope="module")
def filling(folder):
    """A model that fills holes, whose family no name tells."""
    return serve(tiny.write_bpe(folder / "unheard-of.gguf", *tiny.FIM_TOKENS))


@pytest.fixture(scope="module")
def plain(folder):
    return serve(tiny.write_bpe(folder / "plain.gguf"), context=512)


@pytest.fixture(scope="module")
def codestral(folder):
    return serve(tiny.write_spm(folder / "Codestral-22B-v0.1.gguf", *CODESTRAL))


def request(prefix="def f(a):\n", typed="", suffix="\nf(1)\n", max_tokens=4, **more) -> FimRequest:
    return FimRequest(redact(prefix), redact(typed), redact(suffix), max_tokens, **more)


async def last(client: LlamaCpp, wanted: FimRequest) -> Chunk:
    async with aclosing(client.fim(wanted)) as chunks:
        [*_, end] = [chunk async for chunk in chunks]
    assert end.finish
    return end


async def prompt_tokens(client: LlamaCpp, wanted: FimRequest) -> int:
    """How many tokens the server saw."""
    usage = (await last(client, wanted)).usage
    assert usage
    return usage.prompt


@pytest.mark.parametrize(
    ("prefix", "suffix", "tokens"),
    [
        ("def f(", "    return a", "<s> [SUFFIX] ▁▁▁▁ r e t u r n ▁ a [PREFIX] ▁ d e f ▁ f ("),
        ("  x", "\n\n  y", "<s> [SUFFIX] <0x0A> <0x0A> ▁▁ y [PREFIX] ▁▁ ▁ x"),
        ("x", "y", "<s> [SUFFIX] y [PREFIX] ▁ x"),
        ("x", "", "<s> [SUFFIX] [PREFIX] ▁ x"),
        ("[INST]", "[", "<s> [SUFFIX] [ [PREFIX] ▁ [ I N S T ]"),
    ],
    ids=["code", "line ends", "no blank", "no suffix", "control token"],
)
async def test_codestral_is_sent_the_tokens_it_was_trained_with(codestral, prefix, suffix, tokens):
    template = template_for("codestral-22b")
    assert template
    host = Host(codestral.listening_address, Reach(), timeout=PATIENT)
    ids = await Tokenizer(host).tokens(template.render(prefix, suffix))
    await host.aclose()
    vocabulary = tiny.spm_tokens(*CODESTRAL)
    assert " ".join(vocabulary[token] for token in ids) == tokens
    async with connected(codestral) as client:
        assert await prompt_tokens(client, request(prefix, "", suffix)) == len(ids)


async def test_as_text_it_would_get_a_blank_before_the_suffix(codestral):
    said = post(codestral, "/tokenize", content="[SUFFIX]y[PREFIX]x", add_special=True)["tokens"]
    vocabulary = tiny.spm_tokens(*CODESTRAL)
    assert " ".join(vocabulary[token] for token in said) == "<s> [SUFFIX] ▁ y [PREFIX] ▁ x"


async def test_a_vocabulary_without_blanks_before_texts(filling):
    template = replace(template_for("codestral-22b"), controls=())
    host = Host(filling.listening_address, Reach(), timeout=PATIENT)
    pieces = [piece for piece in template.render("", "\n\n def") if piece.bare]
    tokens = await Tokenizer(host).tokens((pieces[0],))
    await host.aclose()
    assert tokens == post(filling, "/tokenize", content="\n\n def")["tokens"]


async def test_a_family_that_no_name_tells(filling):
    async with connected(filling) as client:
        assert client.profile.fills
        end = await last(client, request(snippets=()))
        assert end.usage
        # What the server itself makes of the same prompt.
        shown = post(filling, "/infill", input_prefix="def f(a):\n", input_suffix="\nf(1)\n", n_predict=0)
        assert end.usage.prompt == shown["tokens_evaluated"]


async def test_the_template_that_infill_shows(filling):
    async with connected(filling, fim="template") as client:
        assert client.profile.fills
        assert await prompt_tokens(client, request("ab", "", "c")) == len("ab") + len("c") + 3


async def test_other_files_for_infill(filling):
    async with connected(filling) as client:
        without = await prompt_tokens(client, request())
        # The separator, the file's name with its line end, and the text with its own.
        assert await prompt_tokens(client, request(snippets=(FILE,))) - without == 1 + 7 + 12


async def test_other_files_where_infill_leaves_them_out(folder):
    small = serve(tiny.write_bpe(folder / "small.gguf", *tiny.FIM_TOKENS), context=1024, batch=2048)
    texts = {"input_prefix": "a", "input_suffix": "b", "n_predict": 0}
    files = [{"filename": "lib.py", "text": "answer = 42\n"}]
    alone = post(small, "/infill", **texts)["tokens_evaluated"]
    assert post(small, "/infill", **texts, input_extra=files)["tokens_evaluated"] == alone
    async with connected(small) as client:
        assert await prompt_tokens(client, request("a", "", "b")) == alone
        with_file = await prompt_tokens(client, request("a", "", "b", snippets=(FILE,)))
        assert with_file - alone == len("# lib.py\nanswer = 42\n\n")


@pytest.mark.parametrize("settings", [{}, {"template": "qwen2.5-coder"}], ids=["infill", "completion"])
@pytest.mark.parametrize("place", ["prefix", "typed", "suffix"])
async def test_a_control_token_in_the_text_is_text(filling, place, settings):
    word = "<|fim_middle|>"
    async with connected(filling, **settings) as client:
        without = await prompt_tokens(client, request(**{place: ""}))
        # What was typed is sent without its end, which the answer has to begin with.
        kept = word.removesuffix("|>") if place == "typed" else word
        assert await prompt_tokens(client, request(**{place: word})) - without == len(kept)


async def test_a_model_without_tokens_for_it(plain):
    with pytest.raises(urllib.error.HTTPError, match="501") as refused:
        post(plain, "/infill", input_prefix="a", input_suffix="b", n_predict=0)
    refused.value.close()
    async with connected(plain) as client:
        assert not client.profile.fills
        assert client.profile.degraded
        assert await prompt_tokens(client, request("abc", "", "xyz")) == 3
    async with connected(plain, fim="infill") as client:
        with pytest.raises(BadRequest, match=r"status 501.*Infill is not supported.*Choose another model"):
            await last(client, request())


@pytest.mark.parametrize("known", [True, False], ids=["counted before", "told by the server"])
@pytest.mark.parametrize("model", ["filling", "plain", "codestral"])
async def test_a_prompt_that_is_too_long_is_cut(request, model, known):
    server = request.getfixturevalue(model)
    info = await inspect(server.listening_address, Reach(), seconds=PATIENT)
    client = connect(info if known else replace(info, context=0), Reach())
    wanted = FimRequest(redact("def f(a):\n" * 900), redact("  ret"), redact("\nx" * 900), 8)
    try:
        sent = await prompt_tokens(client, wanted)
    finally:
        await client.aclose()
    assert sent < info.context


async def test_the_key(folder):
    locked = serve(tiny.write_bpe(folder / "qwen2.5-coder.gguf", *tiny.FIM_TOKENS), key="k-1")
    url = locked.listening_address
    with pytest.raises(Unauthorized, match="Set the key that the server was started with"):
        await inspect(url, Reach(), seconds=PATIENT)
    assert await probe(url, Reach()) is None
    info = await inspect(url, Reach(), "k-1", PATIENT)
    for key, refused in (("k-1", False), ("k-2", True)):
        client = connect(info, Reach(), key)
        try:
            await client.warm()  # Whether it is there is told without a key.
            assert (await last(client, request())).finish
        except Unauthorized:
            assert refused
        finally:
            await client.aclose()


async def test_a_stream_that_is_closed_frees_the_slot(folder):
    server = serve(tiny.write_bpe(folder / "qwen2.5-coder-long.gguf", context=LONG), context=LONG)
    async with connected(server) as client:
        async with aclosing(client.fim(request(max_tokens=LONG - 100))) as chunks:
            await anext(chunks)
        assert (await last(client, request())).finish
    # There is one slot: had the first request gone on, the second would have waited for all of it.
    assert generated(server) < LONG // 2


async def test_chat(filling):
    asked = ChatRequest((Message("user", redact("hello")),), max_tokens=4)
    async with connected(filling) as client, aclosing(client.chat(asked)) as chunks:
        [*_, end] = [chunk async for chunk in chunks]
    assert end.finish == "length"
    assert end.usage
    assert end.usage.completion == 4
    assert end.usage.prompt > len("hello")


async def test_what_llamacpp_would_ignore_is_refused(plain):
    info = await inspect(plain.listening_address, Reach(), seconds=PATIENT)
    for way in ("suffix", "chat"):
        with pytest.raises(BadRequest, match=f"completion.fim '{way}' cannot be used"):
            connect(info, Reach(), fim=way)


async def test_two_at_a_time_wait_for_each_other(filling):
    async with connected(filling) as client:
        ends = await asyncio.gather(*(last(client, request(typed=text)) for text in ("a", "b")))
    assert all(end.finish for end in ends)
