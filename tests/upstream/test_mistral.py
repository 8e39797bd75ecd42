"""What the SDK cannot ask for, because it sends no wrong field and knows one host."""

from __future__ import annotations

import subprocess
import sys

import httpx
import pytest

from tests.upstream.mistral import FakeMistral
from tests.upstream.thread import in_thread, threaded_mistral

__all__ = ["threaded_mistral"]

FINE = {"model": "codestral-latest", "prompt": "a", "suffix": "b"}


async def post(url: str, key: str, body: dict[str, object]) -> httpx.Response:
    async with httpx.AsyncClient(trust_env=False) as client:
        headers = {"authorization": f"Bearer {key}"}
        return await client.post(f"{url}/v1/fim/completions", json=body, headers=headers)


REFUSED = {
    "unknown field": ({"stream_options": {}}, 422, "Extra inputs are not permitted"),
    "seed": ({"seed": 1}, 422, "Extra inputs are not permitted"),
    "a number for a text": ({"prompt": 1}, 422, "another type"),
    "a truth for a number": ({"max_tokens": True}, 422, "another type"),
    "too hot": ({"temperature": 1.6}, 422, "less than or equal to 1.5"),
    "unknown model": ({"model": "codestral-1999"}, 400, "1500"),
    "chat model": ({"model": "mistral-small-latest"}, 400, "3051"),
    "too long": ({"prompt": "word " * 20}, 400, "too large for model with 20"),
}


@pytest.mark.parametrize("older", [False, True], ids=["now", "2025"])
@pytest.mark.parametrize(("change", "status", "text"), REFUSED.values(), ids=REFUSED)
async def test_refuses(change, status, text, older):
    async with FakeMistral("x", context_tokens=20, older=older) as upstream:
        response = await post(upstream.api_url, upstream.api_key, FINE | change)
    assert response.status_code == status
    assert text in response.text
    assert (status == 422) <= (isinstance(response.json().get("message"), dict) is older)


async def test_missing_field():
    async with FakeMistral("x") as upstream:
        response = await post(upstream.api_url, upstream.api_key, {"model": "codestral-latest"})
    assert response.json()["detail"][0]["loc"] == ["body", "prompt"]


KEYS = {
    "api key at api": ("api_url", "api_key", 200),
    "codestral key at codestral": ("codestral_url", "codestral_key", 200),
    "codestral key at api": ("api_url", "codestral_key", 401),
    "api key at codestral": ("codestral_url", "api_key", 401),
}


@pytest.mark.parametrize(("url", "key", "status"), KEYS.values(), ids=KEYS)
async def test_keys_do_not_cross_over(url, key, status):
    async with FakeMistral("x") as upstream:
        response = await post(getattr(upstream, url), getattr(upstream, key), FINE)
    assert response.status_code == status


def test_lists_models_at_one_host_only(threaded_mistral):
    upstream = threaded_mistral.upstream
    headers = {"authorization": f"Bearer {upstream.api_key}"}
    listed = httpx.get(f"{upstream.api_url}/v1/models", headers=headers, trust_env=False)
    absent = httpx.get(f"{upstream.codestral_url}/v1/models", headers=headers, trust_env=False)
    assert [card["id"] for card in listed.json()["data"]] == list(upstream.models)
    assert absent.status_code == 404


def test_a_fault_in_a_reply_reaches_the_test():
    def broken(_: object) -> str:
        raise LookupError("a fault in the test")

    def ask() -> None:
        with in_thread(FakeMistral(broken)) as running, httpx.Client(trust_env=False) as client:
            headers = {"authorization": f"Bearer {FakeMistral.api_key}"}
            with pytest.raises(httpx.RemoteProtocolError):
                client.post(f"{running.upstream.api_url}/v1/fim/completions", json=FINE, headers=headers)

    with pytest.raises(LookupError):
        ask()


def test_serves_alone_until_its_starter_goes():
    command = [sys.executable, "-m", "tests.upstream.mistral", "--text", "alone", "--until-stdin-closes"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        url, _ = server.stdout.readline().split()
        headers = {"authorization": f"Bearer {FakeMistral.api_key}"}
        response = httpx.post(f"{url}/v1/fim/completions", json=FINE, headers=headers, trust_env=False)
        server.stdin.close()
        assert server.wait(10) == 0
    assert response.json()["choices"][0]["message"]["content"] == "alone"
