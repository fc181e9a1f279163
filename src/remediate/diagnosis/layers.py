"""The layers of an edge, from names down to the database, and the symptoms that lead to them."""

from __future__ import annotations

from remediate.model.ref import Ref

LAYERS = {
    "dns.delegation": "the zone above sends on to the name servers that serve the zone",
    "dns.zone": "the zone is there, and public",
    "dns.dnssec": "what resolvers validate with is what the zone is signed with",
    "dns.record": "the record set is there, and says what the YAML says",
    "dns.propagation": "servers and caches have what the zone says",
    "lb.address": "the address is ours",
    "lb.forwarding_rule": "what comes to the address and port goes to the proxy",
    "lb.target_proxy": "the proxy is there, with its own URL map and certificates",
    "lb.certificate": "every host is shown a certificate that clients accept",
    "lb.url_map": "every host and path goes to the service that is meant",
    "lb.backend_service": "the service has its backends, lets clients in and waits long enough",
    "lb.health_check": "Google's health checks ask what is there, and are let in",
    "lb.backend": "what is behind the service listens, and is the right thing",
    "run.service": "the Cloud Run service is there",
    "run.ingress": "it takes what comes from a load balancer",
    "run.iam": "it takes what comes from anybody",
    "run.revision": "the revision that serves does so without errors",
    "run.env": "it has the variables that the YAML gives it",
    "run.vpc_access": "it sends what is private into the network",
    "run.scaling": "it has instances enough",
    "vpc.connector": "the connector is ready, and not at its ceiling",
    "sql.instance": "the database is up",
    "sql.connections": "it has connections left",
    "sql.auth": "it takes the password that the application has",
    "sql.network": "the network reaches it",
    "observer": "we see what there is to see",
}
"""What has to hold at each."""

SYMPTOMS = (
    "dns.resolution",
    "dns.latency",
    "http.by_name",
    "http.by_ip",
    "http.ipv6",
    "websocket",
    "websocket.by_name",
    "websocket.long",
    "stream",
    "cert.renewal",
    "cert.expiry",
    "lb.backend_health",
    "sql.reachability",
    "latency",
    "e2e",
)
"""What clients and Google itself see; `.intermittent` stands behind one that comes and goes."""

CLIENTS = ("dns.resolution", "http.by_name", "http.by_ip", "websocket", "stream", "websocket.long")
"""Those of them that are a client's own."""

OBSERVER = "observer"
ENVIRONMENT = "environment"


def identity(layer: str, resource: Ref | str) -> str:
    """How a node is named: `dns.zone:DnsZone/edge`."""
    return f"{layer}:{resource}"


def layer_of(node: str) -> str:
    return node.partition(":")[0]
