"""The prompt of a raw fill-in-the-middle model, as a layout of markers, user's text and other files."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import TYPE_CHECKING

from codestral_ls.core.languages import grammar_of, language_of
from codestral_ls.core.lexis import comment_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codestral_ls.core.model import Snippet


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a prompt: user's text, or a marker that must become a control token.

    A SentencePiece vocabulary puts a blank before a text that it cuts into tokens; `bare` must have none.
    """

    text: str
    marker: bool = False
    bare: bool = False


@dataclass(frozen=True, slots=True)
class FimTemplate:
    """A family's prompt. `layout` holds markers and the words `{prefix}` and `{suffix}`; an answer follows.

    `repository` is the layout where other files go with it: `{files}` stands for them, each as `file` has it
    with `{path}`, `{text}` and `{comment}` (a comment that names the path); outside of `file`, `{path}` and
    `{comment}` are those of the file with the hole. A family without one is given comments.

    `matches` are parts of a model's name in lower case. `controls` are the family's control tokens that end
    an answer, the likeliest first, `specials` the others; neither belongs in a text. `ends` are ordinary
    texts that end an answer. An `exact` prompt is sent as tokens, because as text it would get a blank before
    the suffix that the model was not trained with.
    """

    name: str
    layout: tuple[str, ...]
    matches: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()
    specials: tuple[str, ...] = ()
    ends: tuple[str, ...] = ()
    repository: tuple[str, ...] = ()
    file: tuple[str, ...] = ("{comment}", "\n", "{text}")
    exact: bool = False

    @property
    def fills(self) -> bool:
        """Whether the model is shown what stands behind the hole."""
        return "{suffix}" in self.layout

    @property
    def stops(self) -> tuple[str, ...]:
        """What ends an answer and is no part of it, the likeliest first."""
        return (*self.controls, *self.ends)

    @property
    def markers(self) -> frozenset[str]:
        """What a tokenizer could take for a control token, without the blanks around it."""
        written = (part.strip() for part in self.layout if part not in _WORDS)
        return frozenset((*filter(None, written), *self.controls, *self.specials))

    def render(
        self, prefix: str, suffix: str, typed: str = "", snippets: Sequence[Snippet] = (), path: str = ""
    ) -> tuple[Piece, ...]:
        """The prompt in pieces. `typed` begins the answer: what stands before it stays while it grows.

        Where the prefix itself comes last, before no marker, `typed` simply continues it. `path` is that of
        the file with the hole, for `snippets` of others to be told from it.
        """
        texts = {"{prefix}": prefix, "{suffix}": suffix, **_named(path)}
        files = [self._piece(part, _texts(snippet)) for snippet in snippets for part in self.file]
        pieces: list[Piece] = []
        for part in self._with_files() if snippets else self.layout:
            pieces += files if part == "{files}" else [self._piece(part, texts)]
        return tuple(_joined((*pieces, Piece(typed))))

    def _with_files(self) -> Iterator[str]:
        if self.repository:
            yield from self.repository
            return
        for part in self.layout:
            yield from ("{files}", "{comment}", "\n", part) if part == "{prefix}" else (part,)

    def _piece(self, part: str, texts: dict[str, str]) -> Piece:
        if part in texts:
            return Piece(texts[part], bare=self.exact and part == "{suffix}")
        return Piece(part, marker=part in self.layout or part in self.controls)


PREFIX_ONLY = FimTemplate("", ("{prefix}",))
"""For a model that fills no holes, or of which it is not known how: a text to continue."""

_WORDS = ("{prefix}", "{suffix}")


def _texts(snippet: Snippet) -> dict[str, str]:
    return {**_named(snippet.path), "{text}": snippet.text.rstrip("\n") + "\n"}


def _named(path: str) -> dict[str, str]:
    grammar = grammar_of(language_of(path.rpartition("/")[2]))
    return {"{path}": path, "{comment}": comment_line(grammar, path) if path else ""}


def _joined(pieces: Sequence[Piece]) -> Iterator[Piece]:
    """With neighbouring stretches of text as one, as a tokenizer has to see them; each marker by itself."""
    for marker, group in groupby((piece for piece in pieces if piece.text), lambda piece: piece.marker):
        if marker:
            yield from group
            continue
        first, *others = group
        yield replace(first, text="".join((first.text, *(piece.text for piece in others))))
