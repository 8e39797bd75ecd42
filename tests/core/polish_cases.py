"""The cases of `fixtures/polish`: one file per language and subject, each with many `[[case]]` tables."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from codestral_ls.core.polish import Hole, Polished, line_end, polish
from tests.support import CURSOR, parse_marked

FOLDER = Path(__file__).parents[2] / "fixtures" / "polish"

_DEFAULTS = {"mode": "multi", "indent": "    ", "finish": "stop", "max_lines": 12}
_PLAIN_LINES = re.compile(r'(?:[^\x00-\x08\x0b-\x1f\x7f"\\]*[^\s"\\]|)(?:\n|\Z)')


@dataclass(frozen=True, slots=True)
class Case:
    """`raw`, polished at the cursor in `text`, gives `want`."""

    description: str
    rule: str
    text: str
    raw: str
    want: Polished | None
    options: dict[str, Any]

    def hole(self, language: str) -> Hole:
        marked = parse_marked(self.text)
        options = {**_DEFAULTS, "eol": line_end(marked.text), **self.options}
        return Hole(marked.before, marked.after, language, **options)

    def updated(self, language: str) -> Case:
        return replace(self, want=polish(self.raw, self.hole(language)))


def read(path: Path) -> list[Case]:
    return [_case(table) for table in tomllib.loads(path.read_text("utf-8"))["case"]]


def render(cases: list[Case]) -> str:
    return "\n".join(map(_render, cases))


def _case(table: dict[str, Any]) -> Case:
    known = {key: table.pop(key) for key in ("description", "rule", "text", "raw")}
    columns = {key: table.pop(key) for key in ("replace_left", "replace_right") if key in table}
    nothing = table.pop("nothing", False)
    shown = table.pop("shown", None)
    assert nothing is (shown is None), known
    assert CURSOR in known["text"]
    assert table.keys() <= {*_DEFAULTS, "eol"}
    return Case(**known, want=None if nothing else Polished(shown, **columns), options=table)


def _render(case: Case) -> str:
    table = {"description": case.description, "rule": case.rule, **case.options}
    table |= {"text": case.text, "raw": case.raw}
    if case.want is None:
        table["nothing"] = True
    else:
        table["shown"] = case.want.text
        columns = {"replace_left": case.want.replace_left, "replace_right": case.want.replace_right}
        table |= {key: value for key, value in columns.items() if value}
    return "[[case]]\n" + "".join(f"{key} = {toml_value(value)}\n" for key, value in table.items())


def toml_value(value: object) -> str:
    """Lines as lines where nothing invisible is in them, else one line with escapes."""
    if isinstance(value, str) and "\n" in value and all(map(_PLAIN_LINES.fullmatch, value.splitlines(True))):
        return f'"""\n{value}"""'
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
