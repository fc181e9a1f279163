"""Reserved IP addresses. Only labels change in place, and a released address is gone for good.

Facts: the discovery document's `Address`; recorded inserts, in which labels were not stored.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv6Address, ip_address
from typing import Annotated, Literal

from remediate.kinds.facts import Removal, Replacement, Scope, Verdict
from remediate.kinds.fields.labels import SET_LABELS, label_faults
from remediate.kinds.fields.rules import Fault, spelled, within
from remediate.kinds.fields.spec import Int, Spec, Text, Word
from remediate.kinds.fields.spellings import canonical_ip
from remediate.kinds.kind import Kind
from remediate.model.plan import Action, Undo


class Address(Spec):
    address: Text | None = None
    addressType: Annotated[Literal["EXTERNAL", "INTERNAL", "UNSPECIFIED_TYPE"], Word] | None = None
    description: Text | None = None
    ipCollection: Text | None = None
    ipVersion: Annotated[Literal["IPV4", "IPV6", "UNSPECIFIED_VERSION"], Word] | None = None
    ipv6EndpointType: Annotated[Literal["NETLB", "VM"], Word] | None = None
    labels: dict[str, Text] | None = None
    network: Text | None = None
    networkAttachment: Text | None = None
    networkTier: (
        Annotated[
            Literal["FIXED_STANDARD", "PREMIUM", "STANDARD", "STANDARD_OVERRIDES_FIXED_STANDARD"],
            Word,
        ]
        | None
    ) = None
    prefixLength: Int | None = None
    purpose: (
        Annotated[
            Literal[
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
            ],
            Word,
        ]
        | None
    ) = None
    serviceClassId: Text | None = None
    subnetwork: Text | None = None


def check(spec: Mapping[str, object]) -> list[Fault]:
    return [
        *spelled(spec, "/address", _is_ip, "an IP address"),
        *within(spec, "/prefixLength", 1, 128, "a prefix length"),
        *_version(spec),
        *_internal_only(spec),
        *label_faults(spec),
    ]


def _is_ip(text: str) -> bool:
    try:
        return bool(ip_address(text))
    except ValueError:
        return False


def _version(spec: Mapping[str, object]) -> list[Fault]:
    address, version = spec.get("address"), spec.get("ipVersion")
    if not isinstance(address, str) or version not in {"IPV4", "IPV6"} or not _is_ip(address):
        return []
    found = "IPV6" if isinstance(ip_address(address), IPv6Address) else "IPV4"
    return [] if found == version else [("/ipVersion", f"{address} is {found}, not {version}")]


def _internal_only(spec: Mapping[str, object]) -> list[Fault]:
    """Google refuses these on external addresses (discovery: network, subnetwork, purpose)."""
    if spec.get("addressType", "EXTERNAL") == "INTERNAL":
        return []
    inside = {
        "network": "a network",
        "subnetwork": "a subnetwork",
    }
    return [
        (f"/{name}", f"{what} goes with addressType INTERNAL")
        for name, what in inside.items()
        if spec.get(name) and not _is_external_ipv6(spec)
    ]


def _is_external_ipv6(spec: Mapping[str, object]) -> bool:
    """A regional external IPv6 address comes out of a subnetwork."""
    return spec.get("ipVersion") == "IPV6" or spec.get("ipv6EndpointType") is not None


KIND = Kind(
    name="Address",
    collection="addresses",
    schema="Address",
    spec=Address,
    scopes=frozenset({Scope.GLOBAL, Scope.REGION}),
    links={
        "/network": ("networks",),
        "/subnetwork": ("subnetworks",),
        "/networkAttachment": ("networkAttachments",),
        "/ipCollection": ("publicDelegatedPrefixes",),
    },
    server_set=frozenset(
        {
            *("/kind", "/id", "/name", "/selfLink", "/creationTimestamp", "/region"),
            *("/labelFingerprint", "/status", "/users"),
        }
    ),
    immutable=frozenset(f"/{name}" for name in Address.__annotations__ if name != "labels"),
    replacement=Replacement.REFUSED,
    normalise={"/address": canonical_ip},
    updates=(SET_LABELS,),
    ignored_by_insert=("labels",),
    filled={"/networkTier": "PREMIUM"},
    outputs=frozenset({"address", "selfLink", "id"}),
    removal=Removal.ON_WORD,
    loses="its address",
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "nothing used it before; it is released again"),
        Action.UPDATE: Verdict(Undo.EXACT, "only labels change in place, and they are set back"),
        Action.REPLACE: Verdict(Undo.NEVER, "the old IP address would be lost"),
        Action.DELETE: Verdict(Undo.NEVER, "a released IP address cannot be had back"),
    },
    remade=(
        "with the address that it had, which cannot be had back for sure: if somebody else has it "
        "by now, Google refuses"
    ),
    # Recorded operations: insert 1.6 to 2.6 s, delete 1.2 to 2.3 s; setLabels is done at once.
    seconds={Action.CREATE: 2.6, Action.UPDATE: 1.0, Action.DELETE: 2.3},
    check=check,
)
