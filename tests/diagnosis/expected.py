"""What has to come out of each fault: its root, what it explains, and whether it may be mended."""

from __future__ import annotations

from typing import NamedTuple


class Expected(NamedTuple):
    """`explains` are symptoms that have to be listed at least; `action` is the way out."""

    layer: str
    action: str
    risk: str
    auto: bool
    explains: tuple[str, ...]


EXPECTED = {
    "dns-delegation-removed": Expected(
        "dns.delegation", "manual", "MEDIUM", False, ("dns.resolution", "cert.renewal")
    ),
    "dns-delegation-lame": Expected(
        "dns.delegation", "manual", "MEDIUM", False, ("dns.resolution", "cert.renewal")
    ),
    "dns-delegation-partly-lame": Expected(
        "dns.delegation", "manual", "MEDIUM", False, ("dns.latency",)
    ),
    "dns-zone-private": Expected("dns.zone", "apply", "MEDIUM", False, ("dns.resolution",)),
    "dns-dnssec-ds-stale": Expected(
        "dns.dnssec", "manual", "MEDIUM", False, ("dns.resolution", "cert.renewal")
    ),
    "dns-record-missing": Expected(
        "dns.record",
        "apply",
        "MEDIUM",
        True,
        ("dns.resolution", "websocket.by_name", "cert.renewal"),
    ),
    "dns-record-wrong-ip": Expected(
        "dns.record", "apply", "MEDIUM", True, ("http.by_name", "websocket.by_name", "cert.renewal")
    ),
    "dns-negative-cache": Expected("dns.propagation", "wait", "n/a", True, ("dns.resolution",)),
    "dns-stale-cache": Expected("dns.propagation", "wait", "n/a", True, ()),
    "dns-change-pending": Expected("dns.propagation", "wait", "n/a", True, ("dns.resolution",)),
    "dns-truncated-tcp-blocked": Expected(
        "dns.record", "apply", "MEDIUM", False, ("dns.resolution",)
    ),
    "lb-address-released": Expected(
        "lb.address",
        "propose",
        "MEDIUM",
        False,
        ("lb.forwarding_rule", "http.by_ip", "http.by_name", "websocket", "cert.renewal"),
    ),
    "lb-forwarding-rule-missing": Expected(
        "lb.forwarding_rule",
        "apply",
        "MEDIUM",
        False,
        ("http.by_ip", "http.by_name", "websocket", "cert.renewal"),
    ),
    "cert-expired-self-managed": Expected(
        "lb.certificate", "propose", "LOW", False, ("http.by_name", "websocket")
    ),
    "cert-expired-renewal-blocked-by-dns": Expected(
        "dns.record",
        "apply",
        "MEDIUM",
        True,
        ("cert.renewal", "cert.expiry", "http.by_ip", "websocket"),
    ),
    "cert-replaced-before-active": Expected(
        "lb.certificate", "rollback", "LOW", True, ("http.by_ip", "websocket")
    ),
    "cert-provisioning-fresh": Expected(
        "lb.certificate", "wait", "n/a", True, ("http.by_ip", "websocket")
    ),
    "cert-provisioning-failed-permanently": Expected(
        "lb.certificate", "apply", "LOW", True, ("http.by_ip", "websocket")
    ),
    "cert-rate-limited": Expected(
        "lb.certificate", "wait", "n/a", True, ("http.by_ip", "websocket")
    ),
    "cert-map-overrides": Expected(
        "lb.target_proxy", "propose", "LOW", False, ("http.by_name", "websocket", "cert.renewal")
    ),
    "cert-missing-intermediate": Expected(
        "lb.certificate", "propose", "LOW", False, ("http.by_name", "websocket")
    ),
    "cert-untrusted": Expected(
        "lb.certificate", "propose", "LOW", False, ("http.by_name", "websocket")
    ),
    "cert-propagating": Expected(
        "lb.certificate", "wait", "n/a", True, ("http.by_name", "websocket")
    ),
    "urlmap-host-missing": Expected(
        "lb.url_map", "apply", "MEDIUM", False, ("http.by_ip", "websocket")
    ),
    "bs-healthcheck-firewalled": Expected(
        "lb.health_check", "propose", "MEDIUM", False, ("lb.backend_health", "stream")
    ),
    "bs-backend-refuses": Expected("lb.backend", "apply", "MEDIUM", False, ("stream",)),
    "bs-timeout-cuts-websocket": Expected(
        "lb.backend_service", "apply", "MEDIUM", False, ("websocket.long",)
    ),
    "bs-armor-denies": Expected(
        "lb.backend_service", "propose", "MEDIUM", False, ("http.by_ip", "websocket")
    ),
    "bs-iap-enabled": Expected(
        "lb.backend_service", "propose", "MEDIUM", False, ("http.by_ip", "websocket")
    ),
    "run-deleted": Expected("run.service", "propose", "MEDIUM", False, ("http.by_ip", "websocket")),
    "run-invoker-missing": Expected(
        "run.iam", "propose", "MEDIUM", False, ("http.by_ip", "websocket")
    ),
    "run-bad-revision": Expected(
        "run.revision", "rollback", "MEDIUM", False, ("http.by_ip", "websocket")
    ),
    "run-max-instances": Expected("run.scaling", "propose", "MEDIUM", False, ("websocket",)),
    "vpc-connector-error": Expected(
        "vpc.connector", "propose", "HIGH", False, ("sql.reachability", "http.by_ip", "websocket")
    ),
    "vpc-connector-saturated": Expected("vpc.connector", "propose", "HIGH", False, ("latency",)),
    "sql-suspended": Expected("sql.instance", "manual", "n/a", False, ("http.by_ip", "websocket")),
    "sql-maintenance": Expected("sql.instance", "wait", "n/a", True, ("http.by_ip", "websocket")),
    "sql-too-many-connections": Expected(
        "sql.connections", "propose", "HIGH", False, ("http.by_ip",)
    ),
    "sql-auth-failed": Expected("sql.auth", "propose", "HIGH", False, ("http.by_ip",)),
    "sql-peering-gone": Expected(
        "sql.network", "propose", "HIGH", False, ("http.by_ip", "websocket")
    ),
    "obs-one-resolver-down": Expected("observer", "none", "n/a", False, ()),
    "obs-vantage-cut-off": Expected("observer", "none", "n/a", False, ("dns.resolution",)),
    "obs-api-denied": Expected("observer", "none", "n/a", False, ("dns.resolution",)),
    "combo-sql-down-marks-backends-unhealthy": Expected(
        "sql.instance",
        "propose",
        "HIGH",
        False,
        ("lb.backend_health", "http.by_ip", "websocket", "stream"),
    ),
}
