"""Gitignore patterns, read and matched as git does (gitignore(5), checked against `git check-ignore`).

The patterns may be a stranger's. A path is matched name by name, and no star is taken back once the text
behind it was found, so that the time grows with the pattern's length times the name's and never faster.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

Matcher = Callable[[str], bool]
"""Whether a name, a part of a path between slashes, fits."""

_TOKEN = re.compile(
    r"\\(?P<escaped>.)"
    r"|(?P<star>\*+)"
    r"|(?P<any>\?)"
    r"|\[(?P<not>[!^]?+)(?P<set>\]?+(?:\[:\w+:\]|\\.|[^\]\\])*+)\]"
    r"|(?P<plain>[^\\\[])",
    re.DOTALL,
)
_ITEM = re.compile(r"\[:(?P<name>\w+):\]|\\?(?P<low>.)(?:-\\?(?P<high>.))?", re.DOTALL)
_ANY_FOLDERS = re.compile(r"\*\*+")
_SPECIAL = re.compile(r"[\\*?\[]")

_CLASSES: Final[Mapping[str, str]] = {
    "alnum": "a-zA-Z0-9",
    "alpha": "a-zA-Z",
    "blank": r" \t",
    "cntrl": r"\x00-\x1f\x7f",
    "digit": "0-9",
    "graph": "!-~",
    "lower": "a-z",
    "print": " -~",
    "punct": r"!-/:-@\[-`{-~",
    "space": r"\s",
    "upper": "A-Z",
    "xdigit": "0-9a-fA-F",
}


@dataclass(frozen=True, slots=True)
class Pattern:
    """One line of an ignore file. `line` counts from 1; a segment that is None stands for any folders."""

    text: str
    line: int
    lifts: bool
    folders_only: bool
    segments: tuple[Matcher | None, ...] = field(repr=False, compare=False)

    def fits(self, parts: Sequence[str], is_folder: bool) -> bool:
        """Whether it names this very path, and not one of the folders on the way to it."""
        return (is_folder or not self.folders_only) and _fits(self.segments, parts)


@dataclass(frozen=True, slots=True)
class PatternFile:
    """The patterns of one place; `depth` is how many folders below the top it stands, `source` its name."""

    source: str
    patterns: tuple[Pattern, ...]
    depth: int = 0


def parse(lines: Iterable[str]) -> tuple[Pattern, ...]:
    """The patterns in the lines of an ignore file, without those that nothing fits."""
    return tuple(_patterns(lines))


def deciding(
    files: Sequence[PatternFile], parts: Sequence[str], *, is_folder: bool = False
) -> tuple[PatternFile, Pattern] | None:
    """The rule because of which a path is ignored; None if it is not.

    `files` are those on the way to it, the strongest last. What lies in an ignored folder cannot be brought
    back, so the way is walked from the top.
    """
    for end in range(1, len(parts) + 1):
        found = _last(files, parts[:end], is_folder or end < len(parts))
        if found and not found[1].lifts:
            return found
    return None


def _last(
    files: Sequence[PatternFile], parts: Sequence[str], is_folder: bool
) -> tuple[PatternFile, Pattern] | None:
    for file in reversed(files):
        below = parts[file.depth :]
        for pattern in reversed(file.patterns) if below else ():
            if pattern.fits(below, is_folder):
                return file, pattern
    return None


def _patterns(lines: Iterable[str]) -> Iterator[Pattern]:
    for number, line in enumerate(lines, 1):
        text = _without_end(line)
        if text.startswith("#"):
            continue
        lifts = text.startswith("!")
        glob = text[lifts:]
        path = glob.removesuffix("/")
        try:
            segments = tuple(_segments(path))
        except ValueError:
            continue
        if segments:
            yield Pattern(text, number, lifts, folders_only=path != glob, segments=segments)


def _without_end(line: str) -> str:
    """Without the line's end and the blanks before it, unless the first of them is escaped."""
    line = line.rstrip("\r\n")
    text = line.rstrip(" ")
    escaped = (len(text) - len(text.rstrip("\\"))) % 2 == 1
    return text + " " if escaped and len(text) < len(line) else text


def _segments(path: str) -> Iterator[Matcher | None]:
    """Raises ValueError for what fits nothing."""
    if not path:
        return
    if "/" not in path:
        yield None
        yield _matcher(path)
        return
    names = _names(path.removeprefix("/"))
    for name in names[:-1]:
        yield None if _ANY_FOLDERS.fullmatch(name) else _matcher(name)
    if _ANY_FOLDERS.fullmatch(names[-1]):
        # At the end it means what is inside, and not the folder itself.
        yield None
        yield _matcher("*")
    else:
        yield _matcher(names[-1])


def _names(path: str) -> list[str]:
    """The parts between slashes, of which one in brackets is none. Raises ValueError."""
    if "[" not in path and "\\" not in path:
        return path.split("/")
    names = [""]
    for token in _tokens(path):
        if "/" in (token["plain"], token["escaped"]):
            names.append("")
        else:
            names[-1] += token[0]
    return names


def _tokens(glob: str) -> Iterator[re.Match[str]]:
    """Raises ValueError for brackets that stay open, and for an escape of nothing."""
    at = 0
    while at < len(glob):
        token = _TOKEN.match(glob, at)
        if token is None:
            raise ValueError(glob)
        yield token
        at = token.end()


def _fits(segments: Sequence[Matcher | None], parts: Sequence[str]) -> bool:
    """Whether the names fit, one by one. Only the last None is ever tried again, further on."""
    if len(segments) == 2 and segments[0] is None and segments[1]:  # A name in whatever folder: most are.
        return segments[1](parts[-1])
    at = place = 0
    retry: tuple[int, int] | None = None
    while at < len(parts):
        segment = segments[place] if place < len(segments) else _nothing
        if segment is None:
            place += 1
            retry = place, at
        elif segment(parts[at]):
            place, at = place + 1, at + 1
        elif retry:
            place, at = retry[0], retry[1] + 1
            retry = place, at
        else:
            return False
    return all(segment is None for segment in segments[place:])


def _nothing(name: str) -> bool:
    return False


def _matcher(glob: str) -> Matcher:
    """Raises ValueError. The commonest forms do without a regular expression, which takes time to make."""
    special = len(_SPECIAL.findall(glob))
    if special == 0:
        return glob.__eq__
    if special == 1 and glob.startswith("*"):
        return lambda name: name.endswith(glob[1:])
    if special == 1 and glob.endswith("*"):
        return lambda name: name.startswith(glob[:-1])
    return _regex(glob)


def _regex(glob: str) -> Matcher:
    pieces = [""]
    for token in _tokens(glob):
        if token["star"]:
            pieces.append("")
        else:
            pieces[-1] += _one(token)
    first, *middle, last = pieces if len(pieces) > 1 else (*pieces, None)
    # Atomic: a star whose end was found is not tried again.
    found = "".join(f"(?>.*?{piece})" for piece in middle)
    end = "" if last is None else f".*{last}"
    return _compiled(f"(?s:{first}{found}{end})")


def _compiled(source: str) -> Matcher:
    expression = re.compile(source)
    return lambda name: expression.fullmatch(name) is not None


def _one(token: re.Match[str]) -> str:
    """A regular expression for one character."""
    if token["set"] is None:
        return "." if token["any"] else re.escape(token["escaped"] or token["plain"])
    items = "".join(map(_item, _ITEM.finditer(token["set"])))
    return f"[^{items}]" if token["not"] else f"[{items}]"


def _item(item: re.Match[str]) -> str:
    """Raises ValueError for a class that there is not."""
    low, high = item["low"], item["high"]
    if item["name"]:
        if item["name"] not in _CLASSES:
            raise ValueError(item["name"])
        return _CLASSES[item["name"]]
    return re.escape(low) if high is None or high < low else f"{re.escape(low)}-{re.escape(high)}"
