"""Settings from the disk: the user's file, and the file that a workspace may carry.

The workspace's file is read as what it is, text from a stranger: no link is followed, and what would keep the
parser busy is refused before it is parsed.
"""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import platformdirs

from codestral_ls.core.layers import Layer, Merged, Problem, merge
from codestral_ls.engine.safe_read import Unreadable, read

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CONFIG_VARIABLE = "CODESTRAL_LS_CONFIG"
"""The environment variable that names another user file."""

WORKSPACE_FILE = ".codestral.toml"
"""The settings file at the root of a workspace."""

EDITOR, COMMAND_LINE = "editor", "command line"
"""What the settings' sources that are no files are called."""

WHERE_CODE_GOES = frozenset(
    {
        *(f"completion.{name}" for name in ("provider", "base_url", "model", "fallback")),
        *(f"chat.{name}" for name in ("provider", "base_url", "model", "quick", "heavy")),
        *(f"privacy.{name}" for name in ("local_only", "region", "hosts", "ignore", "gitignore")),
    }
)
"""The settings by which code goes to one host or another, or stays."""

MAX_BYTES = 64 * 1024
"""The largest settings file that is read."""

# tomllib takes time by the square of a dotted key's length: 20 s for one that fills 64 kB.
_MAX_LINE = 1000

_PREFIX = "codestral."
_ERROR_PLACE = re.compile(r"\(at (line \d+, column \d+|end of document)\)\Z")


def load(
    config_file: Path | None,
    roots: Iterable[Path],
    editor_values: Sequence[Mapping[str, object]] = (),
    command_line: Mapping[str, object] | None = None,
    environ: Mapping[str, str] = os.environ,
) -> Merged:
    """All settings: defaults, below the user's file, the workspace's files, the editor, the command line.

    `config_file`, or else CODESTRAL_LS_CONFIG, replaces the user's own file. `editor_values` are in the order
    they came in; each may be the section `codestral` or hold it. Nothing here raises: what is wrong is told.
    """
    user = config_file or user_file(environ)
    named = config_file is not None or CONFIG_VARIABLE in environ
    files = [_user_layer(user, named), *map(_workspace_layer, dict.fromkeys(roots))]
    merged = merge(
        (
            *(layer for layer in files if isinstance(layer, Layer)),
            *(Layer(EDITOR, _section(values)) for values in editor_values),
            Layer(COMMAND_LINE, command_line or {}),
        )
    )
    unread = [problem for problem in files if isinstance(problem, Problem)]
    return merged._replace(problems=(*unread, *merged.problems))


def first_unclear(problems: Iterable[Problem], user: Path) -> Problem | None:
    """What leaves open where the user wants the code to go. A workspace's file has no say in that."""
    for problem in problems:
        whole_file = problem.source == str(user) and not problem.path
        own = problem.source in (str(user), EDITOR, COMMAND_LINE)
        if whole_file or (own and problem.path in WHERE_CODE_GOES):
            return problem
    return None


def user_file(environ: Mapping[str, str] = os.environ) -> Path:
    """The user's settings file, whether it exists or not."""
    named = environ.get(CONFIG_VARIABLE)
    return Path(named) if named else platformdirs.user_config_path("codestral-ls") / "config.toml"


def state_folder(environ: Mapping[str, str]) -> Path:
    """Where is kept what must not get lost: CODESTRAL_LS_STATE where that is set."""
    named = environ.get("CODESTRAL_LS_STATE")
    return Path(named) if named else platformdirs.user_state_path("codestral-ls")


def ledger_file(environ: Mapping[str, str]) -> Path:
    """Where the ledger is kept."""
    return state_folder(environ) / "ledger.jsonl"


class _Unreadable(Exception):
    """Why a file's settings are not used, in a sentence that quotes nothing from it."""


def _user_layer(path: Path, named: bool) -> Layer | Problem:
    try:
        return Layer(str(path), _parsed(_content(path, follow=True)))
    except FileNotFoundError:
        if not named:
            return Layer(str(path), {})
        return Problem(str(path), "", f"There is no such file. Check --config or {CONFIG_VARIABLE}.")
    except _Unreadable as why:
        return Problem(str(path), "", str(why))


def _workspace_layer(root: Path) -> Layer | Problem:
    path = root / WORKSPACE_FILE
    try:
        return Layer(str(path), _parsed(_content(path, follow=False)), workspace=True)
    except (FileNotFoundError, NotADirectoryError):
        return Layer(str(path), {}, workspace=True)
    except _Unreadable as why:
        return Problem(str(path), "", str(why))


def _content(path: Path, follow: bool) -> bytes:
    """Raises FileNotFoundError, NotADirectoryError, _Unreadable."""
    try:
        return read(path, MAX_BYTES, follow=follow)
    except Unreadable as why:
        raise _Unreadable(f"{why}, so its settings are not used.") from None


def _parsed(content: bytes) -> Mapping[str, object]:
    """Raises _Unreadable."""
    for number, line in enumerate(content.split(b"\n"), 1):
        if len(line) > _MAX_LINE:
            raise _Unreadable(
                f"Line {number} is longer than {_MAX_LINE} bytes, so no setting is used. Break it up."
            )
    try:
        return tomllib.loads(content.decode("utf-8-sig").replace("\r\n", "\n"))
    except UnicodeDecodeError:
        raise _Unreadable("The file is not UTF-8 text, so its settings are not used.") from None
    except tomllib.TOMLDecodeError as error:
        place = _ERROR_PLACE.search(str(error))
        where = f" at {place[1]}".replace("at end", "at the end") if place else ""
        raise _Unreadable(
            f"The file is not valid TOML{where}, so its settings are not used. Mend it."
        ) from None
    except (ValueError, RecursionError):  # A number of thousands of digits, brackets nested a thousand deep.
        raise _Unreadable("The file is not like a settings file, so its settings are not used.") from None


def _section(values: Mapping[str, object]) -> Mapping[str, object]:
    """The section `codestral` of what an editor sent, which may be the section itself. Null is nothing."""
    if not isinstance(values, dict):
        return values if values is not None else {}
    if "codestral" in values:
        return values["codestral"] or {}
    flat = {key.removeprefix(_PREFIX): value for key, value in values.items() if key.startswith(_PREFIX)}
    return flat or values
