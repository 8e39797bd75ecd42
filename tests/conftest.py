"""What all tests share."""

from __future__ import annotations

import os
import signal

import pytest
from hypothesis import settings

# A search for counterexamples belongs to the desk; CI says the same of the same commit.
settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    settings.load_profile("ci")

# A shell lets what it runs in the background ignore Ctrl-C, and programs pass that on to those they start.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-fixtures",
        action="store_true",
        help="write what the code does now into the fixtures that fail; read the diff before you commit it",
    )


@pytest.fixture
def update_fixtures(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-fixtures"))
