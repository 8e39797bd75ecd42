"""`codestral-ls bench refactor`: what it takes to list code actions, and to compute one beside its model."""

from __future__ import annotations

import tempfile
from functools import partial
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codestral_ls.bench.timing import KEY, add_options, environment, measure, timed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Mapping

    from codestral_ls.bench.client import Client
    from codestral_ls.bench.reply import Reply
    from codestral_ls.bench.serve import Exchange
    from codestral_ls.bench.upstream import Upstream

UPSTREAM_SECONDS = 0.1
CHAT_PATH = "/v1/chat/completions"
LINES = 20_000

FUNCTIONS, FLAT, SMALL = (f"file:///bench/{name}.py" for name in ("functions", "flat", "small"))
FUNCTION = "def step_{n}(items, rate):\n    total = sum(items) * rate  # TODO: tax\n    return total\n\n"
NEW = "def step(items, rate):\n    return sum(items) * rate"

MEASURES = {
    "empty round trip": "a request that needs no work: the noise of pipes and machine",
    "list, 200 lines": "all actions at a place among functions",
    "list, 20,000 lines": "the same in a large file",
    "list, 20,000 flat lines": "the same, of a selection, where nothing is a definition",
    "list after a key, 20,000 lines": "a key and the list, as an editor asks while it is typed",
    "upstream alone": "the same request to the model sent without us, less its own 100 ms",
    "resolve, 20,000 lines": "an action's edit, whole and checked; less the upstream's 100 ms",
}


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser(
        "refactor",
        help="time code actions over LSP against an upstream on this machine",
        description="Start the server as an editor does, list code actions and compute edits. The upstream "
        "is a stand-in on this machine that sends its first byte after 100 ms.",
    )
    add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    return measure(args, MEASURES, _round)


async def _round(requests: int) -> dict[str, list[float]]:
    """One start of the server, and the milliseconds of every request."""
    from codestral_ls.bench.client import running_server

    with tempfile.TemporaryDirectory(prefix="codestral-ls-bench-") as folder:
        async with _upstream() as upstream:
            async with running_server(environment(Path(folder), upstream.base_url)) as client:
                await client.until("ready")
                measured = await _listed(client, requests) | await _resolved(client, requests)
            measured["upstream alone"] = await _upstream_alone(upstream, requests)
            return measured


def _upstream() -> Upstream:
    """A chat model that always gives the same code back."""
    from codestral_ls.bench.reply import Reply, events
    from codestral_ls.bench.upstream import Upstream

    class Chat(Upstream):
        routes = (CHAT_PATH,)

        def events(self, exchange: Exchange, reply: Reply) -> Iterable[bytes]:
            return events(reply, exchange.json | {"prompt": ""})

    def reply(exchange: Exchange) -> Reply:
        begun = exchange.json["messages"][-1]["role"] == "assistant"
        return Reply(f"{NEW}\n```\n" if begun else f"```python target\n{NEW}\n```\n")

    return Chat(reply, latency=UPSTREAM_SECONDS)


async def _listed(client: Client, requests: int) -> dict[str, list[float]]:
    _open(client, SMALL, "".join(FUNCTION.replace("{n}", str(n)) for n in range(50)))
    _open(client, FUNCTIONS, "".join(FUNCTION.replace("{n}", str(n)) for n in range(LINES // 4)))
    _open(client, FLAT, "".join(f"value_{n} = compute({n})\n" for n in range(LINES)))
    places = {"list, 200 lines": (SMALL, 200), "list, 20,000 lines": (FUNCTIONS, LINES)}
    places["list, 20,000 flat lines"] = (FLAT, LINES)
    measured = {
        name: [await timed(partial(_list, client, uri, line)) for line in _spread(lines, requests)]
        for name, (uri, lines) in places.items()
    }
    measured["empty round trip"] = [
        await timed(partial(_list, client, "file:///none.py", 0)) for _ in range(requests)
    ]
    measured["list after a key, 20,000 lines"] = [
        await timed(partial(_type_and_list, client, line)) for line in _spread(LINES, requests)
    ]
    return measured


async def _resolved(client: Client, requests: int) -> dict[str, list[float]]:
    times = []
    for line in _spread(LINES, requests):
        [action] = [each for each in await _list(client, FUNCTIONS, line) if each["title"] == "Simplify"]
        times.append(await timed(partial(_resolve, client, action)) - UPSTREAM_SECONDS * 1000)
    return {"resolve, 20,000 lines": times}


def _spread(lines: int, requests: int) -> Iterable[int]:
    """Lines all over a file, each in the body of a function if there are any."""
    return [lines * number // requests // 4 * 4 + 1 for number in range(requests)]


async def _list(client: Client, uri: str, line: int) -> list[Mapping[str, Any]]:
    # Where there is no definition, nothing applies but to what is selected.
    start, end = ({"line": line, "character": at} for at in (4, 9 if uri == FLAT else 4))
    params = {
        "textDocument": {"uri": uri},
        "range": {"start": start, "end": end},
        "context": {"diagnostics": [], "triggerKind": 2},
    }
    found: list[Mapping[str, Any]] = await client.request("textDocument/codeAction", params)
    if uri.startswith("file:///bench/") and not found:
        raise RuntimeError("The server listed nothing: the figures would be wrong.")
    return found


async def _resolve(client: Client, action: Mapping[str, Any]) -> None:
    """Raises `Refused` where no edit comes of it."""
    await client.request("codeAction/resolve", action)


_VERSIONS = count(2)


async def _type_and_list(client: Client, line: int) -> None:
    here = {"line": line, "character": 4}
    changes = [{"range": {"start": here, "end": here}, "text": "x"}]
    identifier = {"uri": FUNCTIONS, "version": next(_VERSIONS)}
    client.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": changes})
    await _list(client, FUNCTIONS, line)


def _open(client: Client, uri: str, text: str) -> None:
    document = {"uri": uri, "languageId": "python", "version": 1, "text": text}
    client.notify("textDocument/didOpen", {"textDocument": document})


async def _upstream_alone(upstream: Upstream, requests: int) -> list[float]:
    """What the very same upstream costs a bare HTTP client."""
    import httpx

    body = upstream.requests[-1].json
    headers = {"authorization": f"Bearer {KEY}"}
    async with httpx.AsyncClient(base_url=upstream.base_url, headers=headers) as client:
        await client.get("/v1/models")
        times = [await timed(partial(client.post, CHAT_PATH, json=body)) for _ in range(requests)]
    return [milliseconds - UPSTREAM_SECONDS * 1000 for milliseconds in times]
