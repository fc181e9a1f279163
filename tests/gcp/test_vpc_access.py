"""Serverless VPC Access on the wire, beside what Google's own client sends for the same."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials

from remediate.gcp.api import Api
from remediate.model.json import Body
from tests.gcp.conftest import PROJECT, Wired
from tests.gcp.server import Asked, Say, Stub

vpcaccess_v1 = pytest.importorskip("google.cloud.vpcaccess_v1")

SCOPE = "locations/us-central1"
PARENT = f"projects/{PROJECT}/{SCOPE}"
INNER: Body = {
    "network": "vpc",
    "ipCidrRange": "10.8.0.0/28",
    "machineType": "e2-micro",
    "minInstances": 2,
    "maxInstances": 5,
}
DONE: Body = {"name": f"{PARENT}/operations/1", "done": True, "metadata": {}}
OF_THE_CLIENT = frozenset({"$alt", "prettyPrint", "alt"})  # how it asks for its answers


@pytest.fixture
def client(stub: Stub) -> Any:
    return vpcaccess_v1.VpcAccessServiceClient(
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call] # google-auth is untyped
        client_options={"api_endpoint": stub.url},
        transport="rest",
    )


def sent(stub: Stub, answer: Body, act: Callable[[], object]) -> list[Any]:
    """Method, path, query and body of each request that something makes."""
    stub.says(Say(body=answer))
    stub.asked.clear()
    act()
    return [(asked.method, asked.path, query(asked), body(asked)) for asked in stub.asked]


def query(asked: Asked) -> dict[str, str]:
    return {name: text for name, text in asked.query.items() if name not in OF_THE_CLIENT}


def body(asked: Asked) -> Any:
    return json.loads(asked.body) if asked.body else None


def test_a_creation_asks_for_what_googles_client_asks_for(
    stub: Stub, wire: Wired, client: Any
) -> None:
    connector = vpcaccess_v1.Connector(
        network="vpc",
        ip_cidr_range="10.8.0.0/28",
        machine_type="e2-micro",
        min_instances=2,
        max_instances=5,
    )
    theirs = sent(
        stub,
        DONE,
        lambda: client.create_connector(
            parent=PARENT, connector_id="inner", connector=connector, retry=None
        ),
    )
    api = wire.google.api(Api.VPC_ACCESS)
    ours = sent(stub, DONE, lambda: api.insert(SCOPE, "connectors", {"name": "inner", **INNER}, ""))
    assert ours == theirs
    assert ours == [("POST", f"/v1/{PARENT}/connectors", {"connectorId": "inner"}, INNER)]


def test_reading_and_deleting_do_too(stub: Stub, wire: Wired, client: Any) -> None:
    api, name = wire.google.api(Api.VPC_ACCESS), f"{PARENT}/connectors/inner"
    live: Body = {"name": name}
    for answer, theirs, ours in (
        (
            live,
            lambda: client.get_connector(name=name),
            lambda: api.get(SCOPE, "connectors", "inner"),
        ),
        (
            DONE,
            lambda: client.delete_connector(name=name),
            lambda: api.call("delete", SCOPE, "connectors", "inner"),
        ),
    ):
        assert sent(stub, answer, ours) == sent(stub, answer, theirs)


def test_a_growth_is_one_patch_as_gcloud_sends_it(stub: Stub, wire: Wired) -> None:
    """Google's client has no patch; gcloud's was recorded request by request."""
    api = wire.google.api(Api.VPC_ACCESS)
    grown: Body = {"maxInstances": 7, "minInstances": 2}
    asked = sent(stub, DONE, lambda: api.call("patch", SCOPE, "connectors", "inner", grown))
    mask = {"updateMask": "maxInstances,minInstances"}
    assert asked == [("PATCH", f"/v1/{PARENT}/connectors/inner", mask, grown)]
