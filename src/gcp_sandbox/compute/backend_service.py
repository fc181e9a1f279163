"""Backend services: what serves, how it is balanced, and who refers to it."""

from __future__ import annotations

import hashlib

from gcp_sandbox.backends.instances import is_healthy
from gcp_sandbox.compute import refusals
from gcp_sandbox.compute.kind import Draft, Kind, Link, Setter
from gcp_sandbox.compute.links import HOST, Place, parse
from gcp_sandbox.compute.section import Compute
from gcp_sandbox.request import Body

_TIMEOUT = 30
_MIGRATION = {"EXTERNAL", "EXTERNAL_MANAGED"}
_CDN = {
    "cacheKeyPolicy": {"includeHost": True, "includeProtocol": True, "includeQueryString": True},
    "cacheMode": "USE_ORIGIN_HEADERS",
    "negativeCaching": False,
    "requestCoalescing": True,
    "serveWhileStale": 0,
    "signedUrlCacheMaxAgeSec": "0",
}


def _prepare(draft: Draft) -> None:
    body = draft.body
    internal_passthrough = body["loadBalancingScheme"] == "INTERNAL"
    if not internal_passthrough:
        body.setdefault("port", 80)
        body.setdefault("portName", "http")
    _check_scheme(draft)
    for backend in body.get("backends", []):
        _fill_backend(draft, backend, connection=internal_passthrough)
    if _is_serverless(draft.compute, body):
        _check_serverless(body)
    if isinstance(body.get("iap"), dict):
        _hide_secret(draft)
    if body["enableCDN"]:
        body["cdnPolicy"] = _CDN | body.get("cdnPolicy", {})
    if isinstance(body.get("logConfig"), dict) and body["logConfig"].get("enable"):
        body["logConfig"].setdefault("sampleRate", 1.0)


def _check_scheme(draft: Draft) -> None:
    old = draft.before["loadBalancingScheme"] if draft.before else None
    new = draft.body["loadBalancingScheme"]
    if old not in (None, new) and {old, new} != _MIGRATION:
        raise refusals.invalid("resource.loadBalancingScheme", new, "The field is immutable.")


def _fill_backend(draft: Draft, backend: object, *, connection: bool) -> None:
    if not isinstance(backend, dict) or not backend.get("group"):
        raise refusals.required("resource.backends[].group")
    backend.setdefault("balancingMode", "CONNECTION" if connection else "UTILIZATION")
    if not connection:
        backend.setdefault("capacityScaler", 1.0)
    groups = [other["group"] for other in draft.body["backends"] if isinstance(other, dict)]
    if groups.count(backend["group"]) > 1:
        raise refusals.invalid(
            "resource.backends", backend["group"], "A group may be a backend only once."
        )


def _is_serverless(compute: Compute, body: Body) -> bool:
    for backend in body.get("backends", []):
        group = compute.find_path(backend["group"])
        if group is not None and group.get("networkEndpointType") == "SERVERLESS":
            return True
    return False


def _check_serverless(body: Body) -> None:
    if body.get("healthChecks"):
        raise refusals.invalid(
            "resource.healthChecks",
            body["healthChecks"][0],
            "A backend service cannot have a healthcheck with Serverless network endpoint "
            "group backends.",
        )
    if body["timeoutSec"] != _TIMEOUT:
        raise refusals.invalid(
            "resource.timeoutSec",
            str(body["timeoutSec"]),
            "Timeout sec is not supported for a backend service with Serverless network "
            "endpoint groups",
        )


def _hide_secret(draft: Draft) -> None:
    """The secret is taken, and only its digest ever answered."""
    iap = draft.body["iap"]
    iap.setdefault("enabled", False)
    iap.setdefault("oauth2ClientId", "")
    secret = iap.pop("oauth2ClientSecret", None)
    before = (draft.before or {}).get("iap", {}).get("oauth2ClientSecretSha256")
    if secret is None and before:
        iap["oauth2ClientSecretSha256"] = before
    else:
        iap["oauth2ClientSecretSha256"] = hashlib.sha256((secret or "").encode()).hexdigest()


def _view(compute: Compute, place: Place, body: Body) -> Body:
    users = compute.users_of(place.path)
    if not users:
        return body
    return body | {"usedBy": [{"reference": HOST + user} for user in users]}


def health_of(compute: Compute, place: Place, body: Body, group: str) -> Body:
    """`getHealth`: nothing for serverless groups; else as their health checks find them.

    What a scenario says of an instance holds if that is worse.
    """
    target = parse(group, place.project)
    if target is None:
        raise refusals.invalid("resource.group", group, "The URL is malformed.")
    if not any(backend["group"] == target.link for backend in body.get("backends", [])):
        raise refusals.invalid("resource.group", group, f"Not a backend of '{place.path}'.")
    answer: Body = {"kind": "compute#backendServiceGroupHealth"}
    found = compute.find(target)
    if found is not None and found.get("networkEndpointType") == "SERVERLESS":
        return answer
    known = compute.health.get(f"{target.scope}/{target.collection}/{target.name}")
    scope = target.link.rpartition(f"/{target.collection}/")[0]
    healthy = {
        "healthState": "HEALTHY",
        "instance": f"{scope}/instances/{target.name}-0",
        "ipAddress": "10.128.0.2",
        "port": body.get("port", 80),
    }
    members: list[Body] = [healthy] if known is None else known
    if not is_healthy(compute, body, target):
        members = [{**member, "healthState": "UNHEALTHY"} for member in members]
    return answer | {"healthStatus": members}


BACKEND_SERVICES = Kind(
    collection="backendServices",
    singular="backendService",
    noun="backend_service",
    resources={"global": "backendServices", "regions": "regionBackendServices"},
    methods=frozenset({"insert", "get", "list", "delete", "patch", "update"}),
    texts=("name", "description", "portName", "network", "serviceLbPolicy"),
    numbers=(
        "port",
        "timeoutSec",
        "affinityCookieTtlSec",
        "externalManagedMigrationTestingPercentage",
    ),
    flags=("enableCDN",),
    objects=(
        "cdnPolicy",
        "circuitBreakers",
        "connectionDraining",
        "connectionTrackingPolicy",
        "consistentHash",
        "dynamicForwarding",
        "failoverPolicy",
        "haPolicy",
        "iap",
        "logConfig",
        "maxStreamDuration",
        "metadatas",
        "networkPassThroughLbTrafficPolicy",
        "orchestrationInfo",
        "outlierDetection",
        "params",
        "securitySettings",
        "strongSessionAffinityCookie",
        "subsetting",
        "tlsSettings",
    ),
    lists=(
        "backends",
        "customMetrics",
        "customRequestHeaders",
        "customResponseHeaders",
        "healthChecks",
        "localityLbPolicies",
        "serviceBindings",
    ),
    choices={
        "protocol": ("GRPC", "H2C", "HTTP", "HTTP2", "HTTPS", "SSL", "TCP", "UDP", "UNSPECIFIED"),
        "loadBalancingScheme": (
            "EXTERNAL",
            "EXTERNAL_MANAGED",
            "EXTERNAL_PASSTHROUGH",
            "INTERNAL",
            "INTERNAL_MANAGED",
            "INTERNAL_SELF_MANAGED",
            "INVALID_LOAD_BALANCING_SCHEME",
        ),
        "sessionAffinity": (
            "CLIENT_IP",
            "CLIENT_IP_NO_DESTINATION",
            "CLIENT_IP_PORT_PROTO",
            "CLIENT_IP_PROTO",
            "GENERATED_COOKIE",
            "HEADER_FIELD",
            "HTTP_COOKIE",
            "NONE",
            "STRONG_COOKIE_AFFINITY",
        ),
        "compressionMode": ("AUTOMATIC", "DISABLED"),
        "externalManagedMigrationState": ("PREPARE", "TEST_ALL_TRAFFIC", "TEST_BY_PERCENTAGE"),
        "ipAddressSelectionPolicy": (
            "IPV4_ONLY",
            "IPV6_ONLY",
            "IP_ADDRESS_SELECTION_POLICY_UNSPECIFIED",
            "PREFER_IPV6",
        ),
        "localityLbPolicy": (
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
        ),
    },
    served=frozenset({"usedBy", "securityPolicy", "edgeSecurityPolicy"}),
    immutable=frozenset({"network"}),
    links=(
        Link("healthChecks[]", ("healthChecks",), same_scope=True),
        Link("backends[].group", ("networkEndpointGroups", "instanceGroups")),
        Link("securityPolicy", ("securityPolicies",)),
        Link("edgeSecurityPolicy", ("securityPolicies",)),
        Link("network", ("networks",)),
    ),
    setters=(
        Setter("setSecurityPolicy", "securityPolicy"),
        Setter(
            "setEdgeSecurityPolicy",
            "securityPolicy",
            scopes=("global",),
            target="edgeSecurityPolicy",
        ),
    ),
    has_fingerprint=True,
    on_patch="optional",
    on_update="required",
    defaults={
        "affinityCookieTtlSec": 0,
        "connectionDraining": {"drainingTimeoutSec": 0},
        "description": "",
        "enableCDN": False,
        "loadBalancingScheme": "EXTERNAL",
        "protocol": "HTTP",
        "sessionAffinity": "NONE",
        "timeoutSec": _TIMEOUT,
    },
    prepare=_prepare,
    view=_view,
    seconds={"insert": 17.8, "delete": 12.6, "update": 10.0, "patch": 10.0},
)
