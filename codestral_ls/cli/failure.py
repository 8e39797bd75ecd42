"""How a command ends that cannot do what it was asked."""

from __future__ import annotations

FAILED = 2
"""Exit status for input that cannot be used and for models that cannot be reached."""


class Failure(Exception):
    """One sentence for the terminal; the command's exit status is `FAILED`."""
