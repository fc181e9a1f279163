"""The least body of every kind, and what it refers to, in the order of creation."""

from __future__ import annotations

from typing import Any

from tests.gcp_sandbox.client import Client

CHAIN: dict[str, dict[str, Any]] = {
    "global/addresses": {"name": "ip"},
    "global/healthChecks": {"name": "hc", "type": "HTTP"},
    "regions/r1/networkEndpointGroups": {
        "name": "neg",
        "networkEndpointType": "SERVERLESS",
        "cloudRun": {"service": "s"},
    },
    "global/backendServices": {
        "name": "bs",
        "healthChecks": ["global/healthChecks/hc"],
        "backends": [{"group": "zones/z1/instanceGroups/ig"}],
    },
    "global/urlMaps": {"name": "um", "defaultService": "global/backendServices/bs"},
    "global/sslCertificates": {"name": "cert", "managed": {"domains": ["a.example"]}},
    "global/sslPolicies": {"name": "tls"},
    "global/targetHttpProxies": {"name": "http", "urlMap": "global/urlMaps/um"},
    "global/targetHttpsProxies": {
        "name": "https",
        "urlMap": "global/urlMaps/um",
        "sslCertificates": ["global/sslCertificates/cert"],
        "sslPolicy": "global/sslPolicies/tls",
    },
    "global/forwardingRules": {
        "name": "rule",
        "IPAddress": "global/addresses/ip",
        "portRange": "443",
        "target": "global/targetHttpsProxies/https",
    },
}

REGIONAL: dict[str, dict[str, Any]] = {
    "regions/r1/addresses": {"name": "ip"},
    "regions/r1/healthChecks": {"name": "hc", "type": "TCP"},
    "regions/r1/backendServices": {
        "name": "bs",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "healthChecks": ["regions/r1/healthChecks/hc"],
    },
    "regions/r1/urlMaps": {"name": "um", "defaultService": "regions/r1/backendServices/bs"},
    "regions/r1/sslPolicies": {"name": "tls"},
    "regions/r1/targetHttpProxies": {"name": "http", "urlMap": "regions/r1/urlMaps/um"},
    "regions/r1/forwardingRules": {
        "name": "rule",
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "IPAddress": "regions/r1/addresses/ip",
        "portRange": "80",
        "target": "regions/r1/targetHttpProxies/http",
    },
}

ALL = CHAIN | REGIONAL


def build(client: Client, bodies: dict[str, dict[str, Any]] = CHAIN) -> None:
    """Create them all, in order."""
    for collection, body in bodies.items():
        client.done("POST", collection, body)


def tear_down(client: Client, bodies: dict[str, dict[str, Any]] = CHAIN) -> None:
    for collection, body in reversed(bodies.items()):
        client.done("DELETE", f"{collection}/{body['name']}")


def path_of(collection: str) -> str:
    return f"{collection}/{ALL[collection]['name']}"
