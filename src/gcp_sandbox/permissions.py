"""Which permissions a request takes: `service.collection.verb` by its path, and what differs.

https://cloud.google.com/iam/docs/permissions-reference; what calls take that are named otherwise:
https://cloud.google.com/compute/docs/access/iam-permissions,
https://cloud.google.com/dns/docs/access-control, https://cloud.google.com/sql/docs/postgres/iam-roles.
Permissions on what a body links to (`compute.sslCertificates.get` of a proxy's) are not asked for.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from gcp_sandbox.request import Request

_APIS: Final = (
    (r"/compute/", "compute"),
    (r"/dns/", "dns"),
    (r"/(?:upload/|resumable/upload/|download/)?storage/", "storage"),
    (r"/v3/projects/[^/]+/timeSeries", "monitoring"),
    (r"/v2/|/apis/|/v1/projects/[^/]+/locations/[^/]+/(?:services|revisions)", "run"),
    (r"/v1/(?:services|operations)/", "servicenetworking"),
    (r"/v1/projects/[^/]+/secrets", "secretmanager"),
    (r"/v1/projects/[^/]+/locations/[^/]+/connectors", "vpcaccess"),
    (r"/v1/projects/[^/]+/locations/[^/]+/(?:cert|dnsAuth)", "certificatemanager"),
    (r"/(?:sql/v1beta4|v1)/projects/[^/]+/(?:instances|operations|backups)", "cloudsql"),
)
_PLAIN: Final = frozenset({"cloudsql", "compute", "dns", "storage"})
"""Those whose methods stand behind a slash; a colon is part of a name there."""
_ROOT: Final = re.compile(r".*?/(?=projects/|namespaces/|services/|operations/|b(?:/|$))")
_SCOPES: Final = {"regions": "region", "zones": "zone", "locations": "", "aggregated": ""}
_NESTED: Final = frozenset(
    {"backupRuns", "certificateMapEntries", "changes", "connections", "o", "operations"}
    | {"revisions", "rrsets", "versions"}
)
"""Collections within a resource; anything else behind a name is a method of it."""
_VERBS: Final = {"POST": "create", "PATCH": "update", "PUT": "update", "DELETE": "delete"}
_METHODS: Final = {
    **dict.fromkeys(("getHealth", "getRule", "listNetworkEndpoints", "wait"), "get"),
    **dict.fromkeys(("addRule", "patchRule", "removeRule", "setNamedPorts"), "update"),
    "listInstances": "list",
    "setEdgeSecurityPolicy": "setSecurityPolicy",
    "cancel": "delete",
}
"""Methods that have no permission of their own name."""
_SPELLED: Final = {
    "b": "buckets",
    "backups": "backupRuns",
    "certificateIssuanceConfigs": "certissuanceconfigs",
    "certificateMapEntries": "certmapentries",
    "certificateMaps": "certmaps",
    "certificates": "certs",
    "dnsAuthorizations": "dnsauthorizations",
    "o": "objects",
    "rrsets": "resourceRecordSets",
}
_GLOBAL: Final = frozenset({"addresses", "forwardingRules", "networkEndpointGroups", "operations"})
"""Compute's that are named for being global."""
_SCOPELESS: Final = frozenset({"addresses", "forwardingRules"})
_INSTEAD: Final = {
    "cloudsql.operations.get": "cloudsql.instances.get",
    "cloudsql.operations.list": "cloudsql.instances.get",
    "dns.operations.get": "dns.managedZoneOperations.get",
    "dns.operations.list": "dns.managedZoneOperations.list",
    "secretmanager.secrets.addVersion": "secretmanager.versions.add",
    "servicenetworking.connections.create": "servicenetworking.services.addPeering",
    "servicenetworking.connections.deleteConnection": "servicenetworking.services.deleteConnection",
    "servicenetworking.connections.list": "servicenetworking.services.get",
    "servicenetworking.connections.update": "servicenetworking.services.addPeering",
}
_RECORDS: Final = "dns.resourceRecordSets"


@dataclass(frozen=True, slots=True)
class Needed:
    """`permissions` of an API, on `resource` by its name there: `projects/P/global/urlMaps/X`."""

    api: str
    permissions: tuple[str, ...]
    resource: str


def needed(request: Request, shared: str = "vpcaccess") -> Needed | None:
    """What a request takes, in the order in which it is missed; None for what is free to all.

    `shared` is the API of the paths that several have, those of operations and locations.
    """
    path = request.path
    if path.startswith("/batch") or path.endswith(":testIamPermissions"):
        return None  # the calls within are asked one by one; and who asks what he may
    api = next((name for pattern, name in _APIS if re.match(pattern, path)), shared)
    resource, custom = _ROOT.sub("", path, count=1).rstrip("/"), ""
    if api not in _PLAIN:
        resource, _, custom = resource.partition(":")
    scope, parts = _below(resource.split("/"))
    collection, method, resource = _split(request, parts, resource, custom)
    verb = "create" if "upload/" in path else _METHODS.get(method, method)
    if api == "compute":
        collection = _in_compute(collection, scope)
    permission = f"{api}.{_SPELLED.get(collection, collection)}.{verb}"
    first = _INSTEAD.get(permission, permission)
    return Needed(api, (first, *_beside(first, request)), resource)


def _below(parts: list[str]) -> tuple[str, list[str]]:
    """The scope, and what comes after the project and it."""
    if parts[0] in {"projects", "namespaces"}:
        project, parts = parts[:2], parts[2:]
        if not parts:
            return "", project
    if parts[0] == "global":
        return "global", parts[1:]
    if parts[0] == "aggregated":
        return "aggregated", parts[1:]
    if parts[0] in _SCOPES and len(parts) > 2:  # noqa: PLR2004 - a scope, its name, and more
        return _SCOPES[parts[0]], parts[2:]
    return "", parts


def _split(request: Request, parts: list[str], resource: str, custom: str) -> tuple[str, str, str]:
    """Collection, method, and the resource that it is about."""
    if len(parts) > 2 and parts[-3] == "rrsets":  # noqa: PLR2004 - a name and a type
        parts = parts[:-1]
    named = len(parts) % 2 == 0
    usual = _VERBS.get(request.method) or ("get" if named else "list")
    if custom:
        return parts[-2], custom, resource
    if len(parts) == 2 and parts[-1].startswith("list"):  # noqa: PLR2004 - of the whole collection
        return parts[0], parts[1], _above(resource)
    if len(parts) > 2 and not named and parts[-1] not in _NESTED:  # noqa: PLR2004 - as above
        return parts[-3], parts[-1], resource.rpartition("/")[0]
    if named:
        return parts[-2], usual, resource
    name = request.body.get("name") if isinstance(request.body, dict) else None
    made = usual == "create" and isinstance(name, str)
    return parts[-1], usual, f"{resource}/{name}" if made else _above(resource)


def _above(resource: str) -> str:
    """Whose a collection is: the project's, as Google says."""
    at = resource.rpartition("/")[0]
    return re.sub(r"/(?:global|aggregated|(?:regions|zones)/[^/]+)$", "", at)


def _in_compute(collection: str, scope: str) -> str:
    """`regionUrlMaps`, `globalAddresses`: what it is called in a scope."""
    if scope == "aggregated":
        return "globalOperations" if collection == "operations" else collection
    if scope == "global":
        named = scope if collection in _GLOBAL else ""
    elif scope == "zone":
        named = scope if collection == "operations" else ""
    else:
        named = "" if collection in _SCOPELESS else scope
    return f"{named}{collection[0].upper()}{collection[1:]}" if named else collection


def _beside(permission: str, request: Request) -> Iterator[str]:
    """What Cloud DNS asks for beside: the change for a record set, its record sets for a change."""
    body = request.body if isinstance(request.body, dict) else {}
    if permission == "dns.changes.create":
        for part, verb in (("additions", "create"), ("deletions", "delete")):
            if body.get(part):
                yield f"{_RECORDS}.{verb}"
    elif permission.startswith(_RECORDS) and permission.rpartition(".")[2] in _VERBS.values():
        yield "dns.changes.create"
