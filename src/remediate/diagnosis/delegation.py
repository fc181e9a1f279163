"""The zone above, judged: whom it sends on to, and whether they serve the zone."""

from __future__ import annotations

from remediate.diagnosis.caches import are_right, held, truths
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.layers import identity
from remediate.diagnosis.node import API, NOBODY, PROBE, Ailment, Judged, Remedy
from remediate.diagnosis.signs import NameSeen
from remediate.model.json import Body
from remediate.model.resource import Zone
from remediate.probes.dns import ANSWERED
from remediate.probes.propagation import upper_bound
from remediate.probes.seen import DnsSeen

SILENT = ("timeout", "unreachable")
DEAF = (*SILENT, "refused")
"""What a resolver's trouble with us looks like: of a zone's trouble it says SERVFAIL."""
LAME = ("refused", "lame", "servfail")
UNDELEGATED = ("nxdomain", "nodata")
_SHOWN = 3  # servers; the rest is a number
PARENT_TTL = 172_800  # seconds, where the zone above did not say: as long as any of them does


def is_heard(seen: DnsSeen) -> bool:
    return seen.outcome not in SILENT


def judge_delegation(edge: Edge, zone: Zone, names: list[NameSeen]) -> Judged:
    node = Judged("dns.delegation", zone.ref, (identity("dns.zone", zone.ref),))
    parent = [seen for name in names for seen in name.parent if is_heard(seen)]
    delegated = {server.lower().rstrip(".") for seen in parent for server in seen.referral}
    ours = _name_servers(edge.live(zone.ref))
    if not parent:
        node.blind.append(f"no server of the zone above {zone.dns_name} answers")
    elif not delegated:
        if gone := [seen for seen in parent if seen.outcome in UNDELEGATED]:
            node.ailments.append(_removed(edge, zone, gone, names, ours))
        else:
            node.blind.append(parent[0].message)
    _served(edge, node, zone, names, delegated, ours)
    if delegated and not node.ailments:
        node.facts.append(f"{zone.dns_name} is delegated to {_listed(delegated)}")
    return node


def _removed(
    edge: Edge, zone: Zone, gone: list[DnsSeen], names: list[NameSeen], ours: frozenset[str]
) -> Ailment:
    """What resolvers keep is the parent's word that there is nothing."""
    text = f"at the registrar, name the servers of {zone.dns_name} again: {_listed(ours)}"
    told = held(edge, zone, names)
    remedy = Remedy("manual", text, seconds=told.seconds, at_most=told.at_most, undo=_AT_REGISTRAR)
    return Ailment(f"{gone[0].message}: not delegated", remedy, PROBE | (API if ours else NOBODY))


def _served(
    edge: Edge,
    node: Judged,
    zone: Zone,
    names: list[NameSeen],
    delegated: set[str],
    ours: frozenset[str],
) -> None:
    """Whether those that are delegated to serve the zone, and no other in its place."""
    asked = [seen for name in names for seen in name.authoritative]
    lame = {_server(seen): seen for seen in asked if seen.outcome in LAME}
    good = {_server(seen) for seen in asked if is_heard(seen) and seen.outcome not in LAME}
    bad = {server: seen for server, seen in lame.items() if server not in good}
    strange = delegated - ours if ours else set[str]()
    astray = {s for s in strange if s not in good or not _is_right(edge, zone, names, s)}
    if strange and (astray or not delegated & ours):
        text = f"at the registrar, name {_listed(ours)} instead; never make the zone again for it"
        beside = "beside" if delegated & ours else "instead of"
        told = f"{zone.dns_name} is delegated, {beside} its own name servers, to {_some(strange)}"
        node.ailments.append(Ailment(told, _registrar(edge, zone, text, names), API | PROBE))
    elif bad:
        some = ", ".join(sorted(bad))
        text = f"at the registrar, take {some} out of the delegation, or have the zone served there"
        told = f"{some} is delegated to, and does not serve it: {next(iter(bad.values())).message}"
        because = frozenset[str]() if good else frozenset({"dns.zone"})
        remedy = _registrar(edge, zone, text, names)
        node.ailments.append(Ailment(told, remedy, PROBE, because=because))
    elif delegated and not good:
        _silent(edge, node, zone, names)


def _is_right(edge: Edge, zone: Zone, names: list[NameSeen], server: str) -> bool:
    """Whether a server answers as it should for every name that it was asked for."""
    told = [([s for s in name.authoritative if _server(s) == server], name) for name in names]
    return all(are_right(said, truths(edge, zone, name)) is not False for said, name in told)


def _silent(edge: Edge, node: Judged, zone: Zone, names: list[NameSeen]) -> None:
    """Nobody answers us for the zone: resolvers tell whether anybody is answered."""
    fresh = [seen for name in names for seen in name.fresh if is_heard(seen)]
    told = f"no server that {zone.dns_name} is delegated to answers us"
    if not fresh or any(seen.outcome in ANSWERED for seen in fresh):
        node.blind.append(f"{told}; resolvers may be answered all the same")
        return
    kept = [s.ttl for name in names for s in name.resolvers if s.values and s.ttl is not None]
    still = f"; what resolvers have kept ends in {max(kept)} s" if kept else ""
    text = f"have {_listed(_name_servers(edge.live(zone.ref)))} answer again: ask who runs them"
    remedy = Remedy("manual", text, undo=_AT_REGISTRAR)
    evidence = f"{told}, nor resolvers that ask for a new name{still}"
    node.ailments.append(Ailment(evidence, remedy, PROBE))


def _registrar(edge: Edge, zone: Zone, text: str, names: list[NameSeen]) -> Remedy:
    seconds = told_above(edge, zone, names)
    return Remedy("manual", text, seconds=seconds, at_most=True, undo=_AT_REGISTRAR)


def told_above(edge: Edge, zone: Zone, names: list[NameSeen]) -> int:
    """Seconds, at most, until resolvers follow the zone above: none tells what it keeps of that."""
    said = [seen for name in names for seen in (*name.parent, *name.signers) if is_heard(seen)]
    ttls = [kept for seen in said if (kept := upper_bound(seen)) is not None]
    return max(*(ttls or [PARENT_TTL]), held(edge, zone, names).seconds or 0)


_AT_REGISTRAR = "at the registrar: the name servers as they were"


def _name_servers(body: Body | None) -> frozenset[str]:
    """Whom a delegation should name; of a private zone nobody (Google has one word for it)."""
    listed = (body or {}).get("nameServers")
    every = (str(one).lower().rstrip(".") for one in (listed if isinstance(listed, list) else ()))
    return frozenset(server for server in every if server != _PRIVATE)


_PRIVATE = "ns-gcp-private.googledomains.com"


def _server(seen: DnsSeen) -> str:
    return seen.server.lower().rstrip(".")


def _some(servers: set[str]) -> str:
    more = f" and {len(servers) - _SHOWN} more" if len(servers) > _SHOWN else ""
    return ", ".join(sorted(servers)[:_SHOWN]) + more


def _listed(servers: set[str] | frozenset[str]) -> str:
    return ", ".join(sorted(servers)) or "the zone's own"
