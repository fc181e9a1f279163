"""Record sets, judged: what the zone holds against what the YAML says, and servers beside it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from remediate.diagnosis.addresses import still_named
from remediate.diagnosis.caches import are_right, held, truths
from remediate.diagnosis.edge import Edge, spelled
from remediate.diagnosis.layers import identity
from remediate.diagnosis.node import API, NOBODY, PROBE, Ailment, Judged, Remedy
from remediate.diagnosis.obstacles import (
    GIVES_WAY,
    cut_above,
    deletion,
    in_its_place,
    judge_cuts,
    ns_set,
)
from remediate.diagnosis.signs import NameSeen
from remediate.kinds.records.routing import answers
from remediate.model.json import Body
from remediate.model.ref import Ref, record_ref
from remediate.model.resource import RecordSet, RoutedSet, Zone
from remediate.probes.caa import forbids, upwards
from remediate.probes.propagation import Propagation
from remediate.probes.seen import DnsSeen

NAMING = ("A", "AAAA", "CNAME")
_EXACT = "exact: `remediate rollback --snapshot latest`; caches follow within the TTL"


def judge_records(edge: Edge, zone: Zone, names: list[NameSeen]) -> Iterator[Judged]:
    seen = {f"{name.name.rstrip('.')}.": name for name in names}
    hosts = {f"{host}." for host in edge.ways} | set(seen)
    inside = [h for h in sorted(hosts) if f".{h}".endswith(f".{zone.dns_name}")]
    live = edge.sets_of(zone)
    for host in inside:
        written = [r for (owner, _), r in zone.records.items() if owner == host]
        for record in (r for r in written if r.type in NAMING):
            yield _declared(edge, zone, record, seen.get(host), live)
        kinds = {record.type for record in written}
        kinds |= {
            k for r in written if _is_gone(r, live) for k in in_its_place(zone, r, live or {})
        }
        for rrtype in (t for t in NAMING if t not in kinds and kinds):
            yield from _stray(edge, zone, (host, rrtype), seen.get(host), live)
    yield from judge_cuts(edge, zone, seen, live)
    yield from _authorities(edge, zone, inside, live)


# What is declared


def _declared(
    edge: Edge,
    zone: Zone,
    record: RecordSet,
    name: NameSeen | None,
    live: Mapping[tuple[str, str], Body] | None,
) -> Judged:
    at = record_ref(zone.ref.name, record.fqdn, record.type)
    node = Judged("dns.record", at, (identity("dns.zone", zone.ref),))
    wanted = [edge.rendered(text) for text in record.rrdatas]
    seen = [s for s in (name.authoritative if name else ()) if s.rrtype == record.type]
    if live is None:
        said = next((s.message for s in seen), "no name server was heard either")
        node.blind.append(f"Cloud DNS does not say what {at} is; {said}")
        return node
    body = live.get((record.fqdn, record.type))
    if above := cut_above(zone, record.fqdn, live):
        _hide(node, ns_set(zone, above))
    if body is None:
        _lacks(edge, node, zone, record, name, live)
    elif isinstance(record, RoutedSet) or None in wanted:
        node.facts.append("it is there; what it should say is not known")
        if _values(body) and None in wanted:
            node.blind.append(f"{at} says {_shown(_values(body))}; what it should say is not known")
            _beside(node, zone, record, live)
    else:
        kept = _kept(edge, zone, name)
        _compare(node, edge, at, body, {spelled(v) for v in wanted if v}, name, kept)
        _follow(node, edge, record, _values(body))
    if not node.ailments and (cut := [s for s in seen if s.outcome == "truncated"]):
        told = f"{cut[0].message}: the answer does not fit, and TCP port 53 is shut"
        text = "make the record set smaller, or let TCP port 53 through"
        node.ailments.append(Ailment(told, Remedy("propose", text, undo=_EXACT), PROBE))
    return node


def _hide(node: Judged, by: Ref) -> None:
    """Nobody is asked for what stands below another's NS set: that has to go first."""
    node.requires += (identity("dns.record", by),)
    text = f"take {by} away first"
    told = f"nobody is asked for it, below {by}"
    node.ailments.append(Ailment(told, Remedy("propose", text), API, frozenset({"dns.record"})))


def _is_gone(record: RecordSet, live: Mapping[tuple[str, str], Body] | None) -> bool:
    return live is not None and (record.fqdn, record.type) not in live


def _lacks(
    edge: Edge,
    node: Judged,
    zone: Zone,
    record: RecordSet,
    name: NameSeen | None,
    live: Mapping[tuple[str, str], Body],
) -> None:
    """A name that leads here all the same, by an alias say, is only a difference."""
    if name and not node.ailments and _leads_here(edge, zone, record, name):
        by = "an alias" if (record.fqdn, "CNAME") in live else "a wildcard"
        node.facts.append(f"{record.fqdn} has no {record.type} record; {by} leads here as well")
    else:
        node.ailments.append(_absent(edge, zone, record, name, live))


def _leads_here(edge: Edge, zone: Zone, record: RecordSet, name: NameSeen) -> bool:
    told = [seen for seen in name.authoritative if seen.rrtype == record.type]
    truth = {t: it for t, it in truths(edge, zone, name).items() if t == record.type}
    return are_right(told, truth) is True


def _absent(
    edge: Edge,
    zone: Zone,
    record: RecordSet,
    name: NameSeen | None,
    live: Mapping[tuple[str, str], Body],
) -> Ailment:
    at = record_ref(zone.ref.name, record.fqdn, record.type)
    wild = "*." + record.fqdn.partition(".")[2]
    told = f"{record.fqdn} has no {record.type} record in {zone.ref.name}"
    if (wild, record.type) in live:
        told += f"; the wildcard {wild} answers in its place"
    agree = [
        s for s in _heard(name, record.type) if s.outcome in ("nxdomain", "nodata") or s.values
    ]
    because = frozenset({"dns.zone"}) if edge.is_absent(zone.ref) else frozenset[str]()
    if cut_above(zone, record.fqdn, live):
        because |= {"dns.record"}
    kept = _kept(edge, zone, name)
    if there := in_its_place(zone, record, live):
        said = "; ".join(f"{kind} to {_shown(_values(live[record.fqdn, kind]))}" for kind in there)
        told += f", and an undeclared {said} stands in its place"
        remedy = _make_room(edge, zone, record, there, kept)
    else:
        text = f"put the {record.type} record back, then let negative caches run out"
        remedy = _put_back((at,), text, kept)
    return Ailment(told, remedy, API | (PROBE if agree else NOBODY), because=because)


def _make_room(
    edge: Edge, zone: Zone, record: RecordSet, there: list[str], kept: Propagation
) -> Remedy:
    """One atomic change takes what answers in its place; anything else is for a person to take."""
    takes = "what stands in its place is not ours"
    if {*there} <= GIVES_WAY:
        targets = [record_ref(zone.ref.name, record.fqdn, k) for k in (record.type, *there)]
        text = f"put the {record.type} record back in place of the {' and '.join(there)}, at once"
        return _put_back((*targets,), text, kept, takes)
    kind = next(kind for kind in there if kind not in GIVES_WAY)
    text = f"take the {kind} record away, or declare it; then `remediate apply` makes ours"
    line = deletion(edge, zone, record.fqdn, kind)
    return Remedy("propose", text, program=line, undo="exact: put it back as it was", takes=takes)


def _beside(
    node: Judged, zone: Zone, record: RecordSet, live: Mapping[tuple[str, str], Body]
) -> None:
    """Names that are to have one address, whichever it is, and have several: one is wrong."""
    alike = [key for key, each in zone.records.items() if each.rrdatas == record.rrdatas]
    own = _values(live[record.fqdn, record.type])
    others = [(key, _values(live[key])) for key in alike if key in live]
    if other := next(((key, said) for key, said in others if said != own), None):
        told = (
            f"{record.fqdn} is {_shown(own)} and {other[0][0]} {_shown(other[1])}: to be the same"
        )
        text = "find out which is right; the address that both are to have is gone"
        node.ailments.append(Ailment(told, Remedy("propose", text), API, contradicted=True))


def _follow(node: Judged, edge: Edge, record: RecordSet, said: set[str]) -> None:
    """What still says the former number of an address waits for the address."""
    if node.ailments and (address := still_named(edge, record, said)):
        by = identity("lb.address", address)
        node.requires += (by,)
        node.ailments[:] = [
            replace(one, because=one.because | {"lb.address"}) for one in node.ailments
        ]


def _compare(
    node: Judged,
    edge: Edge,
    at: Ref,
    body: Body,
    wanted: set[str],
    name: NameSeen | None,
    kept: Propagation,
) -> None:
    """Wrong is what leads somewhere else; values beside ours that lead to us are a difference."""
    live = _values(body)
    strange = {v for v in live - wanted if v not in edge.own_addresses()}
    if not strange and live & (wanted | edge.own_addresses()):
        node.facts.append(f"{at.record[0]} {at.record[1]} is {_shown(live)}")
        return
    policy = "by a routing policy " if "routingPolicy" in body else ""
    told = f"{at.record[0]} {at.record[1]} is {policy}{_shown(live)}, not {_shown(wanted)}"
    agree = [
        s for s in _heard(name, at.record[1]) if {*s.values} & strange or s.outcome == "truncated"
    ]
    takes = f"{len(live) - len(wanted)} more values go than come" if len(live) > len(wanted) else ""
    takes = "a routing policy goes that somebody made" if policy else takes
    remedy = _put_back((at,), "put the declared value back", kept, takes)
    node.ailments.append(Ailment(told, remedy, API | (PROBE if agree else NOBODY)))


def _put_back(sets: Iterable[Ref], text: str, kept: Propagation, takes: str = "") -> Remedy:
    return Remedy(
        "apply",
        text,
        tuple(str(ref) for ref in sets),
        seconds=kept.seconds,
        at_most=kept.at_most,
        undo=_EXACT,
        takes=takes,
    )


def _kept(edge: Edge, zone: Zone, name: NameSeen | None) -> Propagation:
    return held(edge, zone, [name] if name else [])


def _heard(name: NameSeen | None, rrtype: str) -> list[DnsSeen]:
    """What the zone's own servers answered, or resolvers where none of them did."""
    both = ([*name.authoritative], [*name.resolvers]) if name else ([], [])
    told = [[s for s in seen if s.rrtype == rrtype and s.outcome not in _SILENT] for seen in both]
    return told[0] or told[1]


_SILENT = ("timeout", "unreachable", "refused", "lame")


def _values(body: Body) -> set[str]:
    """All that a set may answer, by a routing policy or without."""
    return {spelled(str(value)) for value in answers(body)}


def _shown(values: set[str]) -> str:
    some = sorted(values)[:3]
    return ", ".join(some) + (f" and {len(values) - 3} more" if len(values) > len(some) else "")


# What nobody declared


def _stray(
    edge: Edge,
    zone: Zone,
    at: tuple[str, str],
    name: NameSeen | None,
    live: Mapping[tuple[str, str], Body] | None,
) -> Iterator[Judged]:
    """An address that clients are sent to as well, and where we are not."""
    host, rrtype = at
    ref = record_ref(zone.ref.name, host, rrtype)
    body = (live or {}).get(at)
    strange = _values(body or {}) - edge.own_addresses()
    if body is None or not strange:
        return
    node = Judged("dns.record", ref, (identity("dns.zone", zone.ref),))
    told = f"{host} has an undeclared {rrtype} record to {_shown(strange)}, which is not ours"
    line = deletion(edge, zone, host, rrtype)
    text = "take the record away, or declare it: somebody put it there"
    undo = f"exact: put {_shown(_values(body))} back with TTL {body.get('ttl')}"
    kept = _kept(edge, zone, name)
    remedy = Remedy(
        "propose",
        text,
        program=line,
        seconds=kept.seconds,
        at_most=kept.at_most,
        undo=undo,
        takes="it is not ours",
    )
    agree = any(s.values for s in _heard(name, rrtype))
    node.ailments.append(Ailment(told, remedy, API | (PROBE if agree else NOBODY)))
    yield node


def _authorities(
    edge: Edge, zone: Zone, hosts: list[str], live: Mapping[tuple[str, str], Body] | None
) -> Iterator[Judged]:
    """The CAA records that a managed certificate's issue depends on (RFC 8659)."""
    judged: dict[Ref, Judged] = {}
    for host in hosts:
        at = next((name for name in upwards(host) if (name, "CAA") in (live or {})), None)
        if at is None:
            continue
        values = sorted(_values((live or {})[at, "CAA"]))
        ref = record_ref(zone.ref.name, at, "CAA")
        node = judged.setdefault(ref, Judged("dns.record", ref, (identity("dns.zone", zone.ref),)))
        why = forbids(at, values, host.rstrip("."))
        if not why:
            node.facts.append(f"CAA at {at} lets Google issue")
        elif edge.of_kind("SslCertificate"):
            body = (live or {})[at, "CAA"]
            node.ailments.append(Ailment(why, _permit(zone, ref, body), API))
    yield from judged.values()


def _permit(zone: Zone, ref: Ref, body: Body) -> Remedy:
    """Clients ask for no CAA: it is the authority that may keep the old set for its TTL."""
    kept = Propagation(int(str(body.get("ttl") or 0)), at_most=True)
    if ref.record in zone.records:
        return _put_back((ref,), "let pki.goog issue again", kept)
    text = "let pki.goog issue: change the CAA records"
    return Remedy("propose", text, seconds=kept.seconds, at_most=True, undo=_EXACT)
