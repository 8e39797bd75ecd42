"""What the user is told about the state of completion."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

State = Literal["ready", "working", "warning", "error", "off"]


@dataclass(frozen=True, slots=True)
class Status:
    """`message` is one sentence, empty where there is nothing to say; `model` names the model in use."""

    state: State
    message: str
    model: str


OnStatus = Callable[[Status], None]
