"""When an environment may be changed, how much of it at once, and how many have to approve."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RISKS = ("low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Hours:
    """Days of the week (0 is Monday) and minutes of the day.

    Hours that end before they begin go on after midnight, and are of the day on which they begin.
    """

    days: frozenset[int]
    start: int
    end: int
    text: str  # as it was written


@dataclass(frozen=True, slots=True)
class Freeze:
    """From the first day to the last, both within."""

    first: date
    last: date
    reason: str


@dataclass(frozen=True, slots=True)
class ChangeWindow:
    """Without `allow` every hour is allowed that is not frozen."""

    timezone: str = "UTC"
    allow: tuple[Hours, ...] = ()
    freeze: tuple[Freeze, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeRules:
    """`percent` and `most` are of what one plan may delete; `approvals` are by the plan's risk."""

    percent: float = 30
    most: int = 100
    window: ChangeWindow = field(default_factory=ChangeWindow)
    approvals: Mapping[str, int] = field(default_factory=dict)
