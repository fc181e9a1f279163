from __future__ import annotations

from typing import Any

import pytest
import requests

from gcp_sandbox.sandbox import Sandbox
from remediate.pipeline.gcloud_output import gcloud_output
from tests.conformance.conftest import PROJECT, Gcloud

REGION = "--region=us-central1"
BACKEND = "netra-backend"


@pytest.fixture(autouse=True)
def _service(sandbox: Sandbox) -> None:
    url = f"{sandbox.url}/v2/projects/{PROJECT}/locations/us-central1/services"
    container = {
        "image": "us-docker.pkg.dev/cloudrun/container/hello",
        "env": [{"name": "ENVIRONMENT", "value": "staging"}],
    }
    body = {"template": {"containers": [container], "vpcAccess": {"connector": "c"}}}
    query = {"serviceId": BACKEND}
    requests.post(url, json=body, params=query, timeout=10).raise_for_status()
    requests.post(f"{sandbox.url}/_sandbox/clock:advance", json={"seconds": 60}, timeout=10)


def test_services_are_described_and_listed(gcloud: Gcloud) -> None:
    described: Any = gcloud.json(f"run services describe {BACKEND} {REGION}")
    assert described["spec"]["template"]["spec"]["containers"][0]["env"][0]["value"] == "staging"
    assert gcloud.json("run services list") == [described]
    assert gcloud.json(f"run services list {REGION}") == [described]
    assert gcloud.json("run services list --region=us-east1") == []
    table = gcloud("run services list")
    assert BACKEND in table
    assert described["metadata"]["annotations"]["run.googleapis.com/urls"][2:30] in table
    human = gcloud(f"run services describe {BACKEND} {REGION}")
    assert "us-docker.pkg.dev/cloudrun/container/hello" in human
    assert "Cannot find service" in gcloud.refused(f"run services describe nothing {REGION}")


def test_the_incident_plans_own_look_at_the_environment_is_blind(gcloud: Gcloud) -> None:
    """It asks for a Job's path; gcloud prints nothing and exits 0. The right path answers."""
    path = "spec.template.spec.{}containers[0].env"
    look = f"run services describe {BACKEND} {REGION} --format=value({{}})"
    assert gcloud(look.format(path.format("template.spec."))).strip() == ""
    assert "staging" in gcloud(look.format(path.format("")))


def test_revisions_are_listed(gcloud: Gcloud) -> None:
    (revision,) = gcloud.json(f"run revisions list --service={BACKEND} {REGION}")
    assert revision["metadata"]["name"].startswith(f"{BACKEND}-00001-")
    assert "us-central1" in gcloud("run regions list")


def test_a_service_is_changed_by_gcloud(gcloud: Gcloud) -> None:
    gcloud(f"run services update {BACKEND} {REGION} --update-env-vars=A=1")
    described = gcloud.json(f"run services describe {BACKEND} {REGION}")
    variables = described["spec"]["template"]["spec"]["containers"][0]["env"]
    assert {it["name"]: it["value"] for it in variables} == {"ENVIRONMENT": "staging", "A": "1"}
    policy = gcloud.json(f"run services get-iam-policy {BACKEND} {REGION}")
    assert "bindings" not in policy


@pytest.mark.parametrize(
    "command",
    [
        f"run services describe {BACKEND} {REGION} --format=yaml",
        f"run services describe {BACKEND} {REGION} --format=export",
        "run services list --format=json",
    ],
)
def test_what_gcloud_prints_of_a_service_can_be_imported(gcloud: Gcloud, command: str) -> None:
    (body,) = gcloud_output({"run": gcloud(command).encode()}, PROJECT).live.values()
    home = f"projects/{PROJECT}/locations/us-central1"
    template: Any = body["template"]
    assert body["name"] == f"{home}/services/{BACKEND}"
    assert template["vpcAccess"]["connector"] == f"{home}/connectors/c"
    assert template["containers"][0]["env"] == [{"name": "ENVIRONMENT", "value": "staging"}]
