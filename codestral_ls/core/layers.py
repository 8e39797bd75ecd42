"""Settings from several places laid over each other, key by key, with a sentence for whatever is wrong.

A workspace's file comes with a repository that anybody may have written. It can only make the product do or
send less: a key that it may not set is refused, whatever its value.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from codestral_ls.core.config import Settings
from codestral_ls.core.privacy import redact
from codestral_ls.core.schema import SETTINGS, Setting
from codestral_ls.core.validate import Refused, checked, ignore_pattern, wrong

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DEFAULT = "default"
"""The origin of a value that no layer sets."""

MAX_PROBLEMS = 20
"""Problems told of one layer: a hostile or foreign file must not flood the editor with messages."""

_SHOWN_KEY = 60
_SECTIONS = frozenset(path.partition(".")[0] for path in SETTINGS)


@dataclass(frozen=True, slots=True)
class Layer:
    """The settings of one place. `source` names it for people, `workspace` that it is not the user's own."""

    source: str
    values: Mapping[str, object]
    workspace: bool = False


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one key, for people. It never holds the value, which may be a secret."""

    source: str
    path: str
    message: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.source, self.path, self.message) if part)


class Merged(NamedTuple):
    """Settings, what was wrong in their sources, and where each key's value came from."""

    settings: Settings
    problems: tuple[Problem, ...]
    origins: Mapping[str, str]


def merge(layers: Iterable[Layer]) -> Merged:
    """Lay settings over each other, later ones over earlier ones. Whatever is wrong is left out and told.

    The values may be any JSON or TOML. Null stands for a key that is not there, and a key may be written flat
    ("completion.max_tokens"). Ignore patterns add up.
    """
    merging = _Merging()
    problems: list[Problem] = []
    for layer in layers:
        problems += _limited(layer.source, list(merging.apply(layer)))
    return Merged(merging.settings, tuple(problems), MappingProxyType(merging.origins))


class _Merging:
    """What the layers so far amount to."""

    def __init__(self) -> None:
        self.values = {path: setting.default for path, setting in SETTINGS.items()}
        self.origins = dict.fromkeys(SETTINGS, DEFAULT)

    @property
    def settings(self) -> Settings:
        tree: dict[str, dict[str, object]] = {}
        for path, value in self.values.items():
            section, _, name = path.partition(".")
            tree.setdefault(section, {})[name] = value
        return msgspec.convert(tree, Settings)

    def apply(self, layer: Layer) -> Iterator[Problem]:
        """Take what is right; yield what is wrong."""
        for number, (path, value) in enumerate(_flat(layer.values)):
            if path == "privacy.ignore":
                yield from self._add_patterns(layer, value)
            elif path in SETTINGS:
                yield from self._set(layer, SETTINGS[path], value)
            else:
                # A hint costs time, and a file may hold thousands of keys that nobody knows.
                yield _unknown(layer.source, path, hint=number < 2 * MAX_PROBLEMS)

    def _set(self, layer: Layer, setting: Setting, value: object) -> Iterator[Problem]:
        try:
            self.values[setting.path] = checked(setting, value, self.values[setting.path], layer.workspace)
            self.origins[setting.path] = layer.source
        except Refused as why:
            yield Problem(layer.source, setting.path, str(why))

    def _add_patterns(self, layer: Layer, value: object) -> Iterator[Problem]:
        """Each pattern by itself: a wrong one must not lift the protection that the others give."""
        path = "privacy.ignore"
        if not isinstance(value, list | tuple):
            yield Problem(layer.source, path, wrong(SETTINGS[path]))
            return
        patterns = list(msgspec.convert(self.values[path], tuple[str, ...]))
        for index, pattern in enumerate(value):
            try:
                patterns.append(ignore_pattern(pattern, index, layer.workspace))
            except Refused as why:
                yield Problem(layer.source, f"{path}[{index}]", str(why))
        # Of equal patterns the last one decides, so that is the one to keep.
        self.values[path] = tuple(reversed(dict.fromkeys(reversed(patterns))))
        before = self.origins[path]
        self.origins[path] = layer.source if before == DEFAULT else f"{before}, {layer.source}"


def _flat(values: object) -> Iterator[tuple[str, object]]:
    """Paths and values. What lies deeper than settings go is not looked at."""
    if not isinstance(values, Mapping):
        yield "", values
        return
    for key, value in values.items():
        if key in _SECTIONS and isinstance(value, Mapping):
            yield from ((f"{key}.{name}", below) for name, below in value.items() if below is not None)
        elif value is not None:
            yield str(key), value


def _limited(source: str, problems: list[Problem]) -> list[Problem]:
    more = len(problems) - MAX_PROBLEMS
    if more <= 0:
        return problems
    return [*problems[:MAX_PROBLEMS], Problem(source, "", f"{more} more problems are not listed.")]


def _unknown(source: str, path: str, hint: bool) -> Problem:
    if path in _SECTIONS or not path:
        return Problem(source, path, "This has to be a table of settings, so it is ignored.")
    near = _nearest(path) if hint else ""
    return Problem(source, _shown(path), f"There is no such setting, so it is ignored.{near}")


def _nearest(path: str) -> str:
    """A hint at the setting of this name in some section, or else at the one spelled most like it."""
    name = path.rpartition(".")[2]
    same = [known for known in SETTINGS if known.endswith(f".{name}")]
    near = same or difflib.get_close_matches(path[:_SHOWN_KEY], SETTINGS, n=1)
    return f" Did you mean {near[0]}?" if near else ""


def _shown(path: str) -> str:
    """A key that somebody else wrote, fit for a terminal and a log."""
    plain = "".join(letter if letter.isprintable() else "?" for letter in redact(path[:_SHOWN_KEY]))
    return plain if len(path) <= _SHOWN_KEY else f"{plain}…"
