"""What an editor shows of the product: where code goes, what was spent, which models there are."""

from __future__ import annotations

import pytest

from codestral_ls.core.privacy import place_of
from tests.e2e.clients import Editor
from tests.upstream.mistral import FakeMistral


@pytest.mark.parametrize(
    ("host", "place"),
    [
        pytest.param("", "local", id="a process of ours"),
        ("127.0.0.1", "local"),
        ("::1", "local"),
        ("api.eu.mistral.ai", "eu"),
        ("API.EU.mistral.ai.", "eu"),
        ("api.us.mistral.ai", "us"),
        ("codestral.mistral.ai", "cloud"),
        ("relay.example", "cloud"),
        ("eu.example", "cloud"),
    ],
)
def test_where_code_goes(host: str, place: str) -> None:
    assert place_of(host) == place


async def test_the_status_says_where_code_goes(editor: Editor, upstream: FakeMistral) -> None:
    await editor.introduce({})
    while (status := (await editor.asked("codestral/status"))["params"])["state"] != "ready":
        pass
    assert (status["host"], status["place"]) == ("127.0.0.1", "local")


async def test_what_was_spent(editor: Editor, upstream: FakeMistral) -> None:
    upstream.reply = "Because."
    prices = {"codestral-latest": {"input": 1_000, "output": 2_000}}
    await editor.introduce({}, initializationOptions={"budget": {"prices": prices}})
    assert await spent(editor) == {"today_usd": 0, "month_usd": 0}
    answers = [(await editor.ask_next("codestral/chat", {"message": "Why?"}))["result"] for _ in range(2)]
    first, second = (answer["cost_usd"] for answer in answers)
    assert first > 0
    assert await spent(editor) == pytest.approx({"today_usd": first + second, "month_usd": first + second})


async def spent(editor: Editor) -> dict[str, float]:
    told: dict[str, float] = (await editor.ask_next("codestral/usage", None))["result"]
    return told


async def test_which_models_there_are(editor: Editor, upstream: FakeMistral) -> None:
    await editor.introduce({})
    found = (await editor.ask_next("codestral/models", None))["result"]
    by_provider = {each["provider"]: each for each in found}
    assert by_provider["embedded"].keys() == {"provider", "says", "works"}
    assert all(each["says"] for each in found)
