"""The stream's instances behind a load balancer: what they serve, and whether they are healthy.

They listen on the ports that their group names, on all where no such group is known, and answer
`/health`, `/stream/health` and WebSockets at `/stream`.
"""

from __future__ import annotations

import json
from typing import Final

from gcp_sandbox.backends import database, firewall, websocket
from gcp_sandbox.compute.links import Place, parse
from gcp_sandbox.compute.section import NAME, Compute
from gcp_sandbox.internet.section import internet_of
from gcp_sandbox.request import Body
from gcp_sandbox.server import Message, Reply
from gcp_sandbox.world import World

_HEALTHY: Final = frozenset({"/health", "/stream/health"})
_STREAMS: Final = ("/stream", "/stream/")
_CHECKS: Final = {"HTTP": "httpHealthCheck", "TCP": "tcpHealthCheck"}
"""What an instance can pass that speaks neither TLS nor gRPC, and where it is described."""


def serve(world: World, service: Body, message: Message) -> Reply:
    """What a client gets from a backend service on instance groups."""
    compute = world.sections[NAME]
    assert isinstance(compute, Compute)
    groups = [
        place
        for backend in service["backends"]
        if backend.get("capacityScaler") != 0 and (place := parse(backend["group"], "")) is not None
    ]
    healthy = next((it for it in groups if is_healthy(compute, service, it)), None)
    if healthy is None:
        return nobody(service)
    port = _port_of(compute, service, healthy)
    if service["protocol"] != "HTTP" or not _listens(compute, healthy, port):
        return Reply(502, b"upstream connect error", "text/plain")
    return _application(world, service, message)


def nobody(service: Body) -> Reply:
    """Where no backend can be asked: Envoy says 503, the classic load balancer 502."""
    status = 502 if service["loadBalancingScheme"] == "EXTERNAL" else 503
    return Reply(status, b"no healthy upstream", "text/plain")


def _application(world: World, service: Body, message: Message) -> Reply:
    path = message.target.partition("?")[0]
    if path in _HEALTHY:
        return Reply(200, json.dumps({"status": "ok"}).encode(), "application/json")
    if path == _STREAMS[0] or path.startswith(_STREAMS[1]):
        if websocket.asked_for(message):
            seconds = float(service["timeoutSec"])
            return websocket.upgraded(world.clock, message, seconds=seconds)
        return Reply(426, b"", "text/plain", {"Upgrade": "websocket"})
    return Reply(404, json.dumps({"error": "not found"}).encode(), "application/json")


def is_healthy(compute: Compute, service: Body, group: Place) -> bool:
    """Whether the health checks of a service pass on a group's instances."""
    checks = service.get("healthChecks", ())
    if checks and _database_is_missed(compute.world):
        return False
    return all(_passes(compute, service, group, link) for link in checks)


def _passes(compute: Compute, service: Body, group: Place, link: str) -> bool:
    check = compute.find_path(link)
    if check is None:
        return False
    details = check.get(_CHECKS.get(check["type"], ""))
    if details is None:
        return False
    port = _checked_port(compute, service, group, details)
    known = compute.find(group)
    if known is None:
        return True
    network = known.get("network", "")
    if not firewall.lets_probers_in(compute, group.project, network, port):
        return False
    if port not in _named(compute, group).values():
        return False
    return check["type"] == "TCP" or details.get("requestPath", "/") in _HEALTHY


def _checked_port(compute: Compute, service: Body, group: Place, details: Body) -> int:
    by = details.get("portSpecification", "USE_FIXED_PORT")
    if by == "USE_SERVING_PORT":
        return _port_of(compute, service, group)
    if by == "USE_NAMED_PORT" or "port" not in details:
        named = _named(compute, group).get(details.get("portName", ""))
        return named or _port_of(compute, service, group)
    return int(details["port"])


def _port_of(compute: Compute, service: Body, group: Place) -> int:
    """Where the load balancer goes: the port that the group gives the service's name for it."""
    named = _named(compute, group).get(service.get("portName", ""))
    return named or int(service.get("port", 80))


def _named(compute: Compute, group: Place) -> dict[str, int]:
    body = compute.find(group) or {}
    return {it["name"]: int(it["port"]) for it in body.get("namedPorts", ())}


def _listens(compute: Compute, group: Place, port: int) -> bool:
    return compute.find(group) is None or port in _named(compute, group).values()


def _database_is_missed(world: World) -> bool:
    """For instances whose health depends on the database, which they reach without a connector."""
    if not internet_of(world).backends.get("streamDependsOnDatabase"):
        return False
    return any(
        it.door != "open"
        or (it.network and not database.peered(world, it.network))
        or database.error_for(world, it, None)
        for it in database.databases(world)
    )
