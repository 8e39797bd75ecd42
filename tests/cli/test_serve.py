"""How `codestral-ls serve` is started."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from codestral_ls.cli import main
from tests.e2e.conftest import Start
from tests.e2e.conftest import environment as environment
from tests.e2e.conftest import start as start

SERVE = ("-m", "codestral_ls", "serve")


@pytest.mark.parametrize("address", ["", "host", "127.0.0.1:", "70000", ":-1", "²"])
def test_bad_address(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["serve", f"--tcp={address}"])
    assert ended.value.code == 2
    assert "is no address" in capsys.readouterr().err


def test_log_file_that_cannot_be_opened(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--log-file", str(tmp_path / "no" / "log")]) == 2
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "log file" in said


async def test_port_in_use(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        server = await start(*SERVE, "--tcp", f"127.0.0.1:{taken.getsockname()[1]}")
        assert await server.ended() == 2
    assert server.log.count("\n") == 1
    assert "Cannot listen on 127.0.0.1" in server.log


async def test_stdio(start: Start, tmp_path: Path) -> None:
    """With the flag and without. An editor may leave before the model is there. The log goes to the file."""
    files = {flags: tmp_path / f"log{len(flags)}" for flags in ((), ("--stdio",))}
    servers = [
        await start(*SERVE, *flags, "--log-level", "debug", "--log-file", str(file))
        for flags, file in files.items()
    ]
    for server, file in zip(servers, files.values(), strict=True):
        await server.initialize()
        server.tell("codestral/nothing")
        await server.shut_down()
        assert await server.ended() == 0
        assert "codestral/nothing" in file.read_text()
        assert server.log == ""


async def test_any_host_is_warned_of(start: Start) -> None:
    server = await start(*SERVE, "--tcp", "0.0.0.0:0")
    assert server.process.stdout
    said = (await server.process.stdout.readline()).decode()
    assert "0.0.0.0" in server.log
    assert said.startswith("Listening on 0.0.0.0:")
