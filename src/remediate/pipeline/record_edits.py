"""What has to be edited in the `records` of a zone, so that they say what is live."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from remediate.kinds.bodies.canonical import rules_of
from remediate.kinds.kind import Kind
from remediate.kinds.records.imported import records_of
from remediate.kinds.records.names import APEX, owner_name, relative
from remediate.kinds.records.rdata import same
from remediate.kinds.records.routing import bare, table
from remediate.model.errors import InvalidInput
from remediate.model.json import Body
from remediate.model.plan import Difference
from remediate.model.resource import Zone
from remediate.model.yaml_edit import GONE, KEPT, Edit, Items, Members
from remediate.pipeline.field_edits import CannotBeWritten, Sides

Linked = Callable[[Kind, Body], Body]
_POLICY = "/routingPolicy"


def record_edits(
    zone: Zone,
    written: Mapping[str, object],
    moved: Sequence[Difference],
    expressions: Mapping[str, str],
    linked: Linked,
) -> Members:
    """Edits of `records`: name → type → set. `written` is that mapping as it stands in the file.

    Raises CannotBeWritten for a set that no YAML of ours can hold.
    """
    keys = _keys(written, zone.dns_name)
    edits: dict[str, dict[str, Edit]] = {}
    for each in moved:
        fqdn, rrtype = each.ref.record
        key = keys.get(fqdn) or (APEX if fqdn == zone.dns_name else relative(fqdn, zone.dns_name))
        edits.setdefault(key, {})[rrtype] = _set_edit(zone, each, expressions, linked)
    return Members({key: _whole(written.get(key), types) for key, types in edits.items()})


def _keys(written: Mapping[str, object], dns_name: str) -> dict[str, str]:
    """How the names are spelled in the file."""
    found: dict[str, str] = {}
    for key in written:
        try:
            found[owner_name(key, dns_name)] = key
        except InvalidInput:
            continue
    return found


def _whole(written: object, types: dict[str, Edit]) -> Edit:
    """A name of which nothing stays goes with its sets."""
    left = {*(written if isinstance(written, Mapping) else ()), *types}
    return GONE if all(types.get(rrtype) is GONE for rrtype in left) else Members(types)


def _set_edit(
    zone: Zone, moved: Difference, expressions: Mapping[str, str], linked: Linked
) -> Edit:
    fqdn, rrtype = moved.ref.record
    if moved.before is None:
        return GONE
    live = {"name": fqdn, "type": rrtype, **moved.before}
    sets, remarks = records_of([live], {**zone.spec, "dnsName": zone.dns_name}, expressions, linked)
    spelled = next((types[rrtype] for types in sets.values() if rrtype in types), None)
    if spelled is None:
        raise CannotBeWritten("; ".join(remarks) or "Google makes it together with the zone")
    if moved.after is None:
        return spelled
    places = {change.pointer for change in moved.changes}
    edit: dict[str, Edit] = {"ttl": spelled["ttl"]} if "/ttl" in places else {}
    if live.get("routingPolicy") and moved.after.get("routingPolicy"):
        edit["routingPolicy"] = _policy_edit(moved, spelled)
    elif places - {"/ttl"}:
        edit |= _data_edit(zone, moved, spelled)
    return Members(edit)


def _policy_edit(moved: Difference, spelled: Body) -> Edit:
    assert moved.before is not None
    assert moved.after is not None
    inside = [
        replace(change, pointer=change.pointer.removeprefix(_POLICY))
        for change in moved.changes
        if change.pointer.startswith(_POLICY)
    ]
    return Sides(
        bare(moved.after["routingPolicy"]),
        bare(moved.before["routingPolicy"]),
        spelled["routingPolicy"],
        rules_of(table(moved.ref.record[1]), "-"),
        {change.pointer for change in inside},
    ).edits(inside)


def _data_edit(zone: Zone, moved: Difference, spelled: Body) -> dict[str, Edit]:
    """Plain data against plain data, value by value; else the one kind for the other."""
    assert moved.before is not None
    assert moved.after is not None
    wanted, live = moved.after.get("rrdatas"), moved.before.get("rrdatas")
    new = spelled.get("values")
    count = len(zone.records[moved.ref.record].rrdatas)
    if "routingPolicy" in spelled:
        return {"values": GONE, "routingPolicy": spelled["routingPolicy"]}
    if not wanted or not live or not isinstance(new, list):
        return {"routingPolicy": GONE, "values": new}
    if len(wanted) != count or len(new) != len(live):
        return {"values": new}
    return {"values": _values_edit(moved.ref.record[1], wanted, live, new)}


def _values_edit(rrtype: str, wanted: list[Any], live: list[Any], new: list[Any]) -> Edit:
    free = list(range(len(wanted)))
    places: list[int | None] = []
    for value in live:
        known = (at for at in free if isinstance(wanted[at], str))
        place = next((at for at in known if same(rrtype, [wanted[at]], [value])), None)
        places.append(place)
        if place is not None:
            free.remove(place)
    kept: list[tuple[int | None, Edit]] = [(at, KEPT) for at in places if at is not None]
    fresh = [text for at, text in zip(places, new, strict=True) if at is None]
    replaced: list[tuple[int | None, Edit]] = [*zip(free, fresh, strict=False)]
    added: list[tuple[int | None, Edit]] = [(None, text) for text in fresh[len(free) :]]
    return Items((*sorted([*kept, *replaced], key=lambda each: each[0] or 0), *added))
