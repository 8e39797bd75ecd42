"""`codestral-ls bench latency`: what a keystroke costs, over LSP, above an upstream's own 100 ms."""

from __future__ import annotations

import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codestral_ls.bench.timing import add_options, environment, measure, timed

if TYPE_CHECKING:
    import argparse

    from codestral_ls.bench.client import Client
    from codestral_ls.bench.upstream import Upstream

UPSTREAM_SECONDS = 0.1
URI = "file:///bench/shop.py"
ANSWER = "compute_total(items, rate)"

MEASURES = {
    "empty round trip": "a request that needs no work: the noise of pipes and machine",
    "upstream alone": "the same request sent without us, less 100 ms",
    "cold": "a new place: prompt, request, polish; less the upstream's 100 ms",
    "hit": "a place asked about before",
    "typed through": "one key of the suggestion typed: change and request",
    "typed through, 50,000 lines": "the same in the middle of a large file",
    "key to upstream, 50,000 lines": "a key at a new place there: from the editor to the upstream's door",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "latency",
        help="time requests over LSP against an upstream on this machine",
        description="Start the server as an editor does and time its answers. The upstream is a "
        "stand-in on this machine that sends its first byte after 100 ms.",
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    return measure(args, MEASURES, _round)


async def _round(requests: int) -> dict[str, list[float]]:
    """One start of the server, and the milliseconds of every request."""
    from codestral_ls.bench.client import running_server
    from codestral_ls.bench.upstream import Upstream

    with tempfile.TemporaryDirectory(prefix="codestral-ls-bench-") as folder:
        async with Upstream(ANSWER, latency=UPSTREAM_SECONDS) as upstream:
            environ = environment(Path(folder), upstream.base_url)
            async with running_server(environ) as client:
                await client.until("ready")
                measured = await _measured(client, upstream, requests)
            measured["upstream alone"] = await _upstream_alone(upstream.base_url, requests)
            return measured


async def _measured(client: Client, upstream: Upstream, requests: int) -> dict[str, list[float]]:
    measured: dict[str, list[float]] = {}
    measured["empty round trip"] = [
        await timed(lambda: _ask(client, "file:///none.py", 0, 0)) for _ in range(requests)
    ]
    _open(
        client,
        URI,
        "".join(f"def step_{n}(items, rate):\n    total = \n    return total\n\n\n" for n in range(requests)),
    )
    places = [(5 * n + 1, len("    total = ")) for n in range(requests)]
    cold = [await timed(partial(_ask, client, URI, *place)) for place in places]
    measured["cold"] = [milliseconds - UPSTREAM_SECONDS * 1000 for milliseconds in cold]
    measured["hit"] = [await timed(partial(_ask, client, URI, *place)) for place in places]
    measured["typed through"] = await _typed_through(client, URI, places[-1], requests)
    large = "file:///bench/large.py"
    _open(
        client,
        large,
        "".join(f"value_{n} = compute({n})\n" for n in range(25_000))
        + "total = \n"
        + "".join(f"other_{n} = \n" for n in range(25_000)),
    )
    place = (25_000, len("total = "))
    measured["typed through, 50,000 lines"] = await _typed_through(client, large, place, requests)
    lines = range(26_000, 26_000 + 10 * requests, 10)
    measured["key to upstream, 50,000 lines"] = [
        await _to_upstream(client, upstream, large, line, len(f"other_{line - 25_001} = ")) for line in lines
    ]
    return measured


async def _to_upstream(client: Client, upstream: Upstream, uri: str, line: int, column: int) -> float:
    """Milliseconds from a key to the arrival of its request at the upstream."""
    started = time.perf_counter()
    await _type(client, uri, line, column, "c")
    return (upstream.requests[-1].arrived - started) * 1000


async def _typed_through(client: Client, uri: str, place: tuple[int, int], requests: int) -> list[float]:
    """Type the suggestion key by key, take it back, and again."""
    line, start = place
    await _ask(client, uri, line, start)
    times: list[float] = []
    while len(times) < requests:
        for column, key in enumerate(ANSWER[:-1], start):
            times.append(await timed(partial(_type, client, uri, line, column, key)))
        end = {"line": line, "character": start + len(ANSWER) - 1}
        _change(client, uri, {"start": {"line": line, "character": start}, "end": end}, "")
    return times[:requests]


async def _type(client: Client, uri: str, line: int, column: int, key: str) -> list[Any]:
    here = {"line": line, "character": column}
    _change(client, uri, {"start": here, "end": here}, key)
    return await _ask(client, uri, line, column + 1)


def _open(client: Client, uri: str, text: str) -> None:
    document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": document})


def _change(client: Client, uri: str, range_: object, text: str) -> None:
    changes = [{"range": range_, "text": text}]
    client.notify(
        "textDocument/didChange", {"textDocument": {"uri": uri, "version": 2}, "contentChanges": changes}
    )


async def _ask(client: Client, uri: str, line: int, column: int) -> list[Any]:
    result = await client.request(
        "textDocument/inlineCompletion",
        {
            "textDocument": {"uri": uri},
            "position": {"line": line, "character": column},
            "context": {"triggerKind": 2},
        },
    )
    items: list[Any] = result["items"]
    if uri.startswith("file:///bench/") and not items:
        raise RuntimeError(
            "The server had no suggestion where the upstream has one: the figures would be wrong."
        )
    return items


async def _upstream_alone(base_url: str, requests: int) -> list[float]:
    """What the very same upstream costs a bare HTTP client."""
    import httpx

    body = {
        "model": "codestral-latest",
        "prompt": "total = ",
        "suffix": "\n",
        "max_tokens": 48,
        "stream": True,
    }
    async with httpx.AsyncClient(base_url=base_url, headers={"authorization": "Bearer bench"}) as client:
        await client.get("/v1/models")
        times = [await timed(lambda: client.post("/v1/fim/completions", json=body)) for _ in range(requests)]
    return [milliseconds - UPSTREAM_SECONDS * 1000 for milliseconds in times]
