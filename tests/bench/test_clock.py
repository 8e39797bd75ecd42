"""The virtual clock: time passes only by waiting, and exactly as much as was waited."""

import asyncio
import threading
import time

import pytest

from codestral_ls.bench import clock


def test_an_hour_takes_no_time():
    async def main():
        await asyncio.sleep(3600)
        return asyncio.get_running_loop().time()

    before = time.perf_counter()
    assert clock.run(main()) == 3600
    assert time.perf_counter() - before < 60


def test_timers_fire_in_their_order():
    async def note(seconds):
        await asyncio.sleep(seconds)
        return asyncio.get_running_loop().time()

    async def main():
        return [await done for done in asyncio.as_completed([note(3), note(1), note(2)])]

    assert clock.run(main()) == [1, 2, 3]


def test_a_timeout_needs_no_patience():
    async def main():
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(100):
                await asyncio.Event().wait()
        return asyncio.get_running_loop().time()

    assert clock.run(main()) == 100


def test_a_thread_is_waited_for():
    async def main():
        loop, done = asyncio.get_running_loop(), asyncio.Event()
        threading.Thread(target=lambda: loop.call_soon_threadsafe(done.set)).start()
        await done.wait()
        return loop.time()

    assert clock.run(main()) == 0


def test_a_wait_without_end_is_told(monkeypatch):
    monkeypatch.setattr(clock, "_PATIENCE", 0.01)
    with pytest.raises(clock.Stuck):
        clock.run(asyncio.Event().wait())
