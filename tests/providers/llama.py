"""llama.cpp's own server in this process, with a model of our making, and what it tells of itself."""

from __future__ import annotations

import json
import re
import urllib.request
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import xllamacpp

from codestral_ls.core.privacy import Reach
from codestral_ls.providers.llamacpp import LlamaCpp, connect, inspect

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PATIENT = 30.0
"""Seconds in which a server answers on a machine that is busy otherwise."""


def serve(model: Path, *, context: int = 4096, batch: int = 128, key: str = "") -> xllamacpp.Server:
    """A server with one slot. It ends with the object."""
    params = xllamacpp.CommonParams()
    params.model.path = str(model)
    if key:
        params.api_keys = [key]
    params.n_ctx = context
    params.n_parallel = 1
    params.n_batch = params.n_ubatch = batch
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = 1
    params.cpuparams.poll = params.cpuparams_batch.poll = 0
    params.n_gpu_layers = 0
    params.warmup = False
    params.ui = False
    params.endpoint_metrics = True
    params.verbosity = -1
    return xllamacpp.Server(params)


def post(server: xllamacpp.Server, path: str, **body: Any) -> dict[str, Any]:
    """What the server answers to a request as it came to our mind, without our client."""
    request = urllib.request.Request(server.listening_address + path, json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=PATIENT) as answer:
        return json.load(answer)


def generated(server: xllamacpp.Server) -> int:
    """How many tokens it has generated since its start."""
    with urllib.request.urlopen(server.listening_address + "/metrics", timeout=PATIENT) as answer:
        found = re.search(r"^llamacpp:tokens_predicted_total (\d+)", answer.read().decode(), re.MULTILINE)
    assert found
    return int(found[1])


@asynccontextmanager
async def connected(server: xllamacpp.Server, **settings: Any) -> AsyncIterator[LlamaCpp]:
    info = await inspect(server.listening_address, Reach(), seconds=PATIENT)
    client = connect(info, Reach(), **settings)
    try:
        yield client
    finally:
        await client.aclose()
