"""Backend services: where a URL map sends requests, and how the load balancer treats the way there.

Facts: the discovery document's `BackendService`; `gcloud compute backend-services update` (528.0),
which sets security policies by calls of their own (the schema calls them output only).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from remediate.kinds.backend_service_parts import (
    Backend,
    BackendServiceCdnPolicy,
    BackendServiceConnectionTrackingPolicy,
    BackendServiceCustomMetric,
    BackendServiceDynamicForwarding,
    BackendServiceFailoverPolicy,
    BackendServiceHAPolicy,
    BackendServiceHttpCookie,
    BackendServiceIAP,
    BackendServiceLocalityLoadBalancingPolicyConfig,
    BackendServiceLogConfig,
    BackendServiceNetworkPassThroughLbTrafficPolicy,
    BackendServiceOrchestrationInfo,
    BackendServiceParams,
    BackendServiceTlsSettings,
    CircuitBreakers,
    ConnectionDraining,
    ConsistentHashLoadBalancerSettings,
    LocalityLbPolicy,
    OutlierDetection,
    SecuritySettings,
    Subsetting,
)
from remediate.kinds.facts import Compare, Removal, Replacement, Scope, Update, Verdict
from remediate.kinds.fields.duration import Duration, durations
from remediate.kinds.fields.rules import (
    Fault,
    at_most,
    distinct,
    looks_like,
    not_together,
    spelled,
    values,
    within,
)
from remediate.kinds.fields.spec import Bool, Int, Number, Spec, Text, Word
from remediate.kinds.fields.spellings import without_host
from remediate.kinds.kind import Kind
from remediate.model.plan import Action, Undo

TWO_WEEKS = 1_209_600  # seconds
ONE_WEEK = 604_800
ONE_YEAR = 31_622_400


class BackendService(Spec):
    affinityCookieTtlSec: Int | None = None
    backends: list[Backend] | None = None
    cdnPolicy: BackendServiceCdnPolicy | None = None
    circuitBreakers: CircuitBreakers | None = None
    compressionMode: Annotated[Literal["AUTOMATIC", "DISABLED"], Word] | None = None
    connectionDraining: ConnectionDraining | None = None
    connectionTrackingPolicy: BackendServiceConnectionTrackingPolicy | None = None
    consistentHash: ConsistentHashLoadBalancerSettings | None = None
    customMetrics: list[BackendServiceCustomMetric] | None = None
    customRequestHeaders: list[Text] | None = None
    customResponseHeaders: list[Text] | None = None
    description: Text | None = None
    dynamicForwarding: BackendServiceDynamicForwarding | None = None
    edgeSecurityPolicy: Text | None = None
    enableCDN: Bool | None = None
    externalManagedMigrationState: (
        Annotated[Literal["PREPARE", "TEST_ALL_TRAFFIC", "TEST_BY_PERCENTAGE"], Word] | None
    ) = None
    externalManagedMigrationTestingPercentage: Number | None = None
    failoverPolicy: BackendServiceFailoverPolicy | None = None
    haPolicy: BackendServiceHAPolicy | None = None
    healthChecks: list[Text] | None = None
    iap: BackendServiceIAP | None = None
    ipAddressSelectionPolicy: (
        Annotated[
            Literal[
                "IPV4_ONLY", "IPV6_ONLY", "IP_ADDRESS_SELECTION_POLICY_UNSPECIFIED", "PREFER_IPV6"
            ],
            Word,
        ]
        | None
    ) = None
    loadBalancingScheme: (
        Annotated[
            Literal[
                "EXTERNAL",
                "EXTERNAL_MANAGED",
                "EXTERNAL_PASSTHROUGH",
                "INTERNAL",
                "INTERNAL_MANAGED",
                "INTERNAL_SELF_MANAGED",
                "INVALID_LOAD_BALANCING_SCHEME",
            ],
            Word,
        ]
        | None
    ) = None
    localityLbPolicies: list[BackendServiceLocalityLoadBalancingPolicyConfig] | None = None
    localityLbPolicy: LocalityLbPolicy | None = None
    logConfig: BackendServiceLogConfig | None = None
    maxStreamDuration: Duration | None = None
    metadatas: dict[str, Text] | None = None
    network: Text | None = None
    networkPassThroughLbTrafficPolicy: BackendServiceNetworkPassThroughLbTrafficPolicy | None = None
    orchestrationInfo: BackendServiceOrchestrationInfo | None = None
    outlierDetection: OutlierDetection | None = None
    params: BackendServiceParams | None = None
    port: Int | None = None
    portName: Text | None = None
    protocol: (
        Annotated[
            Literal["GRPC", "H2C", "HTTP", "HTTP2", "HTTPS", "SSL", "TCP", "UDP", "UNSPECIFIED"],
            Word,
        ]
        | None
    ) = None
    securityPolicy: Text | None = None
    securitySettings: SecuritySettings | None = None
    serviceBindings: list[Text] | None = None
    serviceLbPolicy: Text | None = None
    sessionAffinity: (
        Annotated[
            Literal[
                "CLIENT_IP",
                "CLIENT_IP_NO_DESTINATION",
                "CLIENT_IP_PORT_PROTO",
                "CLIENT_IP_PROTO",
                "GENERATED_COOKIE",
                "HEADER_FIELD",
                "HTTP_COOKIE",
                "NONE",
                "STRONG_COOKIE_AFFINITY",
            ],
            Word,
        ]
        | None
    ) = None
    strongSessionAffinityCookie: BackendServiceHttpCookie | None = None
    subsetting: Subsetting | None = None
    timeoutSec: Int | None = None
    tlsSettings: BackendServiceTlsSettings | None = None


def check(spec: Mapping[str, Any]) -> list[Fault]:
    return [
        *_ranges(spec),
        *_cdn(spec.get("cdnPolicy") or {}),
        *_affinity(spec),
        *_alone_with_ha_policy(spec),
        *_logging(spec.get("logConfig") or {}),
        *at_most(spec, "/healthChecks", 1, "health check"),
        *distinct(spec, "/backends/*/group", "group"),
        *(
            fault
            for name in ("customRequestHeaders", "customResponseHeaders")
            for fault in spelled(spec, f"/{name}/*", _HEADER, "a header such as `X-Name: value`")
        ),
    ]


_HEADER = looks_like(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+\s*:.*")  # a field name is a token: RFC 9110


def _ranges(spec: Mapping[str, object]) -> Iterator[Fault]:
    yield from within(spec, "/timeoutSec", 1, 2**31 - 1, "a timeout in seconds")
    yield from within(spec, "/port", 1, 65535, "a port")
    yield from within(spec, "/affinityCookieTtlSec", 0, TWO_WEEKS, "the life of the cookie")
    yield from within(spec, "/externalManagedMigrationTestingPercentage", 0, 100, "a percentage")
    yield from within(spec, "/logConfig/sampleRate", 0, 1, "the rate")
    yield from within(spec, "/failoverPolicy/failoverRatio", 0, 1, "the ratio")
    yield from within(spec, "/backends/*/maxUtilization", 0, 1, "the utilisation")
    yield from within(spec, "/backends/*/customMetrics/*/maxUtilization", 0, 1, "the utilisation")
    for at, share in values(spec, "/backends/*/capacityScaler"):
        if share != 0 and not 0.1 <= share <= 1:  # noqa: PLR2004 - the range is Google's
            yield at, "the capacity is 0 (drained) or from 0.1 to 1"
    yield from durations(
        spec,
        "/maxStreamDuration",
        "/consistentHash/httpCookie/ttl",
        "/strongSessionAffinityCookie/ttl",
        "/outlierDetection/baseEjectionTime",
        "/outlierDetection/interval",
    )


def _cdn(policy: Mapping[str, Any]) -> Iterator[Fault]:
    inside = {"cdnPolicy": policy}
    for name in ("clientTtl", "defaultTtl", "maxTtl"):
        yield from within(inside, f"/cdnPolicy/{name}", 0, ONE_YEAR, "a TTL in seconds")
    yield from within(inside, "/cdnPolicy/serveWhileStale", 0, ONE_WEEK, "a time in seconds")
    bypass = "/cdnPolicy/bypassCacheOnRequestHeaders"
    yield from at_most(inside, bypass, 5, "headers that bypass the cache")
    lists = ("queryStringWhitelist", "queryStringBlacklist")
    yield from not_together(policy.get("cacheKeyPolicy") or {}, lists, "/cdnPolicy/cacheKeyPolicy")
    longest = policy.get("maxTtl")
    for name in ("clientTtl", "defaultTtl"):
        shorter = policy.get(name, 0)
        if isinstance(longest, int) and isinstance(shorter, int) and shorter > longest:
            yield f"/cdnPolicy/{name}", f"{name} is longer than maxTtl"
    if policy.get("negativeCachingPolicy") and not policy.get("negativeCaching"):
        yield "/cdnPolicy/negativeCachingPolicy", "this needs `negativeCaching: true`"


def _affinity(spec: Mapping[str, object]) -> Iterator[Fault]:
    affinity = spec.get("sessionAffinity", "NONE")
    is_strong = affinity == "STRONG_COOKIE_AFFINITY"
    if is_strong and not spec.get("strongSessionAffinityCookie"):
        yield "/sessionAffinity", "STRONG_COOKIE_AFFINITY needs a strongSessionAffinityCookie"
    if not is_strong and spec.get("strongSessionAffinityCookie"):
        yield "/strongSessionAffinityCookie", "this needs sessionAffinity STRONG_COOKIE_AFFINITY"
    if spec.get("affinityCookieTtlSec") and affinity not in {"GENERATED_COOKIE", "HTTP_COOKIE"}:
        yield (
            "/affinityCookieTtlSec",
            "this needs sessionAffinity GENERATED_COOKIE or HTTP_COOKIE",
        )
    if spec.get("consistentHash") and spec.get("localityLbPolicy") not in {"MAGLEV", "RING_HASH"}:
        yield "/consistentHash", "this needs localityLbPolicy MAGLEV or RING_HASH"


def _alone_with_ha_policy(spec: Mapping[str, object]) -> Iterator[Fault]:
    """What the schema's descriptions exclude beside haPolicy."""
    others = (
        *("connectionDraining", "connectionTrackingPolicy", "failoverPolicy", "healthChecks"),
        *("networkPassThroughLbTrafficPolicy", "sessionAffinity", "subsetting"),
    )
    for other in others:
        yield from not_together(spec, ("haPolicy", other))


def _logging(config: Mapping[str, object]) -> Iterator[Fault]:
    for name in ("sampleRate", "optionalMode", "optionalFields"):
        if config.get(name) is not None and config.get("enable") is not True:
            yield f"/logConfig/{name}", f"{name} needs `enable: true`"
    if config.get("optionalFields") and config.get("optionalMode") != "CUSTOM":
        yield "/logConfig/optionalFields", "optionalFields need optionalMode CUSTOM"


KIND = Kind(
    name="BackendService",
    collection="backendServices",
    schema="BackendService",
    spec=BackendService,
    scopes=frozenset({Scope.GLOBAL, Scope.REGION}),
    links={
        "/backends/*/group": ("NetworkEndpointGroup", "instanceGroups"),
        "/healthChecks/*": ("HealthCheck", "httpHealthChecks", "httpsHealthChecks"),
        "/securityPolicy": ("securityPolicies",),
        "/edgeSecurityPolicy": ("securityPolicies",),
        "/network": ("networks",),
        "/haPolicy/leader/backendGroup": ("NetworkEndpointGroup",),
        "/haPolicy/leader/networkEndpoint/instance": ("instances",),
    },
    server_set=frozenset(
        {
            *("/kind", "/id", "/name", "/selfLink", "/creationTimestamp", "/region"),
            *("/fingerprint", "/usedBy", "/generatedId"),
            *("/iap/oauth2ClientSecretSha256", "/cdnPolicy/signedUrlKeyNames"),
        }
    ),
    # loadBalancingScheme moves in place only at the end of Google's step-by-step migration.
    immutable=frozenset({"/loadBalancingScheme", "/network", "/haPolicy/fastIPMove", "/params"}),
    replacement=Replacement.RECREATE,
    write_only=frozenset(
        {
            *("/iap/oauth2ClientSecret", "/params"),
            "/securitySettings/awsV4Authentication/accessKey",
        }
    ),
    telling=frozenset({"/customRequestHeaders/*", "/customResponseHeaders/*"}),
    keyed={
        "/backends": ("group",),
        "/backends/*/customMetrics": ("name",),
        "/customMetrics": ("name",),
        "/cdnPolicy/negativeCachingPolicy": ("code",),
    },
    # Backends are weighed, never tried in turn; locality policies are an order of preference.
    unordered=frozenset({"/backends", "/healthChecks", "/securitySettings/subjectAltNames"}),
    normalise={
        "/serviceLbPolicy": without_host,
        "/serviceBindings/*": without_host,
        "/securitySettings/clientTlsPolicy": without_host,
        "/tlsSettings/authenticationConfig": without_host,
    },
    # port, portName and protocol are left out: what Google fills in depends on the load balancer.
    defaults={
        "/timeoutSec": 30,
        "/backends/*/capacityScaler": 1,
        "/sessionAffinity": "NONE",
        "/affinityCookieTtlSec": 0,
        "/enableCDN": False,
        "/description": "",
        "/customRequestHeaders": [],
        "/customResponseHeaders": [],
        "/logConfig/enable": False,
        "/logConfig/sampleRate": 1.0,
        "/logConfig/optionalMode": "EXCLUDE_ALL_OPTIONAL",
    },
    updates=(
        Update("setSecurityPolicy", ("securityPolicy",), Compare.NOTHING),
        Update(
            "setEdgeSecurityPolicy",
            ("edgeSecurityPolicy",),
            Compare.NOTHING,
            frozenset({Scope.GLOBAL}),
            sends=lambda fields: {"securityPolicy": fields["edgeSecurityPolicy"]},
        ),
        Update("patch"),
    ),
    ignored_by_insert=("securityPolicy", "edgeSecurityPolicy"),
    filled={
        "/port": 80,
        "/portName": "http",
        "/connectionDraining/drainingTimeoutSec": 0,
        "/backends/*/capacityScaler": 1,
    },
    outputs=frozenset({"selfLink", "id"}),
    removal=Removal.LATER,
    undo={
        Action.CREATE: Verdict(Undo.EXACT, "it is deleted again"),
        Action.UPDATE: Verdict(Undo.EXACT, "the old values are patched back"),
        Action.REPLACE: Verdict(
            Undo.APPROXIMATE,
            "replaced once more; IAM policies, IAP secrets and signing keys are not in its body",
        ),
        Action.DELETE: Verdict(
            Undo.APPROXIMATE,
            "inserted again; IAM policies, IAP secrets and signing keys are not in its body",
        ),
    },
    # Recorded operations: insert 17.8 s, delete 12.6 s.
    seconds={Action.CREATE: 17.8, Action.REPLACE: 30.4, Action.DELETE: 12.6},
    check=check,
)
