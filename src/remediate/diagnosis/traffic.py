"""What was seen to pass through a load balancer, and from which part of it an answer came.

What fails counts against a part only where the request was led there as it is meant to be: else
whoever led it elsewhere is to blame.
"""

from __future__ import annotations

from typing import Any

from remediate.diagnosis.edge import Edge, Fields, Way
from remediate.diagnosis.looks import Look, by_path
from remediate.diagnosis.routes import treats_alike
from remediate.model.ref import Ref

POLICIES = {"securityPolicy": "--security-policy", "edgeSecurityPolicy": "--edge-security-policy"}
"""Fields of a backend service, and the options of gcloud that set them."""


def look_at_service(edge: Edge, service: Ref) -> Look:
    """Everything that was seen to go to a backend service, together.

    What fails counts where the request was sent there as it is meant to be.
    """
    parts = [
        (edge.look(way.host), way, "/") for way in edge.ways.values() if way.service == service
    ]
    same = (service, edge.live_ref(service))
    parts += [
        (by_path(seen), edge.ways[seen.host], seen.path)
        for seen in edge.signs.paths
        if seen.service in same and seen.host in edge.ways
    ]
    return Look.of([look for look, way, path in parts if look.works or _is_sent(edge, way, path)])


def look_behind(edge: Edge, service: Ref) -> Look:
    """What was seen of a backend service's backends: nothing that it says itself."""
    look, live = look_at_service(edge, service), edge.live(service) or {}
    return look if look.works or not stands_before(live, edge.wanted(service)) else Look()


def looks_at_run(edge: Edge, run: Ref) -> Look:
    """What was seen to come from a Cloud Run service, and from nothing before it."""
    looks = [(look_behind(edge, service), service) for service in edge.served_by(run)]
    return Look.of([look for look, at in looks if look.works or _leads_to(edge, at, run)])


def _is_sent(edge: Edge, way: Way, path: str) -> bool:
    """Whether a request goes on to a service as it is meant to, as far as that is known."""
    rule, proxy, live = (edge.live(ref) for ref in (way.rule, way.proxy, way.url_map))
    if rule is not None and edge.ref(rule.get("target")) != way.proxy:
        return False
    if proxy is not None and edge.ref(proxy.get("urlMap")) != way.url_map:
        return False
    wanted = edge.wanted(way.url_map)
    return live is None or treats_alike(wanted, live, way.host, path, edge.project)


def _leads_to(edge: Edge, service: Ref, run: Ref) -> bool:
    """Whether a live backend service has a group that names a Cloud Run service."""
    body: Any = edge.live(service)
    if body is None:
        return True
    groups = (edge.ref(backend.get("group")) for backend in body.get("backends") or ())
    return any(names_as_meant(edge, group, run) for group in groups if group)


def names_as_meant(edge: Edge, group: Ref, run: Ref) -> bool:
    """Whether an endpoint group names a service, and the revisions of it that are meant."""
    body: Fields | None = edge.live(group)
    if body is None:
        return not edge.is_absent(group)
    meant = (edge.wanted(group) if group in edge.declared else {}).get("cloudRun") or {}
    return body.get("cloudRun") == {**meant, "service": run.name}


def stands_before(live: Fields, wanted: Fields) -> bool:
    """Whether a policy or a login that nobody declared answers in place of a service."""
    policy = any(live.get(at) and not wanted.get(at) for at in POLICIES)
    logins = [bool((body.get("iap") or {}).get("enabled")) for body in (live, wanted)]
    return policy or (logins[0] and not logins[1])
