"""The open documents, and which of them may be completed."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from codestral_ls.core.exclusion import Exclusion, IgnoreRules
from codestral_ls.engine.ignored import CODESTRALIGNORE, DEEPEST, NAMES, Known, why_excluded

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codestral_ls.core.text import Document

# Documents of other schemes are output panes, diffs and the like.
SCHEMES = frozenset({"file", "untitled", "vscode-notebook-cell", "vscode-remote"})
_ON_THIS_DISK = frozenset({"file", "vscode-notebook-cell"})


class Workspace:
    """Open documents by URI. Documents are values: whoever got one keeps that version."""

    def __init__(self, roots: Iterable[Path] = (), rules: IgnoreRules | None = None) -> None:
        self.roots = list(roots)
        self._rules = rules or IgnoreRules.of()
        self._documents: dict[str, Document] = {}
        self._refusals: dict[str, Exclusion | None] = {}
        self._patterns: Known = {}

    @property
    def documents(self) -> tuple[Document, ...]:
        """All open ones."""
        return tuple(self._documents.values())

    def get(self, uri: str) -> Document | None:
        return self._documents.get(uri)

    def shown_path(self, uri: str) -> str:
        """What the user and the model know a document by: its path in the workspace, else its name. With
        several folders, the folder's name comes first. Raises ValueError for what is no URI."""
        path = path_of(uri)
        root = next((root for root in self.roots if path.is_relative_to(root)), path.parent)
        inner = path.relative_to(root).as_posix()
        return f"{root.name}/{inner}" if len(self.roots) > 1 and root in self.roots else inner

    def open(self, document: Document) -> None:
        # Not every editor tells of a changed ignore file.
        self._patterns.clear()
        self._documents[document.uri] = document
        self._refusals[document.uri] = self._judged(document)

    def update(self, document: Document) -> None:
        """A new version of an open document."""
        self._documents[document.uri] = document

    def close(self, uri: str) -> None:
        self._patterns.clear()
        self._documents.pop(uri, None)
        self._refusals.pop(uri, None)

    def set_roots(self, roots: Iterable[Path]) -> None:
        self.roots = list(roots)
        self.judge_again()

    def set_rules(self, rules: IgnoreRules) -> None:
        self._rules = rules
        self.judge_again()

    def judge_again(self) -> None:
        """Decide anew of every open document whether it may be sent: an ignore file has changed."""
        self._patterns.clear()
        self._refusals = {uri: self._judged(document) for uri, document in self._documents.items()}

    def why_refused(self, document: Document) -> str | None:
        """Why nothing of this document may be sent to a model, as what follows "because"; None if it may.
        Decided when it is opened."""
        refusal = self.refusal(document)
        return refusal.reason if refusal else None

    def refusal(self, document: Document) -> Exclusion | None:
        """The same, with the rule that says so."""
        if document.uri not in self._refusals:
            return self._judged(document)
        return self._refusals[document.uri]

    def ignores(self, folder: Path) -> bool:
        """Whether ignore files keep all that is in a folder, a real path, from every model."""
        roots = [Path(os.path.realpath(root)) for root in self.roots]
        return why_excluded(folder, roots, self._names, self._patterns, is_folder=True) is not None

    def why_excluded(self, path: Path) -> Exclusion | None:
        """Why nothing of a file on this disk may be sent, open or not. Its real path counts as well: a link
        must not lead out what is ignored where it stands."""
        try:
            real = Path(os.path.realpath(path))
        except ValueError:
            return Exclusion("its path is not valid")
        if max(len(path.parts), len(real.parts)) > DEEPEST:
            return Exclusion("it lies too deep in folders for its ignore files to be read")
        roots = [*self.roots, *(Path(os.path.realpath(root)) for root in self.roots)]
        for each in dict.fromkeys((path, real)):
            found = self._named(each, roots) or why_excluded(each, roots, self._names, self._patterns)
            if found:
                return found
        return None

    @property
    def _names(self) -> tuple[str, ...]:
        return NAMES if self._rules.gitignore else (CODESTRALIGNORE,)

    def _judged(self, document: Document) -> Exclusion | None:
        try:
            scheme, path = urlsplit(document.uri).scheme, path_of(document.uri)
        except ValueError:
            return Exclusion("its address cannot be understood")
        if scheme not in SCHEMES:
            return Exclusion(f"documents of the kind {scheme!r} are not completed")
        if "\0" in document.text:
            return Exclusion("it is not a text file")
        return self.why_excluded(path) if scheme in _ON_THIS_DISK else self._named(path, self.roots)

    def _named(self, path: Path, roots: Iterable[Path]) -> Exclusion | None:
        root = next((root for root in roots if path.is_relative_to(root)), None)
        return self._rules.why_excluded(
            (path.relative_to(root) if root else path).as_posix(), path.as_posix()
        )


def path_of(uri: str) -> Path:
    """The path in a URI, whatever its scheme: a notebook's cells carry the notebook's path."""
    parts = urlsplit(uri)
    if parts.scheme == "file":
        return Path(url2pathname(parts.path))
    return Path(unquote(parts.path))
