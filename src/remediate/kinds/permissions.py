"""What IAM must allow for each kind: derived from its calls and links, and from one table of names.

Names and exceptions are those of Google's predefined roles `compute.loadBalancerAdmin`,
`dns.admin`, `certificatemanager.owner`, `run.developer`, `cloudsql.admin` and `vpcaccess.admin`
(https://cloud.google.com/iam/docs/roles-permissions).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from remediate.gcp.api import Api
from remediate.kinds.bodies.links import scope_of
from remediate.kinds.facts import Scope
from remediate.kinds.kind import Kind
from remediate.kinds.registry import NAMES, kind
from remediate.model.plan import Action
from remediate.model.ref import Ref

READ, CREATE, CHANGE, DELETE, WAIT, LINK = "read", "create", "change", "delete", "wait", "link"

_PREFIX: Final = {
    Api.CERTIFICATE_MANAGER: "certificatemanager",
    Api.COMPUTE: "compute",
    Api.DNS: "dns",
    Api.RUN: "run",
    Api.SQL: "cloudsql",
    Api.VPC_ACCESS: "vpcaccess",
}
# Where permissions call a collection something else than its API does.
_NAMES: Final = {
    "certificates": "certs",
    "certificateMaps": "certmaps",
    "certificateMapEntries": "certmapentries",
    "dnsAuthorizations": "dnsauthorizations",
}
# Collections that are named for being global, and plain where they are regional.
_GLOBAL: Final = {"addresses": "globalAddresses", "forwardingRules": "globalForwardingRules"}
_ENDPOINT_GROUPS: Final = {
    Scope.GLOBAL: "globalNetworkEndpointGroups",
    Scope.REGION: "regionNetworkEndpointGroups",
    Scope.ZONE: "networkEndpointGroups",
}
# What linking to one takes; nothing for what is only named, or asks for nothing.
_USE: Final = {
    **dict.fromkeys(("Address", "BackendService", "NetworkEndpointGroup", "SslPolicy"), "use"),
    **dict.fromkeys(("TargetHttpProxy", "TargetHttpsProxy", "UrlMap", "VpcConnector"), "use"),
    **dict.fromkeys(("Certificate", "CertificateMap", "DnsAuthorization"), "use"),
    "HealthCheck": "useReadOnly",
    "SslCertificate": "get",
}
# What of Compute Engine is never ours: its name to global kinds, and to regional ones.
_USE_OF_OTHERS: Final = {
    "backendBuckets": ("backendBuckets", "regionBackendBuckets"),
    "instanceGroups": ("instanceGroups", "instanceGroups"),
    "networks": ("networks", "networks"),
    "securityPolicies": ("securityPolicies", "regionSecurityPolicies"),
    "subnetworks": ("subnetworks", "subnetworks"),
}
_SAME: Final = {"setEdgeSecurityPolicy": "setSecurityPolicy"}  # calls that share a permission
_WAITS: Final = {
    Api.CERTIFICATE_MANAGER: "certificatemanager.operations.get",
    Api.RUN: "run.operations.get",
    Api.SQL: "cloudsql.instances.get",
    Api.VPC_ACCESS: "vpcaccess.operations.get",
}
_OPERATIONS: Final = {
    Scope.GLOBAL: "compute.globalOperations.get",
    Scope.REGION: "compute.regionOperations.get",
    Scope.ZONE: "compute.zoneOperations.get",
}
_MORE: Final[Mapping[str, Mapping[str, tuple[str, ...]]]] = {
    "DnsZone": {
        READ: ("dns.resourceRecordSets.list",),
        CREATE: ("dns.networks.bindPrivateDNSZone", "dns.networks.targetWithPeeringZone"),
        CHANGE: (
            *("dns.changes.create", "dns.changes.get", "dns.changes.list", "dns.projects.get"),
            *("dns.resourceRecordSets.create", "dns.resourceRecordSets.delete"),
            "dns.resourceRecordSets.update",
        ),
        WAIT: ("dns.managedZoneOperations.get", "dns.managedZoneOperations.list"),
    },
    # it writes nothing, and `roles/compute.viewer` has it
    "UrlMap": {READ: ("compute.urlMaps.validate",)},
    "RunService": {
        READ: ("run.revisions.get",),
        CREATE: ("iam.serviceAccounts.actAs",),
        CHANGE: ("iam.serviceAccounts.actAs",),
    },
}
_LISTS: Final = (
    "certificatemanager.operations.list",
    "compute.globalOperations.list",
    "compute.regionOperations.list",
    "compute.zoneOperations.list",
    "dns.changes.list",
    "dns.managedZoneOperations.list",
    "run.operations.list",
    "vpcaccess.operations.list",
)
_SOMETIMES: Final = {
    "compute.addresses.createInternal": "for internal addresses",
    "compute.globalAddresses.createInternal": "for internal addresses",
    "dns.networks.bindPrivateDNSZone": "for private zones",
    "dns.networks.targetWithPeeringZone": "for peering zones",
    "iam.serviceAccounts.actAs": "on the service account that it runs as",
    "run.revisions.get": "for masked values and rollbacks",
    **dict.fromkeys(_LISTS, "to go on with a run, or back, when an answer was lost"),
}
"""When a permission is needed that not every write of the kind needs."""


def permissions(facts: Kind, scope: Scope) -> dict[str, tuple[str, ...]]:
    """By what is to be done: read, create, change, delete, wait for an operation, link."""
    own = collection(facts, scope)
    found = {
        READ: [f"{own}.list", f"{own}.get"],
        CREATE: [f"{own}.create"],
        CHANGE: [f"{own}.{word}" for word in _changing(facts, scope)],
        DELETE: [f"{own}.delete"],
        WAIT: _waiting(_of_operations(facts, scope)),
        LINK: [*_linking(facts, scope)],
    }
    if facts.collection == "addresses":
        found[CREATE].append(f"{own}.createInternal")
    for what, names in _MORE.get(facts.name, {}).items():
        found[what] += [_beside(own, name) for name in names]
    return {what: _once(names) for what, names in found.items() if _once(names)}


def _of_operations(facts: Kind, scope: Scope) -> str:
    return _OPERATIONS[scope] if facts.api is Api.COMPUTE else _WAITS.get(facts.api, "")


def _waiting(look: str) -> list[str]:
    """To look at an operation, and to find it where its name was never told."""
    kept = look.removesuffix("perations.get")
    return [look] if kept == look else [look, f"{kept}perations.list"]


def taken_by(at: Ref, verb: Action, method: str = "") -> tuple[str, ...]:
    """What one write takes whatever it holds; of a record set, what a change of its zone takes."""
    facts = kind(at.kind)
    if at.is_record_set:
        return _MORE[facts.name][CHANGE]
    scope = scope_of(at)
    every = permissions(facts, scope)
    wait = every.get(WAIT, ())
    if verb.removes:
        return (*every[DELETE], *wait)
    if verb is not Action.UPDATE:
        return (*(name for name in every[CREATE] if not sometimes(name)), *wait)
    return (f"{collection(facts, scope)}.{_changed_by(method)}", *wait)


def use_of(at: Ref) -> str:
    """What linking to one takes; empty where nothing is known, or nothing asked for."""
    known = at.kind in NAMES and at.kind in _USE
    return f"{collection(kind(at.kind), scope_of(at))}.{_USE[at.kind]}" if known else ""


def sometimes(permission: str) -> str:
    """When it is needed, if not always."""
    return _SOMETIMES.get(permission, "")


def collection(facts: Kind, scope: Scope) -> str:
    """What the permissions of a kind begin with: `compute.regionUrlMaps`."""
    name = facts.collection
    if facts.api is Api.COMPUTE:
        if name == "networkEndpointGroups":
            name = _ENDPOINT_GROUPS[scope]
        elif name in _GLOBAL:
            name = _GLOBAL[name] if scope is Scope.GLOBAL else name
        elif scope is not Scope.GLOBAL:
            name = f"region{name[0].upper()}{name[1:]}"
    return f"{_PREFIX[facts.api]}.{_NAMES.get(name, name)}"


def _changing(facts: Kind, scope: Scope) -> Iterator[str]:
    """`patch` and `update` take `update`; the calls for single fields have names of their own."""
    for each in facts.updates:
        if scope in each.scopes:
            yield _changed_by(each.method)


def _changed_by(method: str) -> str:
    return _SAME.get(method, method) if method.startswith("set") else "update"


def _beside(own: str, name: str) -> str:
    """Of the same collection, where that is called otherwise in another scope."""
    service, _, rest = name.partition(".")
    part, _, deed = rest.partition(".")
    regional = f"{service}.region{part[0].upper()}{part[1:]}"
    return f"{own}.{deed}" if own == regional else name


def _linking(facts: Kind, scope: Scope) -> Iterator[str]:
    """What those that it may link to ask of whoever does."""
    for name in dict.fromkeys(name for allowed in facts.all_links.values() for name in allowed):
        if name in NAMES and name in _USE:
            yield from (f"{collection(kind(name), at)}.{_USE[name]}" for at in _reach(name, scope))
        elif facts.api is Api.COMPUTE and name in _USE_OF_OTHERS:
            yield f"compute.{_USE_OF_OTHERS[name][scope is not Scope.GLOBAL]}.use"


def _reach(name: str, scope: Scope) -> list[Scope]:
    """Where the other may be: beside it; a global backend reaches endpoint groups anywhere."""
    other = kind(name)
    if scope is Scope.GLOBAL and name == "NetworkEndpointGroup":
        return sorted(other.scopes)
    return [scope if scope in other.scopes else other.default_scope]


def _once(names: list[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in names if name))
