"""From a reply of the chat model to the code it gives for each named span."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import islice
from json import JSONDecoder
from typing import TYPE_CHECKING

from rapidfuzz import fuzz

from codestral_ls.core.fences import Block, blocks, has_fence, outermost
from codestral_ls.core.languages import grammar_of, language_of
from codestral_ls.core.refusal import Refused
from codestral_ls.core.rewrite import TARGET
from codestral_ls.core.scope import PROSE
from codestral_ls.core.text import line_feeds

if TYPE_CHECKING:
    from codestral_ls.core.model import Finish
    from codestral_ls.core.rewrite import Ask, Target

SPARE_CHARACTERS, MOST_GROWTH = 40_000, 5

_NOT_TEXT = re.compile("[\0\ud800-\udfff\ufeff]")
_THOUGHTS = re.compile(r"\A\s*<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL)
_SENTENCE = re.compile(
    r"\s*(?:[-*•>]\s+|\d+[.)]\s+|#{1,6}\s+)?[*_`\"']*[A-ZÀ-ÞА-Я¿¡](?![A-ZÀ-ÞА-Я])[\w'’`*_-]*(?:\s+[\w'’`*_()./\"-]+[,;:]?){2,}"
    r"\s*[.:!?…]?[*_]*"
    r"|\s*[\u3040-\u9fff][\u3000-\u9fff\uff00-\uffef\w\s]{5,}"
)
_ENDS = re.compile(r"[.:!?…。][*_]*\s*\Z|[\u3040-\u30ff]")
_GREETING = re.compile(
    r"\s*(?:Sure|Certainly|Of course|Here(?:'s| is| are)|I(?:'m| am|'ve| have)|Voici|Hier)\b.*"
)
_PATCHES = frozenset({"diff", "patch", "udiff"})
_ENDS_OF_TEXT = ("</s>", "<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<|end|>")
_MOST_OBJECTS, _LONGEST_SENTENCE = 20, 2_000
_ENOUGH_ALIKE, _CLEARLY = 50, 20


def codes(ask: Ask, raw: str, finish: Finish | None) -> dict[str, str]:
    """The code of each span that the reply gives, by the span's name, as the model wrote it.

    `finish` tells how the reply ended, None if it was cut off. Raises `Refused`.
    """
    if len(raw) > longest_reply(ask):
        raise Refused("long")
    text = _without_ends(_THOUGHTS.sub("", line_feeds(_NOT_TEXT.sub("", raw))))
    if not text.strip():
        raise Refused("empty" if finish == "stop" else "truncated")
    whole = finish == "stop"
    if (ask.form == "json" or '"replacements"' in text) and (
        found := _from_json(ask, text, whole)
    ) is not None:
        return found
    first = text.lstrip().split("\n", 1)[0]
    if ask.opening and not has_fence(first) and not _talks(first):
        text = ask.opening + text
    return _from_fences(ask, text, whole)


def longest_reply(ask: Ask) -> int:
    """How many characters a reply may have: a longer one is refused, and its stream may be closed."""
    return SPARE_CHARACTERS + MOST_GROWTH * sum(len(target.shown) for target in ask.targets)


def _without_ends(text: str) -> str:
    """Without the tokens by which models end what they say."""
    text = text.rstrip()
    while end := next(filter(text.endswith, _ENDS_OF_TEXT), None):
        text = text.removesuffix(end).rstrip()
    return text


def _from_json(ask: Ask, text: str, whole: bool) -> dict[str, str] | None:
    """None where the model has fenced code instead."""
    names = {target.name for target in ask.targets}
    braces = [found.start() for found in islice(re.finditer(r"\{", text), _MOST_OBJECTS if whole else 1)]
    found = [_items(_decoded(text, start), names) for start in braces]
    if any(found):
        return _by_name([item for items in found for item in items or ()], names)
    if text.lstrip().startswith(("{", "[", "```json")):
        raise Refused("garbled" if whole else "truncated")
    if has_fence(text):
        return None
    raise Refused("prose" if whole else "truncated")


def _decoded(text: str, start: int) -> object:
    """The JSON value that begins there; None for none. Line feeds in strings are let pass."""
    try:
        return JSONDecoder(strict=False).raw_decode(text, start)[0]
    except (ValueError, RecursionError):  # No JSON, or a number of thousands of digits.
        return None


def _items(value: object, names: set[str]) -> list[object] | None:
    """The replacements in an object, also where the spans' names are its keys; None for other values."""
    if not isinstance(value, Mapping):
        return None
    if "replacements" not in value:
        return [{"span": key, "text": text} for key, text in value.items()] if names & value.keys() else None
    items = value["replacements"]
    if items == []:
        raise Refused("unchanged")
    return items if isinstance(items, list) else [items]


def _by_name(items: list[object], names: set[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for item in items:
        name, text = (item.get("span"), item.get("text")) if isinstance(item, Mapping) else (None, None)
        if not isinstance(name, str) or not isinstance(text, str):
            raise Refused("garbled")
        if name not in names:
            raise Refused("elsewhere")
        if found.setdefault(name, _unfenced(line_feeds(text))) != _unfenced(line_feeds(text)):
            raise Refused("several")
    return found


def _unfenced(text: str) -> str:
    """Some models fence the code in a JSON string, too."""
    stripped = text.strip()
    if has_fence(stripped.split("\n", 1)[0]) and has_fence(stripped.rsplit("\n", 1)[-1]):
        block = outermost(stripped)
        return block.text if block and block.closed else text
    return text


def _from_fences(ask: Ask, text: str, whole: bool) -> dict[str, str]:
    first = ask.targets[0]
    if ask.document.language in PROSE and not _is_wrapped(text):
        return _bare(first, text, whole, prose=True)
    found = _blocks(ask, text)
    if not found:
        return _bare(first, text, whole, prose=False)
    named = {target.name: [b for b in found if target.name in b.info.split()] for target in ask.targets}
    if any(named.values()):
        chosen = {name: _only(candidates) for name, candidates in named.items() if candidates}
    else:
        chosen = {first.name: _likeliest(found, first, ask.document.language)}
    complete = whole or (len(chosen) == len(ask.targets) and not _has_own_fences(ask))
    if not complete or not (whole or all(block.closed for block in chosen.values())):
        raise Refused("truncated")
    for name, block in chosen.items():
        old = next(target.shown for target in ask.targets if target.name == name)
        if ask.document.language not in PROSE and _is_prose(block.text, old):
            raise Refused("prose")
    return {name: block.text for name, block in chosen.items()}


def _blocks(ask: Ask, text: str) -> list[Block]:
    """The blocks of a reply; just one if the code has fences of its own, or is to have."""
    if _has_own_fences(ask):
        block = outermost(text)
        return [block] if block else []
    return blocks(text)


def _has_own_fences(ask: Ask) -> bool:
    """Whether fences belong to the code, so that only the outermost ones enclose it."""
    shown = line_feeds(ask.targets[0].shown)
    return len(ask.targets) == 1 and (has_fence(shown) or ask.document.language in PROSE)


def _is_wrapped(text: str) -> bool:
    """Whether prose is in a fence as a whole, apart from a sentence before it."""
    block = outermost(text)
    words = block.info.split() if block else []
    return bool(words) and (words[-1] == TARGET or words[0].lower() in ("markdown", "md", "text"))


def _bare(target: Target, text: str, whole: bool, prose: bool) -> dict[str, str]:
    """A reply without a fence is code if it looks like code."""
    code = text if prose else _without_talk(text, target.shown)
    if not prose and _is_prose(code, target.shown):
        raise Refused("prose")
    if not whole:
        raise Refused("truncated")
    return {target.name: code}


def _only(candidates: list[Block]) -> Block:
    if len({block.text for block in candidates}) > 1:
        raise Refused("several")
    return candidates[-1]


def _likeliest(found: list[Block], target: Target, language: str) -> Block:
    """Of several blocks the one that is like the old code, and not the old code itself."""
    old = line_feeds(target.shown).strip()
    candidates = [block for block in found if _may_be(block, language)] or found
    candidates = [block for block in candidates if block.text.strip() != old] or candidates[:1]
    if len(candidates) == 1 or not old:
        return _only(candidates)
    ranked = sorted(candidates, key=lambda block: fuzz.ratio(block.text, old), reverse=True)
    best, next_best = (fuzz.ratio(block.text, old) for block in ranked[:2])
    if best < _ENOUGH_ALIKE or best - next_best < _CLEARLY:
        raise Refused("several")
    return ranked[0]


def _may_be(block: Block, language: str) -> bool:
    """Whether a block's language is the document's, or not told."""
    word = block.info.split()[0].lower().strip("{}.") if block.info else ""
    if not word or word in _PATCHES:
        return True
    return grammar_of(language) in (grammar_of(word), grammar_of(language_of(f"a.{word}")))


def _without_talk(text: str, old: str) -> str:
    """Without a sentence before the code, and paragraphs of sentences behind it."""
    lines = text.strip("\n").split("\n")
    known = {line.strip() for line in line_feeds(old).split("\n")}
    while lines and lines[0].strip() not in known and (not lines[0].strip() or _talks(lines[0])):
        lines.pop(0)
    while lines and lines[-1].strip() not in known and (not lines[-1].strip() or _is_sentence(lines[-1])):
        lines.pop()
    return "\n".join(lines) or text


def _talks(line: str) -> bool:
    return bool(_GREETING.fullmatch(line)) or (_is_sentence(line) and line.rstrip().endswith(":"))


def _is_sentence(line: str) -> bool:
    return (
        len(line) <= _LONGEST_SENTENCE and bool(_SENTENCE.fullmatch(line)) and line.rstrip()[-1] not in "{};,"
    )


def _is_prose(text: str, old: str) -> bool:
    """Whether a text is made of sentences, without a line of the old code."""
    known = {line.strip() for line in line_feeds(old).split("\n") if len(line.strip()) >= 4}
    lines = [line for line in text.split("\n") if line.strip()]
    if not lines or any(line.strip() in known for line in lines):
        return False
    sentences = [line for line in lines if _is_sentence(line)]
    return len(sentences) * 2 >= len(lines) and any(_ENDS.search(line) for line in sentences)
