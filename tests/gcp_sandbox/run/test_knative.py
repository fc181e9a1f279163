from __future__ import annotations

import copy
import http.client
import json
from typing import Any

import pytest

from gcp_sandbox.project import number
from tests.gcp_sandbox.client import PROJECT, Client
from tests.gcp_sandbox.run.services import (
    IMAGE,
    LATEST,
    LOCATION,
    REVISION,
    SERVICES,
    WEB,
    body,
    create,
    done,
    env,
    latest_ready,
    live,
    patch,
    revisions,
    slowly,
)

NAMESPACE = f"/apis/serving.knative.dev/v1/namespaces/{PROJECT}"
KNATIVE = f"{NAMESPACE}/services"
SECRET = {
    "name": "JWT",
    "valueSource": {"secretKeyRef": {"secret": "jwt-staging", "version": "latest"}},
}


def rich() -> dict[str, Any]:
    """A service that uses what has another shape in Knative."""
    wanted = body(env("A", "x"), SECRET, scaling={"maxInstanceCount": 3, "minInstanceCount": 1})
    wanted["ingress"] = "INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER"
    wanted["labels"] = {"team": "edge"}
    wanted["description"] = "the backend"
    template = wanted["template"]
    template["vpcAccess"] = {"connector": "c", "egress": "PRIVATE_RANGES_ONLY"}
    template["annotations"] = {"example.com/note": "kept"}
    template["labels"] = {"tier": "web"}
    template["timeout"] = "3600s"
    template["executionEnvironment"] = "EXECUTION_ENVIRONMENT_GEN2"
    template["sessionAffinity"] = True
    template["volumes"] = [
        {
            "name": "keys",
            "secret": {"secret": "tls", "items": [{"version": "3", "path": "key", "mode": 256}]},
        },
        {"name": "scratch", "emptyDir": {"medium": "MEMORY", "sizeLimit": "64Mi"}},
        {"name": "bucket", "gcs": {"bucket": "b", "readOnly": True}},
        {"name": "cloudsql", "cloudSqlInstance": {"instances": ["p:us-central1:db"]}},
    ]
    template["containers"][0] |= {
        "name": "main",
        "ports": [{"name": "h2c", "containerPort": 9000}],
        "resources": {"limits": {"cpu": "2", "memory": "1Gi"}, "startupCpuBoost": True},
        "volumeMounts": [
            {"name": "keys", "mountPath": "/keys"},
            {"name": "cloudsql", "mountPath": "/cloudsql"},
        ],
        "dependsOn": ["side"],
    }
    template["containers"].append({"name": "side", "image": "side:1", "resources": {}})
    return wanted


def test_both_shapes_tell_of_one_state(client: Client) -> None:
    create(client, rich())
    service = client.get(f"{KNATIVE}/web")
    assert (service["apiVersion"], service["kind"]) == ("serving.knative.dev/v1", "Service")
    metadata = service["metadata"]
    assert (metadata["name"], metadata["namespace"]) == ("web", number(PROJECT))
    assert metadata["labels"] == {"team": "edge", "cloud.googleapis.com/location": "us-central1"}
    assert (
        metadata["annotations"]["run.googleapis.com/ingress"] == "internal-and-cloud-load-balancing"
    )
    template = service["spec"]["template"]
    assert template["metadata"]["annotations"] == {
        "example.com/note": "kept",
        "autoscaling.knative.dev/minScale": "1",
        "autoscaling.knative.dev/maxScale": "3",
        "run.googleapis.com/vpc-access-connector": f"{LOCATION}/connectors/c",
        "run.googleapis.com/vpc-access-egress": "private-ranges-only",
        "run.googleapis.com/cloudsql-instances": "p:us-central1:db",
        "run.googleapis.com/container-dependencies": '{"main":["side"]}',
        "run.googleapis.com/cpu-throttling": "false",
        "run.googleapis.com/startup-cpu-boost": "true",
        "run.googleapis.com/execution-environment": "gen2",
        "run.googleapis.com/sessionAffinity": "true",
    }
    spec = template["spec"]
    assert (spec["timeoutSeconds"], spec["containerConcurrency"]) == (3600, 80)
    assert spec["containers"][0]["env"] == [
        {"name": "A", "value": "x"},
        {"name": "JWT", "valueFrom": {"secretKeyRef": {"name": "jwt-staging", "key": "latest"}}},
    ]
    assert spec["containers"][0]["volumeMounts"] == [{"name": "keys", "mountPath": "/keys"}]
    assert [volume["name"] for volume in spec["volumes"]] == ["keys", "scratch", "bucket"]
    assert service["status"]["url"] == live(client)["uri"]
    assert service["status"]["conditions"][0]["type"] == "Ready"
    assert {it["status"] for it in service["status"]["conditions"]} == {"True"}


def test_what_was_read_can_be_put_back_and_changes_nothing(client: Client) -> None:
    create(client, rich())
    before = live(client)
    client.call("PUT", f"{KNATIVE}/web", client.get(f"{KNATIVE}/web"))
    after = live(client)
    assert len(revisions(client)) == 1
    same = {"template", "traffic", "ingress", "labels", "description", "launchStage"}
    assert {k: after[k] for k in same} == {k: before[k] for k in same}


def test_a_service_is_replaced_as_gcloud_does_it(client: Client) -> None:
    create(client)
    service = client.get(f"{KNATIVE}/web")
    wanted = copy.deepcopy(service)
    wanted["spec"]["template"]["spec"]["containers"][0]["env"] = [{"name": "A", "value": "2"}]
    answer = client.call("PUT", f"{KNATIVE}/web", wanted, dryRun="all")
    assert answer.body["spec"]["template"]["spec"]["containers"][0]["env"]
    assert "env" not in live(client)["template"]["containers"][0]
    assert client.call("PUT", f"{KNATIVE}/web", wanted).status == 200
    assert live(client)["template"]["containers"][0]["env"] == [env("A", "2")]
    stale = client.call("PUT", f"{KNATIVE}/web", service)
    assert (stale.status, stale.body["error"]["status"]) == (409, "ABORTED")
    broken = client.call("PUT", f"{KNATIVE}/web", {"metadata": {}})
    assert broken.status == 400


def test_services_are_made_and_deleted_in_the_knative_shape(client: Client) -> None:
    container = {"image": IMAGE}
    service = {
        "apiVersion": "serving.knative.dev/v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": PROJECT},
        "spec": {"template": {"spec": {"containers": [container]}}},
    }
    nameless = client.call("POST", KNATIVE, service | {"metadata": {}})
    assert (nameless.status, nameless.body["error"]["status"]) == (400, "INVALID_ARGUMENT")
    made = client.post(KNATIVE, service)
    assert made["status"]["latestReadyRevisionName"].startswith("web-00001-")
    assert live(client)["template"]["timeout"] == "300s"
    gone = client.call("DELETE", f"{KNATIVE}/web").body
    assert (gone["status"], gone["details"]["name"]) == ("Success", "web")
    assert client.call("GET", f"{KNATIVE}/web").status == 404
    assert client.get(KNATIVE)["items"] == []


def test_traffic_has_the_names_of_revisions(client: Client) -> None:
    create(client)
    first = latest_ready(client)
    done(patch(client, body(env("A"))))
    split = [
        {"type": REVISION, "revision": first, "percent": 90},
        {"type": LATEST, "percent": 10, "tag": "next"},
    ]
    done(patch(client, {"traffic": split}, "traffic"))
    service = client.get(f"{KNATIVE}/web")
    assert service["spec"]["traffic"] == [
        {"percent": 90, "revisionName": first},
        {"percent": 10, "latestRevision": True, "tag": "next"},
    ]
    latest = service["status"]["traffic"][1]
    assert latest["revisionName"] == latest_ready(client)
    assert latest["url"].startswith("https://next---")


def test_conditions_are_true_false_or_unknown(client: Client) -> None:
    slowly(client)
    create(client, body(env("SANDBOX_FAILS_TO_START")))

    def ready() -> Any:
        return client.get(f"{KNATIVE}/web")["status"]["conditions"][0]

    assert ready()["status"] == "Unknown"
    client.advance(100)
    assert (ready()["status"], ready()["reason"]) == ("False", "HealthCheckContainerError")
    assert "failed to start" in ready()["message"]


def test_revisions_are_read_and_selected(client: Client) -> None:
    create(client)
    client.post(SERVICES, body(), serviceId="other")
    done(patch(client, body(env("A"))))
    selector = "serving.knative.dev/service=web"
    items = client.get(f"{NAMESPACE}/revisions", labelSelector=selector)["items"]
    assert [it["metadata"]["name"] for it in items] == revisions(client)
    assert len(client.get(f"{NAMESPACE}/revisions")["items"]) == 3
    revision = client.get(f"/apis/serving.knative.dev/v1/namespaces/{number(PROJECT)}/revisions/"
                          f"{latest_ready(client)}")  # fmt: skip
    assert revision["kind"] == "Revision"
    assert revision["status"]["imageDigest"].startswith(f"{IMAGE}@sha256:")
    assert client.call("GET", f"{NAMESPACE}/revisions/none").status == 404


@pytest.mark.parametrize("absolute", [True, False])
def test_the_region_stands_in_the_host(client: Client, *, absolute: bool) -> None:
    create(client)
    for region, found in (("us-central1", 1), ("us-east1", 0)):
        host = f"{region}-run.googleapis.com"
        target = f"http://{host}{KNATIVE}" if absolute else KNATIVE
        connection = http.client.HTTPConnection("127.0.0.1", client.port, timeout=10)
        connection.request("GET", target, headers={"Host": host})
        listed = json.loads(connection.getresponse().read())
        assert len(listed["items"]) == found
        connection.close()


def test_services_of_all_regions_are_in_one_list(client: Client) -> None:
    create(client)
    client.post(f"/v2/projects/{PROJECT}/locations/us-east1/services", body(), serviceId="web")
    listed = client.get(f"/v1/projects/{PROJECT}/locations/-/services")
    assert listed["kind"] == "ServiceList"
    regions = [it["metadata"]["labels"]["cloud.googleapis.com/location"] for it in listed["items"]]
    assert regions == ["us-central1", "us-east1"]
    east = f"/v1/projects/{PROJECT}/locations/us-east1/services"
    assert len(client.get(east)["items"]) == 1
    policy = client.get(f"/v1/{LOCATION}/services/web:getIamPolicy")
    assert policy == client.get(f"{WEB}:getIamPolicy")
