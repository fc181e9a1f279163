"""The REST paths of Cloud DNS v1 (https://cloud.google.com/dns/docs/reference/rest/v1)."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Sequence
from typing import Final

from gcp_sandbox.dns import names, quota, recordset
from gcp_sandbox.dns.errors import bad_value, exists, invalid, not_found, required
from gcp_sandbox.dns.section import NAME, DnsSection
from gcp_sandbox.dns.zone import Event, Zone
from gcp_sandbox.errors import GoogleError
from gcp_sandbox.paging import page
from gcp_sandbox.request import Body, Json, Request
from gcp_sandbox.router import Router
from gcp_sandbox.world import World

_PAGE: Final = 1000
_FILTER: Final = re.compile(
    r"""\s*name\s*=\s*(?P<suffix>has_suffix\s*\(\s*)?["'](?P<name>[^"']+)["']\s*(?(suffix)\)\s*)"""
    r"""(?:AND\s+type\s*=\s*["'](?P<type>\w+)["']\s*)?"""
)
_DEPTH: Final = len(str(2**63))

Act = Callable[[], Json]


def register(world: World, router: Router) -> DnsSection:
    """Serve Cloud DNS from this world."""
    section = DnsSection(world)
    world.register(NAME, section)
    api = _Api(section)
    projects = "/dns/v1/projects/{project}"
    zones = f"{projects}/managedZones"
    zone = f"{zones}/{{managedZone}}"
    rrset = f"{zone}/rrsets/{{name}}/{{type}}"
    for method, path, handler in (
        ("GET", projects, api.get_project),
        ("POST", zones, api.create_zone),
        ("GET", zones, api.list_zones),
        ("GET", zone, api.get_zone),
        ("PATCH", zone, api.patch_zone),
        ("PUT", zone, api.update_zone),
        ("DELETE", zone, api.delete_zone),
        ("GET", f"{zone}/operations", api.list_operations),
        ("GET", f"{zone}/operations/{{operation}}", api.get_operation),
        ("POST", f"{zone}/changes", api.create_change),
        ("GET", f"{zone}/changes", api.list_changes),
        ("GET", f"{zone}/changes/{{changeId}}", api.get_change),
        ("GET", f"{zone}/rrsets", api.list_sets),
        ("POST", f"{zone}/rrsets", api.create_set),
        ("GET", rrset, api.get_set),
        ("PATCH", rrset, api.patch_set),
        ("DELETE", rrset, api.delete_set),
    ):
        router.add(method, path, handler)
    return section


class _Api:
    def __init__(self, section: DnsSection) -> None:
        self._section = section

    def _zone(self, request: Request) -> Zone:
        return self._section.zone(request.params["project"], request.params["managedZone"])

    def _now(self) -> float:
        return self._section.world.clock.time()

    def _once(self, request: Request, act: Act) -> Json:
        """Act, unless this `clientOperationId` did so before: then the answer of that time."""
        identity = request.query.get("clientOperationId")
        if not identity:
            return act()
        key = f"{request.params['project']}/{identity}"
        asked = json.dumps([request.method, request.path, request.body], sort_keys=True)
        asked = hashlib.sha256(asked.encode()).hexdigest()
        remembered = self._section.remembered
        if key in remembered:
            before, answer = remembered[key]
            if before != asked:
                raise exists("parameters.clientOperationId", identity)
            return answer
        answer = act()
        remembered[key] = [asked, answer]
        return answer

    # projects

    def get_project(self, request: Request) -> Json:
        project = request.params["project"]
        return {
            "id": project,
            "number": self._section.number(project),
            "quota": quota.quota_object(self._section.limits),
            "kind": "dns#project",
        }

    # managedZones

    def create_zone(self, request: Request) -> Json:
        project = request.params["project"]
        return self._once(request, lambda: self._section.create(project, request.body).body)

    def list_zones(self, request: Request) -> Json:
        wanted = request.query.get("dnsName", "").lower()
        zones = self._section.zones(request.params["project"]).values()
        bodies = [zone.body for zone in zones if wanted in {"", zone.apex}]
        bodies.sort(key=_name_of)
        chosen, token = page(bodies, request.query, cap=_PAGE, key=_name_of)
        return _listed("managedZones", chosen, token)

    def get_zone(self, request: Request) -> Json:
        return self._zone(request).body

    def patch_zone(self, request: Request) -> Json:
        return self._once(request, lambda: self._modify(request, merge=True))

    def update_zone(self, request: Request) -> Json:
        return self._once(request, lambda: self._modify(request, merge=False))

    def _modify(self, request: Request, *, merge: bool) -> Json:
        identity = request.query.get("clientOperationId")
        return self._section.modify(
            self._zone(request), request.body, merge=merge, operation_id=identity
        )

    def delete_zone(self, request: Request) -> Json:
        return self._once(request, lambda: self._delete_zone(request))

    def _delete_zone(self, request: Request) -> Json:
        self._section.delete(request.params["project"], self._zone(request))
        return {}

    # managedZoneOperations

    def list_operations(self, request: Request) -> Json:
        events = self._zone(request).operations
        sort_by = request.query.get("sortBy", "startTime")
        if sort_by not in {"startTime", "id"}:
            raise invalid("parameters.sortBy", sort_by)
        events = sorted(events, key=lambda event: str(event.body[sort_by]))
        return self._events("operations", "managedZoneOperations", events, request)

    def get_operation(self, request: Request) -> Json:
        wanted = request.params["operation"]
        return self._event(self._zone(request).operations, "parameters.operation", wanted)

    # changes

    def create_change(self, request: Request) -> Json:
        return self._once(request, lambda: self._change(request))

    def _change(self, request: Request) -> Json:
        return self._section.change(self._zone(request), request.body)

    def list_changes(self, request: Request) -> Json:
        events = list(self._changes(request))
        sort_by = request.query.get("sortBy", "changeSequence")
        if sort_by.lower() != "changesequence":
            raise invalid("parameters.sortBy", sort_by)
        order = request.query.get("sortOrder", "ascending")
        if order not in {"ascending", "descending"}:
            raise invalid("parameters.sortOrder", order)
        if order == "descending":
            events.reverse()
        return self._events("changes", "changes", events, request)

    def get_change(self, request: Request) -> Json:
        wanted = request.params["changeId"]
        return self._event(self._changes(request), "parameters.changeId", wanted)

    def _changes(self, request: Request) -> Sequence[Event]:
        return self._section.changes_of(request.params["project"], self._zone(request))

    def _events(
        self, member: str, collection: str, events: Sequence[Event], request: Request
    ) -> Json:
        """A page of events in the order given; the token counts those already answered."""
        numbered = [(f"{number:0{_DEPTH}}", event) for number, event in enumerate(events)]
        chosen, token = page(numbered, request.query, cap=_PAGE, key=lambda pair: pair[0])
        now = self._now()
        return _listed(member, [event.at(now) for _, event in chosen], token, collection)

    def _event(self, events: Sequence[Event], what: str, identity: str) -> Json:
        for event in events:
            if event.body["id"] == identity:
                return event.at(self._now())
        raise not_found(what, identity)

    # resourceRecordSets

    def list_sets(self, request: Request) -> Json:
        zone = self._zone(request)
        keys = _chosen_keys(zone, request.query)
        chosen, token = page(keys, request.query, cap=_PAGE, key=str)
        return _listed("rrsets", [zone.sets[key] for key in chosen], token, "resourceRecordSets")

    def get_set(self, request: Request) -> Json:
        return self._live(request)

    def create_set(self, request: Request) -> Json:
        return self._once(request, lambda: self._create_set(request))

    def _create_set(self, request: Request) -> Json:
        new = recordset.stored_form(request.body, "entity.rrset")
        self._section.change_set(self._zone(request), old=None, new=new)
        return new

    def patch_set(self, request: Request) -> Json:
        return self._once(request, lambda: self._patch_set(request))

    def _patch_set(self, request: Request) -> Json:
        old = self._live(request)
        given = request.body if isinstance(request.body, dict) else {}
        base = dict(old)
        if given.get("routingPolicy"):
            base.pop("rrdatas", None)
        elif given.get("rrdatas"):
            base.pop("routingPolicy", None)
        new = recordset.stored_form({**base, **given}, "entity.rrset")
        self._section.change_set(self._zone(request), old=old, new=new)
        return new

    def delete_set(self, request: Request) -> Json:
        return self._once(request, lambda: self._delete_set(request))

    def _delete_set(self, request: Request) -> Json:
        self._section.change_set(self._zone(request), old=self._live(request), new=None)
        return {}

    def _live(self, request: Request) -> Body:
        name, rrtype = request.params["name"].lower(), request.params["type"].upper()
        stored = self._zone(request).get(name, rrtype)
        if stored is None:
            raise not_found("parameters.name", f"{name} ({rrtype})")
        return stored


def _name_of(zone: Body) -> str:
    return str(zone["name"])


def _chosen_keys(zone: Zone, query: dict[str, str]) -> Sequence[str]:
    """The sort keys that `name`, `type` and `filter` leave."""
    name, rrtype = query.get("name"), query.get("type")
    if query.get("filter"):
        if name or rrtype:
            raise invalid("parameters.filter", query["filter"])
        return _filtered_keys(zone, query["filter"])
    if not name:
        if rrtype:
            raise required("parameters.name")
        return zone.keys
    return [key for key in zone.keys_of(name.lower()) if rrtype in {None, zone.sets[key]["type"]}]


def _filtered_keys(zone: Zone, expression: str) -> Sequence[str]:
    match = _FILTER.fullmatch(expression)
    if match is None:
        raise GoogleError(400, "invalid", bad_value("parameters.filter", expression))
    name, rrtype = match["name"].lower(), match["type"]
    keys = zone.keys if match["suffix"] else zone.keys_of(name)
    return [
        key
        for key in keys
        if names.within(zone.sets[key]["name"], name) and rrtype in {None, zone.sets[key]["type"]}
    ]


def _listed(
    member: str, items: Sequence[Body], token: str | None, collection: str | None = None
) -> Body:
    body: Body = {member: list(items)}
    if token:
        body["nextPageToken"] = token
    return {**body, "kind": f"dns#{collection or member}ListResponse"}
