"""Prompts of raw models: the families' templates, and where an answer must take up a token's head."""

from __future__ import annotations

import pytest

from codestral_ls.core.dialect import TEMPLATES, has_control, heal, template_for


def rendered(model: str) -> str:
    template = template_for(model)
    assert template
    return "".join(piece.text for piece in template.render("P", "S", "T"))


@pytest.mark.parametrize(
    ("model", "prompt"),
    [
        ("Codestral-22B-v0.1-Q4_K_M.gguf", "[SUFFIX]S[PREFIX]PT"),
        ("qwen2.5-coder-1.5b", "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>T"),
        ("Qwen2.5-Coder-7B-Instruct-Q4_K_M.gguf", "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>T"),
        ("deepseek-coder-6.7b-base", "<｜fim▁begin｜>P<｜fim▁hole｜>S<｜fim▁end｜>T"),
        ("starcoder2-3b", "<fim_prefix>P<fim_suffix>S<fim_middle>T"),
        ("CodeLlama-7B", "<PRE> P <SUF>S <MID>T"),
        ("codegemma-2b", "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>T"),
        ("granite-3b-code-base", "<fim_prefix>P<fim_suffix>S<fim_middle>T"),
        ("granite-4.0-h-tiny", "<|fim_prefix|>P<|fim_suffix|>S<|fim_middle|>T"),
        ("Seed-Coder-8B-Base", "<[fim-suffix]>S<[fim-prefix]>P<[fim-middle]>T"),
    ],
)
def test_templates(model: str, prompt: str) -> None:
    assert rendered(model) == prompt


@pytest.mark.parametrize("model", ["mamba-codestral-7b", "smollm2-135m", "gemma-3-270m", "llama-3.2-1b", ""])
def test_models_without_a_template(model: str) -> None:
    assert template_for(model) is None


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.name)
def test_every_marker_is_known_as_one(template) -> None:
    markers = [piece.text.strip() for piece in template.render("", "") if piece.marker]
    for marker in (*markers, *template.stops):
        assert has_control(f"a {marker} b", template)


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
