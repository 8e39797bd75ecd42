"""From what a model said to what belongs into the document.

The whole of it is `FILTERS`: text in, text out, each one a rule that can be read and tested alone. A filter
cuts or shifts; none of them invents text. Nothing left means that nothing is shown.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from codestral_ls.core.brackets import QUOTES, scan
from codestral_ls.core.echo import (
    collapse_repeated_lines,
    cut_lines_that_follow,
    cut_rest_of_line,
    drop_line_above,
    drop_line_below,
    repeats_below,
    repetition_end,
    replaced_rest,
    stutters,
)
from codestral_ls.core.hole import Hole, indent_unit, line_end, look_around
from codestral_ls.core.opening import MOST_BLANK_LINES, OPENING, replaced_left
from codestral_ls.core.scope import PROSE, block_end, missing_closers
from codestral_ls.core.text import line_feeds

if TYPE_CHECKING:
    from collections.abc import Callable

    from codestral_ls.core.hole import Around

__all__ = ["FILTERS", "Hole", "Polished", "enough", "indent_unit", "line_end", "polish"]

_NOT_TEXT = re.compile("[\0\ud800-\udfff]")
_CONTROL = re.compile(
    r"\[(?:PREFIX|SUFFIX|MIDDLE|INST|/INST)\]|<s>|</s>|^[ \t]*\+{5} |^(?:<{7}|>{7}) "
    r"|<\|(?:fim_\w+|endoftext|file_sep|repo_name|im_start|im_end|cursor|end_of_text|eot_id)\|>"
    r"|<(?:fim_prefix|fim_suffix|fim_middle|file_sep|EOT|PRE|SUF|MID)>|<｜[^｜\n]{1,40}｜>",
    re.MULTILINE,
)
_STRIKE = re.compile(r"</?s>")
_STRIKE_IS_A_TAG = PROSE | frozenset(
    [
        "html",
        "xml",
        "vue",
        "svelte",
        "handlebars",
        "php",
        "erb",
        "razor",
        "javascriptreact",
        "typescriptreact",
    ]
)
_FENCE = re.compile(r"\s*```[^\n`]*(?:\n|\Z)")
_FENCE_BEGUN = re.compile(r"\s*`{1,2}")
_FENCE_LINE = re.compile(r"^[ \t]*```", re.MULTILINE)
_CHAT = re.compile(
    r"\s*(?:Here(?:'s| is| are) (?:the|an?|your|some)|Sure[,!]|Certainly[,!]|I'm sorry|As an AI)\b"
)

MOST_CHARACTERS = 10_000
"""A longer reply is cut there before anything else: no suggestion is of that size."""

# A second round settles nearly every reply; more only bounds hostile ones.
_ROUNDS = 4


@dataclass(frozen=True, slots=True)
class Polished:
    """`text` replaces so many columns left and right of the cursor, on its line."""

    text: str
    replace_left: int = 0
    replace_right: int = 0


def polish(raw: str, hole: Hole) -> Polished | None:
    """What to show of a reply; None where nothing is worth showing. Never raises."""
    text = _refined(raw, look_around(hole))
    around = look_around(replace(hole, finish="stop"))
    for _ in range(_ROUNDS):
        before, text = text, _refined(text, around)
        if text == before:
            break
    if not text:
        return None
    return Polished(
        text=text.replace("\n", hole.eol),
        replace_left=replaced_left(text, around),
        replace_right=replaced_rest(text, around),
    )


def enough(raw: str, hole: Hole) -> bool:
    """True once more text would be cut anyway, so that the stream may be closed.

    From then on `polish` of what has come and of the whole reply give the same, but for a line that repeats
    itself twelve times over and would have come to an end after all.
    """
    around = look_around(hole)
    text = only_text(raw, around)
    if len(raw) > MOST_CHARACTERS or _control_token(text, around) is not None or _talks(text, around):
        return True
    body, closed = _unfenced(text, around)
    for refine in OPENING:
        body = refine(body, around)
    lines = body.split("\n")
    if not body.strip() or _FENCE_BEGUN.fullmatch(text):
        blanks = text[: len(text) - len(text.lstrip())]
        return closed or blanks.count("\n") > MOST_BLANK_LINES
    if closed or len(lines) > hole.max_lines + 1:
        return True
    if hole.mode == "single":
        return "\n" in body.lstrip()
    return (
        block_end(lines, around, complete=False) is not None
        or repeats_below(lines[:-1], around)
        or repetition_end(lines[:-1], around) is not None
        or stutters(lines[-1], 12)
    )


def only_text(text: str, around: Around) -> str:
    """P0: line feeds only; no NUL, no lone surrogate; no more than a model says in its right mind."""
    return line_feeds(_NOT_TEXT.sub("", text[:MOST_CHARACTERS]))


def cut_control_tokens(text: str, around: Around) -> str:
    """P1: end at what the model says to itself, unless the document has that literal, too."""
    return text[: _control_token(text, around)]


def take_out_of_fence(text: str, around: Around) -> str:
    """P2: the body of a fenced block; nothing of an answer in prose."""
    return "" if _talks(text, around) else _unfenced(text, around)[0]


def drop_partial_line(text: str, around: Around) -> str:
    """P18: a reply that was cut off ends at its last whole line; one cut at its length may be one line."""
    finish = around.hole.finish
    if finish == "stop" or (finish == "length" and "\n" not in text.strip()):
        return text
    return text.rpartition("\n")[0]


def first_line_only(text: str, around: Around) -> str:
    """P5: in single-line mode; it may be the next line where the cursor's line is complete."""
    if around.hole.mode == "multi":
        return text
    lines = text.split("\n", 2)
    if lines[0].strip() or len(lines) == 1:
        return lines[0]
    return "" if around.rest or not lines[1].strip() else f"\n{lines[1]}"


def end_with_block(text: str, around: Around) -> str:
    """P6, P7: stop where the block does, and at the most lines that are wanted."""
    lines = text.split("\n")
    return "\n".join(lines[: block_end(lines, around)][: around.hole.max_lines])


def end_before_stutter(text: str, around: Around) -> str:
    """P10: a phrase over and over in one line is a model gone astray."""
    lines = text.split("\n")
    end = next((number for number, line in enumerate(lines) if stutters(line)), None)
    return "\n".join(lines[:end])


def balance_closers(text: str, around: Around) -> str:
    """P9: cut before a bracket that closes nothing."""
    if around.opened and around.opened not in QUOTES:
        return text
    closers = scan(text, around.hole.language, around.opened).closers
    missing = missing_closers(around, replaced_rest(text, around)) if closers else []
    for closer in closers:
        while missing and missing[-1].kind != closer.kind:
            missing.pop()
        if not missing:
            return text[: closer.offset]
        missing.pop()
    return text


def strip_trailing_blanks(text: str, around: Around) -> str:
    """P12: at the end of each line. Markdown breaks lines with them. Before other text one may be needed,
    also if the reply has a line end there."""
    body = text.rstrip()
    if around.rest and "\n" not in body:
        return body + text[len(body) :].partition("\n")[0]
    if around.hole.language in PROSE:
        return text.rstrip()
    return "\n".join(line.rstrip(" \t") for line in text.split("\n")).rstrip()


def worth_showing(text: str, around: Around) -> str:
    """P13: more than one visible character, and not just what stands right of the cursor."""
    visible = text.strip()
    return "" if len(visible) <= 1 or around.rest.lstrip().startswith(visible) else text


FILTERS: tuple[Callable[[str, Around], str], ...] = (
    only_text,
    cut_control_tokens,
    drop_partial_line,
    take_out_of_fence,
    *OPENING,
    first_line_only,
    end_with_block,
    collapse_repeated_lines,
    end_before_stutter,
    drop_line_below,
    cut_lines_that_follow,
    cut_rest_of_line,
    balance_closers,
    drop_line_above,
    strip_trailing_blanks,
    worth_showing,
)
"""Every rule, in order. The order matters: cleaning, then the beginning, the end, what is there already."""


def _refined(text: str, around: Around) -> str:
    for refine in FILTERS:
        text = refine(text, around)
        if not text:
            break
    return text


def _control_token(text: str, around: Around) -> int | None:
    for found in _CONTROL.finditer(text):
        token = found[0].lstrip(" \t")
        tag = _STRIKE.match(token) and around.hole.language in _STRIKE_IS_A_TAG
        if not tag and token not in around.hole.prefix and token not in around.hole.suffix:
            return found.start()
    return None


def _talks(text: str, around: Around) -> bool:
    return around.starts_line and around.hole.language not in PROSE and _CHAT.match(text) is not None


def _unfenced(text: str, around: Around) -> tuple[str, bool]:
    """The text without a fence around it, and whether the fence has been closed."""
    document = around.hole.prefix + around.hole.suffix
    if around.hole.language in PROSE or around.prefix.count("```") % 2:
        return text, False
    if found := _FENCE.match(text):
        text = text[found.end() :]
    elif "```" in document:
        return text, False
    end = _FENCE_LINE.search(text)
    return (text[: end.start()], True) if end else (text, False)
