"""Whether a place is worth a request nobody asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codestral_ls.core.prompt import Site

MIN_DOCUMENT_CHARACTERS = 10
MAX_LINE_CHARACTERS = 1000

_WORD = re.compile(r"\w")
_NAME = re.compile(r"\w+\Z")
_ASKS_FOR_MORE = ("(", ",", "=", " ", "[", "{", ".")


def worth_asking(site: Site) -> bool:
    """Whether an automatic request is likely to be of use here.

    Not in the middle of a word, not before other code unless what stands left of the word at the cursor waits
    for more, not in a minified line, and not in a document that says next to nothing yet.
    """
    head, rest = site.line_head, site.line_rest
    if len(head) + len(rest) > MAX_LINE_CHARACTERS:
        return False
    if site.document.length < MIN_DOCUMENT_CHARACTERS:
        return False
    if rest[:1].isalnum() or rest[:1] == "_":
        return False
    return _WORD.search(rest) is None or _NAME.sub("", head).endswith(_ASKS_FOR_MORE)
