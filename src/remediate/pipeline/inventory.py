"""Everything of some kinds that a project holds, listed: what an import begins with.

Google has no list of all regions at once for most kinds, so regions are named; what lies in one
that nobody named is told wherever anything shows it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain

from remediate.gcp.google import Google
from remediate.kinds.bodies.links import linked, scope_of
from remediate.kinds.facts import Scope
from remediate.kinds.registry import NAMES, kind
from remediate.model.errors import InvalidInput
from remediate.model.json import Body
from remediate.model.nearest import did_you_mean
from remediate.model.progress import Watcher
from remediate.model.ref import GLOBAL, Ref
from remediate.pipeline.observe import look_at


@dataclass(frozen=True, slots=True)
class Inventory:
    """Live bodies by Google's own names, and the record sets of each zone.

    `places` are where Google was asked; empty where it was not asked at all. `remarks` are on what
    a body does not hold, though what it was read from does.
    """

    live: Mapping[Ref, Body]
    record_sets: Mapping[str, Sequence[Body]]
    places: frozenset[str] = frozenset()
    remarks: Mapping[Ref, Sequence[str]] = field(default_factory=dict)


def inventory(
    google: Google,
    kinds: Collection[str],
    locations: Collection[str],
    watchers: Sequence[Watcher] = (),
) -> Inventory:
    """One list per kind and place that the kind can be in; raises where one cannot be read."""
    places = frozenset({GLOBAL, *locations})
    wanted = [
        (name, place)
        for name in kinds
        for place in places
        if scope_of(Ref(name, "", place)) in kind(name).scopes
    ]
    seen = look_at(google, wanted, (), watchers)
    seen.insist()
    zones = sorted(ref.name for ref in seen.live if ref.kind == "DnsZone")
    records = look_at(google, (), zones, watchers).record_sets if zones else {}
    sets = {zone: [*chain.from_iterable(records[zone])] for zone in zones}
    return Inventory(seen.live, sets, places)


def unseen(
    found: Inventory, kinds: Collection[str], project: str, declared: Collection[Ref] = ()
) -> Iterator[str]:
    """What an inventory must have missed for the places it looked at, and which to name."""
    regional = sorted(name for name in kinds if kind(name).scopes - {Scope.GLOBAL})
    if not (found.places and regional):
        return
    beyond: dict[str, set[Ref]] = defaultdict(set)
    for at, body in found.live.items():
        for ref in linked(at, body, project):
            if ref.kind in regional and ref.location not in found.places and ref not in declared:
                beyond[ref.location].add(ref)
    places = found.places - {GLOBAL}
    if not places:
        usual = [name for name in regional if kind(name).default_scope is not Scope.GLOBAL]
        such = f", such as {', '.join(usual)}," if usual else ""
        yield f"no --region: regional resources{such} were not looked for"
    for place in sorted(places - {ref.location for ref in found.live}):
        yield f"{place}: nothing is there"
    for place, refs in sorted(beyond.items()):
        verb = "is" if len(refs) == 1 else "are"
        names = ", ".join(sorted(f"{ref.kind}/{ref.name}" for ref in refs))
        yield f"{names} {verb} in {place}, which was not looked at: add `--location {place}`"


def chosen(kinds: Sequence[str]) -> tuple[str, ...]:
    """These kinds, or all of them; raises InvalidInput for a name that is none."""
    for name in kinds:
        if name not in NAMES:
            hint = did_you_mean(name, NAMES)
            raise InvalidInput(f"unknown kind `{name}`" + (f" ({hint})" if hint else ""))
    return tuple(kinds) or NAMES
