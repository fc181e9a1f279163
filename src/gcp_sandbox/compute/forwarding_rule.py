"""Forwarding rules: an IP, a protocol and ports, and where they lead."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from gcp_sandbox.compute import refusals
from gcp_sandbox.compute.address import ips_of, taken
from gcp_sandbox.compute.kind import Draft, Kind, Link, Setter
from gcp_sandbox.compute.links import HOST, Place, parse
from gcp_sandbox.compute.section import Compute
from gcp_sandbox.request import Body

_MIGRATION = ("EXTERNAL", "EXTERNAL_MANAGED")
_HIGHEST_PORT = 65535


def ports_of(rule: Body) -> range:
    """The ports that a rule takes; all of them if it names none."""
    first, _, last = str(rule.get("portRange", "")).partition("-")
    return range(int(first), int(last or first) + 1) if first else range(1, _HIGHEST_PORT + 1)


def _prepare(draft: Draft) -> None:
    body = draft.body
    if not body["loadBalancingScheme"]:
        # A Private Service Connect endpoint balances nothing, and says so by an empty scheme.
        body |= {"pscConnectionId": body["id"], "pscConnectionStatus": "ACCEPTED"}
    if not body.get("target") and not body.get("backendService"):
        raise refusals.required("resource.target")
    if body.get("portRange"):
        body["portRange"] = _port_range(body["portRange"])
    if body["loadBalancingScheme"].startswith("INTERNAL"):
        body.setdefault("network", f"{HOST}projects/{draft.place.project}/global/networks/default")
    elif body["loadBalancingScheme"]:
        body.setdefault("networkTier", "PREMIUM")
    body["IPAddress"] = _ip(draft)
    body["selfLinkWithId"] = draft.place.link.rpartition("/")[0] + f"/{body['id']}"
    _check_conflict(draft)
    _check_scheme(draft)


def _port_range(text: str) -> str:
    first, dash, last = text.partition("-")
    last = last if dash else first
    if not (
        first.isdecimal() and last.isdecimal() and 1 <= int(first) <= int(last) <= _HIGHEST_PORT
    ):
        raise refusals.invalid("resource.portRange", text, "Must be a port or a range of ports.")
    return f"{int(first)}-{int(last)}"


def _ip(draft: Draft) -> str:
    """The literal IP that the rule gets: of the address it names, as written, or a new one."""
    compute, wanted = draft.compute, draft.body.get("IPAddress", "")
    if not wanted:
        return _ephemeral(draft)
    try:
        return str(ipaddress.ip_address(wanted.partition("/")[0]))
    except ValueError:
        place = parse(wanted, draft.place.project)
    if place is None or place.collection != "addresses":
        raise refusals.invalid("resource.IPAddress", wanted, "Invalid IP address or address URL.")
    address = compute.find(place)
    if address is None:
        raise refusals.not_found(place.path)
    if place.scope != draft.place.scope:
        raise refusals.invalid(
            "resource.IPAddress", wanted, f"Must be in the same scope as '{draft.place.path}'."
        )
    if (operation := compute.operations.under_way(place.path, "insert", "delete")) is not None:
        raise refusals.not_ready(place.path, operation.ends)
    return str(address["address"])


def _ephemeral(draft: Draft) -> str:
    scheme, pool = draft.body["loadBalancingScheme"], draft.compute.pool
    if scheme == "INTERNAL_SELF_MANAGED":
        return "0.0.0.0"  # noqa: S104 - what Google answers, nothing is bound to it
    if not scheme.startswith("EXTERNAL"):
        return pool.internal(taken(draft.compute))
    if draft.body.get("ipVersion") == "IPV6":
        return pool.external_ipv6()
    return pool.external(taken(draft.compute))


def _check_conflict(draft: Draft) -> None:
    """One rule an IP, protocol and port."""
    body = draft.body
    if body["IPAddress"] == "0.0.0.0":  # noqa: S104 - compared, not bound
        return
    mine = ports_of(body)
    for place, other in draft.compute.every("forwardingRules"):
        if place == draft.place or other["IPAddress"] != body["IPAddress"]:
            continue
        theirs = ports_of(other)
        apart = mine.stop <= theirs.start or theirs.stop <= mine.start
        if other["IPProtocol"] == body["IPProtocol"] and not apart:
            raise refusals.invalid(
                "resource.IPAddress",
                body["IPAddress"],
                "Specified IP address is in-use and would result in a conflict.",
            )


def _check_scheme(draft: Draft) -> None:
    old = draft.before["loadBalancingScheme"] if draft.before else None
    new = draft.body["loadBalancingScheme"]
    if old not in (None, new) and {old, new} != set(_MIGRATION):
        raise refusals.invalid("resource.loadBalancingScheme", new, "The field is immutable.")


def _address_of(compute: Compute, place: Place, body: Body) -> Iterable[str]:
    address = ips_of(compute, place.project).get(str(body.get("IPAddress")))
    return () if address is None else (address.path,)


FORWARDING_RULES = Kind(
    collection="forwardingRules",
    singular="forwardingRule",
    noun="forwarding_rule",
    resources={"global": "globalForwardingRules", "regions": "forwardingRules"},
    methods=frozenset({"insert", "get", "list", "delete", "patch"}),
    texts=(
        "name",
        "description",
        "IPAddress",
        "backendService",
        "ipCollection",
        "network",
        "portRange",
        "serviceLabel",
        "subnetwork",
        "target",
    ),
    numbers=("externalManagedBackendBucketMigrationTestingPercentage",),
    flags=(
        "allPorts",
        "allowGlobalAccess",
        "allowPscGlobalAccess",
        "isMirroringCollector",
        "noAutomateDnsZone",
    ),
    lists=(
        "IPAddresses",
        "metadataFilters",
        "ports",
        "serviceDirectoryRegistrations",
        "sourceIpRanges",
    ),
    choices={
        "externalManagedBackendBucketMigrationState": (
            "PREPARE",
            "TEST_ALL_TRAFFIC",
            "TEST_BY_PERCENTAGE",
        ),
        "IPProtocol": ("AH", "ESP", "ICMP", "L3_DEFAULT", "SCTP", "TCP", "UDP"),
        "ipVersion": ("IPV4", "IPV6", "UNSPECIFIED_VERSION"),
        "loadBalancingScheme": (
            "EXTERNAL",
            "EXTERNAL_MANAGED",
            "EXTERNAL_PASSTHROUGH",
            "INTERNAL",
            "INTERNAL_MANAGED",
            "INTERNAL_SELF_MANAGED",
            "INVALID",
        ),
        "networkTier": (
            "FIXED_STANDARD",
            "PREMIUM",
            "STANDARD",
            "STANDARD_OVERRIDES_FIXED_STANDARD",
        ),
    },
    served=frozenset(
        {
            "attachedExtensions",
            "availabilityGroup",
            "baseForwardingRule",
            "childForwardingRules",
            "parentForwardingRule",
            "pscConnectionId",
            "pscConnectionStatus",
            "serviceName",
        }
    ),
    immutable=frozenset(
        {
            "IPAddress",
            "IPProtocol",
            "allPorts",
            "backendService",
            "description",
            "ipVersion",
            "network",
            "portRange",
            "ports",
            "subnetwork",
            "target",
        }
    ),
    links=(
        Link(
            "target",
            ("targetHttpsProxies", "targetHttpProxies", "targetSslProxies", "targetTcpProxies"),
            same_scope=True,
            words=("all-apis", "vpc-sc"),
        ),
        Link("backendService", ("backendServices",), same_scope=True),
        Link("network", ("networks",)),
        Link("subnetwork", ("subnetworks",)),
    ),
    setters=(Setter("setTarget", "target", operation="SetTarget"),),
    has_fingerprint=True,
    on_patch="optional",
    has_labels=True,
    defaults={"IPProtocol": "TCP", "loadBalancingScheme": "EXTERNAL", "description": ""},
    prepare=_prepare,
    more_references=_address_of,
    seconds={"insert": 10.8, "setTarget": 9.9, "delete": 11.8, "patch": 5.0},
)
