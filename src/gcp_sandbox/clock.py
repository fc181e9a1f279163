"""The one place that reads time: real time plus an offset that only grows."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

PACIFIC: Final = timezone(timedelta(hours=-8))
"""Compute writes its times in California's standard time, e.g. 2024-05-01T10:00:00.123-07:00."""


MOST_AHEAD: Final = 20 * 365 * 86400
"""Seconds: the certificate authority is valid for thirty years."""


class Clock:
    """The sandbox's clock; `advance` is how ninety days pass in a test."""

    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset

    def time(self) -> float:
        """Seconds since the epoch, on this clock."""
        return time.time() + self.offset

    def now(self) -> datetime:
        """This clock's time, aware, in UTC."""
        return datetime.fromtimestamp(self.time(), UTC)

    def advance(self, seconds: float) -> None:
        """Raises ValueError, and stays where it is, for what no clock should be told."""
        if not 0 <= seconds <= MOST_AHEAD - self.offset:
            raise ValueError("a clock only goes forward, at most 20 years ahead of real time")
        self.offset += seconds


def rfc3339(when: datetime | float, zone: timezone = UTC) -> str:
    """A time with milliseconds: `2026-11-23T11:40:17.123Z`, or with the zone's offset."""
    if not isinstance(when, datetime):
        when = datetime.fromtimestamp(when, UTC)
    return when.astimezone(zone).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pacific(when: datetime | float) -> str:
    """A time as Compute writes it."""
    return rfc3339(when, PACIFIC)


def parse_rfc3339(text: str) -> datetime:
    """Back from any spelling of RFC 3339; raises ValueError."""
    return datetime.fromisoformat(text)
