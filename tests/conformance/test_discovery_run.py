"""Cloud Run and VPC Access: every answer fits its published schema, every method has its path."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import PROJECT
from tests.conformance.discovery import document, faults

LOCATION = f"projects/{PROJECT}/locations/us-central1"
SERVICES = f"/v2/{LOCATION}/services"
CONNECTORS = f"/v1/{LOCATION}/connectors"
KNATIVE = f"/apis/serving.knative.dev/v1/namespaces/{PROJECT}"
V2 = "GoogleCloudRunV2"
CONTAINER = {
    "image": "hello:1",
    "env": [
        {"name": "A", "value": "1"},
        {"name": "S", "valueSource": {"secretKeyRef": {"secret": "s", "version": "2"}}},
    ],
    "livenessProbe": {"httpGet": {"httpHeaders": [{"name": "X", "value": "y"}]}},
    "volumeMounts": [{"name": "s", "mountPath": "/s"}, {"name": "db", "mountPath": "/cloudsql"}],
}
TEMPLATE = {
    "containers": [CONTAINER],
    "vpcAccess": {"networkInterfaces": [{"network": "n", "tags": ["t"]}]},
    "volumes": [
        {"name": "s", "secret": {"secret": "s", "items": [{"path": "p", "mode": 256}]}},
        {"name": "e", "emptyDir": {"medium": "MEMORY", "sizeLimit": "1Gi"}},
        {"name": "g", "gcs": {"bucket": "b"}},
        {"name": "db", "cloudSqlInstance": {"instances": ["p:r:i"]}},
    ],
}
TRAFFIC = [{"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST", "percent": 100, "tag": "t"}]
SERVICE = {"template": TEMPLATE, "traffic": TRAFFIC, "scaling": {"minInstanceCount": 1}}
FAILING = {"template": {"containers": [{"image": "hello:sandbox-missing"}]}}
CONNECTOR = {"network": "n", "ipCidrRange": "10.1.0.0/28", "maxInstances": 3}


def call(sandbox: Sandbox, method: str, path: str, body: Any = None) -> Any:
    answer = requests.request(method, f"{sandbox.url}{path}", json=body, timeout=10)
    assert answer.status_code == 200, answer.text
    return answer.json()


def done(sandbox: Sandbox, method: str, path: str, body: Any, names: tuple[str, str]) -> Any:
    """A mutation, waited for; its operation and what it made, held to the schemas `names`."""
    name, (schema, made) = "run.v2" if path.startswith("/v2") else "vpcaccess.v1", names
    operation = call(sandbox, method, path, body)
    assert faults(name, schema, operation) == []
    ended = call(sandbox, "POST", f"{path[:3]}/{operation['name']}:wait", {})
    assert faults(name, schema, ended) == []
    for part in ("metadata", "response"):
        message = {k: v for k, v in ended.get(part, {}).items() if k != "@type"}
        if part == "response" or name == "run.v2":
            assert faults(name, made, message) == [], part
    return ended


def test_cloud_run_answers_by_its_schemas(sandbox: Sandbox) -> None:
    names = "GoogleLongrunningOperation", f"{V2}Service"
    done(sandbox, "POST", f"{SERVICES}?serviceId=web", SERVICE, names)
    done(sandbox, "PATCH", f"{SERVICES}/web?updateMask=template", FAILING, names)
    done(sandbox, "POST", f"{SERVICES}?serviceId=other", FAILING, names)
    revisions = call(sandbox, "GET", f"{SERVICES}/-/revisions")
    assert faults("run.v2", f"{V2}ListRevisionsResponse", revisions) == []
    services = call(sandbox, "GET", SERVICES)
    assert faults("run.v2", f"{V2}ListServicesResponse", services) == []
    assert len(revisions["revisions"]) == 3
    operations = call(sandbox, "GET", f"/v2/{LOCATION}/operations")
    assert faults("run.v2", "GoogleLongrunningListOperationsResponse", operations) == []
    policy = call(sandbox, "GET", f"{SERVICES}/web:getIamPolicy")
    assert faults("run.v2", "GoogleIamV1Policy", policy) == []
    for path, schema in (
        (f"{KNATIVE}/services", "ListServicesResponse"),
        (f"{KNATIVE}/services/web", "Service"),
        (f"{KNATIVE}/revisions", "ListRevisionsResponse"),
        (f"/v1/projects/{PROJECT}/locations/-/services", "ListServicesResponse"),
        (f"/v1/projects/{PROJECT}/locations", "ListLocationsResponse"),
    ):
        assert faults("run.v1", schema, call(sandbox, "GET", path)) == [], path
    done(sandbox, "DELETE", f"{SERVICES}/web", None, names)


def test_vpc_access_answers_by_its_schemas(sandbox: Sandbox) -> None:
    names = "Operation", "Connector"
    done(sandbox, "POST", f"{CONNECTORS}?connectorId=conn", CONNECTOR, names)
    done(sandbox, "POST", f"{CONNECTORS}?connectorId=same", CONNECTOR, names)
    grow = {"minInstances": 3, "maxInstances": 4}
    done(sandbox, "PATCH", f"{CONNECTORS}/conn?updateMask=minInstances,maxInstances", grow, names)
    listed = call(sandbox, "GET", CONNECTORS)
    assert faults("vpcaccess.v1", "ListConnectorsResponse", listed) == []
    assert {it["state"] for it in listed["connectors"]} == {"READY", "ERROR"}
    done(sandbox, "DELETE", f"{CONNECTORS}/same", None, names)


SERVED = {
    "run.v2": ("services", "services/revisions", "operations"),
    "run.v1": ("services", "operations"),
    "vpcaccess.v1": ("", "connectors", "operations"),
}
NEEDED = {"create", "get", "list", "patch", "delete", "replaceService", "wait"}
POLICIES = {"getIamPolicy", "setIamPolicy", "testIamPermissions"}


@pytest.mark.parametrize("name", SERVED)
def test_every_method_that_google_documents_has_its_path(sandbox: Sandbox, name: str) -> None:
    locations = document(name)["resources"]["projects"]["resources"]["locations"]
    for served in SERVED[name]:
        resource = locations
        for part in filter(None, served.split("/")):
            resource = resource["resources"][part]
        for verb, method in resource["methods"].items():
            if verb not in NEEDED | POLICIES:
                continue
            parts = [part if "{" not in part else "x" for part in method["flatPath"].split("/")]
            custom = method["flatPath"].rpartition(":")[2] if ":" in method["flatPath"] else ""
            path = "/".join(parts) + (f":{custom}" if custom else "")
            sandbox.service.router.find(method["httpMethod"], path)
