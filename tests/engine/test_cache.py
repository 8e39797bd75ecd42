"""The two tiers. What lies on disk may have been put there by somebody else."""

from __future__ import annotations

import asyncio
import os
import pickle
import sqlite3
import stat
import threading

import pytest

from codestral_ls.core.model import FimRequest, Usage
from codestral_ls.core.privacy import redact
from codestral_ls.core.suggestion import Reply
from codestral_ls.engine.cache import DiskTier, disk_key

REPLY = Reply("a1", "secret_total = 1", "stop", "single", ((16, -0.5),), Usage(10, 5, 2))


def request(prefix="def f():\n", typed="    x = ", suffix="\n", max_tokens=48) -> FimRequest:
    return FimRequest(redact(prefix), redact(typed), redact(suffix), max_tokens)


@pytest.fixture
def disk(tmp_path):
    tier = DiskTier(tmp_path / "cache", size_mb=1, days=1)
    yield tier
    tier.close()


def stored(disk: DiskTier, key: str, reply: Reply = REPLY) -> None:
    disk.put(key, reply)
    disk._thread.submit(lambda: None).result()


async def test_a_reply_survives_a_restart(tmp_path):
    key = disk_key("model", request(), "single")
    first = DiskTier(tmp_path, size_mb=1, days=1)
    first.put(key, REPLY)
    first.close()
    second = DiskTier(tmp_path, size_mb=1, days=1)
    while (found := await second.get(key)) is None:
        await asyncio.sleep(0)
    assert found == REPLY
    second.close()


def test_the_key_depends_on_all_that_decides_the_reply():
    keys = {
        disk_key("model", request(), "single"),
        disk_key("other model", request(), "single"),
        disk_key("model", request(), "multi"),
        disk_key("model", request(prefix="def g():\n"), "single"),
        disk_key("model", request(typed="    y = "), "single"),
        disk_key("model", request(suffix="\nreturn"), "single"),
        disk_key("model", request(max_tokens=9), "single"),
        disk_key("model", request(prefix="def f():\n    x", typed=" = "), "single"),
    }
    assert len(keys) == 8


def test_no_text_of_the_request_is_in_the_names_or_keys(disk, tmp_path):
    key = disk_key("model", request(prefix="confidential_prefix"), "single")
    stored(disk, key)
    assert "confidential" not in key
    names = [name for _, folders, files in os.walk(tmp_path) for name in (*folders, *files)]
    assert not any("confidential" in name or "secret" in name for name in names)


@pytest.mark.skipif(os.name != "posix", reason="Windows has no such permissions")
def test_only_the_owner_can_enter_the_folder(disk, tmp_path):
    stored(disk, "key")
    assert stat.S_IMODE((tmp_path / "cache").stat().st_mode) == 0o700


RAN: list[str] = []


class Exploit:
    def __reduce__(self):
        return (exploited, ())


def exploited() -> None:
    RAN.append("code from the cache")


@pytest.mark.parametrize("mode", [1, 4], ids=["as bytes", "as a pickle"])
async def test_a_pickle_that_somebody_put_there_is_not_run(disk, tmp_path, mode):
    stored(disk, "key")
    with sqlite3.connect(tmp_path / "cache" / "cache.db") as database:
        database.execute("UPDATE Cache SET mode = ?, value = ?", (mode, pickle.dumps(Exploit())))
    database.close()
    assert disk._thread.submit(disk._get, "key").result() is None
    assert RAN == []


@pytest.mark.parametrize("value", [b"", b"{}", b"[1, 2]", b'{"id": 1}', b"\xff\xfe"])
async def test_a_value_that_is_no_reply_is_no_hit(disk, tmp_path, value):
    stored(disk, "key")
    with sqlite3.connect(tmp_path / "cache" / "cache.db") as database:
        database.execute("UPDATE Cache SET value = ?", (value,))
    database.close()
    assert disk._thread.submit(disk._get, "key").result() is None


async def test_a_folder_that_cannot_be_used_is_logged_once(tmp_path, caplog):
    (tmp_path / "cache").write_text("a file where the folder should be")
    disk = DiskTier(tmp_path / "cache", size_mb=1, days=1)
    for _ in range(3):
        assert disk._thread.submit(disk._get, "key").result() is None
    disk.close()
    assert len(caplog.records) == 1


async def test_a_corrupted_database_is_no_failure(tmp_path, caplog):
    folder = tmp_path / "cache"
    folder.mkdir()
    (folder / "cache.db").write_bytes(b"this is not a database" * 100)
    disk = DiskTier(folder, size_mb=1, days=1)
    assert disk._thread.submit(disk._get, "key").result() is None
    disk.put("key", REPLY)
    disk.close()
    assert len(caplog.records) == 1


async def test_a_slow_disk_does_not_delay_a_request(disk):
    busy = threading.Event()
    disk._thread.submit(busy.wait)
    assert await disk.get("key") is None
    busy.set()
