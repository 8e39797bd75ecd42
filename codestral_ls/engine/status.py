"""What the user is told about the state of completion."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Literal

from codestral_ls.core.model import NotAllowed, RateLimited, Unauthorized, Unavailable, Unreachable
from codestral_ls.core.privacy import is_loopback

if TYPE_CHECKING:
    from collections.abc import Mapping

    from codestral_ls.core.model import ModelError, Profile
    from codestral_ls.engine.link import Link

logger = logging.getLogger(__name__)

State = Literal["ready", "working", "warning", "error", "offline", "off"]
"""In "ready" and "working" there are completions, in all others there are none: "warning" and "offline" (no
connection to another machine comes about) end by themselves; "error" and "off" do not."""


@dataclass(frozen=True, slots=True)
class Status:
    """`message` is a sentence or two, empty where there is nothing to say; `model` names the model in use;
    `host` is where code goes, empty if it is a process of ours, None where there is no model."""

    state: State
    message: str
    model: str
    host: str | None = field(default=None, compare=False)


OnStatus = Callable[[Status], None]

_LASTING: Final = (Unauthorized, NotAllowed)

# For what ends by itself a few words do while another model answers. The first class that fits decides.
_IN_SHORT: Final[Mapping[type[ModelError], str]] = {
    Unreachable: "cannot be reached",
    Unavailable: "cannot answer now",
    RateLimited: "is limited",
}


class StatusLine:
    """Makes one status of how several models fare, the first of which is the one that the user wants.

    A trouble stands until that model answers, and is told once: what is tried meanwhile does not flicker.
    `instead` says why the first is not the one that the settings name.
    """

    def __init__(self, on_status: OnStatus, first: Link, instead: str = "") -> None:
        self._on_status = on_status
        self._first = self._answering = first
        self._instead = instead

    def working(self) -> None:
        """A request is on its way."""
        self._tell(busy=True)

    def rests(self) -> None:
        """A request has ended."""
        self._tell(busy=False)

    def answered(self, link: Link) -> None:
        link.trouble = None
        self._answering = link

    def failed(self, link: Link, error: ModelError) -> None:
        known, link.trouble = link.trouble, error
        if known is None or known.message != error.message:
            logger.warning("%s", error.message)

    def _tell(self, *, busy: bool) -> None:
        # A model may learn its own name, or what it can do, only when it is asked.
        first, answering = self._first.profile, self._answering.profile
        state: State = "working" if busy else "ready"
        if (error := self._first.trouble) is None:
            self._on_status(_status(state, self._meanwhile(self._instead, first), first))
        elif self._answering.trouble is None:
            self._on_status(_status(state, self._meanwhile(_why(first, error), answering), answering))
        else:
            self._on_status(_status(_state(first, error), error.message, first))

    def _meanwhile(self, why: str, answering: Profile) -> str:
        sentences = [f"{why} {answering.label} answers meanwhile."] if why else []
        if answering.degraded:
            sentences.append(f"{answering.label} is not at its best: {answering.degraded}.")
        return " ".join(sentences)


def _status(state: State, message: str, profile: Profile) -> Status:
    return Status(state, message, profile.label, profile.host)


def _state(profile: Profile, error: ModelError) -> State:
    if isinstance(error, _LASTING):
        return "error"
    remote = bool(profile.host) and not is_loopback(profile.host)
    return "offline" if remote and isinstance(error, Unreachable) else "warning"


def _why(profile: Profile, error: ModelError) -> str:
    """Why a model does not answer, before the name of the one that does."""
    short = next((words for kind, words in _IN_SHORT.items() if isinstance(error, kind)), None)
    return f"{profile.label} {short}:" if short else error.message
