"""Names, judged: delegation, zone, DNSSEC, record sets, and how far the truth has got."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from remediate.diagnosis.caches import are_right, truths, wanted_addresses
from remediate.diagnosis.delegation import is_heard, judge_delegation, told_above
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.layers import identity
from remediate.diagnosis.node import API, NOBODY, PROBE, Ailment, Judged, Remedy
from remediate.diagnosis.records import judge_records
from remediate.diagnosis.signs import NameSeen
from remediate.model.observation import Unreadable
from remediate.model.ref import Ref
from remediate.model.resource import Zone
from remediate.probes.propagation import Propagation, Truth, propagation
from remediate.probes.seen import DnsSeen

PROPAGATES = 300  # seconds in which Cloud DNS has told all its servers, as a rule


def judge_names(edge: Edge) -> Iterator[Judged]:
    for zone in edge.zones:
        seen = _names_in(edge, zone)
        if not seen and not _serves_hosts(edge, zone):
            continue
        yield judge_delegation(edge, zone, seen)
        yield _zone(edge, zone, seen)
        yield _dnssec(edge, zone, seen)
        records = [*judge_records(edge, zone, seen)]
        yield from records
        for name in seen:
            yield _propagation(edge, zone, name, records)


def _names_in(edge: Edge, zone: Zone) -> list[NameSeen]:
    apex = zone.dns_name.rstrip(".")
    return [
        seen
        for seen in edge.signs.names.values()
        if seen.zone == zone.ref
        or (seen.zone is None and f".{seen.name.rstrip('.')}".endswith(f".{apex}"))
    ]


def _serves_hosts(edge: Edge, zone: Zone) -> bool:
    return any(f".{host}.".endswith(f".{zone.dns_name}") for host in edge.ways)


# The zone


def _zone(edge: Edge, zone: Zone, names: list[NameSeen]) -> Judged:
    node = Judged("dns.zone", zone.ref)
    apply = Remedy(
        "apply",
        "have the zone made as the YAML says, with all its records",
        targets=(f"{zone.ref}", f"{zone.ref}/*"),
        seconds=told_above(edge, zone, names),
        at_most=True,
        undo="approximate: a zone that is made again gets other name servers",
        takes="a zone that is made again gets other name servers: the registrar has to follow",
    )
    if why := edge.blind(zone.ref):
        node.blind.append(why)
    elif edge.is_absent(zone.ref):
        node.ailments.append(Ailment(f"{zone.ref} does not exist", apply, API))
    else:
        body = edge.live(zone.ref) or {}
        live, wanted = (str(b.get("visibility") or "public") for b in (body, zone.spec))
        if live.lower() != wanted.lower():
            told = f"the zone is {live}: the public name servers refuse it"
            node.ailments.append(Ailment(told, _made_again(edge, zone, apply), API))
        else:
            node.facts.append(f"{live}, {len(edge.sets_of(zone) or ())} record sets")
    return node


def _made_again(edge: Edge, zone: Zone, remedy: Remedy) -> Remedy:
    """Of a zone that is there: what is not in the YAML would be lost with it, and has to be first.

    Then a plan wants a reason for it, and another where the zone is protected.
    """
    apex = {(zone.dns_name, "NS"), (zone.dns_name, "SOA")}
    undeclared = {*(edge.sets_of(zone) or ())} - {*zone.records} - apex
    if undeclared:
        text = (
            f"write the {len(undeclared)} record sets that the YAML lacks into it, as this prints "
            "them: they would be lost; then look again, and have the zone made anew"
        )
        return replace(
            remedy, text=text, words=("import", "--kind", "DnsZone", "--overwrite", "--print")
        )
    rules = ["zone-replace", *(["protected"] if zone.lifecycle.protect else [])]
    allowed = [f"{rule}:{zone.ref}=its visibility cannot change in place" for rule in rules]
    targets = [word for target in remedy.targets for word in ("--target", target)]
    said = [word for each in allowed for word in ("--allow", each)]
    return replace(remedy, words=("apply", *targets, *said))


def _dnssec(edge: Edge, zone: Zone, names: list[NameSeen]) -> Judged:
    """A resolver that refuses what it takes with checking disabled finds the signatures wrong."""
    node = Judged("dns.dnssec", zone.ref)
    bogus = [s for name in names for s in name.resolvers if is_bogus(s, name.unchecked)]
    ds = [text for name in names for text in name.ds]
    body = edge.live(zone.ref)
    state = str(((body or {}).get("dnssecConfig") or {}).get("state") or "off")  # type: ignore[union-attr]  # a body of Google's
    text = (
        f"at the registrar, take the DS of {zone.dns_name} away, or switch DNSSEC on for the zone"
    )
    seconds = told_above(edge, zone, names)
    remedy = Remedy("manual", text, seconds=seconds, at_most=True, undo=_DS)
    if bogus:
        told = f"{bogus[0].server} answers {bogus[0].name} only with checking disabled: bogus"
        sources = PROBE | (API if body is not None and state == "off" else NOBODY)
        node.ailments.append(Ailment(told, remedy, sources))
    elif ds and body is not None and state == "off":
        told = f"the zone above has a DS for {zone.dns_name}, and the zone is not signed"
        node.ailments.append(Ailment(told, remedy, API | PROBE))
    elif not any(is_heard(seen) for name in names for seen in name.resolvers):
        node.blind.append("no resolver answers, so nobody tells whether it validates")
    else:
        node.facts.append("resolvers that validate take what they get")
    return node


_DS = "at the registrar: the DS as it was"


def is_bogus(seen: DnsSeen, unchecked: tuple[DnsSeen, ...]) -> bool:
    if seen.outcome == "bogus":
        return True
    same = [
        u
        for u in unchecked
        if (u.server, u.rrtype, u.name) == (seen.server, seen.rrtype, seen.name)
    ]
    answered = any(u.outcome in ("ok", "wrong_answer", "nodata", "nxdomain") for u in same)
    return seen.outcome == "servfail" and answered


# How far it has got


def _propagation(edge: Edge, zone: Zone, name: NameSeen, records: list[Judged]) -> Judged:
    """Whether servers and caches have what Cloud DNS says, where that is right."""
    fqdn = f"{name.name.rstrip('.')}."
    own = [r for r in records if isinstance(r.resource, Ref) and r.resource.record[0] == fqdn]
    above = [identity(layer, zone.ref) for layer in ("dns.zone", "dns.delegation", "dns.dnssec")]
    node = Judged("dns.propagation", fqdn.rstrip("."), (*(r.id for r in own), *above))
    if edge.sets_of(zone) is None or (wanted := _known(edge, zone, name, fqdn)) is None:
        node.blind.append(f"what {fqdn} should be is not known")
        return node
    if any(r.state != "ok" for r in own):
        return node
    right = are_right(name.authoritative, wanted)
    validated = [s for s in name.resolvers if not is_bogus(s, name.unchecked)]
    kept = propagation(validated, wanted)
    pending = _pending(edge, zone)
    if pending and right is not True:
        text = "act again only if it is still pending after five minutes"
        remedy = Remedy("wait", text, seconds=PROPAGATES + (kept.seconds or 0), at_most=True)
        told = f"{pending}; the name servers do not have it yet"
        node.ailments.append(Ailment(told, remedy, API | PROBE, waits=True))
    elif kept.stale and right is not False:
        node.ailments.append(_cached(kept, right=right))
    elif right is not None:
        node.facts.append("every server and cache that answers has it")
    return node


def _known(edge: Edge, zone: Zone, name: NameSeen, fqdn: str) -> Mapping[str, Truth] | None:
    is_alias = (fqdn, "CNAME") in zone.records
    if not wanted_addresses(edge, zone, fqdn) and not is_alias:
        return None
    return truths(edge, zone, name)


def _cached(kept: Propagation, *, right: bool | None) -> Ailment:
    seconds = kept.seconds
    said = sorted({", ".join(s.values) or s.outcome.upper() for s in kept.stale})
    servers = list(dict.fromkeys(s.server for s in kept.stale))
    verb = "answers" if len(servers) == 1 else "answer"
    told = f"{', '.join(servers)} still {verb} {' / '.join(said)}, for up to {seconds} s"
    remedy = Remedy(
        "wait", f"{seconds} s, and change nothing", seconds=seconds, at_most=kept.at_most
    )
    because = frozenset({"dns.zone", "dns.delegation", "dns.dnssec", "dns.record"})
    return Ailment(told, remedy, API | PROBE if right else API, because=because, waits=True)


def _pending(edge: Edge, zone: Zone) -> str:
    """A change of the zone that is accepted and not served yet, in words."""
    changes = edge.google.changes.get(zone.ref.name)
    if changes is None or isinstance(changes, Unreadable):
        return ""
    for change in changes[:5]:
        if isinstance(change, Mapping) and change.get("status") == "pending":
            return f"change {change.get('id')} of {change.get('startTime')} is pending"
    return ""
