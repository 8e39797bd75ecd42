"""One editor, from its first byte to the end of the process.

The process is gone within two seconds after `exit`, after the editor's stream ends, after a signal, and after
the editor's process died.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codestral_ls import log
from codestral_ls.core.privacy import is_loopback
from codestral_ls.language_server import CLOSING
from codestral_ls.server import create_server
from codestral_ls.transport import PipeWriter, end_within, process_end, read_messages, read_pipe, take_stdio

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from codestral_ls.app import App
    from codestral_ls.editor import Editor
    from codestral_ls.language_server import Connect, Server
    from codestral_ls.transport import Writer

_FAILED = 2


def serve(args: argparse.Namespace) -> int:
    """Run `codestral-ls serve`. Returns the exit status."""
    from codestral_ls.app import App

    flags = {"level": args.log_level, "file": args.log_file}
    given = {key: value for key, value in flags.items() if value}
    try:
        log.configure(args.log_level or "warning", args.log_file or "")
    except OSError as error:
        sys.stderr.write(f"codestral-ls: The log file cannot be opened: {error.strerror}.\n")
        return _FAILED
    config_file = Path(args.config) if args.config else None

    def connect(user: Editor) -> App:
        return App(user, config_file=config_file, command_line={"log": given})

    return run(connect, args.tcp, applies_edits=args.applies_edits)


def run(connect: Connect, address: tuple[str, int] | None = None, *, applies_edits: bool = False) -> int:
    """Serve one editor, over standard input and output or at an address, until it leaves.

    With `applies_edits` the editor applies edits whatever it says in `initialize`.
    """
    create = partial(create_server, connect, applies_edits=applies_edits)
    if address is None:
        source, sink = take_stdio()
        return asyncio.run(_on_stdio(create, source, sink))
    try:
        return asyncio.run(_on_tcp(create, *address))
    except OSError as error:
        sys.stderr.write(f"codestral-ls: Cannot listen on {address[0]}:{address[1]}: {error.strerror}.\n")
        return _FAILED


async def _on_stdio(create: Callable[[], Server], source: int, sink: int) -> int:
    server, writer = create(), PipeWriter(sink)
    orphaned = asyncio.create_task(_orphaned(server))
    status = await _session(server, read_pipe(source), writer, orphaned)
    writer.close()
    return status


async def _on_tcp(create: Callable[[], Server], host: str, port: int) -> int:
    """Serve the first editor that connects; nobody else can, as the port is closed then."""
    arrived: asyncio.Future[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = asyncio.Future()

    def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if arrived.done():
            writer.close()
        else:
            arrived.set_result((reader, writer))

    listener = await asyncio.start_server(accept, host, port)
    if not is_loopback(host):
        sys.stderr.write(
            f"codestral-ls: Whoever reaches {host} can connect and read your code's completions.\n"
        )
    sys.stdout.write(f"Listening on {host}:{listener.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    reader, writer = await arrived
    listener.close()
    sys.stdout = sys.stderr
    status = await _session(create(), reader, writer)
    writer.close()
    return status


async def _session(
    server: Server, reader: asyncio.StreamReader, writer: Writer, *ends: asyncio.Task[Any]
) -> int:
    """Serve until the editor says `exit`, its stream ends, or one of `ends` does."""
    protocol = server.protocol
    loop = asyncio.get_running_loop()
    log.catch_strays(loop)
    if sys.platform != "win32":
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            loop.add_signal_handler(number, protocol.ended.set)
    protocol.set_writer(writer)
    reading = asyncio.create_task(read_messages(reader, protocol.receive))
    told = asyncio.create_task(protocol.ended.wait())
    tasks = {reading, told, *ends}
    await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    end_within(CLOSING + 0.5, protocol.exit_status)
    for task in tasks:
        task.cancel()
    await protocol.cancel_all()
    await server.aclose()
    return protocol.exit_status


async def _orphaned(server: Server) -> None:
    """Return when the editor's process has ended, which its pipes need not show: a sibling may hold them."""
    await server.protocol.started.wait()
    if server.process_id is None:
        await asyncio.Event().wait()
    else:
        await process_end(server.process_id)
