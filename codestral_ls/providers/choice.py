"""What a look at the settings and around this machine comes to: a model that can be made."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from codestral_ls.core.model import ChatModel


@dataclass(frozen=True, slots=True)
class Choice:
    """How to make the model; in words why this one ("because …"); which embedded model has to be installed
    before; and a sentence on how to get a better one."""

    connect: Callable[[], ChatModel]
    why: str
    install: str | None = None
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that might complete code, in words, and how to use it; without `choice` it cannot."""

    provider: str
    says: str
    choice: Choice | None = None
