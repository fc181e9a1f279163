"""Whatever is sent, Cloud SQL, Certificate Manager and Cloud Storage answer; none of them fails."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gcp_sandbox.certificatemanager.shape import KINDS
from gcp_sandbox.shapes import Message
from gcp_sandbox.sql import schema
from tests.gcp_sandbox.client import PROJECT, Client

SQL = f"/v1/projects/{PROJECT}/instances"
CERTIFICATES = f"/v1/projects/{PROJECT}/locations/global"
SERVER_FAULT = 500
LAW = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-1, 2000),
    st.sampled_from(
        ["", "a", "x.example.com", "10", "\ud800", "\r\nA: b", "é", "€", "*.b.example"]
    ),
)
junk = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("ab"), inner),
    max_leaves=4,
)


def bodies(shape: Any) -> st.SearchStrategy[Any]:
    """Nearly right bodies: names as they are known, values of any kind."""
    if isinstance(shape, Message):
        shape = shape.fields
    if isinstance(shape, list):
        return junk | st.lists(bodies(shape[0]), max_size=2)
    if isinstance(shape, dict) and 0 not in shape:
        members = st.deferred(lambda: _some(shape))
        return members | junk
    names = list(shape.values()) if isinstance(shape, dict) else getattr(shape, "names", None)
    return junk | st.sampled_from(list(names)) if names else junk


def _some(shape: Any) -> st.SearchStrategy[Any]:
    return st.fixed_dictionaries({}, optional={name: bodies(it) for name, it in shape.items()})


def fine(client: Client, method: str, path: str, body: Any, **query: Any) -> None:
    answer = client.call(method, path, body, **query)
    assert answer.status < SERVER_FAULT, answer.body


@given(made=bodies(schema.INSTANCE), changed=bodies(schema.INSTANCE))
@LAW
def test_cloud_sql_never_fails(client: Client, made: Any, changed: Any) -> None:
    if isinstance(made, dict):
        tier = {"tier": "db-f1-micro"}
        known = made.get("settings")
        known = known if isinstance(known, dict) else {}
        made = {**made, "name": "db", "settings": {**known, **tier}}
    fine(client, "POST", SQL, made)
    if client.call("GET", f"{SQL}/db").status != 200:
        fine(client, "POST", SQL, {"name": "db", "settings": {"tier": "db-f1-micro"}})
    fine(client, "PATCH", f"{SQL}/db", changed)
    fine(client, "PUT", f"{SQL}/db", changed)
    fine(client, "GET", f"{SQL}/db", None)
    client.post("/_sandbox/reset")


@pytest.mark.parametrize("collection", KINDS)
def test_certificate_manager_never_fails(client: Client, collection: str) -> None:
    kind = KINDS[collection]
    above = f"{CERTIFICATES}/certificateMaps/m" if collection.endswith("Entries") else CERTIFICATES
    identity = f"{kind.message[0].lower()}{kind.message[1:]}Id"

    @given(body=bodies(kind.shape))
    @LAW
    def law(body: Any) -> None:
        fine(client, "POST", f"{CERTIFICATES}/certificateMaps", {}, certificateMapId="m")
        fine(client, "POST", f"{above}/{collection}", body, **{identity: "x"})
        fine(client, "PATCH", f"{above}/{collection}/x", body)
        fine(client, "GET", f"{above}/{collection}", None)
        client.post("/_sandbox/reset")

    law()


@given(bucket=junk, metadata=junk, name=scalars)
@LAW
def test_cloud_storage_never_fails(client: Client, bucket: Any, metadata: Any, name: Any) -> None:
    extra = bucket if isinstance(bucket, dict) else {"location": bucket, "storageClass": bucket}
    fine(client, "POST", "/storage/v1/b", {**extra, "name": "runs"}, project="p")
    fine(client, "PATCH", "/storage/v1/b/runs", {"labels": bucket, "iamConfiguration": bucket})
    target = "/upload/storage/v1/b/runs/o"
    fine(client, "POST", target, {"name": name}, uploadType="resumable")
    fine(client, "POST", target, metadata, uploadType="media", name="x")
    changes = {"contentType": name, "metadata": metadata, "storageClass": metadata}
    fine(client, "PATCH", "/storage/v1/b/runs/o/x", changes)
    connection = client.call("GET", "/storage/v1/b/runs/o/x")
    assert connection.status < SERVER_FAULT
    fine(client, "GET", "/storage/v1/b/runs/o", None)
    client.post("/_sandbox/reset")
