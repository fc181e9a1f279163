"""The application that every Cloud Run service runs here, and Cloud Run before it.

`/health` tells of itself and its database, `/ws` is a WebSocket that echoes; nothing else is there.
The database is the one whose connection name, or address, stands in an environment variable.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gcp_sandbox.backends import database, websocket
from gcp_sandbox.backends.database import Database
from gcp_sandbox.internet.section import internet_of
from gcp_sandbox.request import Body
from gcp_sandbox.run.section import NAME, Run
from gcp_sandbox.run.shape import LATEST
from gcp_sandbox.server import Message, Reply
from gcp_sandbox.world import World

_INVOKER: Final = "roles/run.invoker"
_SHUT: Final = frozenset({"INGRESS_TRAFFIC_INTERNAL_ONLY", "INGRESS_TRAFFIC_NONE"})
_HOSTS: Final = ("POSTGRES_HOST", "DB_HOST", "DATABASE_HOST", "PGHOST")
_SOCKETS: Final = "/cloudsql/"
_SLOW_CONNECTOR: Final = 1.2
"""Seconds that an answer takes through a connector that has too few machines."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, and after how many seconds it comes."""

    reply: Reply
    delay: float = 0.0


def serve(world: World, name: str, tag: str, message: Message) -> Answer:
    """What a load balancer gets from service `name` (`projects/P/locations/L/services/S`)."""
    section = world.sections[NAME]
    assert isinstance(section, Run)
    service = section.services.get(name)
    if service is None or service.get("ingress") in _SHUT:
        return Answer(_page(404, "Page not found", "The requested URL was not found on this "))
    if not _may_invoke(section, service):
        text = "Your client does not have permission to get URL from this "
        return Answer(_page(403, "Forbidden", text))
    revision = _chosen(section, service, tag)
    if revision is None:
        return Answer(Reply(503, b"Service Unavailable\n", "text/plain"))
    told = internet_of(world).backends.get(name.rpartition("/")[2]) or {}
    if told.get("instancesNeeded", 1) > _most_instances(service, revision):
        return Answer(Reply(429, b"Rate exceeded.", "text/plain"))
    return Answer(_application(section, revision, told, message), _delay(world, revision, told))


def _page(status: int, title: str, text: str) -> Reply:
    body = f"<html><head><title>{status} {title}</title></head><body>{text}server.</body></html>\n"
    return Reply(status, body.encode(), "text/html; charset=UTF-8")


def _may_invoke(section: Run, service: Body) -> bool:
    """Whether anybody may: a load balancer brings no identity of its own."""
    bindings = section.policies.get(service["name"], {}).get("bindings", ())
    return service.get("invokerIamDisabled") or any(
        it["role"] == _INVOKER and "allUsers" in it["members"] for it in bindings
    )


def _chosen(section: Run, service: Body, tag: str) -> Body | None:
    """The revision that this request goes to, by the shares of the traffic, or by its tag."""
    targets = service.get("trafficStatuses", [])
    if tag:
        targets = [it for it in targets if it.get("tag") == tag]
        shares = [100 for _ in targets]
    else:
        targets = [it for it in targets if it.get("percent")]
        shares = [it["percent"] for it in targets]
    if not targets:
        return None
    drawn = section.world.chance.below(sum(shares)) if len(targets) > 1 else 0
    for target, share in zip(targets, shares, strict=True):
        drawn -= share
        if drawn < 0:
            return section.revisions.get(_revision(service, target))
    return None


def _revision(service: Body, target: Body) -> str:
    if target.get("type") == LATEST:
        return str(service.get("latestReadyRevision"))
    return f"{service['name']}/revisions/{target['revision']}"


def _most_instances(service: Body, revision: Body) -> float:
    own = service.get("scaling", {})
    if own.get("scalingMode") == "MANUAL":  # 0 switches it off; with which status is not documented
        return float(own.get("manualInstanceCount", 0))
    most = [it.get("scaling", {}).get("maxInstanceCount") for it in (service, revision)]
    return min((it for it in most if it), default=float("inf"))


def _delay(world: World, revision: Body, told: Body) -> float:
    delay = float(told.get("delay", 0.0))
    body = database.connector(world, revision.get("vpcAccess", {}).get("connector", ""))
    if body is not None and told.get("connectorInstancesNeeded", 0) > body.get("maxInstances", 0):
        delay += _SLOW_CONNECTOR
    return delay


def _application(section: Run, revision: Body, told: Body, message: Message) -> Reply:
    world = section.world
    identity = revision["name"].rpartition("/")[2]
    status = (told.get("revisions", {}).get(identity) or {}).get("answers")
    path = message.target.partition("?")[0]
    trouble = _trouble(section, revision)
    if path == "/ws" and websocket.asked_for(message):
        closing = "internal error" if status else trouble.reason if trouble and trouble.gone else ""
        seconds = float(revision.get("timeout", "300s").removesuffix("s"))
        return websocket.upgraded(world.clock, message, seconds=seconds, closing=closing)
    if status:
        return _json(status, {"error": "internal error", "revision": identity})
    if path == "/ws":
        return _json(426, {"error": "a WebSocket"}, {"Upgrade": "websocket"})
    if path != "/health":
        return _json(404, {"error": "not found"})
    if message.method not in {"GET", "HEAD"}:
        return _json(405, {"error": "method not allowed"}, {"Allow": "GET, HEAD"})
    return _health(identity, trouble, has_database=bool(_host(revision)))


def _health(identity: str, trouble: Trouble | None, *, has_database: bool) -> Reply:
    told: Body = {"status": "ok", "revision": identity, "dependencies": {}}
    if has_database:
        told["dependencies"] = {"database": "ok"}
    if trouble is None:
        return _json(200, told)
    told |= {"status": "unavailable", "reason": f"database: {trouble.reason}"}
    return _json(503, told | {"dependencies": {"database": trouble.reason}})


def _json(status: int, body: Body, headers: dict[str, str] | None = None) -> Reply:
    return Reply(status, json.dumps(body).encode(), "application/json", headers or {})


@dataclass(frozen=True, slots=True)
class Trouble:
    """What keeps the application from its database, as it would say; `gone`: not even reached.

    Refused over a password, or a lack of slots, it lives on with the connections that it has.
    """

    reason: str
    gone: bool = True


def _trouble(section: Run, revision: Body) -> Trouble | None:
    world = section.world
    host = _host(revision)
    if not host:
        if any(_host(it) for it in _others(section, revision)):
            return Trouble("POSTGRES_HOST is not set")
        return None
    found = _named(world, host)
    where = f"{found.address}:5432" if found else host
    if found is None or found.door == "silent" or not _reaches(world, revision, found):
        return Trouble(f"no connection to {where}: timed out")
    if found.door == "refused":
        return Trouble(f"no connection to {where}: refused")
    sqlstate = database.error_for(world, found, revision)
    if sqlstate:
        said = database.MESSAGES.get(sqlstate, "not now")
        return Trouble(f"{where}: FATAL {sqlstate}: {said}", gone=False)
    return None


def _host(revision: Body) -> str:
    """Where the application looks for its database; "" for nowhere."""
    told = {it["name"]: it.get("value", "") for it in _environment(revision)}
    socket = next((value for value in told.values() if value.startswith(_SOCKETS)), "")
    return socket or next((told[name] for name in _HOSTS if told.get(name)), "")


def _environment(revision: Body) -> Iterator[Body]:
    for container in revision["containers"]:
        yield from container.get("env", ())


def _others(section: Run, revision: Body) -> list[Body]:
    """The service's other revisions: what one of them needed, all need."""
    service = revision["name"].partition("/revisions/")[0]
    return section.revisions_of(f"{service}/revisions")


def _named(world: World, host: str) -> Database | None:
    name = host.removeprefix(_SOCKETS)
    for it in database.databases(world):
        addresses = {held["ipAddress"] for held in it.body["ipAddresses"]}
        if name == it.body["connectionName"] or name in addresses:
            return it
    return None


def _reaches(world: World, revision: Body, found: Database) -> bool:
    if not found.network:
        return True
    access = revision.get("vpcAccess", {})
    direct = any(
        database.same_network(it.get("network", ""), found.network)
        for it in access.get("networkInterfaces", ())
    )
    through = database.connector_works(world, access.get("connector", ""), found.network)
    return (direct or through) and database.peered(world, found.network)
