"""What can be asked of the chat model about code, as one table."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from codestral_ls.core.config import OwnAction
    from codestral_ls.core.tokens import Changes

Scope = Literal["selection", "definition", "file", "diagnostic"]
Task = Literal["quick", "heavy"]
Answer = Literal["edit", "edits", "explanation", "file"]
Needs = Literal["code", "selection", "comment", "todo", "nothing"]


@dataclass(frozen=True, slots=True)
class Action:
    """Something to ask. `kind` is an LSP code action kind.

    Of `scopes` the first that is there at a place is the target. `instruction` may hold `{language}`, in
    which people want to be answered, and `{request}`, what the user typed; `asks` tells that there must be
    such a text. `answer` is what comes back: an edit of the target, edits of several files, an explanation,
    or a new file.
    `languages` are LSP language ids, none for all; `needs` is what must be there beside the target.
    `changes` is what an edit of the target may change: an answer that changes more is not applied.
    """

    name: str
    title: str
    kind: str
    scopes: tuple[Scope, ...]
    instruction: str
    task: Task = "quick"
    answer: Answer = "edit"
    languages: tuple[str, ...] = ()
    needs: Needs = "code"
    asks: bool = False
    changes: Changes = "code"


_CODE: tuple[Scope, ...] = ("selection", "definition")
_KEEP = "Keep what it does and every name that other code can refer to."

ACTIONS: tuple[Action, ...] = (
    Action(
        name="fix",
        title="Fix: {problem}",
        kind="quickfix.codestral.fix",
        scopes=("diagnostic",),
        instruction=(
            "Fix the problem that is told below, by the smallest change that is right. Do not silence "
            "the tool that told it, and change nothing else."
        ),
    ),
    Action(
        name="instruct",
        title="Change as I say …",
        kind="refactor.rewrite.codestral.instruct",
        scopes=("selection", "definition", "file"),
        instruction="{request}",
        task="heavy",
        needs="nothing",
        asks=True,
    ),
    Action(
        name="instruct-everywhere",
        title="Change as I say, in several files …",
        kind="refactor.rewrite.codestral.instruct.everywhere",
        scopes=("selection", "definition", "file"),
        instruction="{request}",
        task="heavy",
        answer="edits",
        needs="nothing",
        asks=True,
    ),
    Action(
        name="rename-everywhere",
        title="Rename everywhere …",
        kind="refactor.rewrite.codestral.rename.everywhere",
        scopes=("definition",),
        instruction=(
            "Rename the definition in the span, and everything in the project that uses it: calls, imports, "
            "exports, overrides, comments and documentation that mean it. Leave other things of the same "
            "name as they are. What its name is to be: {request}"
        ),
        task="heavy",
        answer="edits",
        asks=True,
    ),
    Action(
        name="change-signature",
        title="Change the signature …",
        kind="refactor.rewrite.codestral.signature",
        scopes=("definition",),
        instruction=(
            "Change the parameters or the result of the definition in the span as told, with its "
            "documentation, its overrides, and every place in the project that calls it, so that all does "
            "what it did before, but for what is asked. What is to change: {request}"
        ),
        task="heavy",
        answer="edits",
        asks=True,
    ),
    Action(
        name="complete",
        title="Do what the TODO says",
        kind="refactor.rewrite.codestral.complete",
        scopes=_CODE,
        instruction="Write the code that the TODO comments ask for, and take out those comments.",
        task="heavy",
        needs="todo",
    ),
    Action(
        name="simplify",
        title="Simplify",
        kind="refactor.rewrite.codestral.simplify",
        scopes=_CODE,
        instruction=(
            f"Make the code simpler and easier to read. {_KEEP} Where it is simple already, leave it."
        ),
    ),
    Action(
        name="extract",
        title="Extract into a function",
        kind="refactor.extract.codestral.function",
        scopes=("definition", "selection"),
        instruction=(
            "Move the selected code into a new function, or method, with a telling name, directly "
            f"before or behind the definition it is taken from, and call it where the code was. {_KEEP}"
        ),
        needs="selection",
    ),
    Action(
        name="rename",
        title="Rename for clarity",
        kind="refactor.rewrite.codestral.rename",
        scopes=_CODE,
        instruction=(
            "Give local variables and parameters names that say what they are. Change nothing but "
            "names, and no name that code elsewhere can use: no attribute, no keyword argument, not the "
            "definition's own."
        ),
        changes="names",
    ),
    Action(
        name="types",
        title="Add types",
        kind="refactor.rewrite.codestral.types",
        scopes=_CODE,
        instruction=(
            "Annotate parameters, results and where needed variables with the most exact types that are "
            "sure from the code. Change nothing else."
        ),
        languages=("python", "typescript", "typescriptreact", "php", "julia", "groovy", "dart"),
    ),
    Action(
        name="modernise",
        title="Modernise",
        kind="refactor.rewrite.codestral.modernise",
        scopes=_CODE,
        instruction=(
            "Use the language's present idioms and standard library in place of outdated ones, within "
            f"the language version that the file's code shows. {_KEEP}"
        ),
    ),
    Action(
        name="document",
        title="Document",
        kind="refactor.rewrite.codestral.document",
        scopes=("definition", "selection"),
        instruction=(
            "Write the doc string or doc comment, in {language}, in the form that is usual in the "
            "programming language and in this file. Say what callers need: meaning, units, errors. "
            "Change no code."
        ),
        changes="comments",
    ),
    Action(
        name="translate",
        title="Translate comments",
        kind="refactor.rewrite.codestral.translate",
        scopes=("selection", "definition", "file"),
        instruction=(
            "Translate comments and doc strings into {language}. Change no code, and no other string."
        ),
        needs="comment",
        changes="comments",
    ),
    Action(
        name="tests",
        title="Write tests",
        kind="refactor.codestral.tests",
        scopes=("definition", "selection", "file"),
        instruction=(
            "Write tests for the code, with the test framework that the project uses or else the usual "
            "one of the language. Cover the ordinary cases, the edges and the errors. Each test must be "
            "able to fail."
        ),
        task="heavy",
        answer="file",
    ),
    Action(
        name="explain",
        title="Explain",
        kind="codestral.explain",
        scopes=("selection", "definition", "file"),
        instruction=(
            "Explain the code in {language}: what it is for, how it works, and what is surprising about it."
        ),
        answer="explanation",
    ),
    Action(
        name="document-file",
        title="Document the whole file",
        kind="source.codestral.document",
        scopes=("file",),
        instruction=(
            "Write doc strings or doc comments, in {language}, for the module and for every public "
            "definition that has none, in the form that is usual in the programming language. Change no "
            "code."
        ),
        task="heavy",
        changes="comments",
    ),
)
"""Every built-in action, in the order in which they are listed."""


def user_action(
    title: str, instruction: str, scope: Scope, languages: Iterable[str] = (), task: Task = "quick"
) -> Action:
    """An action of the user's own settings; its name is made of the title."""
    name = re.sub(r"\W+", "-", title.lower()).strip("-") or "own"
    head = "quickfix" if scope == "diagnostic" else "source" if scope == "file" else "refactor.rewrite"
    kind = f"{head}.codestral.user.{name}"
    return Action(f"user.{name}", title, kind, (scope,), instruction, task, languages=tuple(languages))


def all_actions(own: Iterable[OwnAction]) -> tuple[Action, ...]:
    """The built-in actions, and those of the user's settings behind them."""
    return ACTIONS + tuple(
        user_action(each.title, each.instruction, each.scope, each.languages) for each in own
    )


def instruction(action: Action, language: str, request: str = "") -> str:
    """What to tell the model: the action's instruction with the user's language and words put in."""
    texts = {"{language}": language, "{request}": request}
    return re.sub(r"\{language\}|\{request\}", lambda found: texts[found[0]], action.instruction)
