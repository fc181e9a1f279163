"""Faults that nobody listed, each made by a plain API call: the requirement that is broken."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from remediate.diagnosis.diagnose import diagnose
from remediate.model.ref import Ref
from tests.diagnosis.conftest import Edge

COMPUTE = "/compute/v1/projects/PROJECT"
ZONE = "/dns/v1/projects/PROJECT/managedZones/netrasystems-staging/rrsets"
NAMED = "staging-backend-service"
RUN = "/v2/projects/PROJECT/locations/us-central1/services/netra-backend"
SERVICE, STREAM = (
    "global/backendServices/staging-backend-service",
    "global/backendServices/staging-stream-backend",
)


def roots(edge: Edge) -> set[str]:
    return {root.layer for root in edge.diagnose().roots}


def record(name: str, rrtype: str, *values: str) -> dict[str, Any]:
    return {"name": name, "type": rrtype, "ttl": 300, "rrdatas": [*values]}


def test_a_url_map_lost_a_path(edge: Edge) -> None:
    body = edge.call("GET", f"{COMPUTE}/global/urlMaps/staging-url-map")
    for matcher in body["pathMatchers"]:
        matcher.pop("pathRules", None)
    edge.patch("global/urlMaps/staging-url-map", pathMatchers=body["pathMatchers"], tests=[])
    assert roots(edge) == {"lb.url_map"}


def test_a_rule_leads_to_another_proxy(edge: Edge) -> None:
    other = {
        "name": "other",
        "urlMap": "global/urlMaps/staging-http-redirect",
        "sslCertificates": ["global/sslCertificates/staging-ssl-cert"],
    }
    edge.call("POST", f"{COMPUTE}/global/targetHttpsProxies", other)
    target = {"target": "global/targetHttpsProxies/other"}
    edge.call("POST", f"{COMPUTE}/global/forwardingRules/staging-https/setTarget", target)
    assert roots(edge) == {"lb.forwarding_rule"}


def test_a_proxy_uses_another_url_map(edge: Edge) -> None:
    other = {"urlMap": "global/urlMaps/staging-http-redirect"}
    edge.call("POST", f"{COMPUTE}/targetHttpsProxies/staging-https-proxy/setUrlMap", other)
    assert roots(edge) == {"lb.target_proxy"}


@pytest.mark.parametrize("service", [SERVICE, STREAM])
def test_a_backend_was_taken_out(edge: Edge, service: str) -> None:
    edge.patch(service, backends=[])
    assert roots(edge) == {"lb.backend_service"}


def test_a_named_port_was_changed(edge: Edge) -> None:
    group = f"{COMPUTE}/zones/us-central1-a/instanceGroups/staging-stream/setNamedPorts"
    edge.call("POST", group, {"namedPorts": [{"name": "stream", "port": 9999}]})
    assert roots(edge) == {"lb.backend"}


def test_a_firewall_rule_was_narrowed(edge: Edge) -> None:
    edge.patch("global/firewalls/allow-health-checks", sourceRanges=["10.0.0.0/8"])
    assert roots(edge) == {"lb.health_check"}


def test_a_service_takes_only_what_comes_from_inside(edge: Edge) -> None:
    edge.call("PATCH", f"{RUN}?updateMask=ingress", {"ingress": "INGRESS_TRAFFIC_INTERNAL_ONLY"})
    assert roots(edge) == {"run.ingress"}


def test_a_service_lost_its_way_into_the_network(edge: Edge) -> None:
    edge.call("PATCH", f"{RUN}?updateMask=template.vpcAccess", {"template": {}})
    assert roots(edge) == {"run.vpc_access"}


def test_a_service_lost_a_variable(edge: Edge) -> None:
    containers = edge.call("GET", RUN)["template"]["containers"]
    containers[0]["env"] = [e for e in containers[0]["env"] if e["name"] != "POSTGRES_HOST"]
    body = {"template": {"containers": containers}}
    edge.call("PATCH", f"{RUN}?updateMask=template.containers", body)
    assert roots(edge) == {"run.env"}


def test_a_connector_was_deleted(edge: Edge) -> None:
    at = "/v1/projects/PROJECT/locations/us-central1/connectors/staging-connector"
    edge.call("DELETE", at)
    assert roots(edge) == {"vpc.connector"}


def test_an_authority_other_than_google_may_issue(edge: Edge) -> None:
    wrong = record("netrasystems.ai.", "CAA", '0 issue "letsencrypt.org"')
    edge.call("PATCH", f"{ZONE}/netrasystems.ai./CAA", wrong)
    found = edge.diagnose()
    assert {root.layer for root in found.roots} == {"dns.record"}
    assert "cert.renewal" in found.roots[0].explains


def test_an_address_that_nobody_declared(edge: Edge) -> None:
    stray = record("api-staging.netrasystems.ai.", "AAAA", "2001:db8::99")
    edge.call("POST", ZONE, stray)
    found = edge.diagnose()
    assert {root.layer for root in found.roots} == {"dns.record"}
    assert "http.ipv6" in found.roots[0].explains
    assert not found.roots[0].auto.allowed


def test_a_wildcard_answers_in_place_of_a_record(edge: Edge) -> None:
    edge.call("POST", ZONE, record("*.netrasystems.ai.", "A", "203.0.113.99"))
    edge.call("DELETE", f"{ZONE}/api-staging.netrasystems.ai./A")
    (root,) = edge.diagnose().roots
    assert root.layer == "dns.record"
    assert "wildcard" in root.evidence[0]


def test_what_differs_and_works_is_no_fault(edge: Edge) -> None:
    """A TTL, a TLS version, a policy that denies nobody: differences, and everything is green."""
    edge.call("PATCH", f"{ZONE}/staging.netrasystems.ai./A", {"ttl": 60})
    edge.patch("global/sslPolicies/staging-tls", minTlsVersion="TLS_1_2", profile="COMPATIBLE")
    edge.patch(SERVICE, logConfig={"enable": False})
    assert roots(edge) == set()


# Variables


def environment(edge: Edge, **changed: str | None) -> None:
    """Change variables of the service; None takes one away."""
    containers = edge.call("GET", RUN)["template"]["containers"]
    kept = [one for one in containers[0]["env"] if one["name"] not in changed]
    new = [{"name": name, "value": value} for name, value in changed.items() if value is not None]
    containers[0]["env"] = [*kept, *new]
    body = {"template": {"containers": containers}}
    edge.call("PATCH", f"{RUN}?updateMask=template.containers", body)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("JWT_SECRET", None, "lacks the variable JWT_SECRET"),
        ("ENVIRONMENT", "production", "has another value of ENVIRONMENT than the YAML"),
    ],
)
def test_a_variable_that_differs_while_all_serves_is_told_and_is_no_fault(
    edge: Edge, name: str, value: str | None, told: str
) -> None:
    environment(edge, **{name: value})
    found = edge.diagnose()
    assert not found.roots
    (node,) = [node for node in found.nodes if node.layer == "run.env"]
    assert node.evidence == (f"{node.resource} {told}; it works all the same",)


def test_a_variable_that_differs_while_clients_fail_is_a_root_beside_others(edge: Edge) -> None:
    environment(edge, ENVIRONMENT=None)
    assert edge.inject("sql-suspended")
    assert roots(edge) == {"run.env", "sql.instance"}


# One fault, one root


def test_a_group_of_another_service_is_not_the_declared_one_gone_wrong(edge: Edge) -> None:
    """Attached instead: the backend service. Made again in its place: what is behind it."""
    groups = f"{COMPUTE}/regions/us-central1/networkEndpointGroups"
    group = {"networkEndpointType": "SERVERLESS", "cloudRun": {"service": "other"}}
    edge.call("POST", groups, {"name": "other", **group})
    edge.patch(SERVICE, backends=[{"group": "regions/us-central1/networkEndpointGroups/other"}])
    assert roots(edge) == {"lb.backend_service"}
    edge.patch(SERVICE, backends=[])
    edge.call("DELETE", f"{groups}/staging-backend-neg")
    edge.call("POST", groups, {"name": "staging-backend-neg", **group})
    link = "regions/us-central1/networkEndpointGroups/staging-backend-neg"
    edge.patch(SERVICE, backends=[{"group": link}])
    assert roots(edge) == {"lb.backend"}


@pytest.mark.parametrize(("port", "path"), [(9999, "/health"), (8000, "/nowhere")])
def test_a_health_check_that_asks_otherwise_is_the_only_root(
    edge: Edge, port: int, path: str
) -> None:
    wrong = {"httpHealthCheck": {"port": port, "requestPath": path}}
    edge.call("PATCH", f"{COMPUTE}/global/healthChecks/staging-stream-health", wrong)
    assert roots(edge) == {"lb.health_check"}


def test_a_backend_service_that_speaks_another_protocol_is_the_only_root(edge: Edge) -> None:
    edge.patch(STREAM, protocol="HTTP2")
    assert roots(edge) == {"lb.backend_service"}


# A service that nobody lets us read


def test_of_a_service_that_cannot_be_read_every_layer_stays_and_is_unknown(edge: Edge) -> None:
    edge.ask("POST", "/_sandbox/permissions", {"denied": ["run.*"]})
    signs = edge.look()
    found = diagnose(signs)
    states = {node.layer: node.state for node in found.nodes if node.layer.startswith("run.")}
    layers = ("service", "ingress", "iam", "revision", "env", "vpc_access", "scaling")
    assert states == {f"run.{layer}": "unknown" for layer in layers}
    unseen = diagnose(replace(signs, hosts={}, paths=()))
    (backend,) = [n for n in unseen.nodes if n.id == "lb.backend:BackendService/" + NAMED]
    assert backend.state == "unknown"


# What is told to type


def test_what_a_proxy_had_before_goes_beside_in_one_call_and_serves_at_once(edge: Edge) -> None:
    """An `apply` would first wait until the new one is ACTIVE."""
    assert edge.inject("cert-replaced-before-active")
    (root,) = edge.diagnose().roots
    told = "--ssl-certificates=staging-ssl-cert,staging-ssl-cert-new --project="
    assert told in root.fix.program
    both = [
        f"global/sslCertificates/{name}" for name in ("staging-ssl-cert", "staging-ssl-cert-new")
    ]
    at = f"{COMPUTE}/targetHttpsProxies/staging-https-proxy/setSslCertificates"
    edge.call("POST", at, {"sslCertificates": both})
    assert roots(edge) == set()


def test_a_connector_without_a_spare_range_is_told_where_to_write_one(edge: Edge) -> None:
    """Until it is written nobody can tell how long it takes."""
    assert edge.inject("vpc-connector-error")
    (root,) = edge.diagnose().roots
    place = edge.desired.resources[Ref("VpcConnector", "staging-connector", "us-central1")].place
    assert f"lifecycle.replaceCidr of {root.resource} ({place.file}:{place.line})" in root.fix.text
    assert root.fix.eta_s is None
