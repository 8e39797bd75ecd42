"""What gets into a log: never source code, a message's body or a key, whoever writes to it.

An exception's text can quote the document, and a traceback quotes code. So of every exception only the types
and the places in our own code are written, also where a library logs it.
"""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Iterator
    from types import TracebackType

Level = Literal["error", "warning", "info", "debug"]

logger = logging.getLogger(__name__)

_PACKAGE = __name__.partition(".")[0]
_FORM = "%(asctime)s %(levelname)s %(name)s: %(message)s"

# pygls logs whole messages, bodies and all; what is worth saying is said by our own modules.
_SILENT = ("pygls",)


def trace(error: BaseException | None) -> str:
    """All of an exception that may be logged: its type, our own frames, and those of its causes."""
    return " < ".join(_parts(error)) or "no exception"


def configure(level: Level, file: str = "") -> None:
    """Log to a file, or to standard error. Other packages are heard from "warning" on.

    Raises OSError where the file cannot be opened.
    """
    stream = logging.FileHandler(Path(file).expanduser(), encoding="utf-8") if file else None
    handler = stream or logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter(_FORM))
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger(_PACKAGE).setLevel(level.upper())
    for name in _SILENT:
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)


def catch_strays(loop: asyncio.AbstractEventLoop) -> None:
    """Log what would else be printed with its text: exceptions that nothing awaits or catches."""
    loop.set_exception_handler(lambda _, context: _stray(context.get("exception")))
    threading.excepthook = lambda args: _stray(args.exc_value)


def _stray(error: BaseException | None) -> None:
    logger.error("Something failed in the background: %s", trace(error))


class _Formatter(logging.Formatter):
    def formatException(
        self,
        ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None],
    ) -> str:
        return trace(ei[1])


def _parts(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        frames = " ".join(_frames(error))
        yield f"{type(error).__name__} ({frames})" if frames else type(error).__name__
        if isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        else:
            error = error.__cause__ or error.__context__


def _frames(error: BaseException) -> Iterator[str]:
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] == _PACKAGE:
            yield f"{module}:{line}:{frame.f_code.co_name}"
