"""How long until the last cache has a new answer, from what the caches say now."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from remediate.probes.dns import ANSWERED, with_expectation
from remediate.probes.seen import DnsSeen


@dataclass(frozen=True, slots=True)
class Propagation:
    """Provided that every name server gives the new answer by now.

    `seconds` is until the last cache that was asked has it, 0 where all have; None where one can't
    be told, which `unknown` are. `stale` are those that hold another answer, soonest to go first.
    """

    seconds: float | None
    stale: tuple[DnsSeen, ...]
    unknown: tuple[DnsSeen, ...]

    @property
    def at_least(self) -> float:
        """Seconds until the last of those that can be told."""
        return max((_remains(it) or 0.0 for it in self.stale), default=0.0)


def propagation(seen: Iterable[DnsSeen], values: Sequence[str]) -> Propagation:
    """From what caches answer, and what they should: rdata texts, none for `there is no such`.

    A wrong answer goes when its TTL has run down; "there is none" when that of its SOA has (RFC
    2308). An outage (SERVFAIL, no answer) is kept for as long as its resolver likes.
    """
    stale: list[DnsSeen] = []
    unknown: list[DnsSeen] = []
    for each in seen:
        if each.outcome not in ANSWERED:
            unknown.append(each)
        elif not has(each, values):
            (stale if _remains(each) is not None else unknown).append(each)
    ordered = tuple(sorted(stale, key=lambda it: _remains(it) or 0.0))
    told = Propagation(None, ordered, tuple(unknown))
    return told if unknown else Propagation(told.at_least, ordered, ())


def has(seen: DnsSeen, values: Sequence[str]) -> bool:
    """Whether it has exactly these."""
    if not values:
        return seen.outcome in {"nodata", "nxdomain"}
    return bool(seen.values) and with_expectation(seen, values).outcome == "ok"


def upper_bound(before: DnsSeen) -> int | None:
    """Seconds that a cache may keep what a name server, not a cache, answers; None if untold."""
    return before.negative_ttl if not before.values else before.ttl


def _remains(seen: DnsSeen) -> float | None:
    """An alias on the way to nothing may itself be what changes: whichever lasts longer."""
    known = [it for it in (seen.ttl, seen.negative_ttl) if it is not None]
    return float(max(known)) if known else None
