"""From a reply to edits that can be applied: read, repaired, made small and checked; or else refused."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from codestral_ls.core.check import Check, check_syntax, within_comments
from codestral_ls.core.hole import indent_unit, line_end
from codestral_ls.core.minimal import smallest_edits
from codestral_ls.core.refusal import Refused
from codestral_ls.core.repair import Place, repaired
from codestral_ls.core.replies import codes
from codestral_ls.core.rewrite import IMPORTS
from codestral_ls.core.text import Edit, apply_edits, line_feeds, split_lines
from codestral_ls.core.withheld import Withheld

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codestral_ls.core.check import Verdict
    from codestral_ls.core.model import Finish
    from codestral_ls.core.refusal import Reason
    from codestral_ls.core.rewrite import Ask, Target
    from codestral_ls.core.text import Document
    from codestral_ls.core.tokens import Changes

_LINES_OF_STYLE = 2_000

_FAULTS: Final[Mapping[Verdict, Mapping[Changes, Reason]]] = {
    "broken": {"code": "syntax", "comments": "syntax", "names": "syntax"},
    "strays": {"comments": "code", "names": "names"},
}


@dataclass(frozen=True, slots=True, repr=False)
class Proposal:
    """`edits` are sorted, do not touch each other, and mean offsets of the document that was asked about.

    `check` tells whether what they make was parsed, `changes` what may change, and `left_out` whether some of
    what the model wants was not taken since it changes more.
    """

    edits: tuple[Edit, ...]
    check: Check
    changes: Changes = "code"
    left_out: bool = False


def propose(ask: Ask, raw: str, finish: Finish | None, *, last: bool = False) -> Proposal:
    """The edits that a reply asks for, within the spans that were offered and nowhere else.

    `finish` tells how the reply ended, None if it was cut off. Where nothing but comments may
    change, so much of a reply that is the `last` one is taken as keeps to this. Raises `Refused`.
    """
    given = codes(ask, raw, finish)
    edits = [
        edit
        for target in ask.targets
        if target.name in given
        for edit in _edits(ask, target, given[target.name])
    ]
    if not edits:
        raise Refused("unchanged")
    edits.sort(key=lambda edit: edit.span.start)
    proposal = _checked(ask, tuple(edits))
    if last and ask.changes == "comments" and proposal.check.verdict in _FAULTS:
        proposal = _confined(ask, proposal)
    check = proposal.check
    if fault := _FAULTS.get(check.verdict):
        raise Refused(fault[ask.changes], None if check.line is None else check.line + 1)
    return proposal


def _checked(ask: Ask, edits: tuple[Edit, ...]) -> Proposal:
    check = check_syntax(ask.document, _after(ask.document, edits), edits, ask.changes)
    return Proposal(edits, check, ask.changes)


def _confined(ask: Ask, proposal: Proposal) -> Proposal:
    """The edits of comments alone, or the proposal as it is where they come to nothing that is sure."""
    edits = within_comments(ask.document, _after(ask.document, proposal.edits), proposal.edits)
    confined = _checked(ask, edits)
    if not edits or confined.check.verdict != "parses":
        return proposal
    return replace(confined, left_out=True)


def _after(document: Document, edits: tuple[Edit, ...]) -> Document:
    return apply_edits(document, reversed(edits), document.version)


def _edits(ask: Ask, target: Target, code: str) -> tuple[Edit, ...]:
    """The smallest edits of a span. They are found in the text that the model has seen, and hold in the real
    one, since redaction keeps every offset; none may touch what was redacted."""
    real = ask.document.slice(target.span.start, target.span.end)
    withheld = Withheld(real, target.shown)
    code = _with_old_imports(target, code) if target.name == IMPORTS else code
    new = repaired(withheld.restored(code), _place(ask, target))
    edits = smallest_edits(target.shown, new, _line_end(ask.document), target.span.start)
    if withheld.touched(edits, target.span.start):
        raise Refused("secret")
    return edits


def _with_old_imports(target: Target, code: str) -> str:
    """Imports of which none was there are more of them, and not all."""
    old = line_feeds(target.shown)
    known = {line.strip() for line in old.split("\n") if line.strip()}
    return code if known.intersection(map(str.strip, code.split("\n"))) else f"{old}\n{code.strip()}"


def _place(ask: Ask, target: Target) -> Place:
    first = target is ask.targets[0]
    style = ask.document.lines(0, _LINES_OF_STYLE)
    return Place(
        old=tuple(line_feeds(target.shown).split("\n")),
        above=tuple(ask.above.split("\n")) if first else (),
        below=tuple(ask.below.split("\n")) if first else (),
        language=ask.document.language,
        indent=indent_unit(split_lines(target.shown)) or indent_unit(style),
    )


def _line_end(document: Document) -> str:
    return line_end("".join(document.lines(0, _LINES_OF_STYLE)))
