"""What may be written in a record set's `routingPolicy`: Google's `RRSetRoutingPolicy`."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator

from remediate.kinds.fields.spec import Bool, Number, Spec, Text, Word


def _unless_empty(nothing: str) -> BeforeValidator:
    """An enum whose first word and the empty text mean the same: it is not said."""
    return BeforeValidator(lambda value: str(value) or nothing if isinstance(value, str) else value)


class LoadBalancerTarget(Spec):
    ipAddress: Text | None = None
    ipProtocol: (
        Annotated[Literal["undefined", "tcp", "udp"], _unless_empty("undefined"), Word] | None
    ) = None
    loadBalancerType: (
        Annotated[
            Literal["none", "globalL7ilb", "regionalL4ilb", "regionalL7ilb"],
            _unless_empty("none"),
            Word,
        ]
        | None
    ) = None
    networkUrl: Text | None = None
    port: Text | None = None
    project: Text | None = None
    region: Text | None = None


class HealthCheckTargets(Spec):
    externalEndpoints: list[Text] | None = None
    internalLoadBalancers: list[LoadBalancerTarget] | None = None


class WrrItem(Spec):
    healthCheckedTargets: HealthCheckTargets | None = None
    rrdatas: list[Text] | None = None
    weight: Number | None = None


class WrrPolicy(Spec):
    items: list[WrrItem] | None = None


class GeoItem(Spec):
    healthCheckedTargets: HealthCheckTargets | None = None
    location: Text | None = None
    rrdatas: list[Text] | None = None


class GeoPolicy(Spec):
    enableFencing: Bool | None = None
    items: list[GeoItem] | None = None


class PrimaryBackupPolicy(Spec):
    backupGeoTargets: GeoPolicy | None = None
    primaryTargets: HealthCheckTargets | None = None
    trickleTraffic: Number | None = None


class RoutingPolicy(Spec):
    geo: GeoPolicy | None = None
    healthCheck: Text | None = None
    primaryBackup: PrimaryBackupPolicy | None = None
    wrr: WrrPolicy | None = None
