"""The open documents, and which of them may be completed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from codestral_ls.core.privacy import IgnoreRules

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codestral_ls.core.text import Document

# Documents of other schemes are output panes, diffs and the like.
SCHEMES = frozenset({"file", "untitled", "vscode-notebook-cell", "vscode-remote"})


class Workspace:
    """Open documents by URI. Documents are values: whoever got one keeps that version."""

    def __init__(self, roots: Iterable[Path] = (), rules: IgnoreRules | None = None) -> None:
        self.roots = list(roots)
        self._rules = rules or IgnoreRules.of()
        self._documents: dict[str, Document] = {}
        self._refusals: dict[str, str | None] = {}

    def get(self, uri: str) -> Document | None:
        return self._documents.get(uri)

    def open(self, document: Document) -> None:
        self._documents[document.uri] = document
        self._refusals[document.uri] = self._why_refused(document)

    def update(self, document: Document) -> None:
        """A new version of an open document."""
        self._documents[document.uri] = document

    def close(self, uri: str) -> None:
        self._documents.pop(uri, None)
        self._refusals.pop(uri, None)

    def set_roots(self, roots: Iterable[Path]) -> None:
        self.roots = list(roots)
        self._judge_again()

    def set_rules(self, rules: IgnoreRules) -> None:
        self._rules = rules
        self._judge_again()

    def why_refused(self, document: Document) -> str | None:
        """Why nothing of this document may be sent to a model; None if it may. Decided when it is opened."""
        if document.uri not in self._refusals:
            return self._why_refused(document)
        return self._refusals[document.uri]

    def _judge_again(self) -> None:
        self._refusals = {uri: self._why_refused(document) for uri, document in self._documents.items()}

    def _why_refused(self, document: Document) -> str | None:
        try:
            scheme, path = urlsplit(document.uri).scheme, path_of(document.uri)
        except ValueError:
            return "its address cannot be understood"
        if scheme not in SCHEMES:
            return f"documents of the kind {scheme!r} are not completed"
        if "\0" in document.text:
            return "it is not a text file"
        return self._rules.why_ignored(self._relative(path), path.as_posix())

    def _relative(self, path: Path) -> str:
        for root in self.roots:
            if path.is_relative_to(root):
                return path.relative_to(root).as_posix()
        return path.as_posix()


def path_of(uri: str) -> Path:
    """The path in a URI, whatever its scheme: a notebook's cells carry the notebook's path."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return Path(unquote(parts.path))
