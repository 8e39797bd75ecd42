"""From a place in a document to a request: the window, the mode, and the dialects of raw FIM models."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from codestral_ls.core.text import Document

Mode = Literal["single", "multi"]
Trigger = Literal["invoked", "automatic"]


@dataclass(frozen=True, slots=True)
class Site:
    """A place in a document where text is wanted."""

    document: Document
    offset: int

    @property
    def position(self) -> tuple[int, int]:
        return self.document.position_at(self.offset)

    @property
    def line_head(self) -> str:
        """The cursor's line, left of the cursor."""
        line, column = self.position
        return self.document.line(line)[:column]

    @property
    def line_rest(self) -> str:
        """The cursor's line, right of the cursor, without its end."""
        line, column = self.position
        return self.document.line(line)[column:].rstrip("\r\n")
