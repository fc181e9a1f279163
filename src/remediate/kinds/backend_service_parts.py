"""What a backend service is made of: backends, caching, affinity, logging and the policies.

Facts: the schemas of the same names in the discovery document.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from remediate.kinds.fields.duration import Duration
from remediate.kinds.fields.spec import Bool, Int, Int64, Number, Spec, Text, Word

LocalityLbPolicy: TypeAlias = Annotated[
    Literal[
        "INVALID_LB_POLICY",
        "LEAST_REQUEST",
        "MAGLEV",
        "ORIGINAL_DESTINATION",
        "RANDOM",
        "RING_HASH",
        "ROUND_ROBIN",
        "WEIGHTED_GCP_RENDEZVOUS",
        "WEIGHTED_MAGLEV",
        "WEIGHTED_ROUND_ROBIN",
    ],
    Word,
]


class BackendCustomMetric(Spec):
    dryRun: Bool | None = None
    maxUtilization: Number | None = None
    name: Text | None = None


class BackendBackendOrchestrationInfo(Spec):
    resourceUri: Text | None = None


class Backend(Spec):
    balancingMode: (
        Annotated[Literal["CONNECTION", "CUSTOM_METRICS", "IN_FLIGHT", "RATE", "UTILIZATION"], Word]
        | None
    ) = None
    capacityScaler: Number | None = None
    customMetrics: list[BackendCustomMetric] | None = None
    description: Text | None = None
    failover: Bool | None = None
    group: Text
    maxConnections: Int | None = None
    maxConnectionsPerEndpoint: Int | None = None
    maxConnectionsPerInstance: Int | None = None
    maxInFlightRequests: Int | None = None
    maxInFlightRequestsPerEndpoint: Int | None = None
    maxInFlightRequestsPerInstance: Int | None = None
    maxRate: Int | None = None
    maxRatePerEndpoint: Number | None = None
    maxRatePerInstance: Number | None = None
    maxUtilization: Number | None = None
    orchestrationInfo: BackendBackendOrchestrationInfo | None = None
    preference: (
        Annotated[Literal["DEFAULT", "PREFERENCE_UNSPECIFIED", "PREFERRED"], Word] | None
    ) = None
    trafficDuration: (
        Annotated[Literal["LONG", "SHORT", "TRAFFIC_DURATION_UNSPECIFIED"], Word] | None
    ) = None


class BackendServiceCdnPolicyBypassCacheOnRequestHeader(Spec):
    headerName: Text | None = None


class CacheKeyPolicy(Spec):
    includeHost: Bool | None = None
    includeHttpHeaders: list[Text] | None = None
    includeNamedCookies: list[Text] | None = None
    includeProtocol: Bool | None = None
    includeQueryString: Bool | None = None
    queryStringBlacklist: list[Text] | None = None
    queryStringWhitelist: list[Text] | None = None


class BackendServiceCdnPolicyNegativeCachingPolicy(Spec):
    code: Int | None = None
    ttl: Int | None = None


class BackendServiceCdnPolicy(Spec):
    bypassCacheOnRequestHeaders: list[BackendServiceCdnPolicyBypassCacheOnRequestHeader] | None = (
        None
    )
    cacheKeyPolicy: CacheKeyPolicy | None = None
    cacheMode: (
        Annotated[
            Literal[
                "CACHE_ALL_STATIC", "FORCE_CACHE_ALL", "INVALID_CACHE_MODE", "USE_ORIGIN_HEADERS"
            ],
            Word,
        ]
        | None
    ) = None
    clientTtl: Int | None = None
    defaultTtl: Int | None = None
    maxTtl: Int | None = None
    negativeCaching: Bool | None = None
    negativeCachingPolicy: list[BackendServiceCdnPolicyNegativeCachingPolicy] | None = None
    requestCoalescing: Bool | None = None
    serveWhileStale: Int | None = None
    signedUrlCacheMaxAgeSec: Int64 | None = None


class CircuitBreakers(Spec):
    maxConnections: Int | None = None
    maxPendingRequests: Int | None = None
    maxRequests: Int | None = None
    maxRequestsPerConnection: Int | None = None
    maxRetries: Int | None = None


class ConnectionDraining(Spec):
    drainingTimeoutSec: Int | None = None


class BackendServiceConnectionTrackingPolicy(Spec):
    connectionPersistenceOnUnhealthyBackends: (
        Annotated[Literal["ALWAYS_PERSIST", "DEFAULT_FOR_PROTOCOL", "NEVER_PERSIST"], Word] | None
    ) = None
    enableStrongAffinity: Bool | None = None
    idleTimeoutSec: Int | None = None
    trackingMode: (
        Annotated[Literal["INVALID_TRACKING_MODE", "PER_CONNECTION", "PER_SESSION"], Word] | None
    ) = None


class ConsistentHashLoadBalancerSettingsHttpCookie(Spec):
    name: Text | None = None
    path: Text | None = None
    ttl: Duration | None = None


class ConsistentHashLoadBalancerSettings(Spec):
    httpCookie: ConsistentHashLoadBalancerSettingsHttpCookie | None = None
    httpHeaderName: Text | None = None
    minimumRingSize: Int64 | None = None


class BackendServiceCustomMetric(Spec):
    dryRun: Bool | None = None
    name: Text | None = None


class BackendServiceDynamicForwardingForwardProxy(Spec):
    enabled: Bool | None = None
    proxyMode: Annotated[Literal["CLOUD_RUN", "DIRECT_FORWARDING"], Word] | None = None


class BackendServiceDynamicForwardingIpPortSelection(Spec):
    enabled: Bool | None = None


class BackendServiceDynamicForwarding(Spec):
    forwardProxy: BackendServiceDynamicForwardingForwardProxy | None = None
    ipPortSelection: BackendServiceDynamicForwardingIpPortSelection | None = None


class BackendServiceFailoverPolicy(Spec):
    disableConnectionDrainOnFailover: Bool | None = None
    dropTrafficIfUnhealthy: Bool | None = None
    failoverRatio: Number | None = None


class BackendServiceHAPolicyLeaderNetworkEndpoint(Spec):
    instance: Text | None = None


class BackendServiceHAPolicyLeader(Spec):
    backendGroup: Text | None = None
    networkEndpoint: BackendServiceHAPolicyLeaderNetworkEndpoint | None = None


class BackendServiceHAPolicy(Spec):
    fastIPMove: Annotated[Literal["DISABLED", "GARP_RA"], Word] | None = None
    leader: BackendServiceHAPolicyLeader | None = None


class BackendServiceIAP(Spec):
    enabled: Bool | None = None
    oauth2ClientId: Text | None = None
    oauth2ClientSecret: Text | None = None


class BackendServiceLocalityLoadBalancingPolicyConfigCustomPolicy(Spec):
    data: Text | None = None
    name: Text | None = None


class BackendServiceLocalityLoadBalancingPolicyConfigPolicy(Spec):
    name: LocalityLbPolicy | None = None


class BackendServiceLocalityLoadBalancingPolicyConfig(Spec):
    customPolicy: BackendServiceLocalityLoadBalancingPolicyConfigCustomPolicy | None = None
    policy: BackendServiceLocalityLoadBalancingPolicyConfigPolicy | None = None


class BackendServiceLogConfigLoggingHttpHeader(Spec):
    headerName: Text | None = None


class BackendServiceLogConfig(Spec):
    enable: Bool | None = None
    loggingHttpRequestHeaders: list[BackendServiceLogConfigLoggingHttpHeader] | None = None
    loggingHttpResponseHeaders: list[BackendServiceLogConfigLoggingHttpHeader] | None = None
    optionalFields: list[Text] | None = None
    optionalMode: (
        Annotated[Literal["CUSTOM", "EXCLUDE_ALL_OPTIONAL", "INCLUDE_ALL_OPTIONAL"], Word] | None
    ) = None
    sampleRate: Number | None = None


class BackendServiceNetworkPassThroughLbTrafficPolicyZonalAffinity(Spec):
    spillover: (
        Annotated[
            Literal[
                "ZONAL_AFFINITY_DISABLED",
                "ZONAL_AFFINITY_SPILL_CROSS_ZONE",
                "ZONAL_AFFINITY_STAY_WITHIN_ZONE",
            ],
            Word,
        ]
        | None
    ) = None
    spilloverRatio: Number | None = None


class BackendServiceNetworkPassThroughLbTrafficPolicy(Spec):
    zonalAffinity: BackendServiceNetworkPassThroughLbTrafficPolicyZonalAffinity | None = None


class BackendServiceOrchestrationInfo(Spec):
    resourceUri: Text | None = None


class OutlierDetection(Spec):
    baseEjectionTime: Duration | None = None
    consecutiveErrors: Int | None = None
    consecutiveGatewayFailure: Int | None = None
    enforcingConsecutiveErrors: Int | None = None
    enforcingConsecutiveGatewayFailure: Int | None = None
    enforcingSuccessRate: Int | None = None
    interval: Duration | None = None
    maxEjectionPercent: Int | None = None
    successRateMinimumHosts: Int | None = None
    successRateRequestVolume: Int | None = None
    successRateStdevFactor: Int | None = None


class BackendServiceParams(Spec):
    resourceManagerTags: dict[str, Text] | None = None


class AWSV4Signature(Spec):
    accessKey: Text | None = None
    accessKeyId: Text | None = None
    accessKeyVersion: Text | None = None
    originRegion: Text | None = None


class SecuritySettings(Spec):
    awsV4Authentication: AWSV4Signature | None = None
    clientTlsPolicy: Text | None = None
    subjectAltNames: list[Text] | None = None


class BackendServiceHttpCookie(Spec):
    name: Text | None = None
    path: Text | None = None
    ttl: Duration | None = None


class Subsetting(Spec):
    policy: Annotated[Literal["CONSISTENT_HASH_SUBSETTING", "NONE"], Word] | None = None


class BackendServiceTlsSettingsSubjectAltName(Spec):
    dnsName: Text | None = None
    uniformResourceIdentifier: Text | None = None


class BackendServiceTlsSettings(Spec):
    authenticationConfig: Text | None = None
    identity: Text | None = None
    sni: Text | None = None
    subjectAltNames: list[BackendServiceTlsSettingsSubjectAltName] | None = None
