"""Which chat model is asked for what, and when it is connected and closed."""

from __future__ import annotations

import asyncio

import pytest

from codestral_ls.core.config import Chat, Completion, Endpoint
from codestral_ls.core.model import ModelError, Unavailable
from codestral_ls.engine.accounts import Accounts
from codestral_ls.engine.ledger import Ledger
from codestral_ls.engine.models import MOST_QUICK, ChatModels, endpoint_of
from codestral_ls.engine.workspace import Workspace
from tests.engine.talking import TalkingModel

MEDIUM = "mistral-medium-latest"

ENDPOINTS = {
    "nothing set": ({}, {}, {}),
    "as for completion": (
        {},
        {"provider": "ollama", "model": "m", "base_url": "u", "api_key_env": "K", "timeout_s": 5.0},
        {"provider": "ollama", "model": "m", "base_url": "u", "api_key_env": "K", "timeout_s": 5.0},
    ),
    "a model for all tasks": ({"model": "n"}, {"model": "m"}, {"model": "n"}),
    "a model for this task": ({"model": "n", "quick": "q", "heavy": "h"}, {}, {"model": "q"}),
    "one for the other task": ({"heavy": "h"}, {"model": "m"}, {"model": "m"}),
    "another provider": (
        {"provider": "mistral"},
        {"provider": "ollama", "model": "m", "base_url": "u", "api_key_env": "K"},
        {"provider": "mistral"},
    ),
    "the same provider": (
        {"provider": "ollama", "quick": "q"},
        {"provider": "ollama", "model": "m", "base_url": "u"},
        {"provider": "ollama", "model": "q", "base_url": "u"},
    ),
    "another address gets no key and no model": (
        {"base_url": "v"},
        {"provider": "openai", "model": "m", "base_url": "u", "api_key_env": "K"},
        {"provider": "openai", "base_url": "v"},
    ),
    "but its own": (
        {"base_url": "v", "api_key_env": "L", "model": "n"},
        {"provider": "openai", "model": "m", "base_url": "u", "api_key_env": "K"},
        {"provider": "openai", "base_url": "v", "api_key_env": "L", "model": "n"},
    ),
    "times and sizes": (
        {"timeout_s": 60.0, "context_tokens": 16_384, "keep_alive": "1h"},
        {"timeout_s": 5.0, "context_tokens": 4096, "keep_alive": "5m"},
        {"timeout_s": 60.0, "context_tokens": 16_384, "keep_alive": "1h"},
    ),
    "kept in memory as for completion": ({}, {"keep_alive": "5m"}, {"keep_alive": "5m"}),
}


@pytest.mark.parametrize(("chat", "completion", "expected"), ENDPOINTS.values(), ids=ENDPOINTS)
def test_what_chat_leaves_unset_is_as_for_completion(chat, completion, expected):
    assert endpoint_of("quick", Chat(**chat), Completion(**completion)) == Endpoint(**expected)


class Connections:
    """Chat models of a host, and every one that was made."""

    def __init__(self, host: str = "", completing: TalkingModel | None = None) -> None:
        self.made: list[tuple[Endpoint, TalkingModel]] = []
        self.completing = completing
        self.held = asyncio.Event()
        self.held.set()
        self.error: ModelError | None = None
        ledger = Ledger(None, lambda: 0.0)
        self.models = ChatModels(self.connect, self.completed, Accounts(ledger, Workspace()), lambda: 0.0)
        self._host = host

    async def connect(self, endpoint: Endpoint) -> TalkingModel:
        await self.held.wait()
        if self.error:
            raise self.error
        name = endpoint.model or "codestral-latest"
        model = TalkingModel("", identity=f"{endpoint.provider} {name}", host=self._host, model=name)
        self.made.append((endpoint, model))
        return model

    async def completed(self) -> TalkingModel | None:
        return self.completing

    @property
    def open(self) -> list[str]:
        return [model.profile.model for _, model in self.made if not model.is_closed]


HOSTS = {
    "Mistral's": ("api.mistral.ai", {}, "codestral-latest", MEDIUM),
    "Mistral's in Europe": ("api.eu.mistral.ai", {}, "codestral-latest", MEDIUM),
    "Codestral's has nothing else": ("codestral.mistral.ai", {}, "codestral-latest", "codestral-latest"),
    "another": ("127.0.0.1", {}, "codestral-latest", "codestral-latest"),
    "one model is set": ("api.mistral.ai", {"model": "m"}, "m", "m"),
    "both are set": ("api.mistral.ai", {"quick": "q", "heavy": "h"}, "q", "h"),
}


@pytest.mark.parametrize(("host", "chat", "quick", "heavy"), HOSTS.values(), ids=HOSTS)
async def test_each_task_has_its_model(host, chat, quick, heavy):
    there = Connections(host)
    there.models.configure(Chat(**chat), Completion())
    assert (await there.models.talker("quick")).profile.model == quick
    assert (await there.models.talker("heavy")).profile.model == heavy
    assert sorted(there.open) == sorted({quick, heavy})
    await there.models.aclose()
    assert there.open == []


async def test_a_quick_task_on_much_code_is_heavy():
    there = Connections("api.mistral.ai")
    assert (await there.models.talker("quick", MOST_QUICK + 1)).profile.model == MEDIUM


async def test_a_model_is_connected_once_and_closed_with_the_others():
    there = Connections()
    first, second = await asyncio.gather(there.models.talker("quick"), there.models.talker("quick"))
    assert first is second is await there.models.talker("heavy")
    assert len(there.open) == 1
    await there.models.aclose()
    assert there.open == []


SHARING = {
    "the same model": ({}, {}, True),
    "another model": ({"quick": "q"}, {}, False),
    "another provider": ({"provider": "ollama"}, {"provider": "mistral"}, False),
    "other patience": ({"timeout_s": 60.0}, {"timeout_s": 5.0}, False),
}


@pytest.mark.parametrize(("chat", "completion", "is_shared"), SHARING.values(), ids=SHARING)
async def test_the_model_of_completion_is_used_where_it_is_the_same(chat, completion, is_shared):
    own = TalkingModel("", identity="auto codestral-latest")
    there = Connections(completing=own)
    there.models.configure(Chat(**chat), Completion(**completion))
    talker = await there.models.talker("quick")
    assert (talker.model is own) == is_shared
    assert len(there.open) == (not is_shared)
    await there.models.aclose()
    assert not own.is_closed


async def test_other_settings_close_what_was_connected():
    there = Connections()
    before = await there.models.talker("quick")
    there.models.configure(Chat(model="n"), Completion())
    after = await there.models.talker("quick")
    assert after.profile.model == "n"
    assert after is not before
    await asyncio.sleep(0)
    assert there.open == ["n"]
    await there.models.aclose()


async def test_settings_that_change_while_it_connects_count():
    there = Connections()
    there.held.clear()
    asked = asyncio.create_task(there.models.talker("quick"))
    await asyncio.sleep(0)
    there.models.configure(Chat(model="n"), Completion())
    there.held.set()
    assert (await asked).profile.model == "n"
    await there.models.aclose()
    assert there.open == []


async def test_a_failure_to_connect_is_not_remembered():
    there = Connections()
    there.error = Unavailable("Down.")
    with pytest.raises(Unavailable):
        await there.models.talker("quick")
    there.error = None
    assert (await there.models.talker("quick")).profile.model == "codestral-latest"
    await there.models.aclose()


async def test_giving_up_while_it_connects_leaves_the_way_free():
    there = Connections()
    there.held.clear()
    asked = asyncio.create_task(there.models.talker("quick"))
    await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked
    there.held.set()
    assert await there.models.talker("quick")
    await there.models.aclose()


def test_every_field_of_an_endpoint_is_passed_on():
    own = dict.fromkeys(Endpoint.__struct_fields__, "x")
    own |= {"provider": "ollama", "timeout_s": 2.0, "context_tokens": 1024}
    assert endpoint_of("quick", Chat(**own), Completion()) == Endpoint(**own)
