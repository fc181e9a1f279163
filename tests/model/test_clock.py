"""Waiting that ends when it is no longer wanted."""

from __future__ import annotations

import threading

from remediate.model.clock import SystemClock, rest
from tests.clocks import FakeClock

HOUR = 3600.0


def test_a_wait_on_the_wall_clock_ends_when_no_more_is_to_be_begun() -> None:
    stopping = threading.Event()
    waiting = threading.Thread(target=rest, args=(SystemClock(), HOUR, stopping), daemon=True)
    waiting.start()
    stopping.set()
    waiting.join(30)
    assert not waiting.is_alive()


def test_a_clock_that_keeps_nobody_waiting_is_moved_on() -> None:
    clock = FakeClock()
    rest(clock, HOUR, threading.Event())
    assert clock.slept == [HOUR]
