"""What the comparison of a zone's record sets comes to."""

from __future__ import annotations

from dataclasses import dataclass, field

from remediate.model.plan import Difference
from remediate.model.ref import Ref


@dataclass(frozen=True, slots=True)
class LeftAlone:
    """A live set that we neither compare nor touch, and why."""

    name: str
    type: str
    why: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """A written set that cannot be had beside what is live; nothing is planned for it."""

    ref: Ref
    message: str


@dataclass(slots=True)
class RecordsVerdict:
    """What one zone needs, and the facts that guards ask for.

    `differences` are sorted by Ref and say `before` as live, word for word. `live` counts every
    set of the zone, `unmanaged` those that are nobody's business here, `unwanted` those that would
    go if anything were removed, `ignored` the shielded.
    `last_addresses` are deletions after which a name has no address any more. `swapped` are those
    that make room for another set of their owner, as when a CNAME takes an address's place; they
    are none of the three kinds of removal. `led_here` are owner name, type and data of sets that
    are not written, stay, and hold one of the addresses that were asked for. `negative_ttl` is of
    the live SOA, in seconds; None where it has none. `covered` are sets to be made that a wildcard
    answers for as yet, and its TTL.
    """

    zone: Ref
    differences: list[Difference] = field(default_factory=list)
    left_alone: list[LeftAlone] = field(default_factory=list)
    conflicts: list[Conflict] = field(default_factory=list)
    live: int = 0
    unmanaged: int = 0
    unwanted: list[Ref] = field(default_factory=list)
    ignored: int = 0
    removed_apex: tuple[Ref, ...] = ()
    removed_wildcards: tuple[Ref, ...] = ()
    last_addresses: tuple[Ref, ...] = ()
    swapped: tuple[Ref, ...] = ()
    negative_ttl: int | None = None
    led_here: list[tuple[str, str, list[str]]] = field(default_factory=list)
    covered: dict[Ref, int] = field(default_factory=dict)
