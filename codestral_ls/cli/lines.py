"""FILE[:LINE[-LINE]]: a file, or some lines of it; the first line is 1."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from codestral_ls.cli.failure import Failure
from codestral_ls.cli.place import read_text

if TYPE_CHECKING:
    from codestral_ls.app import App
    from codestral_ls.core.text import Document, Span

_LINES = re.compile(r"(?P<file>.+?)(?::(?P<first>\d{1,9})(?:-(?P<last>\d{1,9}))?)?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Lines:
    """`first` and `last` are None for the whole file, `last` alone for one line."""

    path: Path
    first: int | None = None
    last: int | None = None

    @classmethod
    def of(cls, text: str) -> Lines:
        """Raises `Failure` for what cannot be read as FILE[:LINE[-LINE]]."""
        found = _LINES.fullmatch(text)
        if not found:
            raise Failure("Lines are written FILE:LINE or FILE:LINE-LINE, for example cart.py:10-20.")
        first, last = (int(found[name]) if found[name] else None for name in ("first", "last"))
        return cls(Path(found["file"]), first, last)

    @property
    def folder(self) -> Path:
        """The one that the file is in, without following a link."""
        return Path(os.path.abspath(self.path)).parent

    def read(self, app: App) -> tuple[Document, Span | None]:
        """The file, and the span of its lines. Raises `Failure`, also for a file that is never sent."""
        from codestral_ls.core.languages import language_of
        from codestral_ls.core.text import Document

        uri = (self.folder / self.path.name).as_uri()
        document = Document.of(uri, language_of(self.path.name), 0, read_text(self.path))
        if reason := app.workspace.why_refused(document):
            raise Failure(f"{self.path.name} is never sent to a model: {reason}.")
        return document, self._span(document)

    def _span(self, document: Document) -> Span | None:
        from codestral_ls.core.target import lines_span

        if self.first is None:
            return None
        last = self.last or self.first
        if not 0 < self.first <= last <= document.line_count:
            wanted = f"{self.first}" if self.first == last else f"{self.first}-{last}"
            raise Failure(f"{self.path} has {document.line_count} lines, so there are no lines {wanted}.")
        return lines_span(document, self.first - 1, last - 1)
