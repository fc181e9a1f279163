"""The quotas of a project, as `projects.get` answers them."""

from __future__ import annotations

from typing import Final

from gcp_sandbox.request import Body

DEFAULTS: Final[dict[str, int]] = {
    "managedZones": 10_000,
    "rrsetsPerManagedZone": 10_000,
    "rrsetAdditionsPerChange": 1_000,
    "rrsetDeletionsPerChange": 1_000,
    "totalRrdataSizePerChange": 100_000,
    "resourceRecordsPerRrset": 100,
    "dnsKeysPerManagedZone": 4,
    "itemsPerRoutingPolicy": 100,
    "nameserversPerDelegation": 8,
    "networksPerManagedZone": 100,
    "managedZonesPerNetwork": 10_000,
    "gkeClustersPerManagedZone": 100,
    "managedZonesPerGkeCluster": 1_000,
    "gkeClustersPerPolicy": 100,
    "gkeClustersPerResponsePolicy": 100,
    "internetHealthChecksPerManagedZone": 100,
    "networksPerPolicy": 100,
    "networksPerResponsePolicy": 100,
    "outboundEndpointsPerManagedZone": 50,
    "outboundEndpointsPerPolicy": 50,
    "peeringZonesPerTargetNetwork": 1_000,
    "policies": 100,
    "responsePolicies": 100,
    "responsePolicyRulesPerResponsePolicy": 10_000,
    "targetNameServersPerManagedZone": 50,
    "targetNameServersPerPolicy": 50,
}
"""From https://cloud.google.com/dns/quotas where it tells them; the rest are plausible."""

_KEY_SPECS: Final = [
    *(("keySigning", "rsasha256", bits) for bits in (2048, 4096)),
    *(("zoneSigning", "rsasha256", bits) for bits in (1024, 2048)),
    *(("keySigning", "rsasha512", bits) for bits in (2048, 4096)),
    *(("zoneSigning", "rsasha512", bits) for bits in (1024, 2048)),
    *((use, "ecdsap256sha256", 256) for use in ("keySigning", "zoneSigning")),
    *((use, "ecdsap384sha384", 384) for use in ("keySigning", "zoneSigning")),
]


def quota_object(limits: dict[str, int]) -> Body:
    """All fields of the schema `Quota`."""
    specs = [
        {"keyType": use, "algorithm": algorithm, "keyLength": bits, "kind": "dns#dnsKeySpec"}
        for use, algorithm, bits in _KEY_SPECS
    ]
    return {**limits, "whitelistedKeySpecs": specs, "kind": "dns#quota"}
