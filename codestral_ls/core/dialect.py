"""How raw fill-in-the-middle models want their prompt written: one template a family.

The orders and markers are those of each family's model card or tokenizer file.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

# Other families' control tokens look like this too; a model may know tokens that its template does not name.
_CONTROL = re.compile(r"<[|｜][^|｜\s]{1,40}[|｜]>|</?s>")

# Blanks; or a short word, or the last part of a long one (`_name`, `Name`), with what is glued before it.
_TOKEN_HEAD = re.compile(r"(?:[ \t]+|(?:[ \t]?[^\w\s]{1,2}|[ \t])?(?:(?<!\w)\w{1,8}|_*[A-Za-z]?[a-z0-9]*))\Z")


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a prompt: user's text, or a marker that must become a control token."""

    text: str
    marker: bool = False


@dataclass(frozen=True, slots=True)
class FimTemplate:
    """A family's prompt. `layout` holds markers and the words `{prefix}` and `{suffix}`; an answer follows.

    `matches` are parts of a model's name in lower case, `stops` end an answer and belong in no text.
    """

    name: str
    matches: tuple[str, ...]
    layout: tuple[str, ...]
    stops: tuple[str, ...]

    def render(self, prefix: str, suffix: str, typed: str = "") -> tuple[Piece, ...]:
        """The prompt in pieces. `typed` begins the answer: what stands before it stays while it grows.

        Where the prefix itself comes last, before no marker, `typed` simply continues it.
        """
        texts = {"{prefix}": prefix, "{suffix}": suffix}
        pieces = [Piece(texts[part]) if part in texts else Piece(part, marker=True) for part in self.layout]
        return tuple(piece for piece in (*pieces, Piece(typed)) if piece.text)


def template_for(model: str) -> FimTemplate | None:
    """The template of a model by its name or file name; None if its family is not known to fill holes."""
    name = model.lower()
    return next((found for found in TEMPLATES if any(part in name for part in found.matches)), None)


def has_control(text: str, template: FimTemplate | None) -> bool:
    """Whether a tokenizer could take a part of the user's text for a control token."""
    markers = (*template.layout, *template.stops) if template else ()
    return bool(_CONTROL.search(text)) or any(
        marker.strip() in text for marker in markers if marker[0] != "{"
    )


def heal(typed: str) -> tuple[str, str]:
    """Cut `typed` before what may be the beginning of a token that the model would continue otherwise.

    A tokenizer glues blanks and marks to the word behind them, and words are seldom whole at the cursor: a
    model that is shown "def li" takes `li` for the whole name. It must be given the first part only, and be
    held to begin its answer with the second.
    """
    cut = _TOKEN_HEAD.search(typed)
    return (typed[: cut.start()], cut[0]) if cut else (typed, "")


_QWEN_STOPS = (
    "<|endoftext|>",
    "<|fim_prefix|>",
    "<|fim_suffix|>",
    "<|fim_middle|>",
    "<|fim_pad|>",
    "<|repo_name|>",
    "<|file_sep|>",
    "<|im_start|>",
    "<|im_end|>",
)
_BARRED = ("<|fim_prefix|>", "{prefix}", "<|fim_suffix|>", "{suffix}", "<|fim_middle|>")
_PLAIN = ("<fim_prefix>", "{prefix}", "<fim_suffix>", "{suffix}", "<fim_middle>")
_STARCODER_STOPS = (
    "<fim_prefix>",
    "<fim_suffix>",
    "<fim_middle>",
    "<fim_pad>",
    "<file_sep>",
    "<repo_name>",
    "<|endoftext|>",
)

# The first match counts: granite 4 has bars in its markers, the granite code models before it have none.
TEMPLATES = (
    FimTemplate(
        "codestral",
        ("codestral-22b", "codestral-v0", "codestral:"),
        ("[SUFFIX]", "{suffix}", "[PREFIX]", "{prefix}"),
        ("[PREFIX]", "[SUFFIX]", "</s>"),
    ),
    FimTemplate(
        "qwen2.5-coder", ("qwen2.5-coder", "qwen2.5.coder", "qwen3-coder", "codeqwen"), _BARRED, _QWEN_STOPS
    ),
    FimTemplate(
        "deepseek-coder",
        ("deepseek-coder",),
        ("<｜fim▁begin｜>", "{prefix}", "<｜fim▁hole｜>", "{suffix}", "<｜fim▁end｜>"),
        ("<｜fim▁begin｜>", "<｜fim▁hole｜>", "<｜fim▁end｜>", "<｜end▁of▁sentence｜>", "<|EOT|>"),
    ),
    FimTemplate("starcoder", ("starcoder", "stable-code"), _PLAIN, _STARCODER_STOPS),
    FimTemplate(
        "codellama",
        ("codellama", "code-llama"),
        ("<PRE> ", "{prefix}", " <SUF>", "{suffix}", " <MID>"),
        ("<EOT>", "<PRE>", "<SUF>", "<MID>"),
    ),
    FimTemplate(
        "codegemma",
        ("codegemma",),
        _BARRED,
        (
            "<|fim_prefix|>",
            "<|fim_suffix|>",
            "<|fim_middle|>",
            "<|file_separator|>",
            "<eos>",
            "<end_of_turn>",
        ),
    ),
    FimTemplate(
        "granite-4",
        ("granite-4", "granite4"),
        _BARRED,
        ("<|fim_prefix|>", "<|fim_suffix|>", "<|fim_middle|>", "<|fim_pad|>", "<|end_of_text|>"),
    ),
    FimTemplate(
        "granite-code",
        ("granite",),
        _PLAIN,
        ("<fim_prefix>", "<fim_suffix>", "<fim_middle>", "<fim_pad>", "<|endoftext|>"),
    ),
    FimTemplate(
        "seed-coder",
        ("seed-coder",),
        ("<[fim-suffix]>", "{suffix}", "<[fim-prefix]>", "{prefix}", "<[fim-middle]>"),
        (
            "<[fim-suffix]>",
            "<[fim-prefix]>",
            "<[fim-middle]>",
            "<[end▁of▁sentence]>",
            "<[PAD▁TOKEN]>",
            "<[SEP▁TOKEN]>",
        ),
    ),
)
