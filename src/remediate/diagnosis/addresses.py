"""Addresses, judged: whether the numbers that names lead to are still ours."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from remediate.diagnosis.balancer import begin
from remediate.diagnosis.certificate_bodies import time_of
from remediate.diagnosis.edge import Edge, names, spelled
from remediate.diagnosis.node import API, Ailment, Judged, Remedy
from remediate.model.ref import Ref, record_ref
from remediate.model.resource import RecordSet

_WITHIN = 600  # seconds for rules and for names: a guess to be on the safe side
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
            seconds=_WITHIN,
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
    named = [
        record_ref(zone.ref.name, *key)
        for zone in edge.zones
        for key, record in zone.records.items()
        if names(record, ref)
    ]
    text = "make the rules at the new number and lead the names there: the old one is lost"
    targets = tuple(map(str, (*rules, *named)))
    return Remedy("apply", text, targets, seconds=_WITHIN, at_most=True, undo=_GONE)
