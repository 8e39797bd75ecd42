"""Why a reply is not applied: what the program goes by, and the sentence for the user."""

from __future__ import annotations

from typing import Final, Literal

Reason = Literal[
    "empty",
    "truncated",
    "prose",
    "garbled",
    "several",
    "elided",
    "diff",
    "elsewhere",
    "secret",
    "long",
    "unchanged",
    "unplaced",
    "syntax",
    "code",
    "names",
    "moved",
    "endless",
]

_AGAIN = "Nothing was changed; try again, or select less."

SENTENCES: Final[dict[Reason, str]] = {
    "empty": f"The model gave no code back. {_AGAIN}",
    "truncated": "The model's answer was cut off before its end. Nothing was changed; select less code.",
    "prose": f"The model answered in words instead of code. {_AGAIN}",
    "garbled": f"The model's answer is not in the form that was asked for. {_AGAIN}",
    "several": f"The model gave several pieces of code, and it is not clear which one is meant. {_AGAIN}",
    "elided": f"The model left out code that it was to write in full. {_AGAIN}",
    "diff": f"The model answered with a patch that does not fit the code. {_AGAIN}",
    "elsewhere": f"The model also changed code outside of what it was given to change. {_AGAIN}",
    "secret": "The change touches a key or token that the model has not been shown. Nothing was changed.",
    "long": f"The model's answer is far longer than the code. {_AGAIN}",
    "unchanged": "The model sees nothing to change here.",
    "unplaced": "It is not clear which lines the code is to replace. Nothing was changed; select them.",
    "syntax": "The new code would have a syntax error in line {line}. Nothing was changed; try again.",
    "code": f"The model's answer changes code, which this action must not. {_AGAIN}",
    "names": f"The model's answer changes more than names, which this action must not. {_AGAIN}",
    "moved": "{path} was changed while the model worked on it. Nothing was changed by us; try again.",
    "endless": (
        "The model did not come to an end within the limits. Nothing was changed; ask for less, "
        "or allow it more rounds by chat.rounds."
    ),
}


class Refused(Exception):
    """A reply that is not applied. `message` is for the user and holds no source code."""

    def __init__(self, reason: Reason, line: int | None = None, path: str = "") -> None:
        """`line` counts from 1, where the sentence tells one. `path` is the file's, where it is not the one
        that the user looks at."""
        self.reason: Reason = reason
        self.line = line
        where = f"{line} of {path}" if path else str(line)
        self.message = SENTENCES[reason].replace("{line}", where).replace("{path}", path)
        super().__init__(self.message)
