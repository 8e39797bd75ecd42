"""How long a host is left alone, and who may look whether it is back."""

from __future__ import annotations

import pytest

from codestral_ls.core.model import (
    BadReply,
    BadRequest,
    NotAllowed,
    RateLimited,
    Unauthorized,
    Unavailable,
    Unreachable,
)
from codestral_ls.engine.breaker import Breaker

FOR_GOOD = float("inf")


class Clock:
    """Stands still, but for what a test adds."""

    def __init__(self, lot=0.0):
        self.now = 1000.0
        self.breaker = Breaker(lambda: self.now, lambda: lot)

    def rest(self, most=100.0):
        """The seconds until a request may go."""
        if self.breaker.is_open_for_good:
            return FOR_GOOD
        began = self.now
        while not self.breaker.admits and self.now - began < most:
            self.now += 0.5
        return self.now - began


DOWN = Unavailable("down")
RESTS = {
    "down": ([DOWN] * 5, 0, [2, 4, 8, 8, 8]),
    "down, with jitter": ([DOWN] * 4, 1, [1.5, 3, 6, 6]),
    "no connection": ([Unreachable("")] * 4, 0, [2, 4, 8, 8]),
    "nonsense": ([BadReply("")] * 2, 0, [2, 4]),
    "limited": ([RateLimited("")] * 7, 0, [2, 4, 8, 8, 8, 8, 8]),
    "limited, told when": ([RateLimited("", 7.0)] * 3, 1, [7, 7, 7]),
    "limited, told to come at once": ([RateLimited("", 0.0)] * 2, 0, [2, 4]),
    "limited to 6 a minute": ([RateLimited("", None, 10.0)] * 5, 0, [10, 10, 10, 10, 10]),
    "a refused request may be that one": ([BadRequest("")] * 3, 0, [0, 4, 8]),
    "a refused key": ([Unauthorized("")], 0, [FOR_GOOD]),
    "a rule of the user's": ([NotAllowed("")], 0, [FOR_GOOD]),
    "down, then refused": ([DOWN, Unauthorized("")], 0, [2, FOR_GOOD]),
}


@pytest.mark.parametrize(("errors", "lot", "rests"), RESTS.values(), ids=RESTS)
def test_rests(errors, lot, rests):
    clock = Clock(lot)
    seen = []
    for error in errors:
        clock.breaker.failed(error, probe=clock.breaker.begin())
        seen.append(clock.rest())
    assert seen == rests


def test_one_request_is_let_through_and_decides():
    clock = Clock()
    breaker = clock.breaker
    assert not breaker.begin()
    breaker.failed(DOWN)
    assert not breaker.admits
    clock.now += 2
    assert breaker.begin()
    assert not breaker.admits
    breaker.succeeded()
    assert breaker.admits
    assert not breaker.begin()
    breaker.failed(DOWN)
    assert clock.rest() == 2


def test_a_probe_that_is_given_up_leaves_its_place_to_another():
    clock = Clock()
    breaker = clock.breaker
    breaker.failed(DOWN)
    clock.now += 2
    probe = breaker.begin()
    breaker.given_up(probe=False)
    assert not breaker.admits
    breaker.given_up(probe=probe)
    assert breaker.begin()


def test_requests_that_fail_together_count_as_one():
    clock = Clock()
    for _ in range(5):
        clock.breaker.failed(DOWN)
    assert clock.rest() == 2


def test_who_was_on_the_way_does_not_end_the_probe():
    clock = Clock()
    breaker = clock.breaker
    breaker.failed(DOWN)
    clock.now += 2
    assert breaker.begin()
    breaker.failed(DOWN)
    clock.now += 100
    assert not breaker.admits
