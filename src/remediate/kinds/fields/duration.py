"""Google's `Duration` in compute bodies: whole seconds as an int64, and nanoseconds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from remediate.kinds.facts import Pattern
from remediate.kinds.fields.rules import Fault, within
from remediate.kinds.fields.spec import Int, Int64, Spec

LONGEST = 315_576_000_000  # seconds: 10,000 years
NANOS = 999_999_999


class Duration(Spec):
    nanos: Int | None = None
    seconds: Int64 | None = None


def durations(spec: Mapping[str, object], *patterns: Pattern) -> Iterator[Fault]:
    for pattern in patterns:
        yield from within(spec, f"{pattern}/seconds", 0, LONGEST, "a duration in seconds")
        yield from within(spec, f"{pattern}/nanos", 0, NANOS, "the nanoseconds")
