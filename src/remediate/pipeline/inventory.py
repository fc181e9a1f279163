"""Everything of some kinds that a project holds, listed: what an import begins with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

from remediate.gcp.google import Google
from remediate.kinds.bodies.links import scope_of
from remediate.kinds.registry import NAMES, kind
from remediate.model.errors import InvalidInput
from remediate.model.json import Body
from remediate.model.nearest import did_you_mean
from remediate.model.progress import Watcher
from remediate.model.ref import GLOBAL, Ref
from remediate.pipeline.observe import look_at


@dataclass(frozen=True, slots=True)
class Inventory:
    """Live bodies by Google's own names, and the record sets of each zone."""

    live: Mapping[Ref, Body]
    record_sets: Mapping[str, Sequence[Body]]


def inventory(
    google: Google,
    kinds: Collection[str],
    locations: Collection[str],
    watchers: Sequence[Watcher] = (),
) -> Inventory:
    """One list per kind and place that the kind can be in; raises where one cannot be read."""
    places = {GLOBAL, *locations}
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
    return Inventory(seen.live, sets)


def chosen(kinds: Sequence[str]) -> tuple[str, ...]:
    """These kinds, or all of them; raises InvalidInput for a name that is none."""
    for name in kinds:
        if name not in NAMES:
            hint = did_you_mean(name, NAMES)
            raise InvalidInput(f"unknown kind `{name}`" + (f" ({hint})" if hint else ""))
    return tuple(kinds) or NAMES
