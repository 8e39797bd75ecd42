"""How raw fill-in-the-middle models want their prompt, and how no text of a user acts as a marker in it."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Final

from codestral_ls.core.families import FAMILIES
from codestral_ls.core.model import BadRequest
from codestral_ls.core.template import PREFIX_ONLY, FimTemplate, Piece

if TYPE_CHECKING:
    from codestral_ls.core.model import FimRequest

__all__ = [
    "BLIND",
    "FAMILIES",
    "PREFIX_ONLY",
    "FimTemplate",
    "Piece",
    "has_control",
    "heal",
    "parse_template",
    "raw_prompt",
    "template_for",
    "without_control",
]

BLIND: Final = "it does not see what follows the cursor"
"""What a model does less well than it could (`Profile.degraded`) for which there is no template."""

# Other families' control tokens look like this too; a model may know tokens that its template does not name.
_CONTROL = r"<[|｜][^|｜\s]{1,40}[|｜]>|</?s>"

# Blanks; or a short word, or the last part of a long one (`_name`, `Name`), with what is glued before it.
_TOKEN_HEAD = re.compile(r"(?:[ \t]+|(?:[ \t]?[^\w\s]{1,2}|[ \t])?(?:(?<!\w)\w{1,8}|_*[A-Za-z]?[a-z0-9]*))\Z")

_PLACES = re.compile(r"(\{prefix\}|\{suffix\})")


def template_for(model: str, chosen: str = "") -> FimTemplate | None:
    """The template of a model by its name or file name; None if its family is not known to fill holes.

    `chosen` is the setting `completion.template`, which goes before the name. Raises `BadRequest`.
    """
    if chosen:
        return parse_template(chosen)
    name = model.lower().replace("_", "-")
    return next((found for found in FAMILIES if any(part in name for part in found.matches)), None)


def parse_template(text: str, stops: tuple[str, ...] = ()) -> FimTemplate:
    """The template of a family by its name; or one of the user's own, in which all but `{prefix}` and
    `{suffix}` is a marker. Raises `BadRequest`."""
    if family := next((found for found in FAMILIES if found.name == text.lower()), None):
        return family
    layout = tuple(part for part in _PLACES.split(text) if part)
    if layout.count("{prefix}") != 1 or layout.count("{suffix}") > 1:
        names = ", ".join(family.name for family in FAMILIES)
        raise BadRequest(
            f"completion.template is no family of models ({names}) and no template:"
            " that has {prefix} once and {suffix} at most once."
        )
    markers = tuple(part.strip() for part in layout if not _PLACES.fullmatch(part) and part.strip())
    return FimTemplate(text, layout, controls=markers, ends=stops)


def has_control(text: str, template: FimTemplate | None) -> bool:
    """Whether a tokenizer could take a part of the user's text for a control token."""
    return bool(_controls(template).search(text))


def without_control(
    prefix: str, typed: str, suffix: str, template: FimTemplate | None
) -> tuple[str, str, str] | None:
    """The three texts cut so that no part of them is taken for a control token: what stands before the last
    one in the prefix and behind the first in the suffix is left out. None where `typed` itself holds one.

    For servers that take a prompt as text only, and look for control tokens in all of it.
    """
    controls = _controls(template)
    last = max((found.end() for found in controls.finditer(prefix + typed)), default=0)
    if last > len(prefix):
        return None
    first = controls.search(suffix)
    return prefix[last:], typed, suffix[: first.start()] if first else suffix


def raw_prompt(request: FimRequest, template: FimTemplate | None) -> str | None:
    """The prompt as one text, without what could be taken for a control token: other files that hold one are
    left out. None where what was typed holds one.

    What was typed ends the prefix. A model is trained on holes that begin anywhere, in the middle of a word
    too; text that begins its own answer has to end where a token does, which nobody can ask of such a server.
    """
    texts = without_control(request.prefix, request.typed, request.suffix, template)
    if texts is None:
        return None
    prefix, typed, suffix = texts
    files = [part for part in request.snippets if not has_control(f"{part.path}\n{part.text}", template)]
    path = "" if has_control(request.path or "", template) else request.path or ""
    pieces = (template or PREFIX_ONLY).render(prefix + typed, suffix, snippets=files, path=path)
    return "".join(piece.text for piece in pieces)


def heal(typed: str) -> tuple[str, str]:
    """Cut `typed` before what may be the beginning of a token that the model would continue otherwise.

    A tokenizer glues blanks and marks to the word behind them, and words are seldom whole at the cursor: a
    model that is shown "def li" takes `li` for the whole name. It must be given the first part only, and be
    held to begin its answer with the second.
    """
    cut = _TOKEN_HEAD.search(typed)
    return (typed[: cut.start()], cut[0]) if cut else (typed, "")


@lru_cache(maxsize=8)
def _controls(template: FimTemplate | None) -> re.Pattern[str]:
    markers = sorted(template.markers if template else (), key=len, reverse=True)
    return re.compile("|".join((_CONTROL, *map(re.escape, markers))))
