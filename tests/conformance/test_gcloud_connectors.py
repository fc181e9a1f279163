from __future__ import annotations

from typing import Any

import pytest
import requests

from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import PROJECT, Gcloud

CONNECTORS = "compute networks vpc-access connectors"
REGION = "--region=us-central1"


@pytest.fixture(autouse=True)
def _connector(sandbox: Sandbox) -> None:
    """As the tests' environment has it."""
    url = f"{sandbox.url}/v1/projects/{PROJECT}/locations/us-central1/connectors"
    body = {
        "network": "staging-vpc",
        "ipCidrRange": "10.1.0.0/28",
        "minInstances": 2,
        "maxInstances": 10,
    }
    query = {"connectorId": "staging-connector"}
    requests.post(url, json=body, params=query, timeout=10).raise_for_status()
    requests.post(f"{sandbox.url}/_sandbox/clock:advance", json={"seconds": 60}, timeout=10)


def test_connectors_are_described_and_listed(gcloud: Gcloud) -> None:
    described: Any = gcloud.json(f"{CONNECTORS} describe staging-connector {REGION}")
    assert described["state"] == "READY"
    assert (described["minThroughput"], described["maxThroughput"]) == (200, 1000)
    assert gcloud.json(f"{CONNECTORS} list {REGION}") == [described]
    table = gcloud(f"{CONNECTORS} list {REGION}")
    assert "staging-connector" in table
    assert "not found" in gcloud.refused(f"{CONNECTORS} describe nothing {REGION}").lower()


def test_a_connector_grows_by_gcloud(gcloud: Gcloud) -> None:
    gcloud(f"{CONNECTORS} update staging-connector {REGION} --min-instances=3 --max-instances=10")
    described = gcloud.json(f"{CONNECTORS} describe staging-connector {REGION}")
    assert described["minInstances"] == 3
