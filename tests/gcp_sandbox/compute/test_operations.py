"""Operations take their time, on the sandbox's clock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from gcp_sandbox.sandbox import Sandbox
from tests.gcp_sandbox.client import LINK, Client, connect
from tests.gcp_sandbox.compute.bodies import CHAIN, build

REQUEST = "5f0f0f0f-0000-4000-8000-000000000000"
SLOW = 100.0
"""A factor under which nothing ends within a test unless its clock is advanced."""


@pytest.fixture(scope="module")
def slow() -> Iterator[Sandbox]:
    with Sandbox(operation_time=SLOW) as running:
        yield running


@pytest.fixture
def client(slow: Sandbox) -> Iterator[Client]:
    connected = connect(slow)
    connected.post("/_sandbox/reset")
    yield connected
    connected.close()


def finish(client: Client) -> None:
    client.advance(60 * SLOW)


def test_an_operation_runs_and_is_done_when_its_time_is_over(client: Client) -> None:
    begun = client.post("global/sslPolicies", {"name": "p"}, requestId=REQUEST)
    assert (begun["kind"], begun["status"], begun["progress"]) == (
        "compute#operation",
        "RUNNING",
        0,
    )
    assert begun["targetLink"] == f"{LINK}/global/sslPolicies/p"
    assert begun["operationType"] == "insert"
    assert begun["clientOperationId"] == REQUEST
    assert begun["targetId"] == client.get("global/sslPolicies/p")["id"]
    path = f"global/operations/{begun['name']}"
    assert client.get(path) == begun
    finish(client)
    done = client.get(path)
    assert (done["status"], done["progress"]) == ("DONE", 100)
    assert done["endTime"] > done["startTime"]
    assert client.get(f"global/operations/{begun['id']}") == done


def test_a_regional_operation_says_its_region(client: Client) -> None:
    body = CHAIN["regions/r1/networkEndpointGroups"]
    begun = client.post("regions/r1/networkEndpointGroups", body)
    assert begun["region"] == f"{LINK}/regions/r1"
    assert begun["operationType"] == "compute.regionNetworkEndpointGroups.insert"
    assert client.call("GET", f"global/operations/{begun['name']}").status == 404
    finish(client)
    assert client.get(f"regions/r1/operations/{begun['name']}")["status"] == "DONE"


def test_a_wait_ends_when_the_clock_says_so(slow: Sandbox, client: Client) -> None:
    begun = client.post("global/sslPolicies", {"name": "p"})
    operation = slow.call(
        lambda world: world.sections["compute"].operations.by_path  # type: ignore[attr-defined]  # the compute section's
    )[begun["selfLink"].partition("/compute/v1/")[2]]
    operation.ends = slow.world.clock.time() + 0.05
    assert client.post(f"global/operations/{begun['name']}/wait")["status"] == "DONE"


def test_while_it_is_under_way_nobody_else_may_change_or_use_it(client: Client) -> None:
    client.post("global/healthChecks", {"name": "hc", "type": "TCP"})
    for verb, body in (("DELETE", None), ("PATCH", {"timeoutSec": 3})):
        answer = client.call(verb, "global/healthChecks/hc", body)
        assert (answer.status, answer.reason) == (400, "resourceNotReady")
    using = {"name": "bs", "healthChecks": ["global/healthChecks/hc"]}
    assert client.call("POST", "global/backendServices", using).reason == "resourceNotReady"
    finish(client)
    assert client.call("POST", "global/backendServices", using).status == 200


def test_a_deleted_resource_stays_until_its_operation_is_done(client: Client) -> None:
    client.post("global/healthChecks", {"name": "hc", "type": "TCP"})
    finish(client)
    using = {"name": "bs", "healthChecks": ["global/healthChecks/hc"]}
    client.post("global/backendServices", using)
    finish(client)
    client.call("DELETE", "global/backendServices/bs")
    assert client.get("global/backendServices/bs")["name"] == "bs"
    early = client.call("DELETE", "global/healthChecks/hc")
    assert early.reason == "resourceInUseByAnotherResource"
    finish(client)
    assert client.call("GET", "global/backendServices/bs").status == 404
    assert client.call("DELETE", "global/healthChecks/hc").status == 200


def test_an_operation_that_is_over_can_be_forgotten(client: Client) -> None:
    begun = client.post("global/sslPolicies", {"name": "p"})
    path = f"global/operations/{begun['name']}"
    assert client.call("DELETE", path).status == 400
    finish(client)
    assert client.call("DELETE", path).status == 204
    assert client.call("GET", path).status == 404


def test_operations_are_listed_by_scope(client: Client) -> None:
    body = CHAIN["regions/r1/networkEndpointGroups"]
    client.post("regions/r1/networkEndpointGroups", body)
    client.post("global/sslPolicies", {"name": "p"})
    assert len(client.get("global/operations")["items"]) == 1
    running = client.get("regions/r1/operations", filter="status=RUNNING")["items"]
    assert [item["status"] for item in running] == ["RUNNING"]
    assert client.get("aggregated/operations")["items"]["regions/r1"]["operations"]


def test_with_short_operations_nobody_need_wait() -> None:
    """Google takes longer to answer than these operations take to end."""
    with Sandbox() as sandbox:
        client = connect(sandbox)
        for collection, body in CHAIN.items():
            client.post(collection, body)
        for collection, body in reversed(CHAIN.items()):
            assert client.call("DELETE", f"{collection}/{body['name']}").status == 200
        build(client)
        client.close()
