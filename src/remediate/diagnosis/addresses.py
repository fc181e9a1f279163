"""Addresses, judged: whether the numbers that names lead to are still ours."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from remediate.diagnosis.balancer import begin
from remediate.diagnosis.certificate_bodies import time_of
from remediate.diagnosis.edge import Edge, names, spelled
from remediate.diagnosis.node import API, Ailment, Judged, Remedy
from remediate.model.ref import Ref, record_ref
from remediate.model.resource import RecordSet, Zone

_WITHIN = 600  # seconds until rules and name servers have it: a guess to be on the safe side
_GONE = "never: the old number is gone"


def judge_addresses(edge: Edge) -> Iterator[Judged]:
    for ref in edge.of_kind("Address"):
        yield _address(edge, ref)


def still_named(edge: Edge, record: RecordSet, said: Collection[str]) -> Ref | None:
    """The address whose former number a record set still says."""
    for ref in edge.of_kind("Address"):
        if names(record, ref) and _former(edge, ref) in said:
            return ref
    return None


def _address(edge: Edge, ref: Ref) -> Judged:
    node = begin(edge, "lb.address", ref)
    if old := _former(edge, ref):
        told = f"{ref} was reserved anew and is {edge.address(ref)}, while names lead to {old}"
        node.ailments.append(Ailment(told, _followed(edge, ref), API))
    elif body := edge.live(ref):
        node.facts.append(f"{body.get('address')} is {body.get('status') or 'ours'}")
    elif node.ailments:
        remedy = Remedy(
            "propose",
            "reserve an address (the old number is rarely to be had), then the rule, then DNS",
            words=("plan", "--target", str(ref), "--target", "ForwardingRule/*"),
            seconds=_until_followed(edge, ref),
            at_most=True,
            undo=_GONE,
        )
        told = f"{ref} does not exist: the number that names lead to may be somebody else's"
        node.ailments[:] = [Ailment(told, remedy, API)]
    return node


def _former(edge: Edge, ref: Ref) -> str:
    """What names say of an address that was given back and reserved anew; empty for any other.

    Such a one is used by nobody yet, and younger than all that it is for.
    """
    body = edge.live(ref)
    if body is None or body.get("users"):
        return ""
    old, made = edge.last_known(ref), time_of(body.get("creationTimestamp"))
    ways = [way for way in edge.ways.values() if ref in edge.reserved_for(way.rule)]
    above = [edge.live(at) or {} for way in ways for at in (way.proxy, way.url_map)]
    older = [time for one in above if (time := time_of(one.get("creationTimestamp")))]
    is_new = made is not None and bool(older) and max(older) < made
    return old if is_new and old and old != spelled(str(body.get("address"))) else ""


def _followed(edge: Edge, ref: Ref) -> Remedy:
    """The rules at the new number, and the names that are to lead there."""
    rules = [rule for rule in edge.of_kind("ForwardingRule") if ref in edge.reserved_for(rule)]
    named = [record_ref(zone.ref.name, *key) for zone, key in _naming(edge, ref)]
    text = "make the rules at the new number and lead the names there: the old one is lost"
    targets = tuple(map(str, (*rules, *named)))
    seconds = _until_followed(edge, ref)
    return Remedy("apply", text, targets, seconds=seconds, at_most=True, undo=_GONE)


def _naming(edge: Edge, ref: Ref) -> Iterator[tuple[Zone, tuple[str, str]]]:
    """The declared record sets that lead to an address."""
    for zone in edge.zones:
        yield from ((zone, key) for key, record in zone.records.items() if names(record, ref))


def _until_followed(edge: Edge, ref: Ref) -> int:
    """Seconds until whoever has cached the old number asks again, at most."""
    ttls = [zone.records[key].ttl for zone, key in _naming(edge, ref)]
    for zone, key in _naming(edge, ref):
        live = (edge.sets_of(zone) or {}).get(key, {})
        ttls.append(int(str(live.get("ttl") or 0)))
    return _WITHIN + max(ttls, default=0)
