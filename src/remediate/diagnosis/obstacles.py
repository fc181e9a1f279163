"""Record sets that nobody declared and that keep a declared one from being asked for, or made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from remediate.diagnosis.caches import held
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.layers import identity
from remediate.diagnosis.node import API, NOBODY, PROBE, Ailment, Judged, Remedy
from remediate.diagnosis.signs import NameSeen
from remediate.kinds.records.rules import clashes
from remediate.model.json import Body
from remediate.model.ref import Ref, record_ref
from remediate.model.resource import RecordSet, Zone
from remediate.probes.caa import upwards

GIVES_WAY = frozenset({"A", "AAAA", "ALIAS", "CNAME"})
"""What a plan deletes in one change with the set that it makes at the same name."""
_TTL = 300  # seconds, where a body does not say

Sets = Mapping[tuple[str, str], Body]


def in_its_place(zone: Zone, record: RecordSet, live: Sets) -> list[str]:
    """Types of the undeclared sets at a name that cannot stand beside a declared one."""
    kept = clashes(record.type)
    there = [kind for owner, kind in live if owner == record.fqdn and kind in kept]
    return [kind for kind in there if (record.fqdn, kind) not in zone.records]


def cut_above(zone: Zone, fqdn: str, live: Sets) -> str:
    """The name that an undeclared NS set gives to other servers, a record's or above; or ``."""
    inside = (at for at in upwards(fqdn) if at.endswith(f".{zone.dns_name}"))
    return next((at for at in inside if (at, "NS") in live and (at, "NS") not in zone.records), "")


def ns_set(zone: Zone, at: str) -> Ref:
    return record_ref(zone.ref.name, at, "NS")


def judge_cuts(
    edge: Edge, zone: Zone, seen: Mapping[str, NameSeen], live: Sets | None
) -> Iterator[Judged]:
    """Each NS set that nobody declared, and that declared addresses are hidden by."""
    hidden: dict[str, list[str]] = {}
    for fqdn, rrtype in zone.records:
        if rrtype in GIVES_WAY and (at := cut_above(zone, fqdn, live or {})):
            hidden.setdefault(at, []).append(fqdn)
    for at, names in hidden.items():
        yield _cut(edge, zone, at, {name: seen.get(name) for name in names}, live or {})


def _cut(
    edge: Edge, zone: Zone, at: str, names: Mapping[str, NameSeen | None], live: Sets
) -> Judged:
    node = Judged("dns.record", ns_set(zone, at), (identity("dns.zone", zone.ref),))
    body = live[at, "NS"]
    told = (
        f"an undeclared NS record gives {at} to {_values(body)}: the servers of "
        f"{zone.dns_name} no longer answer for it"
    )
    seen = [name for name in names.values() if name]
    asked = [one for name in seen for one in name.resolvers if one.rrtype == "A"]
    if asked and all(one.outcome == "ok" for one in asked):
        node.facts.append(f"{told}; it works all the same")
        return node
    ttl = int(str(body.get("ttl") or _TTL))
    gone = [key for key in zone.records if key[0] in names and key not in live]
    then = "".join(f"; then `remediate apply`: {' '.join(key)} is missing too" for key in gone[:1])
    remedy = Remedy(
        "propose",
        f"take the NS record away, or declare it: somebody put it there{then}",
        program=deletion(edge, zone, at, "NS"),
        seconds=max(ttl, held(edge, zone, seen).seconds or 0),
        at_most=True,
        undo=f"exact: put NS {_values(body)} back with TTL {ttl}",
        takes="it is not ours",
    )
    heard = any(one.outcome != "ok" for one in asked)
    node.ailments.append(Ailment(told, remedy, API | (PROBE if heard else NOBODY)))
    return node


def deletion(edge: Edge, zone: Zone, fqdn: str, rrtype: str) -> str:
    """The line that deletes a record set."""
    return (
        f"gcloud dns record-sets delete {fqdn} --zone={zone.ref.name} --type={rrtype} "
        f"--project={edge.project}"
    )


def _values(body: Body) -> str:
    listed = body.get("rrdatas")
    return ", ".join(sorted(map(str, listed if isinstance(listed, list) else ())))
