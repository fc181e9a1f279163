"""How long caches may go on with what was before a change of DNS (RFC 1035 §3.2.1, RFC 2308 §5)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from remediate.model.plan import Difference, Plan, Step


@dataclass(frozen=True, slots=True)
class Cached:
    """What may be in a cache, and for how many seconds at most from when the change is done.

    `negative`: that there is no such record. `seconds` is None where the zone's SOA is not known.
    """

    negative: bool
    seconds: int | None

    @property
    def words(self) -> str:
        if not self.negative:
            return f"the old answer may be cached up to {self.seconds} s"
        if self.seconds is None:
            return "NXDOMAIN may be cached for the negative TTL of the zone"
        return f"NXDOMAIN may be cached up to {self.seconds} s"


def cached(change: Step | Difference, plan: Plan) -> Cached | None:
    """Of what is done to a record set; None of any other resource."""
    if not change.ref.is_record_set:
        return None
    if change.before is None and change.ref in plan.covered:
        return Cached(negative=False, seconds=plan.covered[change.ref])
    if change.before is None:
        return Cached(negative=True, seconds=plan.negative_ttls.get(change.ref.zone))
    return Cached(negative=False, seconds=_seconds(change.before.get("ttl")))


def _seconds(ttl: object) -> int:
    """Of a body, or of a plan's file, in which somebody may have written anything."""
    text = str(ttl)
    return int(text) if text.isdecimal() else 0


def longest(steps: Iterable[Step], plan: Plan) -> int:
    """Seconds until the last cache has all of these steps of a plan."""
    found = [one for step in steps if (one := cached(step, plan))]
    return max([plan.kept, *(one.seconds or 0 for one in found)]) if found else 0
