"""What fails and nothing known explains: the nearest requirement that is not proven is named.

Such a root is a guess: its confidence is low, and nothing is ever done about it unasked.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from remediate.diagnosis.backends import DATABASE
from remediate.diagnosis.delegation import LAME, SILENT, UNDELEGATED
from remediate.diagnosis.edge import Edge
from remediate.diagnosis.looks import CONGESTED, Look
from remediate.diagnosis.node import Judged, Remedy
from remediate.probes.seen import DnsSeen, TlsOutcome

BY_NAME = ("dns.resolution", "dns.latency", "http.by_name", "websocket.by_name", "http.ipv6")
_ORDER = ("dns.resolution", "http.by_ip", "stream", "sql.reachability", "websocket")
_STANDING = ("failed", "waiting", "unknown", "ok")
_NO_WAY: tuple[TlsOutcome, ...] = ("refused", "timeout", "unreachable")
_BEHIND = ("run.revision", "lb.backend", "lb.backend_service")
_LAYERS = {
    "cert.renewal": ("lb.certificate",),
    "cert.expiry": ("lb.certificate",),
    "dns.latency": ("dns.delegation",),
    "http.ipv6": ("dns.record", "dns.zone"),
    "latency": ("run.scaling", "run.revision", "vpc.connector", "lb.backend"),
    "lb.backend_health": ("lb.health_check", "lb.backend"),
    "sql.reachability": ("sql.network", "sql.instance", "sql.connections", "sql.auth"),
    "stream": ("lb.backend", "lb.health_check", "lb.backend_service"),
    "websocket.long": ("lb.backend_service", "run.revision", "lb.backend"),
}


def suspects(
    edge: Edge,
    left: Sequence[Judged],
    nodes: Mapping[str, Judged],
    under: Mapping[str, frozenset[str]],
) -> Iterator[tuple[Judged, list[Judged]]]:
    """A node for each symptom in `left` that no other one of these explains, and what it explains.

    Each becomes `unknown` where it was taken for well.
    """
    waiting = sorted(left, key=lambda one: _rank(one.layer))
    while waiting:
        node = _nearest(edge, waiting[0], nodes, under)
        explained = [s for s in waiting if s is waiting[0] or node.id in under[s.id]]
        if not node.ailments:
            node.blind.append(f"{waiting[0].layer} fails, and nothing else explains it")
        yield node, explained
        waiting = [one for one in waiting if one not in explained]


def look_for(node: Judged) -> Remedy:
    """There is nothing to do on a guess but to look closer."""
    text = f"look closer at {node.resource}: what fails points there, and nothing proves it"
    return Remedy("manual", text, words=("diagnose", "--why", node.layer))


def _rank(layer: str) -> int:
    return _ORDER.index(layer) if layer in _ORDER else len(_ORDER)


def _nearest(
    edge: Edge,
    symptom: Judged,
    nodes: Mapping[str, Judged],
    under: Mapping[str, frozenset[str]],
) -> Judged:
    """Of the layers that what was seen points to: the first that is not proven to be well."""
    layers = [*_pointed_at(edge, symptom)]
    below = [nodes[at] for at in under[symptom.id] if at in nodes]
    found = [node for node in below if node.layer in layers]
    found = found or [node for node in nodes.values() if node.layer in layers]
    by_layer = sorted(found, key=lambda n: (_proven(n), layers.index(n.layer), n.id))
    return by_layer[0] if by_layer else Judged(layers[0], symptom.resource)


def _proven(node: Judged) -> int:
    return _STANDING.index(node.state)


def _pointed_at(edge: Edge, symptom: Judged) -> Iterator[str]:
    host = str(symptom.resource)
    if symptom.layer == "sql.reachability" and _is_reached(edge, symptom):
        yield from ("sql.instance", "sql.connections", "sql.auth")
    elif symptom.layer in _LAYERS:
        yield from _LAYERS[symptom.layer]
    elif symptom.layer in BY_NAME:
        yield from _of_name(edge, host)
    else:
        yield from _of_host(edge, host)


def _is_reached(edge: Edge, symptom: Judged) -> bool:
    """Whether a database said something, be it no: the network is well then."""
    said = (seen for ref, seen in edge.signs.databases.items() if str(ref) == str(symptom.resource))
    return any(seen.outcome == "error" for seen in said)


def _of_name(edge: Edge, host: str) -> tuple[str, ...]:
    seen = edge.signs.names.get(host) or edge.signs.names.get(f"{host}.")
    asked: Sequence[DnsSeen] = seen.authoritative if seen else ()
    heard = [one for one in asked if one.outcome not in SILENT]
    if not heard or all(one.outcome in LAME for one in heard):
        return ("dns.delegation", "dns.zone")
    first = edge.types_of(host)[0]
    if any(one.outcome in UNDELEGATED and one.rrtype == first for one in heard):
        return ("dns.record",)
    if any(one.outcome == "truncated" for one in heard):
        return ("dns.record",)
    if seen and any(one.outcome == "servfail" for one in seen.resolvers):
        return ("dns.dnssec", "dns.delegation")
    return ("dns.propagation", "dns.record")


def _of_host(edge: Edge, host: str) -> tuple[str, ...]:
    seen = edge.signs.hosts.get(host) or edge.signs.hosts.get(f"{host}.")
    if seen and seen.tls and seen.tls.outcome in _NO_WAY:
        return ("lb.forwarding_rule", "lb.address")
    if seen and seen.tls and seen.tls.outcome != "ok":
        return ("lb.certificate", "lb.target_proxy")
    return (*_by_status(edge.look(host)), *_BEHIND)


def _by_status(look: Look) -> tuple[str, ...]:
    """What an answer that is not well points to (RFC 9110)."""
    if CONGESTED in look.statuses:
        return ("run.scaling",)
    if look.errs:
        return ("run.service", "run.revision", "run.env", "run.vpc_access", *sorted(DATABASE))
    if {404} & look.statuses:
        return ("run.service", "run.ingress", "lb.url_map")
    if {301, 302, 307, 308, 401, 403} & look.statuses:
        return ("lb.backend_service", "run.iam")
    return ()
