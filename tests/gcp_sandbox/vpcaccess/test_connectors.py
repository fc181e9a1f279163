from __future__ import annotations

from typing import Any

import pytest

from gcp_sandbox.sandbox import Sandbox
from tests.gcp_sandbox.client import PROJECT, Client, connect

PARENT = f"/v1/projects/{PROJECT}/locations/us-central1"
CONNECTORS = f"{PARENT}/connectors"
NAME = f"projects/{PROJECT}/locations/us-central1/connectors/cc"
BODY = {"network": "net", "ipCidrRange": "10.1.0.0/28", "minInstances": 2, "maxInstances": 3}


def create(client: Client, identity: str = "cc", **changed: Any) -> Any:
    return client.post(CONNECTORS, BODY | changed, connectorId=identity)


def refused(client: Client, identity: str = "cc", **changed: Any) -> str:
    answer = client.call("POST", CONNECTORS, BODY | changed, connectorId=identity)
    assert answer.status == 400
    assert answer.body["error"]["status"] == "INVALID_ARGUMENT"
    assert client.get(CONNECTORS) == {}
    return answer.message


def slowly(client: Client, seconds: float = 100) -> None:
    client.post("/_sandbox/faults/slow-operation", {"match": "*connectors*", "seconds": seconds})


def failing(client: Client) -> None:
    client.post("/_sandbox/faults/failed-operation", {"match": "*connectors*"})


def state(client: Client, identity: str = "cc") -> str:
    return str(client.get(f"{CONNECTORS}/{identity}")["state"])


def test_throughput_follows_from_instances(client: Client) -> None:
    operation = create(client)
    assert operation["done"]
    assert operation["metadata"]["target"] == NAME
    assert operation["response"]["@type"].endswith("v1.Connector")
    assert client.get(f"{CONNECTORS}/cc") == BODY | {
        "name": NAME,
        "machineType": "e2-micro",
        "minThroughput": 200,
        "maxThroughput": 300,
        "state": "READY",
    }


def test_instances_follow_from_throughput(client: Client) -> None:
    body = {"network": "net", "ipCidrRange": "10.1.0.0/28", "maxThroughput": 700}
    client.post(CONNECTORS, body, connectorId="cc")
    live = client.get(f"{CONNECTORS}/cc")
    assert (live["minInstances"], live["maxInstances"], live["minThroughput"]) == (2, 7, 200)


def test_a_connector_without_a_maximum_ends_in_error(client: Client) -> None:
    body = {"network": "net", "ipCidrRange": "10.1.0.0/28"}
    operation = client.post(CONNECTORS, body, connectorId="cc")
    assert operation["error"]["code"] == 3
    assert "must specify either max_throughput or max_instances" in operation["error"]["message"]
    assert state(client) == "ERROR"


def test_two_connectors_cannot_share_their_addresses(client: Client) -> None:
    create(client)
    assert create(client, "dd")["error"]["code"] == 3
    assert state(client, "dd") == "ERROR"
    assert create(client, "ee", network="other")["done"]
    assert state(client, "ee") == "READY"


@pytest.mark.parametrize(
    ("identity", "changed", "said"),
    [
        ("Upper", {}, "must follow the pattern"),
        ("c-", {}, "must follow the pattern"),
        ("a-name-of-twenty-one", {}, "a hyphen counts as two"),
        ("cc", {"ipCidrRange": "10.1.0.0/24"}, "it must be an unused /28"),
        ("cc", {"ipCidrRange": "10.1.0.1/28"}, "it must be an unused /28"),
        ("cc", {"network": None}, "either a subnet or both"),
        ("cc", {"subnet": {"name": "s"}}, "a subnet beside"),
        ("cc", {"machineType": "e2-huge"}, "Invalid machine type"),
        ("cc", {"maxInstances": 11}, "maximum instances"),
        ("cc", {"maxInstances": 2}, "maximum instances"),
        ("cc", {"minInstances": 1}, "minimum instances"),
        ("cc", {"maxInstances": "many"}, "TYPE_INT32"),
        ("cc", {"minThroughput": 250}, "must be a multiple of 100 between 200 and 1000"),
        ("cc", {"unheardOf": 1}, 'Unknown name "unheardOf"'),
    ],
)
def test_what_google_refuses_is_refused_at_once(
    client: Client, identity: str, changed: dict[str, Any], said: str
) -> None:
    assert said in refused(client, identity, **changed)


def test_a_connector_grows_in_place_and_never_shrinks(client: Client) -> None:
    create(client)
    grow = {"minInstances": 3, "maxInstances": 10}
    mask = {"updateMask": "minInstances,max_instances"}
    assert client.call("PATCH", f"{CONNECTORS}/cc", grow, **mask).body["done"]
    live = client.get(f"{CONNECTORS}/cc")
    assert (live["minThroughput"], live["maxThroughput"], live["state"]) == (300, 1000, "READY")
    shrunk = client.call("PATCH", f"{CONNECTORS}/cc", {"minInstances": 2, "maxInstances": 10})
    assert "cannot be decreased" in shrunk.message
    assert client.get(f"{CONNECTORS}/cc") == live


@pytest.mark.parametrize(
    ("body", "mask", "said"),
    [
        ({"maxInstances": 5}, "maxInstances", "Both min_instances and max_instances"),
        ({"ipCidrRange": "10.9.0.0/28"}, "ipCidrRange", "is not supported"),
        ({"maxThroughput": 900}, None, "is not supported"),
        ({"machineType": "tiny"}, "machineType", "Invalid machine type"),
    ],
)
def test_little_else_can_be_changed(
    client: Client, body: dict[str, Any], mask: str | None, said: str
) -> None:
    create(client)
    query = {"updateMask": mask} if mask else {}
    answer = client.call("PATCH", f"{CONNECTORS}/cc", body, **query)
    assert answer.status == 400
    assert said in answer.message


def test_the_state_follows_the_operation(client: Client) -> None:
    slowly(client)
    operation = create(client)
    assert "done" not in operation
    assert state(client) == "CREATING"
    busy = client.call("DELETE", f"{CONNECTORS}/cc")
    assert (busy.status, busy.body["error"]["status"]) == (409, "ABORTED")
    client.advance(100)
    assert state(client) == "READY"
    slowly(client)
    client.call("PATCH", f"{CONNECTORS}/cc", {"minInstances": 4, "maxInstances": 5})
    assert state(client) == "UPDATING"
    assert client.get(f"{CONNECTORS}/cc")["maxInstances"] == 3
    client.advance(100)
    assert client.get(f"{CONNECTORS}/cc")["maxInstances"] == 5
    slowly(client)
    client.call("DELETE", f"{CONNECTORS}/cc")
    assert state(client) == "DELETING"
    client.advance(100)
    gone = client.call("GET", f"{CONNECTORS}/cc")
    assert (gone.status, gone.message) == (404, "The connector is not found.")


def test_a_failure_leaves_a_connector_that_can_only_be_deleted(client: Client) -> None:
    failing(client)
    assert create(client)["error"]["code"] == 13
    assert state(client) == "ERROR"
    grow = client.call("PATCH", f"{CONNECTORS}/cc", {"minInstances": 4, "maxInstances": 5})
    assert grow.body["error"]["status"] == "FAILED_PRECONDITION"
    assert client.call("DELETE", f"{CONNECTORS}/cc").body["response"]
    assert client.get(CONNECTORS) == {}


def test_connectors_are_listed_in_pages_and_over_all_locations(client: Client) -> None:
    for number, location in enumerate(("us-central1", "us-east1", "us-west1")):
        path = f"/v1/projects/{PROJECT}/locations/{location}/connectors"
        client.post(path, BODY | {"ipCidrRange": f"10.1.{number}.0/28"}, connectorId=f"c{number}")
    everywhere = f"/v1/projects/{PROJECT}/locations/-/connectors"
    first = client.get(everywhere, pageSize=2)
    rest = client.get(everywhere, pageSize=2, pageToken=first["nextPageToken"])
    names = [it["name"] for it in first["connectors"] + rest["connectors"]]
    assert [name.rpartition("/")[2] for name in names] == ["c0", "c1", "c2"]
    assert "nextPageToken" not in rest
    assert len(client.get(CONNECTORS)["connectors"]) == 1


def test_operations_are_named_listed_waited_for_and_deleted(client: Client) -> None:
    slowly(client, 0.05)
    operation = create(client)
    at = f"/v1/{operation['name']}"
    running = client.call("DELETE", at)
    assert running.body["error"]["status"] == "FAILED_PRECONDITION"
    assert client.post(f"{at}:wait", {"timeout": "20s"})["done"]
    ended = client.get(at)
    assert ended["metadata"]["endTime"] >= ended["metadata"]["createTime"]
    assert client.get(f"{PARENT}/operations")["operations"] == [ended]
    assert client.get(f"{PARENT}/operations", filter="done=false")["operations"] == []
    assert client.call("GET", f"/v2/{operation['name']}").status == 404
    client.call("DELETE", at)
    assert client.call("GET", at).status == 404


def test_an_operation_can_be_waited_for_in_vain(client: Client) -> None:
    slowly(client, 3600)
    operation = create(client)
    at = f"/v1/{operation['name']}"
    assert "done" not in client.post(f"{at}:wait", {"timeout": "0.01s"})
    assert client.post(f"{at}:cancel") == {}
    assert client.call("POST", f"{at}:wait", {"timeout": "soon"}).status == 400
    assert client.call("POST", f"{at}:shorten").status == 404


def test_locations_are_listed(client: Client) -> None:
    listed = client.get(f"/v1/projects/{PROJECT}/locations")["locations"]
    iowa = client.get(PARENT)
    assert iowa in listed
    assert iowa["locationId"] == "us-central1"
    assert client.call("GET", f"/v1/projects/{PROJECT}/locations/atlantis").status == 404


def test_connectors_and_their_operations_survive_a_restart(tmp_path: Any) -> None:
    state_file = tmp_path / "state.json"
    with Sandbox(state=state_file, operation_time=1) as sandbox:
        client = connect(sandbox)
        operation = create(client)
        client.close()
    with Sandbox(state=state_file, operation_time=1) as sandbox:
        client = connect(sandbox)
        assert state(client) == "CREATING"
        assert client.get(f"/v1/{operation['name']}") == operation
        client.advance(600)
        assert state(client) == "READY"
        client.close()
