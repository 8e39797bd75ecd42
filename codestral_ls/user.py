"""The person in front of the editor or the terminal, as the product knows them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from codestral_ls.engine.status import Status

    Progress = Callable[[int, int], None]


class User(Protocol):
    """Who is told, and asked."""

    def tell(self, status: Status) -> None:
        """Show the state of completion."""
        ...

    def warn(self, message: str) -> None:
        """Say something that is wrong, the same thing only once."""
        ...

    async def consent(self, question: str, yes: str) -> bool:
        """Whether they agree; False where nobody can be asked."""
        ...

    def progress(self, title: str) -> AbstractContextManager[Progress]:
        """Shows how many bytes of how many are done. The callback may be called from another thread."""
        ...
