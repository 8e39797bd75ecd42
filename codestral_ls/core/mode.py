"""One line or several? Several only where the place asks for them: they take longer to make and to read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from codestral_ls.core.languages import grammar_of
from codestral_ls.core.lexis import lexer, opener
from codestral_ls.core.syntax import cursor_kind, indentation
from codestral_ls.core.text import without_end

if TYPE_CHECKING:
    from codestral_ls.core.prompt import Mode, Site, Trigger
    from codestral_ls.core.syntax import Window
    from codestral_ls.core.text import Document

_WORD = re.compile(r"\w")
_DOCUMENTS = re.compile(r"(?:^|\W)[a-zA-Z]{0,2}(?:\"\"\"|''')$|/\*[*!]$")
_CLOSED_HERE = (("(", ")"), ("[", "]"))
_FARTHEST = 50


def mode_at(site: Site, trigger: Trigger, window: Window | None) -> Mode:
    """How much is wanted at a place; the first rule that holds decides. Without a window, all is code."""
    if trigger == "invoked":
        return "multi"
    if _WORD.search(site.line_rest):
        return "single"
    kind = cursor_kind(window, site.offset) if window else "code"
    if kind != "code":
        return "multi" if _DOCUMENTS.search(site.line_head) else "single"
    wanted = _wants_block(site) if site.line_head.strip() else _wants_lines(site, window)
    return "multi" if wanted else "single"


def opens_block(document: Document, offset: int) -> bool:
    """Whether the line ends, left of an offset and of a comment, with what opens a block or a bracket."""
    line, column = document.position_at(offset)
    return _opens(document.line(line)[:column], document.language)


def empty_block(document: Document, offset: int) -> bool:
    """Whether an offset is on a blank line in a block, opened on a line above, that has nothing in it yet."""
    line, _ = document.position_at(offset)
    above = _nonblank(document, line, -1)
    if document.line(line).strip() or not _opens(above, document.language):
        return False
    return indentation(_nonblank(document, line, 1)) <= indentation(above)


def _wants_block(site: Site) -> bool:
    """The line opens a block with nothing in it. A call whose bracket the editor has closed opens none."""
    head, rest = site.line_head.rstrip(), site.line_rest.lstrip()
    if any(head.endswith(opened) and rest.startswith(closed) for opened, closed in _CLOSED_HERE):
        return False
    below = _nonblank(site.document, site.position[0], 1)
    return opens_block(site.document, site.offset) and indentation(below) <= indentation(head)


def _wants_lines(site: Site, window: Window | None) -> bool:
    """A blank line in a block, or below a comment."""
    return bool(site.line_head) or empty_block(site.document, site.offset) or _below_comment(site, window)


def _below_comment(site: Site, window: Window | None) -> bool:
    line, _ = site.position
    above = without_end(site.document.line(line - 1)) if line else ""
    if window is None or not above.strip():
        return False
    # Before the last character, because behind a closed comment there is code.
    return cursor_kind(window, site.document.offset_at(line - 1, len(above.rstrip()) - 1)) == "comment"


def _opens(line: str, language: str) -> bool:
    grammar = grammar_of(language)
    bare = lexer(grammar).sub(_without_comment, without_end(line)).strip()
    return opener(grammar).search(bare) is not None


def _without_comment(found: re.Match[str]) -> str:
    return "" if (found.lastgroup or "").startswith("comment") else found[0]


def _nonblank(document: Document, line: int, step: int) -> str:
    """The nearest line in a direction that is not blank; the empty string if there is none nearby."""
    rows = range(line + step, line + step * _FARTHEST, step)
    lines = (document.line(row) for row in rows if 0 <= row < document.line_count)
    return next((text for text in lines if text.strip()), "")
