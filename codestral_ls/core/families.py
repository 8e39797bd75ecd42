"""Families of models that fill holes, each with its prompt.

Orders, markers and formats are those of the sources named with each family. A model must know a marker as one
token: what only a later generation knows is no part of an earlier one's row.
"""

from __future__ import annotations

from typing import Final

from codestral_ls.core.template import FimTemplate

_BARRED = ("<|fim_prefix|>", "{prefix}", "<|fim_suffix|>", "{suffix}", "<|fim_middle|>")
_PLAIN = ("<fim_prefix>", "{prefix}", "<fim_suffix>", "{suffix}", "<fim_middle>")
_PLAIN_CONTROLS = ("<|endoftext|>", "<fim_middle>", "<fim_prefix>", "<fim_suffix>", "<fim_pad>")
_STARCODER_SPECIALS = (
    "<filename>",
    "<reponame>",
    "<gh_stars>",
    "<issue_start>",
    "<issue_comment>",
    "<issue_closed>",
    "<jupyter_start>",
    "<jupyter_text>",
    "<jupyter_code>",
    "<jupyter_output>",
    "<empty_output>",
    "<commit_before>",
    "<commit_msg>",
    "<commit_after>",
)

# What a project is called where a format asks for its name: the same for all, so that prompts begin alike.
_PROJECT = "project"

FAMILIES: Final = (
    # mistral-common's `encode_fim`; the blocks of other files are a habit of Continue's, not Mistral's word.
    FimTemplate(
        "codestral",
        ("[SUFFIX]", "{suffix}", "[PREFIX]", "{prefix}"),
        matches=("codestral-22b", "codestral-v0", "codestral:"),
        controls=("</s>", "[SUFFIX]", "[PREFIX]"),
        specials=(
            "[MIDDLE]",
            "[INST]",
            "[/INST]",
            "[TOOL_CALLS]",
            "[AVAILABLE_TOOLS]",
            "[/AVAILABLE_TOOLS]",
            "[TOOL_RESULTS]",
            "[/TOOL_RESULTS]",
        ),
        ends=("\n+++++ ",),
        repository=("[SUFFIX]", "{suffix}", "[PREFIX]", "{files}", "+++++ ", "{path}", "\n", "{prefix}"),
        file=("+++++ ", "{path}", "\n", "{text}", "\n"),
        exact=True,
    ),
    # README of QwenLM/Qwen2.5-Coder, "fill in the middle" and "repository level"; issue 343 there for both.
    FimTemplate(
        "qwen2.5-coder",
        _BARRED,
        matches=("qwen2.5-coder", "qwen2.5.coder", "qwen3-coder"),
        controls=(
            "<|endoftext|>",
            "<|file_sep|>",
            "<|im_end|>",
            "<|fim_middle|>",
            "<|fim_prefix|>",
            "<|fim_suffix|>",
            "<|fim_pad|>",
            "<|repo_name|>",
            "<|im_start|>",
        ),
        repository=("<|repo_name|>", _PROJECT, "\n", "{files}", "<|file_sep|>", "{path}", "\n", *_BARRED),
        file=("<|file_sep|>", "{path}", "\n", "{text}"),
    ),
    # README of deepseek-ai/DeepSeek-Coder, "code insertion" and "repository level code completion".
    FimTemplate(
        "deepseek-coder",
        ("<｜fim▁begin｜>", "{prefix}", "<｜fim▁hole｜>", "{suffix}", "<｜fim▁end｜>"),
        matches=("deepseek-coder",),
        controls=(
            "<｜end▁of▁sentence｜>",
            "<|EOT|>",
            "<｜fim▁end｜>",
            "<｜fim▁begin｜>",
            "<｜fim▁hole｜>",
        ),
        repository=(
            "<｜fim▁begin｜>",
            "{files}",
            "#",
            "{path}",
            "\n",
            "{prefix}",
            "<｜fim▁hole｜>",
            "{suffix}",
            "<｜fim▁end｜>",
        ),
        file=("#", "{path}", "\n", "{text}"),
    ),
    # "StarCoder 2 and The Stack v2" (arXiv 2402.19173), section 5.1: the path stands behind the first marker.
    FimTemplate(
        "starcoder2",
        _PLAIN,
        matches=("starcoder2", "starcoder-2"),
        controls=("<|endoftext|>", "<file_sep>", *_PLAIN_CONTROLS[1:], "<repo_name>"),
        specials=_STARCODER_SPECIALS[2:],
        repository=(
            "<repo_name>",
            _PROJECT,
            "{files}",
            "<file_sep>",
            "<fim_prefix>",
            "{path}",
            "\n",
            *_PLAIN[1:],
        ),
        file=("<file_sep>", "{path}", "\n", "{text}"),
    ),
    # Model cards of StarCoder and stable-code-3b, and the evaluation of CodeQwen1.5 in QwenLM/Qwen2.5-Coder;
    # none shows how other files stand with a hole.
    FimTemplate(
        "starcoder",
        _PLAIN,
        matches=("starcoder", "stable-code", "codeqwen"),
        controls=_PLAIN_CONTROLS,
        specials=_STARCODER_SPECIALS,
    ),
    # "Code Llama" (arXiv 2308.12950) and its tokenizer; the blanks are part of the markers' tokens.
    FimTemplate(
        "codellama",
        ("<PRE> ", "{prefix}", " <SUF>", "{suffix}", " <MID>"),
        matches=("codellama", "code-llama"),
        controls=("<EOT>", "</s>", "<MID>", "<PRE>", "<SUF>"),
    ),
    # Google's guide to CodeGemma: a file's path before its first marker, files divided by the separator.
    FimTemplate(
        "codegemma",
        _BARRED,
        matches=("codegemma",),
        controls=(
            "<|file_separator|>",
            "<eos>",
            "<end_of_turn>",
            "<|fim_middle|>",
            "<|fim_prefix|>",
            "<|fim_suffix|>",
        ),
        specials=("<bos>", "<pad>", "<unk>", "<start_of_turn>"),
        repository=("{files}", "{path}", "\n", *_BARRED),
        file=("{path}", "\n", "{text}", "<|file_separator|>"),
    ),
    # Model cards of IBM's Granite 4 and, before it, Granite Code; neither shows other files with a hole.
    FimTemplate(
        "granite-4",
        _BARRED,
        matches=("granite-4", "granite4"),
        controls=("<|end_of_text|>", "<|fim_middle|>", "<|fim_prefix|>", "<|fim_suffix|>", "<|fim_pad|>"),
    ),
    FimTemplate(
        "granite-code",
        _PLAIN,
        matches=("granite",),
        controls=_PLAIN_CONTROLS,
        specials=_STARCODER_SPECIALS,
    ),
    # Model card of Seed-Coder-8B-Base: the suffix comes first, whatever other tools send.
    FimTemplate(
        "seed-coder",
        ("<[fim-suffix]>", "{suffix}", "<[fim-prefix]>", "{prefix}", "<[fim-middle]>"),
        matches=("seed-coder",),
        controls=(
            "<[end▁of▁sentence]>",
            "<[fim-middle]>",
            "<[fim-suffix]>",
            "<[fim-prefix]>",
            "<[PAD▁TOKEN]>",
            "<[SEP▁TOKEN]>",
        ),
        specials=("<[begin▁of▁sentence]>",),
    ),
)
"""The first whose name matches counts: newer generations stand before the older ones."""
