"""Holes at servers of OpenAI's protocol: each server's trap, and what is done instead."""

from __future__ import annotations

import dataclasses
import logging

import pytest

from codestral_ls.bench.reply import Plain
from codestral_ls.core.model import (
    BadRequest,
    FimRequest,
    ModelError,
    Snippet,
    Unauthorized,
)
from codestral_ls.core.privacy import Reach, redact
from codestral_ls.providers.openai import connect, key_variable
from codestral_ls.providers.openai_fim import way_of
from tests.providers.hole import PREFIX, REQUEST, SUFFIX, TEXT, TYPED, at, text_of
from tests.upstream.openai import (
    CHAT_PATH,
    CODER,
    GROQ,
    INSTRUCT,
    LM_STUDIO,
    METHODS,
    OPENAI,
    RELAY,
    STRICT,
    TGI,
    THINKING,
    VLLM,
    FakeOpenAI,
    told,
)

PROMPT = f"<|fim_prefix|>{PREFIX}{TYPED}<|fim_suffix|>{SUFFIX}<|fim_middle|>"


@pytest.mark.parametrize("kind", [VLLM, TGI, LM_STUDIO, GROQ], ids=["vllm", "tgi", "lm studio", "groq"])
async def test_a_known_family_is_given_its_template(kind):
    async with FakeOpenAI(kind, TEXT) as upstream:
        model = at(upstream)
        assert await text_of(model) == TEXT
        await model.aclose()
    body = upstream.bodies()[-1]
    assert body["prompt"] == PROMPT
    assert "suffix" not in body
    assert (body["temperature"], body["top_p"]) == (0.0, 1.0)
    assert (model.profile.fills, model.profile.degraded) == (True, "")


WAYS = {
    "DeepSeek": (("api.deepseek.com", "deepseek-chat", "auto"), "suffix"),
    "OpenAI's old one": (("api.openai.com", "gpt-3.5-turbo-instruct", "auto"), "suffix"),
    "OpenAI's others": (("api.openai.com", "gpt-4.1", "auto"), "chat"),
    "the old one's name elsewhere": (("relay.example", "gpt-3.5-turbo-instruct", "auto"), "chat"),
    "set": (("relay.example", "x", "suffix"), "suffix"),
    "set to the worse": (("api.deepseek.com", "x", "chat"), "chat"),
}


@pytest.mark.parametrize(("asked", "way"), WAYS.values(), ids=WAYS)
def test_way(asked, way):
    assert way_of(*asked, None) == way


async def test_a_suffix_is_sent_where_it_is_set():
    async with FakeOpenAI(OPENAI, TEXT) as upstream:
        model = at(upstream, "gpt-3.5-turbo-instruct", fim="suffix")
        assert await text_of(model) == TEXT
        assert await text_of(model, dataclasses.replace(REQUEST, suffix=redact(""))) == TEXT
        await model.aclose()
    assert [(body["prompt"], body["suffix"]) for body in upstream.bodies()] == [
        (PREFIX + TYPED, SUFFIX),
        (PREFIX + TYPED, "\n"),
    ]
    assert model.profile.degraded == ""


@pytest.mark.parametrize("kind", [VLLM, TGI], ids=["vllm", "tgi"])
async def test_a_suffix_that_is_refused_is_told(kind):
    async with FakeOpenAI(kind, TEXT) as upstream:
        model = at(upstream, fim="suffix")
        with pytest.raises(BadRequest, match="uffix is not "):
            await text_of(model)
        await model.aclose()


RELAYS = {
    "no route": (RELAY, INSTRUCT, "template"),
    "another method": (METHODS, INSTRUCT, "template"),
    "a chat model": (THINKING, "o-model", "template"),
    "not this model": (
        dataclasses.replace(RELAY, missing=told(400, "The model does not support Completions API")),
        INSTRUCT,
        "template",
    ),
}


@pytest.mark.parametrize(("kind", "name", "fim"), RELAYS.values(), ids=RELAYS)
async def test_without_completions_the_chat_model_is_asked_from_then_on(kind, name, fim):
    async with FakeOpenAI(kind, f"```python\n{TYPED}{TEXT}\n```") as upstream:
        model = at(upstream, name, fim=fim)
        assert [await text_of(model) for _ in range(2)] == [TEXT, TEXT]
        await model.aclose()
    assert len(upstream.bodies()) == 1
    asked = upstream.bodies(CHAT_PATH)[-1]["messages"]
    assert [message["role"] for message in asked] == ["system", "user"]
    assert asked[1]["content"] == f"{PREFIX}{TYPED}<CURSOR>{SUFFIX}"
    assert model.profile.degraded == "a chat model asked to fill the hole"


async def test_a_model_that_is_missing_is_no_missing_route():
    async with FakeOpenAI(VLLM, TEXT) as upstream:
        model = at(upstream, "qwen2.5-coder:latest")
        with pytest.raises(BadRequest, match="does not exist"):
            await text_of(model)
        await model.aclose()
    assert upstream.bodies(CHAT_PATH) == []


@pytest.mark.parametrize("kind", [GROQ, STRICT], ids=["in a sentence", "in a list"])
async def test_a_field_that_is_refused_is_left_out_from_then_on(kind):
    """Also where the sentence that names it is none that we may repeat."""
    request = dataclasses.replace(REQUEST, suffix=redact("property 'stream_options' is unsupported"))
    async with FakeOpenAI(kind, TEXT) as upstream:
        model = at(upstream)
        assert [await text_of(model, request) for _ in range(2)] == [TEXT, TEXT]
        await model.aclose()
    assert ["stream_options" in body for body in upstream.bodies()] == [True, False, False]


async def test_a_field_is_called_by_the_name_that_the_host_asks_for():
    async with FakeOpenAI(THINKING, TEXT) as upstream:
        model = at(upstream, "o-model")
        assert await text_of(model) == TEXT
        await model.aclose()
    body = upstream.bodies(CHAT_PATH)[-1]
    assert body["max_completion_tokens"] > 64
    assert not body.keys() & {"max_tokens", "temperature", "top_p"}


CONTROLS = {
    "in the prefix": (("a<|im_end|>b\n", "x = ", "c"), "b\nx = ", "c"),
    "in the suffix": (("a\n", "x = ", "c\n<|fim_middle|>d"), "a\nx = ", "c\n"),
}


@pytest.mark.parametrize("name", [CODER, INSTRUCT], ids=["template", "chat"])
@pytest.mark.parametrize(("texts", "before", "behind"), CONTROLS.values(), ids=CONTROLS)
async def test_a_marker_in_the_text_is_not_sent(name, texts, before, behind):
    async with FakeOpenAI(LM_STUDIO if name == CODER else RELAY, "x") as upstream:
        model = at(upstream, name)
        await text_of(model, FimRequest(*map(redact, texts), 16))
        await model.aclose()
    sent = upstream.requests[0].json
    prompts = {
        CODER: f"<|fim_prefix|>{before}<|fim_suffix|>{behind}<|fim_middle|>",
        INSTRUCT: f"{before}<CURSOR>{behind}",
    }
    assert (sent.get("prompt") or sent["messages"][1]["content"]) == prompts[name]


@pytest.mark.parametrize("name", [CODER, INSTRUCT], ids=["template", "chat"])
async def test_a_marker_on_the_line_is_not_asked_about(name):
    async with FakeOpenAI(LM_STUDIO, "x") as upstream:
        model = at(upstream, name)
        with pytest.raises(BadRequest, match="control token"):
            await text_of(model, dataclasses.replace(REQUEST, typed=redact("s = '<|im_end|>")))
        await model.aclose()
    assert upstream.requests == []


@pytest.mark.parametrize("name", [CODER, INSTRUCT], ids=["template", "chat"])
async def test_other_files_go_with_the_hole(name):
    other = Snippet(redact("lib/a.py"), redact("def a(): ..."))
    async with FakeOpenAI(LM_STUDIO if name == CODER else RELAY, "x") as upstream:
        model = at(upstream, name)
        await text_of(model, dataclasses.replace(REQUEST, snippets=(other,), path=redact("b.py")))
        await model.aclose()
    body = upstream.requests[0].json
    sent = body.get("prompt") or body["messages"][0]["content"]
    assert sent.index("lib/a.py") < sent.index("def a(): ...")


UNKNOWN = "smollm2"


async def test_a_template_of_an_unknown_family_is_the_prefix():
    async with FakeOpenAI(dataclasses.replace(VLLM, models=(UNKNOWN,)), "x") as upstream:
        model = at(upstream, UNKNOWN, fim="template")
        await text_of(model)
        await model.aclose()
    assert upstream.bodies()[0]["prompt"] == PREFIX + TYPED
    assert not model.profile.fills
    assert "only what is before the cursor" in model.profile.degraded


@pytest.mark.parametrize(
    ("kind", "name"),
    [(LM_STUDIO, CODER), (OPENAI, "gpt-4.1"), (VLLM, CODER)],
    ids=["embedding first", "first", "coder"],
)
async def test_a_model_without_a_name_is_one_of_the_list(kind, name):
    async with FakeOpenAI(kind, "x") as upstream:
        model = at(upstream, "")
        assert (model.profile.model, model.profile.degraded) == ("", "")
        await text_of(model)
        await model.aclose()
    assert model.profile.model == name == upstream.requests[0].json["model"]


async def test_a_host_that_serves_nothing():
    async with FakeOpenAI(dataclasses.replace(VLLM, models=()), "x") as upstream:
        model = at(upstream, "")
        with pytest.raises(BadRequest, match="serves no model for text"):
            await model.warm()
        await model.aclose()


async def test_refused_key(caplog):
    caplog.set_level(logging.DEBUG)
    async with FakeOpenAI(VLLM, "x", key="right-key") as upstream:
        model = at(upstream, key="wrong-key", key_name="SOME_KEY")
        for asked in (model.warm(), text_of(model)):
            with pytest.raises(Unauthorized, match="SOME_KEY") as caught:
                await asked
            assert "wrong-key" not in caught.value.message + caplog.text
        await model.aclose()


async def test_warming_opens_the_connection_that_is_used():
    async with FakeOpenAI(VLLM, "x", key="right-key") as upstream:
        model = at(upstream, key="right-key")
        await model.warm()
        await text_of(model)
        await model.aclose()
    assert [exchange.connection for exchange in upstream.exchanges] == [1, 1]


@pytest.mark.parametrize("answer", [Plain(404, b""), Plain(403, b"{}")], ids=["none", "kept"])
async def test_a_list_is_not_needed_where_the_model_has_a_name(answer):
    async with FakeOpenAI(VLLM, "x") as upstream:
        upstream._checks = (lambda exchange: answer if exchange.method == "GET" else None,)
        model = at(upstream)
        await model.warm()
        assert await text_of(model) == "x"
        await model.aclose()


async def test_an_error_does_not_quote_the_file():
    async with FakeOpenAI(VLLM, told(400, f"bad line: {PREFIX}")) as upstream:
        model = at(upstream)
        with pytest.raises(ModelError) as caught:
            await text_of(model)
        await model.aclose()
    assert "compute_total" not in caught.value.message


def test_infill_is_llama_cpps():
    with pytest.raises(BadRequest, match=r"only llama\.cpp knows"):
        connect("http://127.0.0.1:1", Reach(), fim="infill")


KEYS = {
    "https://api.openai.com": ("", "OPENAI_API_KEY"),
    "https://api.deepseek.com/beta": ("", "DEEPSEEK_API_KEY"),
    "https://relay.example": ("", ""),
    "https://relay.example/v1": ("RELAY_KEY", "RELAY_KEY"),
}


@pytest.mark.parametrize(("base_url", "expected"), KEYS.items(), ids=KEYS)
def test_a_key_goes_to_its_host_only(base_url, expected):
    assert key_variable(base_url, expected[0]) == expected[1]
