"""How an instance of Cloud SQL meets who comes to its door, and who gets there at all.

An instance with a private address is reached there alone: through a VPC Access connector, or a
network interface, and the peering that Service Networking made
(https://cloud.google.com/sql/docs/postgres/configure-private-ip).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from gcp_sandbox.clock import parse_rfc3339
from gcp_sandbox.internet.section import internet_of
from gcp_sandbox.request import Body
from gcp_sandbox.run.section import NAME as RUN
from gcp_sandbox.run.section import Run
from gcp_sandbox.servicenetworking.section import NAME as SERVICE_NETWORKING
from gcp_sandbox.servicenetworking.section import ServiceNetworking
from gcp_sandbox.sql.section import NAME as SQL
from gcp_sandbox.sql.section import CloudSql
from gcp_sandbox.vpcaccess.section import NAME as VPC_ACCESS
from gcp_sandbox.vpcaccess.section import Connectors
from gcp_sandbox.world import World

Door: TypeAlias = Literal["open", "silent", "refused"]
TOO_MANY: Final = "53300"
BAD_PASSWORD: Final = "28P01"  # noqa: S105 - an SQLSTATE
NOT_SO: Final = "28000"
_ENCRYPTED: Final = frozenset({"ENCRYPTED_ONLY", "TRUSTED_CLIENT_CERTIFICATE_REQUIRED"})
MESSAGES: Final = {
    TOO_MANY: "sorry, too many clients already",
    BAD_PASSWORD: 'password authentication failed for user "postgres"',
    NOT_SO: "no pg_hba.conf entry for this host and user, no encryption",
    "3D000": 'database "postgres" does not exist',
    "53100": "could not extend file: No space left on device",
    "57P03": "the database system is starting up",
}
_MOST_CONNECTIONS: Final = {"db-f1-micro": 25, "db-g1-small": 50}
"""Unless a flag says otherwise (https://cloud.google.com/sql/docs/postgres/flags)."""
_WORKING: Final = frozenset({"READY", "UPDATING"})


@dataclass(frozen=True, slots=True)
class Database:
    """An instance as a network sees it; `network` is "" where it is reached from anywhere."""

    body: Body
    address: str
    network: str
    door: Door


def databases(world: World) -> Iterator[Database]:
    """Those that have an address by now."""
    section = world.sections[SQL]
    assert isinstance(section, CloudSql)
    for bodies in section.instances.values():
        for body in bodies.values():
            addresses = {it["type"]: it["ipAddress"] for it in body.get("ipAddresses", ())}
            private = addresses.get("PRIVATE")
            address = private or addresses.get("PRIMARY")
            if address is not None:
                link = body["settings"]["ipConfiguration"].get("privateNetwork") or ""
                yield Database(body, address, link if private else "", _door(section, body))


def _door(section: CloudSql, body: Body) -> Door:
    state = section.state(body)
    if state == "MAINTENANCE":
        return "refused"
    up = state == "RUNNABLE" and body["settings"]["activationPolicy"] != "NEVER"
    return "open" if up else "silent"


def same_network(one: str, other: str) -> bool:
    """Whether two spellings mean one network; their projects are not compared."""
    return one.rpartition("/")[2] == other.rpartition("/")[2]


def peered(world: World, network: str) -> bool:
    """Whether Google's side of private services is connected to a network."""
    section = world.sections[SERVICE_NETWORKING]
    assert isinstance(section, ServiceNetworking)
    _, _, rest = network.partition("projects/")
    return bool(section.of(rest.partition("/")[0], network.rpartition("/")[2]))


def connector_works(world: World, name: str, network: str) -> bool:
    body = _connectors(world).get(name)
    return (
        body is not None
        and body["state"] in _WORKING
        and same_network(body.get("network", ""), network)
    )


def _connectors(world: World) -> dict[str, Body]:
    section = world.sections[VPC_ACCESS]
    assert isinstance(section, Connectors)
    return section.bodies


def connector(world: World, name: str) -> Body | None:
    return _connectors(world).get(name)


def has_vantage(world: World, network: str) -> bool:
    """Whether somebody inside a network looks out of it: through a connector that works."""
    return any(connector_works(world, name, network) for name in _connectors(world))


def error_for(world: World, database: Database, revision: Body | None) -> str:
    """The SQLSTATE that a revision is refused with; None asks for whoever serves; "" is none."""
    told = internet_of(world).backends.get("database") or {}
    if told.get("connections", 0) >= _most(database.body):
        return TOO_MANY
    sqlstate = told.get("sqlstate") or ""
    if sqlstate and "since" in told:
        made_since = [_made(it) >= told["since"] for it in _asking(world, revision)]
        return "" if made_since and all(made_since) else sqlstate
    return str(sqlstate)


def plainly(database: Database) -> str:
    """The SQLSTATE of whoever comes without TLS; "" where that is let in.

    Cloud Run's own socket always comes with it
    (https://cloud.google.com/sql/docs/postgres/configure-ssl-instance).
    """
    mode = database.body["settings"]["ipConfiguration"].get("sslMode", "")
    return NOT_SO if mode in _ENCRYPTED else ""


def _asking(world: World, revision: Body | None) -> list[Body]:
    if revision is not None:
        return [revision]
    section = world.sections[RUN]
    assert isinstance(section, Run)
    latest = [it.get("latestReadyRevision") for it in section.services.values()]
    return [section.revisions[name] for name in latest if name in section.revisions]


def _made(revision: Body) -> float:
    return parse_rfc3339(revision["createTime"]).timestamp()


def _most(body: Body) -> float:
    flags = {it["name"]: it.get("value") for it in body["settings"].get("databaseFlags", ())}
    told = str(flags.get("max_connections", ""))
    return int(told) if told.isdecimal() else _MOST_CONNECTIONS.get(body["settings"]["tier"], 100)
