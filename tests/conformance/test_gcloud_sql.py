from __future__ import annotations

import pytest
import requests

from gcp_sandbox.sandbox import Sandbox
from tests.conformance.conftest import PROJECT, Gcloud

SQL = f"/sql/v1beta4/projects/{PROJECT}"


@pytest.fixture
def db(sandbox: Sandbox) -> Sandbox:
    """A sandbox with one instance, `db`."""
    body = {
        "name": "db",
        "region": "us-central1",
        "databaseVersion": "POSTGRES_14",
        "settings": {"tier": "db-g1-small"},
    }
    requests.post(f"{sandbox.url}{SQL}/instances", json=body, timeout=10).raise_for_status()
    sandbox.world.clock.advance(600)
    return sandbox


def test_instances_are_described_and_listed(db: Sandbox, gcloud: Gcloud) -> None:
    found = gcloud.json("sql instances describe db")
    assert found["connectionName"] == f"{PROJECT}:us-central1:db"
    assert found["state"] == "RUNNABLE"
    table = gcloud("sql instances list").split()
    assert {"db", "POSTGRES_14", "us-central1-a", "db-g1-small", "RUNNABLE"} <= set(table)
    requests.patch(
        f"{db.url}{SQL}/instances/db",
        json={"settings": {"activationPolicy": "NEVER"}},
        timeout=10,
    ).raise_for_status()
    db.world.clock.advance(600)
    assert "STOPPED" in gcloud("sql instances list")
    assert "does not exist" in gcloud.refused("sql instances describe other")


def test_an_instance_is_patched_and_its_operations_are_listed(db: Sandbox, gcloud: Gcloud) -> None:
    gcloud("sql instances patch db --tier=db-f1-micro --async")
    db.world.clock.advance(600)
    kinds = [it["operationType"] for it in gcloud.json("sql operations list --instance=db")]
    assert kinds == ["UPDATE", "CREATE"]
    assert gcloud.json("sql instances describe db")["settings"]["tier"] == "db-f1-micro"
