"""Names, judged: delegation, zone, DNSSEC, record sets, and how far the truth has got."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from remediate.diagnosis.edge import Edge, spelled
from remediate.diagnosis.layers import identity
from remediate.diagnosis.node import API, NOBODY, PROBE, Ailment, Judged, Remedy
from remediate.diagnosis.records import judge_records, told_by
from remediate.diagnosis.signs import NameSeen
from remediate.model.json import Body
from remediate.model.observation import Unreadable
from remediate.model.ref import Ref
from remediate.model.resource import Zone
from remediate.probes.seen import DnsSeen

SILENT = ("timeout", "unreachable")
LAME = ("refused", "lame", "servfail")
UNDELEGATED = ("nxdomain", "nodata")
PARENT_TTL = 900  # seconds, where the zone above did not say
PROPAGATES = 300  # seconds in which Cloud DNS has told all its servers, as a rule


def judge_names(edge: Edge) -> Iterator[Judged]:
    for zone in edge.zones:
        seen = _names_in(edge, zone)
        if not seen and not _serves_hosts(edge, zone):
            continue
        yield _delegation(edge, zone, seen)
        yield _zone(edge, zone)
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


def is_heard(seen: DnsSeen) -> bool:
    return seen.outcome not in SILENT


# The zone above


def _delegation(edge: Edge, zone: Zone, names: list[NameSeen]) -> Judged:
    node = Judged("dns.delegation", zone.ref, (identity("dns.zone", zone.ref),))
    parent = [seen for name in names for seen in name.parent if is_heard(seen)]
    delegated = {server.lower().rstrip(".") for seen in parent for server in seen.referral}
    ours = _name_servers(edge.live(zone.ref))
    if not parent:
        node.blind.append(f"no server of the zone above {zone.dns_name} answers")
    elif not delegated:
        if gone := [seen for seen in parent if seen.outcome in UNDELEGATED]:
            node.ailments.append(_removed(zone, gone, names, ours))
        else:
            node.blind.append(parent[0].message)
    _served(node, zone, names, delegated, ours)
    if delegated and not node.ailments:
        node.facts.append(f"{zone.dns_name} is delegated to {_listed(delegated)}")
    return node


def _removed(
    zone: Zone, gone: list[DnsSeen], names: list[NameSeen], ours: frozenset[str]
) -> Ailment:
    kept = [s.negative_ttl for name in names for s in (*name.resolvers, *gone) if s.negative_ttl]
    text = f"at the registrar, name the servers of {zone.dns_name} again: {_listed(ours)}"
    remedy = Remedy("manual", text, seconds=max(kept, default=PARENT_TTL), undo=_AT_REGISTRAR)
    return Ailment(f"{gone[0].message}: not delegated", remedy, PROBE | (API if ours else NOBODY))


def _served(
    node: Judged,
    zone: Zone,
    names: list[NameSeen],
    delegated: set[str],
    ours: frozenset[str],
) -> None:
    """Whether those that are delegated to serve the zone."""
    asked = [seen for name in names for seen in name.authoritative if is_heard(seen)]
    good = {_server(seen) for seen in asked if seen.outcome not in LAME}
    lame = {_server(seen): seen for seen in asked if seen.outcome in LAME}
    bad = {server: seen for server, seen in lame.items() if server not in good}
    strange = {s for s in delegated - ours if s not in good} if ours else set()
    if strange and (bad or not good):
        text = f"at the registrar, name {_listed(ours)} instead; never make the zone again for it"
        told = f"{zone.dns_name} is delegated to {_listed(delegated)}, served by {_listed(ours)}"
        seen_by = API | (PROBE if bad else NOBODY)
        node.ailments.append(Ailment(told, _registrar(text, names), seen_by))
    elif bad:
        some = ", ".join(sorted(bad))
        text = f"at the registrar, take {some} out of the delegation, or have the zone served there"
        told = f"{some} is delegated to, and does not serve it: {next(iter(bad.values())).message}"
        because = frozenset[str]() if good else frozenset({"dns.zone"})
        node.ailments.append(Ailment(told, _registrar(text, names), PROBE, because=because))


def _registrar(text: str, names: list[NameSeen]) -> Remedy:
    ttls = [seen.ttl for name in names for seen in name.parent if seen.ttl]
    return Remedy("manual", text, seconds=max(ttls, default=PARENT_TTL), undo=_AT_REGISTRAR)


_AT_REGISTRAR = "at the registrar: the name servers as they were"


def _name_servers(body: Body | None) -> frozenset[str]:
    """Whom a delegation should name; of a private zone nobody (Google has one word for it)."""
    listed = (body or {}).get("nameServers")
    every = (str(one).lower().rstrip(".") for one in (listed if isinstance(listed, list) else ()))
    return frozenset(server for server in every if server != _PRIVATE)


_PRIVATE = "ns-gcp-private.googledomains.com"


def _server(seen: DnsSeen) -> str:
    return seen.server.lower().rstrip(".")


def _listed(servers: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(servers)) or "the zone's own"


# The zone


def _zone(edge: Edge, zone: Zone) -> Judged:
    node = Judged("dns.zone", zone.ref)
    apply = Remedy(
        "apply",
        "have the zone made as the YAML says, with all its records",
        targets=(f"{zone.ref}", f"{zone.ref}/*"),
        seconds=PARENT_TTL,
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
            node.ailments.append(Ailment(told, apply, API))
        else:
            node.facts.append(f"{live}, {len(told_by(edge, zone) or ())} record sets")
    return node


def _dnssec(edge: Edge, zone: Zone, names: list[NameSeen]) -> Judged:
    """A resolver that refuses what it takes with checking disabled finds the signatures wrong."""
    node = Judged("dns.dnssec", zone.ref)
    bogus = [s for name in names for s in name.resolvers if is_bogus(s, name.unchecked)]
    ds = [text for name in names for text in name.ds]
    body = edge.live(zone.ref)
    state = str(((body or {}).get("dnssecConfig") or {}).get("state") or "off")  # type: ignore[union-attr]  # a body of Google's
    ttls = [s.ttl for name in names for s in name.parent if s.ttl]
    text = (
        f"at the registrar, take the DS of {zone.dns_name} away, or switch DNSSEC on for the zone"
    )
    remedy = Remedy("manual", text, seconds=max(ttls, default=3600), at_most=True, undo=_DS)
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
    wanted = wanted_addresses(edge, zone, fqdn)
    if told_by(edge, zone) is None or not wanted:
        node.blind.append(f"what {fqdn} should be is not known")
        return node
    if any(r.state != "ok" for r in own):
        return node
    right = _right(name.authoritative, wanted)
    pending = _pending(edge, zone)
    if pending and right is not True:
        text = "act again only if it is still pending after five minutes"
        remedy = Remedy("wait", text, seconds=PROPAGATES + _kept(name.resolvers), at_most=True)
        told = f"{pending}; the name servers do not have it yet"
        node.ailments.append(Ailment(told, remedy, API | PROBE, waits=True))
        return node
    old = [s for s in name.resolvers if _is_old(s, wanted, name)]
    if old and right is not False:
        node.ailments.append(_cached(old, right=right))
    elif right is not None:
        node.facts.append("every server and cache that answers has it")
    return node


def _cached(old: list[DnsSeen], *, right: bool | None) -> Ailment:
    seconds = _kept(tuple(old))
    said = sorted({", ".join(s.values) or s.outcome.upper() for s in old})
    told = f"{_servers(old)} still answer {' / '.join(said)}, for up to {seconds} s"
    remedy = Remedy("wait", f"{seconds} s, and change nothing", seconds=seconds)
    because = frozenset({"dns.zone", "dns.delegation", "dns.dnssec", "dns.record"})
    return Ailment(told, remedy, API | PROBE if right else API, because=because, waits=True)


def _servers(seen: list[DnsSeen]) -> str:
    return ", ".join(dict.fromkeys(s.server for s in seen))


def _kept(seen: tuple[DnsSeen, ...]) -> int:
    """Seconds until the last cache has forgotten what it says now."""
    return max((s.ttl if s.values else s.negative_ttl) or 0 for s in seen) if seen else 0


def _right(seen: tuple[DnsSeen, ...], wanted: Wanted) -> bool | None:
    """Whether the zone's own servers answer as wanted; None where none of them could be heard."""
    told = [s for s in seen if s.rrtype in wanted and is_heard(s) and s.outcome not in LAME]
    if not told:
        return None
    return all({*s.values} == wanted[s.rrtype] for s in told if s.outcome != "truncated")


def _is_old(seen: DnsSeen, wanted: Wanted, name: NameSeen) -> bool:
    if seen.rrtype not in wanted or is_bogus(seen, name.unchecked):
        return False
    if seen.outcome in ("ok", "wrong_answer"):
        return {*seen.values} != wanted[seen.rrtype]
    return seen.outcome in UNDELEGATED


Wanted: TypeAlias = Mapping[str, frozenset[str]]


def wanted_addresses(edge: Edge, zone: Zone, fqdn: str) -> Wanted:
    """The addresses that a name should have by record type, of each where they are known."""
    found = {}
    for rrtype in ("A", "AAAA"):
        if record := zone.records.get((fqdn, rrtype)):
            values = [edge.rendered(text) for text in record.rrdatas]
            known = frozenset(spelled(value) for value in values if value)
            if known and None not in values:
                found[rrtype] = known
    return found


def _pending(edge: Edge, zone: Zone) -> str:
    """A change of the zone that is accepted and not served yet, in words."""
    changes = edge.google.changes.get(zone.ref.name)
    if changes is None or isinstance(changes, Unreadable):
        return ""
    for change in changes[:5]:
        if isinstance(change, Mapping) and change.get("status") == "pending":
            return f"change {change.get('id')} of {change.get('startTime')} is pending"
    return ""
