"""Cloud DNS's part of the world: the zones of every project."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from gcp_sandbox.clock import rfc3339
from gcp_sandbox.dns import change, managed_zone, quota, recordset
from gcp_sandbox.dns.errors import exists, not_found
from gcp_sandbox.dns.zone import Event, Zone
from gcp_sandbox.errors import GoogleError
from gcp_sandbox.internet.section import internet_of
from gcp_sandbox.project import number
from gcp_sandbox.request import Body, Json
from gcp_sandbox.world import World

NAME: Final = "dns"
_SECONDS_OF_A_CHANGE: Final = 1.0
"""Recorded: done within two seconds."""
_APEX_TTL: Final = 21600
_HOSTMASTER: Final = "cloud-dns-hostmaster.google.com."
_LETTERS: Final = "abcde"


@dataclass(slots=True)
class DnsSection:
    """Zones by project and name. `limits` are the quotas; a scenario or a bench may raise them.

    `remembered` maps a project's client operation ids to the request and the answer they had.
    """

    world: World
    limits: dict[str, int] = field(default_factory=lambda: dict(quota.DEFAULTS))
    projects: dict[str, dict[str, Zone]] = field(default_factory=dict)
    remembered: dict[str, Json] = field(default_factory=dict)

    def zones(self, project: str) -> dict[str, Zone]:
        return self.projects.get(project, {})

    def zone(self, project: str, name_or_id: str) -> Zone:
        """A zone by name, or by its numeric id; raises 404."""
        zones = self.zones(project)
        if name_or_id in zones:
            return zones[name_or_id]
        for zone in zones.values():
            if zone.body["id"] == name_or_id:
                return zone
        raise not_found("parameters.managedZone", name_or_id)

    def create(self, project: str, given: Json, servers: list[str] | None = None) -> Zone:
        """Make a zone with its NS and SOA, and change "0", which put them there.

        `servers` are told only where a scenario wants certain ones.
        """
        body = managed_zone.new_body(given)
        zones = self.projects.setdefault(project, {})
        if body["name"] in zones:
            raise exists(managed_zone.AT, body["name"])
        if len(zones) >= self.limits["managedZones"]:
            raise GoogleError(
                403, "quotaExceeded", "The project would exceed quota for managed zones."
            )
        servers = servers or self._servers_for(body)
        now = self.world.clock.time()
        zone = Zone(
            {
                **body,
                "id": self.world.chance.number(),
                "nameServers": servers,
                "creationTime": rfc3339(now),
            }
        )
        born = _born_with(zone)
        zone.replace((), born)
        zone.changes.append(Event(_change_body(0, born, (), rfc3339(now)), now))
        zones[body["name"]] = zone
        if zone.is_public:
            internet_of(self.world).follow(zone.apex, servers)
        self.world.touch(NAME)
        return zone

    def _servers_for(self, body: Body) -> list[str]:
        if body["visibility"] == "public":
            return managed_zone.name_servers(self._free_letter(body["dnsName"]))
        return managed_zone.PRIVATE_SERVERS

    def _free_letter(self, apex: str) -> str:
        """A name server set that serves no zone of this name yet: there are five."""
        taken = {
            zone.body["nameServers"][0].removeprefix("ns-cloud-")[0]
            for zone in self.public_zones()
            if zone.apex == apex
        }
        free = [letter for letter in _LETTERS if letter not in taken]
        if not free:
            raise GoogleError(
                400,
                "managedZoneDnsNameNotAvailable",
                f"The domain '{apex}' (or its child domains) may be reserved or registered "
                "already, prohibited by policy, or there may be no DNS name server shards "
                "remaining for the name. For more information see "
                "https://cloud.google.com/dns/quotas#nameserver_limits.",
            )
        return free[self.world.chance.below(len(free))]

    def modify(self, zone: Zone, given: Json, *, merge: bool, operation_id: str | None) -> Body:
        """PATCH or PUT a zone; answers the operation."""
        before = zone.body
        zone.body = managed_zone.changed_body(before, given, merge=merge)
        now = self.world.clock.time()
        body = {
            "kind": "dns#operation",
            "id": operation_id or self.world.chance.uuid(),
            "startTime": rfc3339(now),
            "status": "pending",
            "type": "UPDATE",
            "user": "sandbox@localhost",
            "zoneContext": {"oldValue": before, "newValue": zone.body},
        }
        zone.operations.append(Event(body, self._done_at(now)))
        self.world.touch(NAME)
        return zone.operations[-1].at(now)

    def delete(self, project: str, zone: Zone) -> None:
        """Remove an empty zone; raises 400 where there are more sets than it was born with."""
        if any(
            stored["name"] != zone.apex or stored["type"] not in {"NS", "SOA"}
            for stored in zone.ordered()
        ):
            raise GoogleError(
                400,
                "containerNotEmpty",
                f"The resource named '{zone.body['name']}' cannot be deleted because it "
                "contains one or more 'resource records'.",
            )
        del self.projects[project][zone.body["name"]]
        self.world.touch(NAME)

    def change(self, zone: Zone, given: Json) -> Body:
        """Make a change, all of it or nothing; answers it, numbered and pending."""
        wanted = change.parsed(given)
        change.apply(zone, wanted, self.limits)
        now = self.world.clock.time()
        body = _change_body(len(zone.changes), wanted.additions, wanted.deletions, rfc3339(now))
        zone.changes.append(Event(body, self._done_at(now)))
        self.world.touch(NAME)
        return zone.changes[-1].at(now)

    def change_set(self, zone: Zone, *, old: Body | None, new: Body | None) -> None:
        """Create, replace or delete one set."""
        change.apply(
            zone,
            change.Change(
                [new] if new else [], [old] if old else [], "entity.rrset", "entity.rrset"
            ),
            self.limits,
        )
        self.world.touch(NAME)

    def _done_at(self, now: float) -> float:
        return now + _SECONDS_OF_A_CHANGE * self.world.options.operation_time

    def public_zones(self, project: str | None = None) -> Iterator[Zone]:
        """Zones as the internet sees them, of one project or of all, oldest first."""
        for name, zones in self.projects.items():
            if project is None or name == project:
                yield from (self._served(name, zone) for zone in zones.values() if zone.is_public)

    def _served(self, project: str, zone: Zone) -> Zone:
        waiting = self._first_waiting(project, zone)
        return zone if waiting is None else zone.before(waiting)

    def _first_waiting(self, project: str, zone: Zone) -> int | None:
        """The number of the first change that the name servers do not get to serve."""
        held = internet_of(self.world).part("served").get(f"{project}/{zone.body['name']}")
        if held is None:
            return None
        latest = len(zone.changes) - 1
        return max(1, latest if held["before"] == "latest" else int(held["before"]))

    def changes_of(self, project: str, zone: Zone) -> list[Event]:
        """A zone's changes, oldest first; those that are held up are not done for now."""
        waiting = self._first_waiting(project, zone)
        if waiting is None:
            return zone.changes
        held = (Event(event.body, math.inf) for event in zone.changes[waiting:])
        return [*zone.changes[:waiting], *held]

    def number(self, project: str) -> str:
        """The project's number: any, but always the same."""
        return number(project)

    def dump(self) -> Json:
        return {
            "quota": self.limits,
            "remembered": self.remembered,
            "projects": {
                project: [zone.dump() for zone in zones.values()]
                for project, zones in self.projects.items()
            },
        }

    def load(self, state: Json) -> None:
        self.clear()
        self.limits.update(state["quota"])
        self.remembered = state["remembered"]
        for project, zones in state["projects"].items():
            loaded = (Zone.from_dump(zone) for zone in zones)
            self.projects[project] = {zone.body["name"]: zone for zone in loaded}

    def populate(self, project: str, wanted: Json) -> None:
        """Take `{"quota": {…}, "managedZones": [{…, "rrsets": […]}]}`.

        A zone may say its own `nameServers`; NS and SOA are made unless written.
        """
        self.limits.update(wanted.get("quota", {}))
        for given in wanted.get("managedZones", ()):
            zone = self.create(project, given, given.get("nameServers"))
            born = {recordset.key_of(stored): stored for stored in _born_with(zone)}
            stored = (recordset.stored_form(it, "rrset") for it in given.get("rrsets", ()))
            sets = born | {recordset.key_of(it): it for it in stored}
            zone.replace(list(zone.ordered()), sets.values())

    def comparable(self) -> Json:
        return {
            project: {name: zone.comparable() for name, zone in sorted(zones.items())}
            for project, zones in sorted(self.projects.items())
            if zones
        }

    def clear(self) -> None:
        self.projects.clear()
        self.remembered.clear()
        self.limits.update(quota.DEFAULTS)


def _born_with(zone: Zone) -> list[Body]:
    servers = zone.body["nameServers"]
    data = {"NS": servers, "SOA": [f"{servers[0]} {_HOSTMASTER} 1 21600 3600 259200 300"]}
    return [
        {
            "name": zone.apex,
            "type": rrtype,
            "ttl": _APEX_TTL,
            "rrdatas": list(rrdatas),
            "signatureRrdatas": [],
            "kind": recordset.KIND,
        }
        for rrtype, rrdatas in data.items()
    ]


def _change_body(number: int, additions: Json, deletions: Json, start: str) -> Body:
    return {
        "additions": list(additions),
        "deletions": list(deletions),
        "startTime": start,
        "id": str(number),
        "status": "pending",
        "kind": "dns#change",
    }
