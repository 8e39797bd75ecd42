"""`codestral-ls chat`: a question to the chat model, or a dialogue with it, at a terminal or in a pipe."""

from __future__ import annotations

import asyncio
import contextlib
import sys
import time
from contextlib import AsyncExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from codestral_ls.cli.lines import Lines
from codestral_ls.cli.session import add_flags, session
from codestral_ls.cli.terminal import print_json, printable

if TYPE_CHECKING:
    import argparse

    from codestral_ls.app import App
    from codestral_ls.engine.question import Answer, Mention, Question

NOTHING = 1

DESCRIPTION = """\
Ask the chat model about code. The answer is shown as it is written.

  codestral-ls chat "why does this fail on an empty list?" --file cart.py:10-20
  git diff | codestral-ls chat "review this"
  codestral-ls chat --file cart.py           a dialogue about a file; Ctrl-D leaves it

Ctrl-C stops an answer, and with it the request and its costs; in a dialogue a second one leaves.
"""

EPILOG = """\
Nothing but your question, the files you name and what you pipe in is sent, without keys and passwords in it,
and never a file that your ignore files or its name keep back.
Exit status: 0 with an answer, 1 without, 2 if the model could not be asked, 130 if you stopped it.
"""

_MOST_PIPED = 1_000_000
"""Bytes. What the model's window has no room for is left out, and said."""


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    import argparse

    parser = subparsers.add_parser(
        "chat",
        help="ask the chat model about code",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("message", nargs="?", help="the question; without one, a dialogue begins")
    parser.add_argument(
        "--file",
        action="append",
        default=[],
        metavar="FILE[:LINE[-LINE]]",
        help="show the model a file, or some lines of it; may be given several times",
    )
    parser.add_argument("--json", action="store_true", help="print the whole answer as JSON at its end")
    parser.add_argument("--conversation", metavar="ID", help="go on with one that was saved (chat.save)")
    parser.add_argument("--list", action="store_true", help="list the saved conversations")
    parser.add_argument("--forget", metavar="ID", help="delete a saved conversation, or `all`")
    add_flags(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Raises `Failure` and `ModelError`; `KeyboardInterrupt` where the user has stopped the answer."""
    lines = [Lines.of(text) for text in args.file]
    here = Path.cwd()
    roots = dict.fromkeys([here, *(each.folder for each in lines if not each.folder.is_relative_to(here))])
    stack = AsyncExitStack()
    with asyncio.Runner() as runner:
        opened = session(args, [*roots], fetches=True, task="chat")
        app = runner.run(stack.enter_async_context(opened))
        try:
            return _command(args, lines, runner, app)
        finally:
            runner.run(stack.aclose())


def _command(args: argparse.Namespace, lines: list[Lines], runner: asyncio.Runner, app: App) -> int:
    from codestral_ls.engine.question import Mention, Question

    if args.list or args.forget:
        return runner.run(_forgotten(app, args.forget, args.json) if args.forget else _listed(app, args.json))
    piped = _piped()
    mentions = tuple(Mention(*each.read(app)) for each in lines)
    talk = _Talk(runner, app, args.conversation or app.chat.begin(), args.json)
    if args.message:
        texts = (("standard input", piped),) if piped else ()
        return talk.ask(Question(args.message, mentions, texts=texts))
    return talk.go_on(mentions) if piped is None else talk.ask(Question(piped, mentions))


def _piped() -> str | None:
    """What stands on standard input; None where it is a terminal."""
    if sys.stdin.isatty():
        return None
    return sys.stdin.buffer.read(_MOST_PIPED).decode("utf-8", "replace").strip()


class _Talk:
    """A conversation at the terminal."""

    def __init__(self, runner: asyncio.Runner, app: App, conversation: str, json: bool) -> None:
        self._runner = runner
        self._app = app
        self._conversation = conversation
        self._json = json

    def ask(self, question: Question) -> int:
        """Ask, and show the answer. Raises `ModelError` and, where the user stops it, `KeyboardInterrupt`."""
        hear, end = (_ignore, _ignore) if self._json else (_say, partial(_finish, time.perf_counter()))
        answer = self._runner.run(self._app.chat.ask(question, self._conversation, hear, end))
        if self._json:
            print_json(answer.facts)
        else:
            end(answer)
        return 0 if answer.text.strip() else NOTHING

    def go_on(self, mentions: tuple[Mention, ...]) -> int:
        """Ask whatever the user types, until they leave."""
        from codestral_ls.core.model import ModelError
        from codestral_ls.engine.question import Question

        with contextlib.suppress(ImportError):
            import readline  # noqa: F401 - `input` then has a history.
        print("Ctrl-D leaves, Ctrl-C stops an answer.", file=sys.stderr)
        while (message := _typed()) is not None:
            try:
                self.ask(Question(message, mentions, pinned=True))
                mentions = ()
            except KeyboardInterrupt:
                print(file=sys.stderr)
            except ModelError as error:
                print(f"codestral-ls: {printable(str(error))}", file=sys.stderr)
        return 0


def _typed() -> str | None:
    """The next question; None where the user leaves. Raises `KeyboardInterrupt`."""
    message = ""
    while not message.strip():
        try:
            message = input("> ")
        except EOFError:
            print()
            return None
    return message


def _say(text: str) -> None:
    print(printable(text) if sys.stdout.isatty() else text, end="", flush=True)


def _ignore(_: object) -> None: ...


def _finish(started: float, answer: Answer) -> None:
    """The end of the last line, and on standard error what went out and what it took."""
    if not answer.text.endswith("\n"):
        print(flush=True)
    if answer.context:
        print(f"(shown to the model: {printable(', '.join(answer.context))})", file=sys.stderr)
    for note in answer.notes:
        print(f"codestral-ls: {printable(note)}", file=sys.stderr)
    bill, milliseconds = answer.bill, (time.perf_counter() - started) * 1000
    tokens = f", {bill.usage.prompt:,} + {bill.usage.completion:,} tokens" if bill.usage else ""
    dollars = f", ${bill.cost_usd:.4f}" if bill.cost_usd else ""
    print(f"({printable(bill.model)}{tokens}{dollars}, {milliseconds:,.0f} ms)", file=sys.stderr)


async def _listed(app: App, json: bool) -> int:
    from dataclasses import asdict

    found = await app.chat.conversations()
    if json:
        print_json({"conversations": [asdict(each) for each in found]})
    elif not found:
        print("No conversation is saved: the setting chat.save keeps them.", file=sys.stderr)
    for each in () if json else found:
        turns = f"{each.turns:3} {'turn ' if each.turns == 1 else 'turns'}"
        print(f"{each.conversation}  {turns}  {printable(each.title)}")
    return 0


async def _forgotten(app: App, name: str, json: bool) -> int:
    found = await app.chat.conversations()
    names = [each.conversation for each in found] if name == "all" else [name]
    count = sum([await app.chat.end(each) for each in names])
    if json:
        print_json({"forgotten": count})
    else:
        print(f"{count} conversation{'' if count == 1 else 's'} deleted")
    return 0 if count or name == "all" else NOTHING
