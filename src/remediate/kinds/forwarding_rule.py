"""Forwarding rules: an address and a port, and the proxy behind them.

Facts: the discovery document's `ForwardingRule`; what `gcloud compute forwarding-rules update` and
`set-target` send (528.0). `target` may also be a bundle of Google's APIs (`all-apis`, `vpc-sc`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from ipaddress import ip_network
from typing import Annotated, Literal

from remediate.kinds.facts import Compare, Replacement, Scope, Update, Verdict
from remediate.kinds.fields.labels import SET_LABELS, label_faults
from remediate.kinds.fields.rules import (
    Fault,
    at_most,
    exactly_one,
    looks_like,
    not_together,
    spelled,
    values,
    within,
)
from remediate.kinds.fields.spec import Bool, Number, Spec, Text, Word
from remediate.kinds.fields.spellings import canonical_ip
from remediate.kinds.kind import Kind
from remediate.model.json import Json
from remediate.model.plan import Action, Undo

HIGHEST_PORT = 65535


class MetadataFilterLabelMatch(Spec):
    name: Text | None = None
    value: Text | None = None


class MetadataFilter(Spec):
    filterLabels: list[MetadataFilterLabelMatch] | None = None
    filterMatchCriteria: Annotated[Literal["MATCH_ALL", "MATCH_ANY", "NOT_SET"], Word] | None = None


class ForwardingRuleServiceDirectoryRegistration(Spec):
    namespace: Text | None = None
    service: Text | None = None
    serviceDirectoryRegion: Text | None = None


class ForwardingRule(Spec):
    IPAddress: Text | None = None
    IPAddresses: list[Text] | None = None
    IPProtocol: (
        Annotated[Literal["AH", "ESP", "ICMP", "L3_DEFAULT", "SCTP", "TCP", "UDP"], Word] | None
    ) = None
    allPorts: Bool | None = None
    allowGlobalAccess: Bool | None = None
    allowPscGlobalAccess: Bool | None = None
    backendService: Text | None = None
    description: Text | None = None
    externalManagedBackendBucketMigrationState: (
        Annotated[Literal["PREPARE", "TEST_ALL_TRAFFIC", "TEST_BY_PERCENTAGE"], Word] | None
    ) = None
    externalManagedBackendBucketMigrationTestingPercentage: Number | None = None
    ipCollection: Text | None = None
    ipVersion: Annotated[Literal["IPV4", "IPV6", "UNSPECIFIED_VERSION"], Word] | None = None
    isMirroringCollector: Bool | None = None
    labels: dict[str, Text] | None = None
    loadBalancingScheme: (
        Annotated[
            Literal[
                "EXTERNAL",
                "EXTERNAL_MANAGED",
                "EXTERNAL_PASSTHROUGH",
                "INTERNAL",
                "INTERNAL_MANAGED",
                "INTERNAL_SELF_MANAGED",
                "INVALID",
            ],
            Word,
        ]
        | None
    ) = None
    metadataFilters: list[MetadataFilter] | None = None
    network: Text | None = None
    networkTier: (
        Annotated[
            Literal["FIXED_STANDARD", "PREMIUM", "STANDARD", "STANDARD_OVERRIDES_FIXED_STANDARD"],
            Word,
        ]
        | None
    ) = None
    noAutomateDnsZone: Bool | None = None
    portRange: Text | None = None
    ports: list[Text] | None = None
    serviceDirectoryRegistrations: list[ForwardingRuleServiceDirectoryRegistration] | None = None
    serviceLabel: Text | None = None
    sourceIpRanges: list[Text] | None = None
    subnetwork: Text | None = None
    target: Text | None = None


def whole_range(value: Json) -> Json:
    """`80` is Google's `80-80`."""
    return f"{value}-{value}" if isinstance(value, str) and value.isdigit() else value


def check(spec: Mapping[str, object]) -> list[Fault]:
    ports = "a port or a range of ports such as 80 or 8000-8080"
    return [
        *exactly_one(spec, ("target", "backendService")),
        *not_together(spec, ("portRange", "ports", "allPorts")),
        *not_together(spec, ("IPAddress", "IPAddresses")),
        *spelled(spec, "/portRange", _is_range, ports),
        *spelled(spec, "/ports/*", _is_range, ports),
        *at_most(spec, "/ports", 5, "ports"),
        *at_most(spec, "/sourceIpRanges", 64, "source ranges"),
        *spelled(spec, "/sourceIpRanges/*", _is_network, "an IP address or a CIDR range"),
        *spelled(
            spec,
            "/serviceLabel",
            looks_like(r"[a-z]([-a-z0-9]{0,61}[a-z0-9])?"),
            "a label of up to 63 lower-case letters, digits and hyphens",
        ),
        *within(spec, "/externalManagedBackendBucketMigrationTestingPercentage", 0, 100),
        *_all_protocols(spec),
        *label_faults(spec),
    ]


def _is_range(text: str) -> bool:
    low, _, high = text.partition("-")
    if not (low.isdecimal() and (high or low).isdecimal()):
        return False
    return 1 <= int(low) <= int(high or low) <= HIGHEST_PORT


def _is_network(text: str) -> bool:
    try:
        return bool(ip_network(text))
    except ValueError:
        return False


def _all_protocols(spec: Mapping[str, object]) -> Iterator[Fault]:
    for at, protocol in values(spec, "/IPProtocol"):
        if protocol == "L3_DEFAULT" and spec.get("allPorts") is not True:
            yield at, "L3_DEFAULT needs `allPorts: true`"


_IN_PLACE = frozenset(
    {
        *("target", "labels", "networkTier", "sourceIpRanges"),
        *("allowGlobalAccess", "allowPscGlobalAccess"),
        "externalManagedBackendBucketMigrationState",
        "externalManagedBackendBucketMigrationTestingPercentage",
    }
)

KIND = Kind(
    name="ForwardingRule",
    collection="forwardingRules",
    schema="ForwardingRule",
    spec=ForwardingRule,
    scopes=frozenset({Scope.GLOBAL, Scope.REGION}),
    links={
        "/IPAddress": ("Address",),
        "/IPAddresses/*": ("Address",),
        "/target": (
            *("TargetHttpsProxy", "TargetHttpProxy", "targetSslProxies", "targetTcpProxies"),
            *("targetGrpcProxies", "targetInstances", "targetPools", "targetVpnGateways"),
            "serviceAttachments",
        ),
        "/backendService": ("BackendService",),
        "/network": ("networks",),
        "/subnetwork": ("subnetworks",),
        "/ipCollection": ("publicDelegatedPrefixes",),
    },
    links_by_value={"/IPAddress": "address", "/IPAddresses/*": "address"},
    server_set=frozenset(
        {
            *("/kind", "/id", "/name", "/selfLink", "/selfLinkWithId", "/creationTimestamp"),
            *("/region", "/fingerprint", "/labelFingerprint", "/serviceName"),
            *("/pscConnectionId", "/pscConnectionStatus", "/baseForwardingRule"),
            *("/attachedExtensions", "/availabilityGroup"),
            *("/childForwardingRules", "/parentForwardingRule"),
        }
    ),
    # loadBalancingScheme moves in place only at the end of Google's step-by-step migration.
    immutable=frozenset(f"/{name}" for name in ForwardingRule.__annotations__.keys() - _IN_PLACE),
    replacement=Replacement.RECREATE,
    unordered=frozenset({"/ports", "/sourceIpRanges", "/IPAddresses"}),
    normalise={
        "/portRange": whole_range,
        "/IPProtocol": lambda value: value.upper() if isinstance(value, str) else value,
        "/IPAddress": canonical_ip,
        "/IPAddresses/*": canonical_ip,
    },
    defaults={
        "/networkTier": "PREMIUM",
        "/allowGlobalAccess": False,
        "/allowPscGlobalAccess": False,
    },
    updates=(
        Update("setTarget", ("target",), Compare.NOTHING),
        SET_LABELS,
        Update("patch"),
    ),
    ignored_by_insert=("labels",),
    outputs=frozenset({"IPAddress", "selfLink", "id"}),
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is deleted again"),
        Action.UPDATE: Verdict(Undo.EXACT, "it is pointed back as long as the old target exists"),
        Action.REPLACE: Verdict(
            Undo.APPROXIMATE,
            "replaced once more, with a gap of some 25 s; an ephemeral IP address is lost",
        ),
        Action.DELETE: Verdict(
            Undo.APPROXIMATE, "inserted again on a reserved address; an ephemeral one is lost"
        ),
    },
    # Recorded operations: insert 10.8 s, setTarget 9.9 s, delete 11.8 s.
    seconds={
        Action.CREATE: 10.8,
        Action.UPDATE: 9.9,
        Action.REPLACE: 22.6,
        Action.DELETE: 11.8,
    },
    check=check,
)
