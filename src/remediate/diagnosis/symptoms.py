"""What clients see, as nodes: each fails by what was seen alone, and requires the way it takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from remediate.diagnosis.backends import DATABASE, healthy
from remediate.diagnosis.caches import are_right, truths, wanted_addresses
from remediate.diagnosis.certificate_bodies import end_of, expires
from remediate.diagnosis.certificate_remedies import is_shown_by
from remediate.diagnosis.delegation import DEAF, LAME, SILENT
from remediate.diagnosis.edge import Edge, Way
from remediate.diagnosis.layers import OBSERVER, identity
from remediate.diagnosis.looks import Look, by_ip
from remediate.diagnosis.node import Judged, fails
from remediate.diagnosis.reachability import judge_reachability
from remediate.diagnosis.records import NAMING
from remediate.diagnosis.revisions import below
from remediate.diagnosis.signs import HostSeen, NameSeen
from remediate.kinds.ssl_certificate import KIND as CERTIFICATES
from remediate.model.observation import Unreadable
from remediate.model.ref import Ref
from remediate.model.resource import Zone
from remediate.probes.seen import DnsSeen

_BAD = ("wrong_answer", "nodata", "nxdomain", "servfail", "refused", "truncated", "lame", "bogus")


def judge_symptoms(edge: Edge, nodes: Sequence[Judged]) -> Iterator[Judged]:
    """After all else: `nodes` are what symptoms may lead to."""
    names = {f"{seen.name.rstrip('.')}": seen for seen in edge.signs.names.values()}
    found: list[Judged] = []
    for host in dict.fromkeys([*edge.ways, *names]):
        found += _of_name(edge, host, names.get(host), nodes)
        if host in names:
            found += _of_six(edge, host, names[host], nodes)
    for host, way in edge.ways.items():
        found += _of_host(edge, way, nodes, _is(found, "dns.resolution", host))
    found += _of_paths(edge, nodes)
    found += _of_google(edge, nodes)
    yield from found
    failing = [one for one in found if one.state == "failed" and one.layer in _GOLDEN]
    e2e = Judged("e2e", "environment", tuple(dict.fromkeys(r for o in failing for r in o.requires)))
    if failing:
        fails(e2e, f"{failing[0].layer} fails")
    yield e2e


_GOLDEN = ("dns.resolution", "http.by_name", "http.by_ip", "websocket")


def _is(found: list[Judged], layer: str, resource: str) -> Judged | None:
    return next((n for n in found if (n.layer, n.resource) == (layer, resource)), None)


def _all(nodes: Sequence[Judged], *layers: str) -> tuple[str, ...]:
    return tuple(node.id for node in nodes if node.layer in layers)


# Names


def _under(nodes: Sequence[Judged], host: str, beside: str) -> tuple[str, ...]:
    """What a name's answer hangs on; `beside` is the record type that says nothing of it."""
    own = [
        node.id
        for node in nodes
        if (node.layer == "dns.record" and _speaks_for(node, host, beside))
        or (node.layer == "dns.propagation" and node.resource == host)
    ]
    zones = [
        node.id
        for node in nodes
        if node.layer in ("dns.delegation", "dns.zone", "dns.dnssec") and _holds(node, host)
    ]
    return (*own, *zones, identity(OBSERVER, "environment"))


def _speaks_for(node: Judged, host: str, beside: str) -> bool:
    at = node.resource
    return isinstance(at, Ref) and at.record[0] == f"{host}." and at.record[1] != beside


def _beside(edge: Edge, host: str) -> str:
    """The address type that clients of a host do not go by first."""
    return "A" if edge.types_of(host)[0] == "AAAA" else "AAAA"


def _holds(node: Judged, host: str) -> bool:
    return bool(host) and node.resource is not None


def _of_name(
    edge: Edge, host: str, seen: NameSeen | None, nodes: Sequence[Judged]
) -> Iterator[Judged]:
    under = _under(nodes, host, _beside(edge, host))
    resolution = Judged("dns.resolution", host, under)
    latency = Judged("dns.latency", host, _all(nodes, "dns.delegation"))
    if seen is None or not seen.resolvers:
        resolution.blind.append(f"no resolver was asked for {host}")
        yield resolution
        return
    asked = [s for s in seen.resolvers if s.rrtype == edge.types_of(host)[0]]
    heard = [s for s in asked if s.outcome not in DEAF]
    bad = [s for s in heard if s.outcome in _BAD and s.outcome != "wrong_answer"]
    good = [s for s in heard if s not in bad]
    if not heard and asked:
        fails(resolution, f"no resolver answers: {asked[0].message}")
    elif bad:
        resolution.intermittent = len(good) > len(bad)
        fails(resolution, bad[0].message)
    yield resolution
    by_server = {_server(s) for s in seen.authoritative if s.outcome not in (*SILENT, *LAME)}
    lame = [s for s in seen.authoritative if s.outcome in LAME and _server(s) not in by_server]
    if lame and by_server:
        fails(latency, lame[0].message)
    yield latency


def _server(seen: DnsSeen) -> str:
    return seen.server


def _of_six(edge: Edge, host: str, seen: NameSeen, nodes: Sequence[Judged]) -> Iterator[Judged]:
    """Clients with IPv6 go where AAAA records send them."""
    own = edge.own_addresses()
    asked = [s for s in (*seen.authoritative, *seen.resolvers) if s.rrtype == "AAAA"]
    told = [s for s in asked if s.values]
    is_meant = "AAAA" in edge.types_of(host)
    if not told and not is_meant:
        return
    way = edge.ways.get(host)
    rules = [rule for rule in (way.rule, *way.others) if edge.is_six(rule)] if way else []
    down = [at for rule in rules if way for at in way_down(edge, way, [way.service], nodes, rule)]
    node = Judged("http.ipv6", host, (*_under(nodes, host, "A"), *down))
    bad = [s for s in seen.resolvers if s in asked and s.outcome in _BAD and not s.values]
    if strange := [s for s in told if {*s.values} - own]:
        fails(node, f"{host} has the IPv6 address {', '.join(strange[0].values)}")
    elif is_meant and bad:
        node.intermittent = len(bad) < sum(s in asked for s in seen.resolvers) - len(bad)
        fails(node, bad[0].message)
    for one in (one for rule in rules for one in edge.seen_at(rule) if one.host == host):
        if why := _refused(one, by_ip(one)):
            fails(node, why)
    yield node


# Hosts


def way_down(
    edge: Edge, way: Way, services: Sequence[Ref], nodes: Sequence[Judged], rule: Ref
) -> list[str]:
    """All that a request for a host hangs on, from the address of a rule to the database."""
    found = [identity("lb.address", at) for at in edge.reserved_for(rule)]
    found += [identity("lb.forwarding_rule", rule), identity("lb.target_proxy", way.proxy)]
    found += _all(nodes, "lb.certificate")
    found += [identity("lb.url_map", way.url_map)]
    for service in services:
        found += [identity("lb.backend_service", service), identity("lb.backend", service)]
        if run := edge.run_of(service):
            layers = ("service", "ingress", "iam", "revision", "scaling")
            found += [identity(f"run.{layer}", run) for layer in layers]
            found += below(edge, run)
        else:
            found += _all(nodes, "lb.health_check", *sorted(DATABASE))
    return [*dict.fromkeys(found)]


def _of_host(
    edge: Edge, way: Way, nodes: Sequence[Judged], resolution: Judged | None
) -> Iterator[Judged]:
    host = way.host
    look, seen = edge.look(host), edge.signs.hosts.get(host)
    down = way_down(edge, way, [way.service], nodes, way.rule)
    dns = _under(nodes, host, _beside(edge, host))
    by_ip = Judged("http.by_ip", host, tuple(down))
    by_name = Judged("http.by_name", host, (*dns, *down))
    socket = Judged("websocket", host, tuple(down))
    socket_by_name = Judged("websocket.by_name", host, (*dns, *down))
    slow = Judged("latency", host, tuple(down))
    if why := _refused(seen, look):
        by_ip.intermittent = look.comes_and_goes and not _bad_tls(seen)
        fails(by_ip, why)
    elif seen is None or not seen.http:
        by_ip.blind.append(f"nobody asked {host} at the load balancer's address")
    told = seen.websocket if seen else None
    if told is not None and (told.outcome != "ok" or _bad_tls(seen)):
        fails(socket, told.message if told.outcome != "ok" else _bad_tls(seen))
    if look.is_slow:
        fails(slow, f"{host} takes {max(s.first_byte for s in look.answers):.1f} s to answer")
    _named(edge, by_name, by_ip, resolution)
    if by_name.state == "failed" and told is not None:
        socket_by_name.intermittent = by_name.intermittent
        fails(socket_by_name, by_name.evidence[0])
    yield from (by_ip, by_name, slow)
    if told is not None:
        yield from (socket, socket_by_name)


def _refused(seen: HostSeen | None, look: Look) -> str:
    if seen is None:
        return ""
    if bad := _bad_tls(seen):
        return bad
    if look.http and look.works is not True:
        wrong = [s for s in look.http if s.status is None or not 200 <= s.status < 300]  # noqa: PLR2004 - RFC 9110
        return wrong[0].message if wrong else ""
    return ""


def _bad_tls(seen: HostSeen | None) -> str:
    return seen.tls.message if seen and seen.tls and seen.tls.outcome != "ok" else ""


def _named(edge: Edge, node: Judged, by_ip: Judged, resolution: Judged | None) -> None:
    """By name it works where names lead here, and here it works."""
    host = str(node.resource)
    wrong, right = _answers(edge, host)
    if resolution is not None and resolution.state == "failed":
        node.intermittent = resolution.intermittent
        fails(node, resolution.evidence[0])
    if wrong:
        node.intermittent = bool(right)
        fails(node, f"{wrong[0].server} sends {host} to {', '.join(wrong[0].values)}")
    if by_ip.state == "failed":
        node.intermittent = by_ip.intermittent
        fails(node, by_ip.evidence[0])


def _answers(edge: Edge, host: str) -> tuple[list[DnsSeen], list[DnsSeen]]:
    """Which resolvers send clients elsewhere, and which here; of several addresses, both."""
    seen = edge.signs.names.get(host) or edge.signs.names.get(f"{host}.")
    rrtype = edge.types_of(host)[0]
    told = [s for s in (seen.resolvers if seen else ()) if s.rrtype == rrtype and s.values]
    ours = edge.own_addresses() | _wanted(edge, host)
    if not ours:
        return [], told
    is_known = bool(_wanted(edge, host))
    wrong = [s for s in told if not {*s.values} & ours or (is_known and {*s.values} - ours)]
    return wrong, [s for s in told if {*s.values} & ours]


def _wanted(edge: Edge, host: str) -> set[str]:
    zones = [z for z in edge.declared.values() if isinstance(z, Zone)]
    found = [wanted_addresses(edge, zone, f"{host}.") for zone in zones]
    return {each for wanted in found for values in wanted.values() for each in values}


# Paths, and Google's own view


def _of_paths(edge: Edge, nodes: Sequence[Judged]) -> Iterator[Judged]:
    for seen in edge.signs.paths:
        way = edge.ways.get(seen.host)
        service = next((s for s in edge.services if seen.service in (s, edge.live_ref(s))), None)
        if way is None or service is None:
            continue
        at, down = f"{seen.host}{seen.path}", tuple(way_down(edge, way, [service], nodes, way.rule))
        stream = Judged("stream", at, down)
        look = Look(seen.http)
        if look.http and look.works is not True:
            stream.intermittent = look.comes_and_goes
            fails(stream, look.message)
        if look.http:
            yield stream
        if seen.held is not None:
            long = Judged("websocket.long", at, down)
            if seen.held.outcome != "ok":
                fails(long, seen.held.message)
            yield long


def _of_google(edge: Edge, nodes: Sequence[Judged]) -> Iterator[Judged]:
    for service in edge.of_kind("BackendService"):
        state = healthy(edge, service)
        told = edge.google.health.get(edge.live_ref(service))
        if state is None and not isinstance(told, Unreadable):
            continue
        checks = [edge.ref(link) for link in edge.wanted(service).get("healthChecks") or ()]
        under = [identity("lb.health_check", check) for check in checks if check]
        under += [identity("lb.backend", service), *_all(nodes, *sorted(DATABASE))]
        node = Judged("lb.backend_health", service, tuple(under))
        if state is False:
            fails(node, f"Google finds the backends of {service} unhealthy")
        elif state is None:
            node.blind.append(f"the health of {service} cannot be read")
        yield node
    yield from judge_reachability(edge, _all(nodes, "vpc.connector"))
    yield from _renewals(edge, nodes)


def _is_answered(edge: Edge, node: Judged) -> bool:
    """Whether a name leads here all the same, whatever its record sets are."""
    at = node.resource
    if node.layer != "dns.record" or not isinstance(at, Ref) or at.record[1] not in NAMING:
        return False
    seen = edge.signs.names.get(at.record[0].rstrip(".")) or edge.signs.names.get(at.record[0])
    zone = next((zone for zone in edge.zones if zone.ref == at.zone), None)
    if seen is None or zone is None:
        return False
    return are_right(seen.authoritative, truths(edge, zone, seen)) is True


def _renewals(edge: Edge, nodes: Sequence[Judged]) -> Iterator[Judged]:
    """A managed certificate is renewed while all that Google looks at is in order."""
    for node in [node for node in nodes if node.layer == "lb.certificate"]:
        body = edge.live(node.resource) if isinstance(node.resource, Ref) else None
        if body is None:
            continue
        end = expires(body)
        expiry = Judged("cert.expiry", node.resource, (node.id,))
        if end is not None and end <= edge.signs.at and node.state != "ok":
            fails(expiry, f"{node.resource} expired at {end_of(body)}")
        yield expiry
        if not body.get("managed"):
            continue
        records = [n.id for n in nodes if n.layer == "dns.record"]
        renewal = Judged("cert.renewal", node.resource, (node.id, *node.requires, *records))
        failed = [n for n in nodes if n.id in renewal.requires and n.state == "failed"]
        missing = [n for n in failed if not _is_answered(edge, n) and not is_shown_by(edge, n)]
        if missing:
            fails(renewal, f"{CERTIFICATES.name} cannot be renewed: {missing[0].evidence[0]}")
        yield renewal
