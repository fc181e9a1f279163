"""Addresses: reserved until deleted, and lost for good then."""

from __future__ import annotations

import ipaddress

from gcp_sandbox.compute import refusals
from gcp_sandbox.compute.kind import Draft, Kind, Link
from gcp_sandbox.compute.links import HOST, Place
from gcp_sandbox.compute.section import Compute
from gcp_sandbox.request import Body


def ips_of(compute: Compute, project: str) -> dict[str, Place]:
    """Every reserved IP of a project."""
    return {
        body["address"]: place
        for place, body in compute.every("addresses")
        if place.project == project
    }


def taken(compute: Compute) -> set[str]:
    """Every IP that somebody has, reserved or ephemeral, in any project."""
    reserved = {body["address"] for _, body in compute.every("addresses")}
    return reserved | {body["IPAddress"] for _, body in compute.every("forwardingRules")}


def _prepare(draft: Draft) -> None:
    body, compute = draft.body, draft.compute
    if draft.before is not None:
        return
    internal = body["addressType"] == "INTERNAL"
    if internal and "purpose" not in body and draft.place.scope != "global":
        body["purpose"] = "GCE_ENDPOINT"
    if body.get("purpose") == "VPC_PEERING" and "prefixLength" not in body:
        raise refusals.required("resource.prefixLength")
    if body.get("address"):
        _check_wanted(compute, body["address"])
        _adopt_users(draft)
    elif body.get("ipVersion") == "IPV6":
        body["address"] = compute.pool.external_ipv6()
    elif internal and "prefixLength" in body:
        body["address"] = compute.pool.internal_block(body["prefixLength"])
    elif internal:
        body["address"] = compute.pool.internal(taken(compute))
    else:
        body["address"] = compute.pool.external(taken(compute))


def _check_wanted(compute: Compute, address: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise refusals.invalid("resource.address", address, "Must be a valid IP address.") from None
    if any(body["address"] == address for _, body in compute.every("addresses")):
        raise refusals.invalid(
            "resource.address", address, "Specified IP address is already reserved."
        )


def _adopt_users(draft: Draft) -> None:
    """A rule's ephemeral IP may be promoted to a reserved one."""
    for place, rule in draft.compute.every("forwardingRules"):
        if rule["IPAddress"] == draft.body["address"] and place.project == draft.place.project:
            draft.compute.users.setdefault(draft.place.path, set()).add(place.path)


def _view(compute: Compute, place: Place, body: Body) -> Body:
    users = compute.users_of(place.path)
    if not users:
        return body | {"status": "RESERVED"}
    return body | {"status": "IN_USE", "users": [HOST + user for user in users]}


ADDRESSES = Kind(
    collection="addresses",
    singular="address",
    noun="address",
    resources={"global": "globalAddresses", "regions": "addresses"},
    texts=(
        "name",
        "description",
        "address",
        "network",
        "subnetwork",
        "ipCollection",
        "networkAttachment",
        "serviceClassId",
    ),
    numbers=("prefixLength",),
    choices={
        "addressType": ("EXTERNAL", "INTERNAL", "UNSPECIFIED_TYPE"),
        "ipVersion": ("IPV4", "IPV6", "UNSPECIFIED_VERSION"),
        "ipv6EndpointType": ("NETLB", "VM"),
        "networkTier": (
            "FIXED_STANDARD",
            "PREMIUM",
            "STANDARD",
            "STANDARD_OVERRIDES_FIXED_STANDARD",
        ),
        "purpose": (
            "DNS_RESOLVER",
            "GCE_ENDPOINT",
            "IPSEC_INTERCONNECT",
            "NAT_AUTO",
            "PASSTHROUGH_LOAD_BALANCER_AVAILABILITY_GROUP0",
            "PASSTHROUGH_LOAD_BALANCER_AVAILABILITY_GROUP1",
            "PRIVATE_SERVICE_CONNECT",
            "SERVERLESS",
            "SHARED_LOADBALANCER_VIP",
            "VPC_PEERING",
        ),
    },
    served=frozenset({"status", "users"}),
    links=(Link("network", ("networks",)), Link("subnetwork", ("subnetworks",))),
    has_labels=True,
    defaults={"addressType": "EXTERNAL", "networkTier": "PREMIUM", "description": ""},
    prepare=_prepare,
    view=_view,
    seconds={"insert": 2.0, "delete": 1.7},
)
