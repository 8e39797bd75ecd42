"""The settings that the completion path reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codestral_ls.core.config import Completion


@dataclass(frozen=True, slots=True)
class Options:
    """The settings that the path reads. `debounce` is in seconds; None is what suits the model or mode."""

    multiline: bool = True
    debounce: float = 0.075
    min_chars: int = 2
    candidates: int = 1
    max_characters: int = 2048 * 1024
    max_tokens: int | None = None
    prefix_tokens: int | None = None
    suffix_tokens: int | None = None

    @classmethod
    def of(cls, completion: Completion) -> Options:
        """Those of the user."""
        return cls(
            multiline=completion.multiline == "auto",
            debounce=completion.debounce_ms / 1000,
            min_chars=completion.min_chars,
            candidates=completion.candidates,
            max_characters=completion.max_file_kb * 1024,
            max_tokens=completion.max_tokens,
            prefix_tokens=completion.prefix_tokens,
            suffix_tokens=completion.suffix_tokens,
        )
