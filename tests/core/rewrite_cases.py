"""The cases of `fixtures/rewrite`: one file per language and subject, each with many `[[case]]` tables."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from codestral_ls.core.minimal import apply_to
from codestral_ls.core.prompt import Budget
from codestral_ls.core.proposal import Proposal, propose
from codestral_ls.core.refusal import Refused
from codestral_ls.core.rewrite import Ask, Order, ask_rewrite
from codestral_ls.core.text import Document
from tests.core.polish_cases import toml_value
from tests.support import Marked, parse_marked

FOLDER = Path(__file__).parents[2] / "fixtures" / "rewrite"

_OPTIONS = {"form": "fence", "finish": "stop", "begin": False, "imports": False}


@dataclass(frozen=True, slots=True)
class Case:
    """The span marked in `text` is to be replaced by what `raw` says.

    `want` is the file afterwards; or `refused` is the reason why it stays as it is.
    """

    description: str
    text: str
    raw: str
    want: str | None
    refused: str | None
    options: dict[str, Any]

    @property
    def marked(self) -> Marked:
        return parse_marked(self.text)

    def ask(self, language: str) -> Ask:
        options = {**_OPTIONS, **self.options}
        document = Document.of("file:///a", language, 1, self.marked.text)
        span = self.marked.selection
        assert span
        order = Order("Do it.", span, span, with_imports=options["imports"])
        return ask_rewrite(document, order, Budget(4000, 2000), options["form"], options["begin"])

    def proposal(self, language: str) -> Proposal:
        finish = self.options.get("finish", "stop")
        return propose(self.ask(language), self.raw, None if finish == "cut off" else finish)

    def outcome(self, language: str) -> tuple[str | None, str | None]:
        """The file afterwards, or the reason for a refusal."""
        try:
            return apply_to(self.marked.text, self.proposal(language).edits), None
        except Refused as refused:
            return None, refused.reason

    def updated(self, language: str) -> Case:
        want, refused = self.outcome(language)
        return replace(self, want=want, refused=refused)


def read(path: Path) -> list[Case]:
    return [_case(table) for table in tomllib.loads(path.read_text("utf-8"))["case"]]


def render(cases: list[Case]) -> str:
    return "\n".join(map(_render, cases))


def _case(table: dict[str, Any]) -> Case:
    known = {key: table.pop(key) for key in ("description", "text", "raw")}
    want, refused = table.pop("want", None), table.pop("refused", None)
    assert (want is None) is not (refused is None), known
    assert table.keys() <= _OPTIONS.keys(), known
    return Case(**known, want=want, refused=refused, options=table)


def _render(case: Case) -> str:
    table = {"description": case.description, **case.options, "text": case.text, "raw": case.raw}
    table |= {"want": case.want} if case.refused is None else {"refused": case.refused}
    return "[[case]]\n" + "".join(f"{key} = {toml_value(value)}\n" for key, value in table.items())
