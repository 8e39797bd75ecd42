"""What a refactoring comes to: changes of files that can be applied, or a text to read."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codestral_ls.core.model import Usage
    from codestral_ls.core.text import Document, Edit

Stage = Literal["reading", "asking", "writing", "checking", "repairing"]

Report = Callable[[Stage, int], None]
"""Told what is going on, and how many characters of the reply have come."""


_STAGES: Final[Mapping[Stage, str]] = {
    "reading": "reading the project",
    "asking": "waiting for the model",
    "writing": "the model is writing",
    "checking": "checking the answer",
    "repairing": "the model mends its answer",
}
_STEP = 500


def stage_text(stage: Stage, received: int) -> str:
    """What is going on, in words for the user; the length in steps, so that it is not told with each word."""
    if stage == "writing" and received >= _STEP:
        return f"{received - received % _STEP} characters"
    return _STAGES[stage]


def unheard(_stage: Stage, _received: int) -> None:
    """A `Report` to nobody."""


@dataclass(frozen=True, slots=True, repr=False)
class FileChange:
    """A file before and after. `edits` are sorted, do not touch each other, and mean offsets of `old`.

    `old` is None for a new file, which must not be there when it is made. `version` is the open document's,
    None for a file that is not open.
    """

    uri: str
    version: int | None
    old: Document | None
    new_text: str
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Bill:
    """What a model took for its replies. `usage` is None where the host did not count them, `cost_usd` where
    nobody knows the price."""

    model: str = ""
    usage: Usage | None = None
    cost_usd: float | None = 0.0


@dataclass(frozen=True, slots=True, repr=False)
class Proposal:
    """What to change, all or nothing; or `text`, in Markdown, for what only explains.

    `notes` are sentences that the user should know, `reads` what other files the model was shown, as
    "path first–last".
    """

    title: str
    changes: tuple[FileChange, ...] = ()
    text: str = ""
    notes: tuple[str, ...] = ()
    reads: tuple[str, ...] = ()
    bill: Bill = Bill()

    @property
    def remarks(self) -> str:
        """What the user should know, as a text of some sentences."""
        read = [f"The model has read {', '.join(self.reads)}."] if self.reads else []
        return " ".join([*self.notes, *read])
