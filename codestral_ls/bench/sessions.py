"""Typing sessions: what was edited where and when, from a VS Code recording or from a small file of ours.

A VS Code recording (`workspaceRecording@1.0`, gzipped JSON) holds edits in UTF-16 units; several of one
change all refer to the text before it. Ours is JSON as well:

    {"name": "total.py", "text": "…", "keys": [[120, "def"], [90, {"move": 3}], …]}

Each key is a gap in milliseconds and what was done after it: a string is typed at the cursor, with the gap
before each of its characters; `{"delete": n}` is a backspace that takes n characters, `{"move": n}` puts
the cursor at an offset, and `{"edit": [start, end, text], "cursor": n}` is any other key. The cursor begins
at the text's end, and offsets count code points.
"""

from __future__ import annotations

import gzip
from dataclasses import dataclass, field, replace
from itertools import accumulate
from os.path import commonprefix
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from codestral_ls.core.text import Edit, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

Origin = Literal["key", "erased", "accepted", "other"]
"""How a text came to be: by a key, removed by one, by a suggestion of the recording's own, or otherwise
(pasted, formatted, picked from a menu, written by an agent)."""

_CURSOR_FOLLOWS = 0.02
"""Seconds within which a cursor move after an edit is part of it: VS Code reports both."""


class Unreadable(Exception):
    """Why a file is no session, in one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Step:
    """One event. `time` is in seconds from the session's start; `edits` are ascending offsets into the text
    before the step, in code points; `cursor` is an offset after it, None where the cursor is elsewhere."""

    time: float
    file: str
    edits: tuple[Edit, ...] = ()
    cursor: int | None = None
    origin: Origin = "other"

    @property
    def is_keystroke(self) -> bool:
        return self.origin in ("key", "erased") and self.cursor is not None


@dataclass(frozen=True, slots=True)
class Session:
    """What happened to some files. `before` and `after` are their texts; a replay must reach `after`."""

    name: str
    before: Mapping[str, str]
    steps: Sequence[Step]
    after: Mapping[str, str] = field(repr=False)

    def first(self, seconds: float) -> Session:
        """The session's beginning."""
        steps = [step for step in self.steps if step.time <= seconds]
        after = dict(self.before)
        for step in steps:
            after[step.file] = applied(after[step.file], step.edits)
        return Session(self.name, self.before, steps, after)


def applied(text: str, edits: Iterable[Edit]) -> str:
    """The text after edits that all refer to the text before."""
    for edit in reversed(list(edits)):
        text = text[: edit.span.start] + edit.text + text[edit.span.end :]
    return text


def read_session(path: Path) -> Session:
    """Read a recording or a session of ours. Raises `Unreadable`."""
    try:
        content = path.read_bytes()
        data = msgspec.json.decode(gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content)
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror or 'it is no whole gzip file'}.") from None
    except (EOFError, msgspec.DecodeError):
        raise Unreadable(f"{path} is no session: it is not JSON, plain or gzipped.") from None
    try:
        if "log" in data:
            return _Recording(path.name, data["log"]).session()
        return _small(data)
    except (KeyError, TypeError, ValueError, IndexError) as error:
        raise Unreadable(f"{path} is not in a session's form: {type(error).__name__} at {error}.") from None


def read_text(path: Path) -> str:
    """The text of a source file. Raises `Unreadable`."""
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise Unreadable(f"{path} is not UTF-8 text.") from None


def _small(data: Mapping[str, Any]) -> Session:
    file, text = data["name"], data["text"]
    steps: list[Step] = []
    now, cursor, current = 0.0, len(text), text
    for gap, action in data["keys"]:
        for what in action if isinstance(action, str) else [action]:
            now += gap / 1000
            step = _done(now, file, current, cursor, what)
            current, cursor = applied(current, step.edits), step.cursor or 0
            steps.append(step)
    return Session(file, {file: text}, steps, {file: current})


def _done(now: float, file: str, text: str, cursor: int, what: str | Mapping[str, Any]) -> Step:
    match what:
        case str(key):
            return Step(now, file, (Edit(Span(cursor, cursor), key),), cursor + len(key), "key")
        case {"delete": int(count)}:
            return Step(now, file, (Edit(Span(cursor - count, cursor), ""),), cursor - count, "erased")
        case {"move": int(offset)}:
            return Step(now, file, cursor=offset)
        case {"edit": [int(start), int(end), str(new)], "cursor": int(after)}:
            edits = (Edit(Span(start, end), new),)
            return Step(now, file, edits, after, _origin(text, edits, None))
    raise ValueError(f"the key {what!r}")


class _Recording:
    """Reads the log of a VS Code recording, whose offsets count UTF-16 units, into steps."""

    def __init__(self, name: str, log: Sequence[Mapping[str, Any]]) -> None:
        self._name = name
        self._log = log
        self._paths = {e["id"]: e["relativePath"].replace("\\", "/") for e in log if "relativePath" in e}
        self._origins = {
            (event["id"], event["data"]["v"]): event["data"]["source"]
            for event in log
            if event.get("data", {}).get("sourceId") == "TextModel.setChangeReason"
        }
        self._before: dict[str, str] = {}
        self._now: dict[str, str] = {}
        self._steps: list[Step] = []

    def session(self) -> Session:
        # Some events are written later than they happened: the log's order is what took place.
        times = list(accumulate((event["time"] for event in self._log), max))
        for event, time in zip(self._log, times, strict=True):
            seconds = (time - times[0]) / 1000
            match event["kind"]:
                case "setContent":
                    self._begin(self._paths[event["id"]], event["content"], seconds)
                case "changed":
                    self._change(self._paths[event["id"]], event, seconds)
                case "selectionChanged":
                    self._select(self._paths[event["id"]], event["selection"], seconds)
        return Session(self._name, self._before, self._steps, self._now)

    def _begin(self, file: str, content: str, time: float) -> None:
        if file not in self._before:
            self._before[file] = self._now[file] = content
        elif content != self._now[file]:
            whole = Edit(Span(0, len(self._now[file])), content)
            self._steps.append(Step(time, file, (whole,)))
            self._now[file] = content

    def _change(self, file: str, event: Mapping[str, Any], time: float) -> None:
        text = self._now[file]
        edits = tuple(
            Edit(Span(_code_points(text, start), _code_points(text, end)), new)
            for start, end, new in event["edit"]
        )
        origin = _origin(text, edits, self._origins.get((event["id"], event["v"])))
        if origin != "key" and len(edits) == 1:
            edits = (_trimmed(text, edits[0]),)
        cursor = self._cursor_after(file, edits)
        self._now[file] = applied(text, edits)
        self._steps.append(Step(time, file, edits, cursor, origin))

    def _cursor_after(self, file: str, edits: Sequence[Edit]) -> int | None:
        """Where the cursor is after an edit that does not move it, if no more is told: a `selectionChanged`
        follows all others that the user makes. None where an agent or a command made it."""
        last = next((step for step in reversed(self._steps) if step.file == file), None)
        here = last.cursor if last else None
        span = edits[0].span
        return here if len(edits) == 1 and not edits[0].text and here == span.start < span.end else None

    def _select(self, file: str, selection: Sequence[Sequence[int]], time: float) -> None:
        cursor = _code_points(self._now[file], selection[0][1])
        last = self._steps[-1] if self._steps else None
        if last and last.file == file and last.edits and time - last.time <= _CURSOR_FOLLOWS:
            self._steps[-1] = replace(last, cursor=cursor)
        else:
            self._steps.append(Step(time, file, cursor=cursor))


def _code_points(text: str, units: int) -> int:
    """An offset in UTF-16 units as one in code points."""
    if text.isascii():
        return units
    return len(text.encode("utf-16-le")[: 2 * units].decode("utf-16-le"))


def _trimmed(text: str, edit: Edit) -> Edit:
    """The edit without what it puts back as it was: a menu's or a suggestion's edit begins where the word or
    the line does, which is not where the cursor is."""
    same = len(commonprefix([text[edit.span.start : edit.span.end], edit.text]))  # noqa: RUF071 - no paths.
    return Edit(Span(edit.span.start + same, edit.span.end), edit.text[same:])


def _origin(text: str, edits: Sequence[Edit], source: str | None) -> Origin:
    """A key puts in one character, a bracket with its closer, or a line end with its indentation; or it takes
    away one character or a line's indentation. Everything else was not typed."""
    if source == "inlineSuggestion.accept":
        return "accepted"
    if source or len(edits) != 1:
        return "other"
    span, new = edits[0].span, edits[0].text
    if not new:
        old = text[span.start : span.end]
        return "erased" if len(old) == 1 or not old.strip() else "other"
    pair = new in ("()", "[]", "{}", '""', "''", "``", "<>")
    line = new.lstrip("\r").startswith("\n") and not new.strip()
    return "key" if len(new) == 1 or pair or line or new.isspace() else "other"
