"""The providers that the table is played to, one row each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from codestral_ls.core.privacy import Reach
from codestral_ls.providers import embedded, llamacpp, ollama, openai
from codestral_ls.providers.mistral import Mistral
from tests.faults.speech import LLAMA, MISTRAL, OLLAMA, OPENAI, Speech

KEY = "key-of-the-user-4711"
NAME = "model.invalid"
REACH = Reach(hosts=(NAME,))
MODEL = "qwen2.5-coder-1.5b"


@dataclass(frozen=True)
class Place:
    """Where the model is, how many seconds of silence are borne, and what a row may need to get it there."""

    url: str
    seconds: float
    folder: Path
    patch: pytest.MonkeyPatch


@dataclass(frozen=True)
class Provider:
    """`refused` is what it advises about a refused key."""

    speech: Speech
    connect: Callable[[Place], Any]
    refused: str = ""


class _Process:
    """Stands where the model's process does; it lives through every fault."""

    def __init__(self, url: str) -> None:
        self.url, self.key, self.alive = url, KEY, True

    async def died(self, seconds: float) -> bool:
        return False

    async def close(self) -> None:
        self.alive = False


def _mistral(place: Place) -> Mistral:
    return Mistral(
        place.url, "codestral-latest", KEY, key_name="TEST_KEY", reach=REACH, timeout=place.seconds
    )


def _llamacpp(place: Place) -> Any:
    return llamacpp.connect(llamacpp.ServerInfo(place.url, MODEL, 4096, 1), REACH, KEY, timeout=place.seconds)


def _ollama(place: Place) -> Any:
    return ollama.connect("qwen2.5-coder:1.5b", REACH, base_url=place.url, key=KEY, timeout=place.seconds)


def _openai(place: Place) -> Any:
    return openai.connect(place.url, REACH, model=MODEL, key=KEY, key_name="TEST_KEY", timeout=place.seconds)


def _embedded(place: Place) -> Any:
    async def start(*_: object) -> _Process:
        return _Process(place.url)

    weights = place.folder / f"{MODEL}.gguf"
    weights.touch()
    place.patch.setattr(embedded, "_TIMEOUT_SECONDS", place.seconds)
    place.patch.setattr(embedded, "start", start)
    return embedded.Embedded(str(weights))


_OF_THAT_HOST = "Check that it is a key of that host. It came from TEST_KEY."

PROVIDERS = {
    "mistral": Provider(MISTRAL, _mistral, _OF_THAT_HOST),
    "llamacpp": Provider(LLAMA, _llamacpp, "Set the key that the server was started with."),
    "embedded": Provider(LLAMA, _embedded),
    "ollama": Provider(OLLAMA, _ollama, "Set the key that the server's proxy wants."),
    "openai": Provider(OPENAI, _openai, _OF_THAT_HOST),
}
