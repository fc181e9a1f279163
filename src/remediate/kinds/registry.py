"""The kinds by name. A kind's module is imported when the kind is first asked for."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from remediate.kinds.kind import Kind

_MODULES = {
    "Address": "address",
    "BackendService": "backend_service",
    "Certificate": "certificate",
    "CertificateMap": "certificate_map",
    "CertificateMapEntry": "certificate_map_entry",
    "DnsAuthorization": "dns_authorization",
    "DnsZone": "dns_zone",
    "ForwardingRule": "forwarding_rule",
    "HealthCheck": "health_check",
    "NetworkEndpointGroup": "network_endpoint_group",
    "RunService": "run_service",
    "SqlInstance": "sql_instance",
    "SslCertificate": "ssl_certificate",
    "SslPolicy": "ssl_policy",
    "TargetHttpProxy": "target_http_proxy",
    "TargetHttpsProxy": "target_https_proxy",
    "UrlMap": "url_map",
    "VpcConnector": "vpc_connector",
}

NAMES = tuple(sorted(_MODULES))


@cache
def kind(name: str) -> Kind:
    """The facts of a kind; raises KeyError for a name that is not in NAMES."""
    found: Kind = import_module(f"remediate.kinds.{_MODULES[name]}").KIND
    return found
