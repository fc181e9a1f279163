"""Every answer fits the schema that Google publishes for it."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import PROJECT
from tests.conformance.discovery import document, faults

DNS = f"/dns/v1/projects/{PROJECT}"
COMPUTE = f"/compute/v1/projects/{PROJECT}"
ZONE = f"{DNS}/managedZones/ex"


def call(sandbox: Sandbox, method: str, path: str, body: Any = None) -> Any:
    answer = requests.request(method, f"{sandbox.url}{path}", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_cloud_dns_answers_by_its_schemas(sandbox: Sandbox) -> None:
    www = {"name": "www.example.com.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.1"]}
    backup = {
        "primaryTargets": {"externalEndpoints": ["192.0.2.1"]},
        "backupGeoTargets": {"items": [{"location": "us-east1", "rrdatas": ["192.0.2.2"]}]},
        "trickleTraffic": 0.5,
    }
    routed = {
        "name": "r.example.com.",
        "type": "A",
        "ttl": 60,
        "routingPolicy": {"primaryBackup": backup},
    }
    zone = {"name": "ex", "dnsName": "example.com.", "dnssecConfig": {"state": "on"}}
    steps: list[tuple[str, str, Any, str | None]] = [
        ("GET", DNS, None, "Project"),
        ("POST", f"{DNS}/managedZones", zone, "ManagedZone"),
        ("GET", f"{DNS}/managedZones", None, "ManagedZonesListResponse"),
        ("GET", ZONE, None, "ManagedZone"),
        ("PATCH", ZONE, {"description": "x"}, "Operation"),
        ("PUT", ZONE, zone, "Operation"),
        ("GET", f"{ZONE}/operations", None, "ManagedZoneOperationsListResponse"),
        ("POST", f"{ZONE}/changes", {"additions": [www, routed]}, "Change"),
        ("GET", f"{ZONE}/changes", None, "ChangesListResponse"),
        ("GET", f"{ZONE}/changes/1", None, "Change"),
        ("GET", f"{ZONE}/rrsets", None, "ResourceRecordSetsListResponse"),
        ("GET", f"{ZONE}/rrsets/www.example.com./A", None, "ResourceRecordSet"),
        ("PATCH", f"{ZONE}/rrsets/www.example.com./A", {"ttl": 5}, "ResourceRecordSet"),
        ("DELETE", f"{ZONE}/rrsets/www.example.com./A", None, "ResourceRecordSetsDeleteResponse"),
        ("POST", f"{ZONE}/rrsets", www, "ResourceRecordSet"),
    ]
    for method, path, body, schema in steps:
        answer = call(sandbox, method, path, body)
        assert faults("dns.v1", str(schema), answer) == [], f"{method} {path}"


COLLECTIONS = {
    "addresses": "Address",
    "backendServices": "BackendService",
    "firewalls": "Firewall",
    "forwardingRules": "ForwardingRule",
    "healthChecks": "HealthCheck",
    "sslCertificates": "SslCertificate",
    "sslPolicies": "SslPolicy",
    "targetHttpProxies": "TargetHttpProxy",
    "targetHttpsProxies": "TargetHttpsProxy",
    "urlMaps": "UrlMap",
}


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_compute_answers_by_its_schemas(staging: Sandbox, collection: str) -> None:
    at = f"{COMPUTE}/global/{collection}"
    listed = call(staging, "GET", at)
    methods = document("compute.v1")["resources"]
    known = methods.get(f"global{collection[0].upper()}{collection[1:]}") or methods[collection]
    assert faults("compute.v1", known["methods"]["list"]["response"]["$ref"], listed) == []
    assert listed["items"]
    for item in listed["items"]:
        body = call(staging, "GET", f"{at}/{item['name']}")
        assert faults("compute.v1", COLLECTIONS[collection], body) == []
        assert body == item


def test_endpoint_groups_answer_by_their_schema(staging: Sandbox) -> None:
    listed = call(staging, "GET", f"{COMPUTE}/regions/us-central1/networkEndpointGroups")
    assert faults("compute.v1", "NetworkEndpointGroupList", listed) == []


def test_operations_answer_by_their_schema(sandbox: Sandbox) -> None:
    operation = call(sandbox, "POST", f"{COMPUTE}/global/addresses", {"name": "a"})
    assert faults("compute.v1", "Operation", operation) == []
    at = f"{COMPUTE}/global/operations/{operation['name']}"
    assert faults("compute.v1", "Operation", call(sandbox, "GET", at)) == []
    ended = call(sandbox, "POST", f"{at}/wait")
    assert faults("compute.v1", "Operation", ended) == []
    assert ended["status"] == "DONE"
    listed = call(sandbox, "GET", f"{COMPUTE}/global/operations")
    assert faults("compute.v1", "OperationList", listed) == []


SERVED = {
    "dns.v1": (
        "projects",
        "managedZones",
        "managedZoneOperations",
        "changes",
        "resourceRecordSets",
    ),
    "compute.v1": (
        "addresses",
        "backendServices",
        "firewalls",
        "forwardingRules",
        "globalAddresses",
        "globalForwardingRules",
        "healthChecks",
        "instanceGroups",
        "regionBackendServices",
        "regionHealthChecks",
        "regionNetworkEndpointGroups",
        "regionSslCertificates",
        "regionSslPolicies",
        "regionTargetHttpProxies",
        "regionTargetHttpsProxies",
        "regionUrlMaps",
        "securityPolicies",
        "sslCertificates",
        "sslPolicies",
        "targetHttpProxies",
        "targetHttpsProxies",
        "urlMaps",
    ),
    "sqladmin.v1": ("backupRuns", "instances", "operations"),
    "sqladmin.v1beta4": ("backupRuns", "instances", "operations"),
}
NEEDED = {"insert", "create", "get", "list", "aggregatedList", "patch", "update", "delete"}


@pytest.mark.parametrize("name", SERVED)
def test_every_method_that_google_documents_for_our_kinds_has_its_path(
    sandbox: Sandbox, name: str
) -> None:
    doc = document(name)
    routes = {
        (method, "/".join("{}" if "{" in part else part for part in path.strip("/").split("/")))
        for method, path in sandbox.service.router.routes
    }
    missing = []
    for resource in SERVED[name]:
        for verb, method in doc["resources"][resource]["methods"].items():
            flat = doc["servicePath"] + method.get("flatPath", method["path"])
            path = "/".join("{}" if "{" in part else part for part in flat.strip("/").split("/"))
            if verb in NEEDED and (method["httpMethod"], path) not in routes:
                missing.append(f"{resource}.{verb}: {method['httpMethod']} {path}")
    assert missing == []
