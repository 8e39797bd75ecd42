"""Prompts of raw models: the families' templates, and where an answer must take up a token's head."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from codestral_ls.core.dialect import (
    FAMILIES,
    has_control,
    heal,
    parse_template,
    raw_prompt,
    template_for,
    without_control,
)
from codestral_ls.core.model import BadRequest, FimRequest, Snippet
from codestral_ls.core.privacy import redact

OTHER = Snippet(redact("lib/a.py"), redact("def a(): ..."))


def request(prefix: str = "P", typed: str = "T", suffix: str = "S", **more) -> FimRequest:
    return FimRequest(redact(prefix), redact(typed), redact(suffix), 16, path=redact("b.js"), **more)


@pytest.mark.parametrize(
    ("model", "prompt", "with_another_file"),
    [
        (
            "Codestral-22B-v0.1-Q4_K_M.gguf",
            "[SUFFIX]S[PREFIX]PT",
            "[SUFFIX]S[PREFIX]+++++ lib/a.py\ndef a(): ...\n\n+++++ b.js\nPT",
        ),
        (
            "Qwen2.5-Coder-7B-Instruct-Q4_K_M.gguf",
            "<|fim_prefix|>PT<|fim_suffix|>S<|fim_middle|>",
            "<|repo_name|>project\n<|file_sep|>lib/a.py\ndef a(): ...\n<|file_sep|>b.js\n"
            "<|fim_prefix|>PT<|fim_suffix|>S<|fim_middle|>",
        ),
        (
            "deepseek-coder-6.7b-base",
            "<｜fim▁begin｜>PT<｜fim▁hole｜>S<｜fim▁end｜>",
            "<｜fim▁begin｜>#lib/a.py\ndef a(): ...\n#b.js\nPT<｜fim▁hole｜>S<｜fim▁end｜>",
        ),
        (
            "starcoder2:3b",
            "<fim_prefix>PT<fim_suffix>S<fim_middle>",
            "<repo_name>project<file_sep>lib/a.py\ndef a(): ...\n"
            "<file_sep><fim_prefix>b.js\nPT<fim_suffix>S<fim_middle>",
        ),
        (
            "starcoderbase-1b",
            "<fim_prefix>PT<fim_suffix>S<fim_middle>",
            "<fim_prefix># lib/a.py\ndef a(): ...\n// b.js\nPT<fim_suffix>S<fim_middle>",
        ),
        (
            "stable-code:3b",
            "<fim_prefix>PT<fim_suffix>S<fim_middle>",
            "<fim_prefix># lib/a.py\ndef a(): ...\n// b.js\nPT<fim_suffix>S<fim_middle>",
        ),
        (
            "CodeLlama-7B",
            "<PRE> PT <SUF>S <MID>",
            "<PRE> # lib/a.py\ndef a(): ...\n// b.js\nPT <SUF>S <MID>",
        ),
        (
            "codegemma-2b",
            "<|fim_prefix|>PT<|fim_suffix|>S<|fim_middle|>",
            "lib/a.py\ndef a(): ...\n<|file_separator|>b.js\n<|fim_prefix|>PT<|fim_suffix|>S<|fim_middle|>",
        ),
        (
            "granite-3b-code-base",
            "<fim_prefix>PT<fim_suffix>S<fim_middle>",
            "<fim_prefix># lib/a.py\ndef a(): ...\n// b.js\nPT<fim_suffix>S<fim_middle>",
        ),
        (
            "granite-4.0-h-tiny",
            "<|fim_prefix|>PT<|fim_suffix|>S<|fim_middle|>",
            "<|fim_prefix|># lib/a.py\ndef a(): ...\n// b.js\nPT<|fim_suffix|>S<|fim_middle|>",
        ),
        (
            "Seed_Coder-8B-Base",
            "<[fim-suffix]>S<[fim-prefix]>PT<[fim-middle]>",
            "<[fim-suffix]>S<[fim-prefix]># lib/a.py\ndef a(): ...\n// b.js\nPT<[fim-middle]>",
        ),
        ("smollm2-135m", "PT", "# lib/a.py\ndef a(): ...\n// b.js\nPT"),
    ],
)
def test_prompts(model: str, prompt: str, with_another_file: str) -> None:
    template = template_for(model)
    assert raw_prompt(request(), template) == prompt
    assert raw_prompt(request(snippets=(OTHER,)), template) == with_another_file


@pytest.mark.parametrize(
    ("model", "family"),
    [
        ("qwen2.5-coder-1.5b", "qwen2.5-coder"),
        ("Qwen3-Coder-30B-A3B-Instruct-GGUF", "qwen2.5-coder"),
        ("codestral:22b", "codestral"),
        ("granite4:micro-h", "granite-4"),
        ("granite3.3:8b", "granite-code"),
        ("deepseek-coder-v2:16b-lite-base", "deepseek-coder"),
        *(
            (name, None)
            for name in ("mamba-codestral-7b", "smollm2-135m", "gemma-3-270m", "llama-3.2-1b", "")
        ),
    ],
)
def test_families(model: str, family: str | None) -> None:
    template = template_for(model)
    assert (template and template.name) == family


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_every_marker_is_known_as_one(family) -> None:
    pieces = family.render("", "", snippets=(OTHER,))
    markers = {piece.text.strip() for piece in pieces if piece.marker}
    assert markers <= set(family.controls)
    for marker in (*family.controls, *family.specials):
        assert has_control(f"a {marker} b", family)


@pytest.mark.parametrize(
    ("chosen", "prompt"),
    [
        ("codestral", "[SUFFIX]S[PREFIX]PT"),
        ("Starcoder2", "<fim_prefix>PT<fim_suffix>S<fim_middle>"),
        ("<A>{suffix}<B> {prefix}<C>", "<A>S<B> PT<C>"),
        ("{prefix}", "PT"),
    ],
)
def test_a_template_that_is_set(chosen: str, prompt: str) -> None:
    assert raw_prompt(request(), template_for("qwen2.5-coder", chosen)) == prompt


@pytest.mark.parametrize(
    "chosen", ["llama", "{suffix}", "{prefix}{prefix}", "{suffix}{prefix}{suffix}", "{}"]
)
def test_a_template_that_cannot_be(chosen: str) -> None:
    with pytest.raises(BadRequest, match=r"completion\.template .* \{prefix\} once"):
        template_for("qwen2.5-coder", chosen)


def test_a_template_of_the_users_own_knows_its_markers() -> None:
    own = parse_template("<A> {prefix} <B>{suffix}", ("\n\n",))
    assert (own.stops, own.markers) == (("<A>", "<B>", "\n\n"), {"<A>", "<B>"})
    assert not has_control("a\n\nb", own)


@pytest.mark.parametrize(
    ("texts", "cut"),
    [
        (("a\n", "b", "\nc"), ("a\n", "b", "\nc")),
        (("a<|im_end|>b", "c", "d"), ("b", "c", "d")),
        (("a<s>b<s>\n", "c", "d<s>e<s>"), ("\n", "c", "d")),
        (("a[INST]b", "c", "[MIDDLE]d"), ("b", "c", "")),
        (("a", "b<|x|>", "c"), None),
        (("a<|", "x|>", "c"), None),
        (("a<|x|>", "", "c"), ("", "", "c")),
    ],
)
def test_what_looks_like_a_marker_is_cut_off(texts, cut) -> None:
    assert without_control(*texts, template_for("codestral:22b")) == cut


def texts(family):
    """Texts with markers in them, whole and in parts."""
    whole = [*family.markers, "<|im_end|>", "</s>"]
    parts = [part for marker in whole for part in (marker[: len(marker) // 2], marker[len(marker) // 2 :])]
    return st.lists(st.sampled_from([*whole, *parts, "x = 1", " ", "\n", "<", "|>"]), max_size=6).map("".join)


@given(st.data(), st.sampled_from(FAMILIES))
def test_a_prompt_has_the_markers_of_its_layout_and_no_other(data, family) -> None:
    prefix, typed, suffix, other = (data.draw(texts(family)) for _ in range(4))
    files = (Snippet(redact("a.py"), redact(other)),) if other else ()
    prompt = raw_prompt(request(prefix, typed, suffix, snippets=files), family)
    if prompt is None:
        assert has_control(prefix + typed, family)
        return
    sent = () if has_control(other, family) else files
    markers = [piece.text for piece in family.render("", "", snippets=sent, path="b.js") if piece.marker]
    for marker in dict.fromkeys(markers):
        assert prompt.count(marker.strip()) == sum(marker == written for written in markers)
        prompt = prompt.replace(marker.strip(), "\n")
    assert not has_control(prompt, family)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = '<|im_start|>'", True),
        ("<｜User｜>", True),
        ("<s>struck</s>", True),
        ("a |> b <| c |> d", False),
        ("f <|g|> x", True),
        ("x = [PREFIX]", False),
        ("for i in range(3):", False),
    ],
)
def test_control_tokens_of_unknown_models(text: str, expected: bool) -> None:
    assert has_control(text, None) is expected


@pytest.mark.parametrize(
    ("typed", "head"),
    [
        ("", ""),
        ("    ", "    "),
        ("    def li", " li"),
        ("    def lines(", "("),
        ("x = ", " "),
        ("x =", " ="),
        ("self.li", ".li"),
        ("foo(ba", "(ba"),
        ("line_sta", "line_sta"),
        ("a_rather_long_identifier_na", "_na"),
        ("getUserNa", "Na"),
        ("f('", "('"),
        ("raise ValueErr", " ValueErr"),
        ("\tif", "\tif"),
        ("日本語テ", "日本語テ"),
    ],
)
def test_heads(typed: str, head: str) -> None:
    kept, cut = heal(typed)
    assert (kept + cut, cut) == (typed, head)
