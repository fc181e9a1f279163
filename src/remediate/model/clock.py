"""Time is a port: every wait and every date goes through one of these."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from threading import Event
from typing import Protocol


class Clock(Protocol):
    def now(self) -> datetime:
        """The wall clock, in UTC: for dates that people read."""

    def monotonic(self) -> float:
        """Seconds that never go back: for deadlines."""

    def sleep(self, seconds: float) -> None: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def rest(clock: Clock, seconds: float, stopping: Event) -> None:
    """Wait, but no longer than until `stopping` is set.

    Only the clock on the wall keeps people waiting: those of sandboxes and tests are moved on.
    """
    if isinstance(clock, SystemClock):
        stopping.wait(seconds)
    else:
        clock.sleep(seconds)


def rfc3339(moment: datetime) -> str:
    """`2026-11-23T11:18:34Z`, whole seconds, always UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
