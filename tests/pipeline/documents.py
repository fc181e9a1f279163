"""A small edge to plan and apply: documents as YAML would have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.kinds.examples import examples
from tests.workbench import document

Document = dict[str, Any]
BROUGHT = next(example for example in examples("SslCertificate") if example.variant != "managed")
PEM, OTHER_PEM = BROUGHT.spec, BROUGHT.changed(BROUGHT.replacements["it is another"])["spec"]


def address(name: str = "edge", **lifecycle: Any) -> Document:
    return document("Address", name, {"addressType": "EXTERNAL", "ipVersion": "IPV4"}, lifecycle)


def health_check(name: str = "alive", lifecycle: Any = None, **spec: Any) -> Document:
    body = {"type": "HTTP", "httpHealthCheck": {"port": 8000}, **spec}
    return document("HealthCheck", name, body, lifecycle)


def url_map(name: str = "main", lifecycle: Any = None, **spec: Any) -> Document:
    to = {"httpsRedirect": True, "stripQuery": False}
    return document("UrlMap", name, {"defaultUrlRedirect": to, **spec}, lifecycle)


def http_proxy(name: str = "plain", lifecycle: Any = None, **spec: Any) -> Document:
    return document("TargetHttpProxy", name, {"urlMap": "main", **spec}, lifecycle)


def https_proxy(*certificates: str, lifecycle: Any = None, **spec: Any) -> Document:
    body = {"urlMap": "main", "sslCertificates": [*certificates], **spec}
    return document("TargetHttpsProxy", "secure", body, lifecycle)


def rule(
    target: str = "TargetHttpProxy/plain", port: str = "80", lifecycle: Any = None, **spec: Any
) -> Document:
    body = {
        "loadBalancingScheme": "EXTERNAL_MANAGED",
        "IPProtocol": "TCP",
        "IPAddress": "edge",
        "portRange": port,
        "target": target,
        **spec,
    }
    return document("ForwardingRule", f"port-{port}", body, lifecycle)


def certificate(
    name: str = "brought", spec: Mapping[str, Any] | None = None, **lifecycle: Any
) -> Document:
    return document("SslCertificate", name, spec or PEM, lifecycle)


def managed(*domains: str, name: str = "managed", **lifecycle: Any) -> Document:
    spec = {"type": "MANAGED", "managed": {"domains": [*domains]}}
    return document("SslCertificate", name, spec, lifecycle)


def zone(
    records: Mapping[str, Any], ownership: str = "exclusive", lifecycle: Any = None, **spec: Any
) -> Document:
    named = {"dnsName": "example.com.", "visibility": "public", "recordOwnership": ownership}
    body = {**named, "records": records, **spec}
    return document("DnsZone", "example", body, lifecycle or {"onRemove": "delete"})


def sets(rrtype: str, *values: str, ttl: int = 300) -> dict[str, Any]:
    return {rrtype: {"ttl": ttl, "values": [*values]}}


PLAIN_EDGE = [address(), url_map(), http_proxy(), rule()]
