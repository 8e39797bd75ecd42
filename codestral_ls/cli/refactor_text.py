"""What `codestral-ls refactor` prints."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from codestral_ls.cli import diff
from codestral_ls.cli.place import range_of
from codestral_ls.cli.terminal import print_json, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from codestral_ls.core.actions import Action
    from codestral_ls.core.applicable import Choice
    from codestral_ls.core.text import Document, Span
    from codestral_ls.engine.proposal import Bill, FileChange, Proposal

_START = {"line": 1, "column": 1}


def show(proposal: Proposal, milliseconds: int, *, written: bool) -> None:
    """The diff, or the text, and on standard error what the user should know."""
    if proposal.text:
        print(printable(proposal.text) if sys.stdout.isatty() else proposal.text)
    elif written:
        for change in proposal.changes:
            verb = "Created" if change.old is None else "Changed"
            print(f"{verb} {printable(diff.shown(change.uri))}.")
    else:
        diff.show(diff.unified(proposal.changes))
    if proposal.remarks:
        print(printable(proposal.remarks), file=sys.stderr)
    print(f"({_bill(proposal.bill)}{milliseconds:,} ms)", file=sys.stderr)


def facts(choice: Choice, proposal: Proposal, milliseconds: int, *, written: bool) -> dict[str, Any]:
    """All of it, for tools."""
    import msgspec

    bill = proposal.bill
    return {
        "action": choice.action.name,
        "title": proposal.title,
        "changes": [_change(change) for change in proposal.changes],
        "text": proposal.text or None,
        "written": written and bool(proposal.changes),
        "notes": proposal.notes,
        "reads": proposal.reads,
        "model": bill.model,
        "usage": msgspec.to_builtins(bill.usage) if bill.usage else None,
        "cost_usd": bill.cost_usd,
        "milliseconds": milliseconds,
    }


def show_list(document: Document, selection: Span, actions: Sequence[Action], *, as_json: bool) -> None:
    """The actions that apply, and of the others why they do not."""
    rows = list(_rows(document, selection, actions))
    if as_json:
        print_json({"actions": rows})
        return
    width = max(len(row["id"]) for row in rows)
    for row in rows:
        if not row["disabled"]:
            asks = " (say it with --instruction)" if row["asks"] else ""
            print(f"{row['id']:<{width}}  {printable(row['title'])}{asks}")
    for row in rows:
        if row["disabled"]:
            print(f"{row['id']:<{width}}  not here: {row['disabled']}")


def _rows(document: Document, selection: Span, actions: Sequence[Action]) -> Iterator[dict[str, Any]]:
    from codestral_ls.cli.refactor import why_not
    from codestral_ls.core.applicable import applicable

    found = {choice.action.name: choice for choice in applicable(document, selection, actions=actions)}
    for action in actions:
        choice = found.get(action.name)
        disabled = choice.disabled if choice else why_not(action, document)
        yield {
            "id": action.name,
            "title": choice.title if choice else action.title,
            "kind": action.kind,
            "asks": action.asks,
            "range": range_of(document, choice.target) if choice and not disabled else None,
            "disabled": disabled or None,
        }


def _change(change: FileChange) -> dict[str, Any]:
    edits = [
        {"range": range_of(change.old, edit.span), "text": edit.text} for edit in change.edits if change.old
    ]
    whole = [{"range": {"start": _START, "end": _START}, "text": change.new_text}]
    return {
        "path": diff.shown(change.uri),
        "new": change.old is None,
        "edits": whole if change.old is None else edits,
    }


def _bill(bill: Bill) -> str:
    tokens = f"{bill.usage.prompt + bill.usage.completion:,} tokens, " if bill.usage else ""
    return f"{tokens}${bill.cost_usd:.4f}, " if bill.cost_usd else tokens
