"""Replies that leave code out: "… rest unchanged …", in the comments of any language and the words of many.

A line that surely stands for others, or one that may and lines are missing, is filled with the lines between
its neighbours in the old text. Where those cannot be told for sure the reply is refused.
"""

from __future__ import annotations

import re
from itertools import takewhile
from typing import TYPE_CHECKING, Literal

from rapidfuzz import fuzz

from codestral_ls.core.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

Sureness = Literal["no", "perhaps", "sure"]

MOST_WORDS = 9

_ALIKE, _MOST_COMPARED, _MOST_FRESH, _LONGEST = 60, 4, 40, 200

_COMMENT = re.compile(
    r"(?:\#+|//+!?|/\*+|--+(?:\[\[)?|;+|%+|<!--|\{/\*|\(\*|\{-|\"\"\"|'''|'|REM\b|\*)\s*(?P<text>.*?)"
    r"\s*(?:\*/\}?|-->|\*\)|-\}|\"\"\"|'''|\]\])?"
)
_NO_HASH_COMMENTS = frozenset(["c", "cpp", "csharp", "objective-c", "objective-cpp", "css", "scss", "less"])
_DOTS = re.compile(r"(?:\.{3,}|…)")
_BARE = re.compile(r"[\[({<]?\s*(?:\.{3,}|…)\s*[\])}>]?[;,]?")
# Bounded, for a line may hold thousands of beginnings of such a comment.
_INLINE = re.compile(
    r"\{\s*+(?:\.{3}|…|/\*\s*+(?:\.{3}|…)(?:[^*]|\*(?!/)){0,200}+\*/"
    r"|/\*(?=(?:[^*]|\*(?!/)){0,200}?\b(?:unchanged|omitted|same)\b)(?:[^*]|\*(?!/)){0,200}+\*/)\s*+\}"
)
_STUB = re.compile(
    r"(?:todo|unimplemented)!\(.*\);?|TODO\(.*\)|throw new NotImplemented\w*\(.*\);?"
    r"|(?:throw new Error|panic|error)\(\W*(?:todo|not (?:yet )?implemented)\b.*\);?",
    re.IGNORECASE,
)

_WHAT = re.compile(
    r"\b(?:rest|remainder|remaining|existing|original|previous|other|your)\b.*\b(?:code|functions?|methods?|"
    r"class|classes|implementations?|logic|body|file|modules?|components?|script|fields?|tests?|cases|imports|lines|"
    r"contents?|properties|handlers?|statements?|definitions?|attributes|routes|styles|rules|columns|queries|it)\b"
    r"|\brest of\b",
    re.IGNORECASE,
)
_HOW = re.compile(
    r"\b(?:unchanged|unmodified|untouched|omitted|elided|truncated|abbreviated|as before|as above|"
    r"as is|same as|(?:stays?|remains?|is|are) (?:the )?(?:same|unchanged)|not? changed?|no changes|"
    r"goes? here|continues?|for brevity|code here|and so on)\b",
    re.IGNORECASE,
)
_OTHER_TONGUES = re.compile(
    r"\b(?:reste|suite) d[ue]\b|inchangé|code existant|sans changement"
    r"|\b(?:rest|übrig\w*|restlich\w*|bestehend\w*) .{0,20}code|unverändert|bleibt gleich"
    r"|wie (?:bisher|zuvor)|ausgelassen|resto d(?:el|o|i) |sin cambios|código existente|omitid[oa]"
    r"|sem alteraç|inalterad|codice esistente|invariat[oi]|omess[oi]|rest van de|ongewijzigd"
    r"|reszta kodu|bez zmian|pominięt|beze změn|oförändrad"
    r"|остальн\w+|без изменений|опущен\w*|существующ\w+ код"
    r"|其余|其他代码|不变|省略|现有代码|原有代码"
    r"|残りの|変更なし|既存の|そのまま|나머지|변경 없음|생략|기존 코드",
    re.IGNORECASE,
)


def filled(new: Sequence[str], old: Sequence[str], language: str) -> list[str]:
    """The new lines with what was left out. Raises `Refused` where that cannot be told."""
    known = {line.strip() for line in old}
    sureness = [elision(line, language) if line.strip() not in known else "no" for line in new]
    missing = _is_missing(new, old)
    gaps = [sure == "sure" or (sure == "perhaps" and missing) for sure in sureness]
    whole = [line for line, sure in zip(new, sureness, strict=True) if sure == "no"]
    if any(_INLINE.search(line) and line.strip() not in known for line in whole):
        raise Refused("elided")
    if missing and any(_STUB.fullmatch(line.strip()) and line.strip() not in known for line in whole):
        raise Refused("elided")
    if all(sure != "no" or not line.strip() for sure, line in zip(sureness, new, strict=True)):
        raise Refused("elided")
    if not any(gaps):
        return list(new)
    return _filled(new, gaps, old)


def elision(line: str, language: str) -> Sureness:
    """Whether a line stands for others that were left out."""
    line = line.strip()
    if len(line) > _LONGEST:
        return "no"
    if _BARE.fullmatch(line):
        return "perhaps" if language == "python" else "sure"
    comment = _COMMENT.fullmatch(line)
    if comment is None or not comment["text"]:
        return "no"
    text = comment["text"].strip("[]()<> ")
    what, how = bool(_WHAT.search(text)), bool(_HOW.search(text))
    other = bool(_OTHER_TONGUES.search(text))
    dots = _DOTS.match(text) or _DOTS.search(text[-4:])
    if dots and (what or how or other or not text.strip(".… ")):
        return "sure"
    if len(text.split()) > MOST_WORDS:
        return "no"
    return "sure" if what and how else "perhaps" if what or how or other or _DOTS.match(text) else "no"


def is_comment(line: str, language: str) -> bool:
    """Whether a line looks like nothing but a comment."""
    line = line.strip()[:_LONGEST]  # How it begins tells.
    return bool(_COMMENT.fullmatch(line)) and not (line.startswith("#") and language in _NO_HASH_COMMENTS)


def _is_missing(new: Sequence[str], old: Sequence[str]) -> bool:
    """Whether the new text is shorter and lacks several of the old lines."""
    kept = {line.strip() for line in new}
    lost = [line for line in old if line.strip() and line.strip() not in kept]
    return len(lost) >= 2 and len(new) < len(old)


def _filled(new: Sequence[str], gaps: Sequence[bool], old: Sequence[str]) -> list[str]:
    """Each run of gaps, with the blank lines around it, gives way to the old lines between its neighbours."""
    solid = [row for row, line in enumerate(new) if line.strip() and not gaps[row]]
    found = list(new[: solid[0]]) if not any(gaps[: solid[0]]) else _between(new, [], solid, old)
    for place, row in enumerate(solid):
        following = solid[place + 1] if place + 1 < len(solid) else len(new)
        found.append(new[row])
        if any(gaps[row + 1 : following]):
            found += _between(new, solid[: place + 1], solid[place + 1 :], old)
        else:
            found += new[row + 1 : following]
    return found


def _between(new: Sequence[str], above: Sequence[int], below: Sequence[int], old: Sequence[str]) -> list[str]:
    """The old lines between those that a gap has above and below it in the new text."""
    rows = [row for row, line in enumerate(old) if line.strip()]
    texts = [old[row].strip() for row in rows]
    before = [new[row].strip() for row in above]
    behind = [new[row].strip() for row in below]
    first = _only_place(before[::-1], texts[::-1])
    last = _only_place(behind, texts)
    start = 0 if first is None else rows[len(rows) - 1 - first] + 1
    end = len(old) if last is None else rows[last]
    if start > end:
        raise Refused("elided")
    return list(old[start:end])


def _only_place(wanted: Sequence[str], texts: Sequence[str]) -> int | None:
    """Where the first of some lines stands; as many of them are compared as it takes to be sure.

    Lines before it that are new are passed over. None for no lines at all. Raises `Refused` where none of the
    lines is there, or one was changed: what became of it cannot be told apart from what was left out.
    """
    if not wanted:
        return None
    known = set(texts)
    fresh = list(takewhile(lambda line: line not in known, wanted))
    if len(fresh) > _MOST_FRESH or any(fuzz.ratio(line, text) >= _ALIKE for line in fresh for text in texts):
        raise Refused("elided")
    wanted = wanted[len(fresh) :]
    if wanted and list(texts[-len(wanted) :]) == list(wanted):
        return len(texts) - len(wanted)
    for size in range(1, min(len(wanted), _MOST_COMPARED) + 1):
        places = [at for at in range(len(texts)) if list(texts[at : at + size]) == list(wanted[:size])]
        if len(places) == 1:
            return places[0]
    raise Refused("elided")
