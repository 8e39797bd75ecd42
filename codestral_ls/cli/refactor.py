"""`codestral-ls refactor FILE:LINE`: an action on some code, printed as a diff or written."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from typing import TYPE_CHECKING

from codestral_ls.cli.failure import Failure
from codestral_ls.cli.lines import Lines
from codestral_ls.cli.place import Place
from codestral_ls.cli.session import add_flags, session
from codestral_ls.cli.terminal import print_json, printable

if TYPE_CHECKING:
    from codestral_ls.app import App
    from codestral_ls.core.actions import Action
    from codestral_ls.core.applicable import Choice
    from codestral_ls.core.refusal import Refused
    from codestral_ls.core.text import Document, Span
    from codestral_ls.engine.proposal import Proposal

UNCHANGED = 1

_DESCRIPTION = """\
Have the chat model change or explain code. The change is printed as a diff, and nothing is written
without --write. FILE alone means all of it, FILE:LINE the function or class around the line,
FILE:LINE-LINE the statements on those lines.

  codestral-ls refactor cart.py:14 --list                   what can be asked there
  codestral-ls refactor cart.py:14 --action simplify        print a diff
  codestral-ls refactor cart.py:14 --action tests --write   write a new file of tests
  codestral-ls refactor cart.py:12-15 --instruction "Skip what costs nothing." --write
  codestral-ls refactor cart.py:14 --problem "undefined name 'totl'"
  codestral-ls refactor cart.py:14 --action explain
"""
_EPILOG = """\
Before anything is shown or written it is checked: prose, left-out code, answers that were cut off,
changes elsewhere and new syntax errors are refused. --write writes all files or none, and no file
that was changed meanwhile.

Exit status: 0 with a change or an explanation, 1 if the answer was refused or there is nothing to
change, 2 if the model could not be asked or the change not be written.
"""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "refactor",
        help="change or explain code with the chat model",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("place", metavar="FILE[:LINE[-LINE]]", help="what it is about; the first line is 1")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--action", metavar="ID", help="an action of --list, or of your settings")
    what.add_argument("--problem", metavar="TEXT", help="fix this, as a compiler or linter told it")
    what.add_argument("--list", action="store_true", help="list the actions; no model is asked")
    parser.add_argument(
        "--instruction", metavar="TEXT", help="what is to be done, in your words; alone or with some actions"
    )
    parser.add_argument("--write", action="store_true", help="write the change instead of printing it")
    parser.add_argument(
        "--json", action="store_true", help="print edits, notes, files read, tokens and cost as JSON"
    )
    add_flags(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    return asyncio.run(_run(args))


async def _run(args: argparse.Namespace) -> int:
    from codestral_ls.cli import refactor_text
    from codestral_ls.core.actions import all_actions
    from codestral_ls.core.refusal import Refused

    lines = Lines.of(args.place)
    async with session(args, Place(lines.path).roots, fetches=True, task="chat") as app:
        document, selection = _selected(lines, app)
        actions = all_actions(app.settings.chat.actions)
        if args.list:
            refactor_text.show_list(document, selection, actions, as_json=args.json)
            return 0
        choice = _choice(args, actions, document, selection)
        try:
            return await _carried_out(args, app, document, choice)
        except Refused as refused:
            return _refused(args, refused)


def _selected(lines: Lines, app: App) -> tuple[Document, Span]:
    """The file, and what is selected: all of it, its lines, or nothing: a cursor at a line's first word.
    Raises `Failure`."""
    from codestral_ls.core.text import Span

    document, span = lines.read(app)
    if span is None:
        return document, Span(0, document.length)
    if lines.last is None:
        line = document.slice(span.start, span.end)
        at = span.start + len(line) - len(line.lstrip())
        return document, Span(at, at)
    return document, span


async def _carried_out(args: argparse.Namespace, app: App, document: Document, choice: Choice) -> int:
    """Raises a `ModelError`, `Refused`, or OSError where the change cannot be written."""
    from codestral_ls.cli import refactor_text
    from codestral_ls.engine.write import write

    started = time.perf_counter()
    proposal = await _proposed(args, app, document, choice)
    milliseconds = round((time.perf_counter() - started) * 1000)
    if args.write:
        write(proposal.changes, app.workspace.roots)
    if args.json:
        print_json(refactor_text.facts(choice, proposal, milliseconds, written=args.write))
    else:
        refactor_text.show(proposal, milliseconds, written=args.write)
    return 0


async def _proposed(args: argparse.Namespace, app: App, document: Document, choice: Choice) -> Proposal:
    from codestral_ls.cli.progress import progress

    # Connecting may fetch a model, which has a progress bar of its own.
    size = choice.target.end - choice.target.start
    talker = await app.chat_models.talker(choice.action.task, size)
    if not args.json:
        print(f"Model: {printable(talker.profile.label)}.", file=sys.stderr)
    with progress(choice.heading) as report:
        return await app.refactorer.propose(document, choice, args.instruction or "", report)


def _choice(
    args: argparse.Namespace, actions: tuple[Action, ...], document: Document, selection: Span
) -> Choice:
    """What is asked for. Raises `Failure` where it does not apply."""
    from codestral_ls.core.applicable import Diagnostic, applicable

    name = args.action or ("fix" if args.problem else "instruct" if args.instruction is not None else "")
    if not name:
        raise Failure(
            "Say what is to be done: --action, --instruction or --problem; --list shows the actions."
        )
    action = next((action for action in actions if action.name == name), None)
    if action is None:
        names = ", ".join(action.name for action in actions)
        raise Failure(f"There is no action {name!r}. There are: {names}.")
    if action.asks and not (args.instruction or "").strip():
        raise Failure("Say what is to be changed: --instruction TEXT.")
    if args.instruction and not action.asks:
        raise Failure(f"The action {name!r} takes no instruction.")
    problems = [Diagnostic(selection, args.problem)] if args.problem else []
    found = applicable(document, selection, problems, actions=[action])
    if why := found[0].disabled if found else why_not(action, document):
        hint = " FILE:LINE-LINE selects lines." if selection.start == selection.end else ""
        raise Failure(f"{why}{hint}")
    return found[0]


def why_not(action: Action, document: Document) -> str:
    """Why an action is not offered at all."""
    if action.scopes[0] == "diagnostic":
        return "Tell the problem: --problem TEXT."
    return f"It is not for {document.language} files."


def _refused(args: argparse.Namespace, refused: Refused) -> int:
    if args.json:
        print_json({"refused": refused.reason, "message": refused.message})
    print(f"codestral-ls: {refused.message}", file=sys.stderr)
    return UNCHANGED
