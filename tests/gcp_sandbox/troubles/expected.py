"""The signs of every fault, seen from outside and in the APIs.

What is not named is healthy: the parent refers, the zone's servers and the resolvers answer the
load balancer's address, and the edge, the WebSocket, the stream and the database do well. Several
words are any of them; `*` ends a word that goes on. `api` are paths, members and their values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.gcp_sandbox.client import COMPUTE, LINK, PROJECT

ZONE = f"/dns/v1/projects/{PROJECT}/managedZones/netrasystems-staging"
RECORD = f"{ZONE}/rrsets/api-staging.netrasystems.ai./A"
CHANGE = f"{ZONE}/changes?sortOrder=descending&maxResults=1"
EDGE = f"{COMPUTE}/global"
CERTIFICATE = f"{EDGE}/sslCertificates/staging-ssl-cert"
NEW_CERTIFICATE = f"{CERTIFICATE}-new"
PROXY = f"{EDGE}/targetHttpsProxies/staging-https-proxy"
RULE = f"{EDGE}/forwardingRules/staging-https"
ADDRESS = f"{EDGE}/addresses/staging-lb"
BACKEND = f"{EDGE}/backendServices/staging-backend-service"
STREAM = f"{EDGE}/backendServices/staging-stream-backend"
SERVICE = f"/v2/projects/{PROJECT}/locations/us-central1/services/netra-backend"
REVISION = f"{SERVICE}/revisions/netra-backend-00043"
CONNECTOR = f"/v1/projects/{PROJECT}/locations/us-central1/connectors/staging-connector"
SQL = f"/sql/v1beta4/projects/{PROJECT}/instances/staging-shared-postgres"
SECRETS = f"/v1/projects/{PROJECT}/secrets/db-password/versions"
PEERING = (
    "/v1/services/servicenetworking.googleapis.com/connections"
    f"?network=projects/{PROJECT}/global/networks/staging-vpc"
)
MAP = f"//certificatemanager.googleapis.com/projects/{PROJECT}/locations/global/certificateMaps/m"
HERE, STRAY = "203.0.113.10", "203.0.113.99"
GONE = "404"
NOT_ISSUED = ("TLS_RESET", "TLS_ALERT:*")
API = "api-staging.netrasystems.ai"
MANY = tuple(f"203.0.113.{number}" for number in range(101, 201))

Words = str | tuple[str, ...]


@dataclass(frozen=True)
class Signs:
    """`answers` are the addresses that resolvers give, all alike or by resolver."""

    parent: str = "REFERRAL"
    authority: str | dict[str, str] = "OK"
    resolvers: str | dict[str, str] = "OK"
    answers: str | dict[str, str] = HERE
    edge: Words = "HTTP_200"
    websocket: Words = "OK"
    stream: Words = "HTTP_200"
    database: Words = "OK"
    health: str = "HEALTHY"
    location: str = ""
    slow: bool = False
    api: tuple[tuple[str, str, Any], ...] = field(default=())


def _broken_tls(outcome: Words, *api: tuple[str, str, Any], **more: Any) -> Signs:
    words = (outcome,) if isinstance(outcome, str) else outcome
    connect = tuple(f"CONNECT_{word}" for word in words)
    return Signs(edge=outcome, websocket=connect, stream=outcome, api=api, **more)


def _unreachable(*api: tuple[str, str, Any]) -> Signs:
    return _broken_tls("TCP_TIMEOUT", *api)


def _no_database(database: Words, *api: tuple[str, str, Any], **more: Any) -> Signs:
    return Signs(edge="HTTP_503", websocket="CLOSED_1011", database=database, api=api, **more)


EXPECTED: dict[str, Signs] = {
    "dns-delegation-removed": Signs(parent="NXDOMAIN", resolvers="NXDOMAIN"),
    "dns-delegation-lame": Signs(authority="REFUSED", resolvers="SERVFAIL"),
    "dns-delegation-partly-lame": Signs(authority={"a2": "REFUSED"}),
    "dns-zone-private": Signs(
        authority="REFUSED", resolvers="SERVFAIL", api=((ZONE, "visibility", "private"),)
    ),
    "dns-dnssec-ds-stale": Signs(
        resolvers={"8.8.8.8": "SERVFAIL", "1.1.1.1": "SERVFAIL"},
        api=((ZONE, "dnssecConfig.state", "off"),),
    ),
    "dns-record-missing": Signs(
        authority="NXDOMAIN", resolvers="NXDOMAIN", api=((RECORD, "", GONE),)
    ),
    "dns-record-wrong-ip": Signs(answers=STRAY, api=((RECORD, "rrdatas", [STRAY]),)),
    "dns-negative-cache": Signs(resolvers="NXDOMAIN", api=((RECORD, "rrdatas", [HERE]),)),
    "dns-stale-cache": Signs(
        answers={"8.8.8.8": STRAY, "1.1.1.1": STRAY}, api=((RECORD, "rrdatas", [HERE]),)
    ),
    "dns-change-pending": Signs(
        authority="NXDOMAIN",
        resolvers="NXDOMAIN",
        api=((RECORD, "rrdatas", [HERE]), (CHANGE, "changes.0.status", "pending")),
    ),
    "dns-truncated-tcp-blocked": Signs(
        authority="TRUNCATED_TCP_BLOCKED",
        resolvers="SERVFAIL",
        api=((RECORD, "rrdatas", list(MANY)),),
    ),
    "lb-address-released": _unreachable((ADDRESS, "", GONE), (RULE, "", GONE)),
    "lb-forwarding-rule-missing": _unreachable((ADDRESS, "status", "RESERVED"), (RULE, "", GONE)),
    "cert-expired-self-managed": _broken_tls("TLS_EXPIRED", (CERTIFICATE, "type", "SELF_MANAGED")),
    "cert-expired-renewal-blocked-by-dns": _broken_tls(
        "TLS_EXPIRED",
        (RECORD, "rrdatas", [STRAY]),
        (CERTIFICATE, "managed.status", "RENEWAL_FAILED"),
        (
            CERTIFICATE,
            "managed.domainStatus",
            {"staging.netrasystems.ai": "ACTIVE"} | {API: "FAILED_NOT_VISIBLE"},
        ),
        answers=STRAY,
    ),
    "cert-replaced-before-active": _broken_tls(
        (*NOT_ISSUED, "TLS_SAN_MISMATCH"),
        (PROXY, "sslCertificates", [f"{LINK}/global/sslCertificates/staging-ssl-cert-new"]),
        (NEW_CERTIFICATE, "managed.status", "PROVISIONING"),
        (CERTIFICATE, "managed.status", "ACTIVE"),
    ),
    "cert-provisioning-fresh": _broken_tls(
        NOT_ISSUED, (CERTIFICATE, "managed.status", "PROVISIONING")
    ),
    "cert-provisioning-failed-permanently": _broken_tls(
        NOT_ISSUED, (CERTIFICATE, "managed.status", "PROVISIONING_FAILED_PERMANENTLY")
    ),
    "cert-rate-limited": _broken_tls(
        NOT_ISSUED,
        (CERTIFICATE, "managed.status", "PROVISIONING"),
        (
            CERTIFICATE,
            "managed.domainStatus",
            {"staging.netrasystems.ai": "PROVISIONING"} | {API: "FAILED_RATE_LIMITED"},
        ),
    ),
    "cert-map-overrides": _broken_tls(
        "TLS_SAN_MISMATCH",
        (
            PROXY,
            "certificateMap",
            MAP,
        ),
    ),
    "cert-missing-intermediate": _broken_tls(
        "TLS_MISSING_INTERMEDIATE", (CERTIFICATE, "type", "SELF_MANAGED")
    ),
    "cert-untrusted": _broken_tls(
        ("TLS_UNTRUSTED", "TLS_SELF_SIGNED"), (CERTIFICATE, "type", "SELF_MANAGED")
    ),
    "cert-propagating": _broken_tls("TLS_EXPIRED", (CERTIFICATE, "managed.status", "ACTIVE")),
    "urlmap-host-missing": Signs(
        edge="HTTP_404",
        websocket="UPGRADE_404",
        stream="HTTP_404",
        api=(
            (f"{EDGE}/urlMaps/staging-url-map", "hostRules.0.hosts", ["staging.netrasystems.ai"]),
        ),
    ),
    "bs-healthcheck-firewalled": Signs(
        stream=("HTTP_502", "HTTP_503"),
        health="UNHEALTHY",
        api=((f"{EDGE}/firewalls/allow-health-checks", "", GONE),),
    ),
    "bs-backend-refuses": Signs(stream="HTTP_502", api=((STREAM, "portName", "wrong"),)),
    "bs-timeout-cuts-websocket": Signs(api=((STREAM, "timeoutSec", 1),)),
    "bs-armor-denies": Signs(
        edge="HTTP_403",
        websocket="UPGRADE_403",
        api=((BACKEND, "securityPolicy", f"{LINK}/global/securityPolicies/deny-all"),),
    ),
    "bs-iap-enabled": Signs(
        edge="HTTP_302",
        websocket="UPGRADE_302",
        location="https://accounts.google.com/",
        api=((BACKEND, "iap.enabled", True),),
    ),
    "run-deleted": Signs(edge="HTTP_404", websocket="UPGRADE_404", api=((SERVICE, "", GONE),)),
    "run-invoker-missing": Signs(
        edge="HTTP_403",
        websocket="UPGRADE_403",
        api=((f"{SERVICE}:getIamPolicy", "bindings", None),),
    ),
    "run-bad-revision": Signs(
        edge="HTTP_500",
        websocket="CLOSED_1011",
        api=(
            (SERVICE, "latestReadyRevision", REVISION.removeprefix("/v2/")),
            (CONNECTOR, "state", "READY"),
            (SQL, "state", "RUNNABLE"),
        ),
    ),
    "run-max-instances": Signs(
        edge="HTTP_429",
        websocket="UPGRADE_429",
        api=((SERVICE, "template.scaling.maxInstanceCount", 1),),
    ),
    "vpc-connector-error": _no_database(
        "TIMEOUT", (CONNECTOR, "state", "ERROR"), (SQL, "state", "RUNNABLE")
    ),
    "vpc-connector-saturated": Signs(
        slow=True, api=((CONNECTOR, "state", "READY"), (CONNECTOR, "maxInstances", 3))
    ),
    "sql-suspended": _no_database(
        ("TIMEOUT", "REFUSED"),
        (SQL, "state", "SUSPENDED"),
        (SQL, "suspensionReason", ["BILLING_ISSUE"]),
    ),
    "sql-maintenance": _no_database(("TIMEOUT", "REFUSED"), (SQL, "state", "MAINTENANCE")),
    "sql-too-many-connections": Signs(
        edge="HTTP_503", database="SQLSTATE_53300", api=((SQL, "state", "RUNNABLE"),)
    ),
    "sql-auth-failed": Signs(
        edge="HTTP_503",
        database="SQLSTATE_28P01",
        api=((SQL, "state", "RUNNABLE"), (SECRETS, "totalSize", 2)),
    ),
    "sql-peering-gone": _no_database(
        "TIMEOUT",
        (PEERING, "connections", None),
        (CONNECTOR, "state", "READY"),
        (SQL, "state", "RUNNABLE"),
    ),
    "obs-one-resolver-down": Signs(resolvers={"9.9.9.9": "TIMEOUT"}),
    "obs-vantage-cut-off": Signs(parent="TIMEOUT", authority="TIMEOUT", resolvers="TIMEOUT"),
    "obs-api-denied": Signs(authority="NXDOMAIN", resolvers="NXDOMAIN", health="403"),
    "combo-sql-down-marks-backends-unhealthy": _no_database(
        ("TIMEOUT", "REFUSED"),
        (SQL, "settings.activationPolicy", "NEVER"),
        stream=("HTTP_502", "HTTP_503"),
        health="UNHEALTHY",
    ),
}
