"""The cases of `fixtures/refactor`: what a chat model replied about a span, and the file after it.

One file for each language (the folder's name) and subject, in TOML, with many tables `[[case]]`:
`description`; `text`, in which ⟦ and ⟧ stand around the span; `raw`, the reply; and `want`, the whole file
afterwards, or `refused`, the reason why it stays as it is. Optional: `form` ("fence" or "json"), `finish`
("stop", "length", "error" or "cut off"), `begin` (the reply was begun for the model), `imports` (they may
change as well), `changes` ("code", "comments" or "names": what may change).
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from codestral_ls.core.prompt import Budget
from codestral_ls.core.proposal import Proposal, propose
from codestral_ls.core.rewrite import Ask, Order, ask_rewrite
from codestral_ls.core.text import Document, Span

if TYPE_CHECKING:
    from pathlib import Path

OPTIONS = {"form": "fence", "finish": "stop", "begin": False, "imports": False, "changes": "code"}
_BUDGET = Budget(4000, 2000)


@dataclass(frozen=True, slots=True)
class Golden:
    """The span marked in `text` is to be replaced by what `raw` says. Of `want` and `refused` one is None;
    `options` are those that were given."""

    language: str
    description: str
    text: str
    raw: str
    want: str | None
    refused: str | None
    options: dict[str, Any]

    @property
    def before(self) -> str:
        """The file, without the marks."""
        return self.text.replace("⟦", "").replace("⟧", "")

    @property
    def span(self) -> Span:
        """What may be replaced."""
        return Span(self.text.index("⟦"), self.text.index("⟧") - 1)

    def option(self, name: str) -> Any:  # noqa: ANN401 - a text or a truth value, by its name.
        return self.options.get(name, OPTIONS[name])

    def ask(self) -> Ask:
        """The question that was answered."""
        document = Document.of("file:///a", self.language, 1, self.before)
        order = Order(
            "Do it.",
            self.span,
            self.span,
            with_imports=self.option("imports"),
            changes=self.option("changes"),
        )
        return ask_rewrite(document, order, _BUDGET, self.option("form"), self.option("begin"))

    def proposal(self) -> Proposal:
        """What the reply comes to, where no other is asked for. Raises `Refused`."""
        finish = self.option("finish")
        return propose(self.ask(), self.raw, None if finish == "cut off" else finish, last=True)


def read(path: Path) -> list[Golden]:
    """The cases of a file. Raises OSError, and ValueError for what is no such file."""
    tables = tomllib.loads(path.read_text("utf-8")).get("case", [])
    return [_golden(path.parent.name, table) for table in tables]


def _golden(language: str, table: dict[str, Any]) -> Golden:
    options = {key: value for key, value in table.items() if key in OPTIONS}
    given = {key: value for key, value in table.items() if key not in OPTIONS}
    ends = {"want": given.pop("want", None), "refused": given.pop("refused", None)}
    if given.keys() != {"description", "text", "raw"} or (ends["want"] is None) is (ends["refused"] is None):
        raise ValueError(f"A case of {language} has keys that it should not have, or lacks some.")
    if any(given["text"].count(mark) != 1 for mark in "⟦⟧"):
        raise ValueError(f"No span, or more than one, is marked in {given['description']!r}.")
    return Golden(language, **given, **ends, options=options)
