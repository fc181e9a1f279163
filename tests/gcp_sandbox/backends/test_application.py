"""The application behind Cloud Run: broken by a call, or by what no API shows, and mended again."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus

from tests.gcp_sandbox.backends.road import road
from tests.gcp_sandbox.client import PROJECT, Client
from tests.gcp_sandbox.front.visitor import get, websocket

REGION = f"projects/{PROJECT}/locations/us-central1"
RUN = f"/v2/{REGION}/services/netra-backend"
CONNECTOR = f"/v1/{REGION}/connectors/staging-connector"
SQL = f"/sql/v1beta4/projects/{PROJECT}/instances/staging-shared-postgres"
PEERING = "/v1/services/servicenetworking.googleapis.com/connections"
NETWORK = f"projects/{PROJECT}/global/networks/staging-vpc"


def run(client: Client, change: dict[str, Any], mask: str) -> None:
    answer = client.call("PATCH", RUN, change, updateMask=mask)
    assert answer.status == 200, answer.body


def template(client: Client) -> Any:
    return client.get(RUN)["template"]


def invoked_by(client: Client, *members: str) -> None:
    binding = {"role": "roles/run.invoker", "members": list(members)}
    client.post(f"{RUN}:setIamPolicy", {"policy": {"bindings": [binding] if members else []}})


def database(client: Client, **settings: Any) -> None:
    answer = client.call("PATCH", SQL, {"settings": settings})
    assert answer.status == 200, answer.body


def internet(core: Any, backends: dict[str, Any]) -> None:
    core.call(lambda world: world.sections["internet"].merge({"backends": backends}))


def reason(client: Client) -> str:
    """Why the application is not well."""
    seen = get(client)
    assert (seen.status, seen.json["status"]) == (503, "unavailable")
    return str(seen.json["reason"])


def closed(client: Client, path: str = "/ws") -> int | None:
    """The code with which a WebSocket is closed that was upgraded."""
    with websocket(client, path) as socket, pytest.raises(ConnectionClosedError) as gone:
        socket.recv(timeout=30)
    return gone.value.rcvd.code if gone.value.rcvd else None


def is_well(client: Client) -> bool:
    with websocket(client) as socket:
        socket.send("hello")
        echoed = socket.recv(timeout=30) == "hello"
    return echoed and get(client).status == 200


def test_it_tells_of_itself_and_of_its_database(staging: Client) -> None:
    told = get(staging).json
    latest = staging.get(RUN)["latestReadyRevision"].rpartition("/")[2]
    assert told == {"status": "ok", "revision": latest, "dependencies": {"database": "ok"}}


def test_a_websocket_echoes_text_bytes_pings_and_fragments(staging: Client) -> None:
    with websocket(staging) as socket:
        for said in ("text", b"bytes", "x" * 100_000):
            socket.send(said)
            assert socket.recv(timeout=30) == said
        socket.send(["in ", "three ", "pieces"])
        assert socket.recv(timeout=30) == "in three pieces"
        assert socket.ping().wait(30)
        socket.close()
        assert (socket.close_code, socket.close_reason) == (1000, "")


def test_what_asks_for_no_websocket_at_its_path_is_told_to_upgrade(staging: Client) -> None:
    seen = get(staging, "/ws")
    assert (seen.status, seen.headers["upgrade"]) == (426, "websocket")


def test_a_service_that_is_gone_is_not_found(staging: Client) -> None:
    body = staging.get(RUN)
    staging.call("DELETE", RUN)
    assert get(staging).status == 404
    with pytest.raises(InvalidStatus, match="404"):
        websocket(staging)
    kept = {name: body[name] for name in ("ingress", "template")}
    staging.post(RUN.rpartition("/")[0], kept, serviceId="netra-backend")
    invoked_by(staging, "allUsers")
    assert is_well(staging)


def test_nobody_may_call_it_until_all_may(staging: Client) -> None:
    for members in ((), ("user:a@example.com",)):
        invoked_by(staging, *members)
        assert get(staging).status == 403
        with pytest.raises(InvalidStatus, match="403"):
            websocket(staging)
    invoked_by(staging, "allUsers")
    assert is_well(staging)
    invoked_by(staging)
    run(staging, {"invokerIamDisabled": True}, "invokerIamDisabled")
    assert is_well(staging)


def test_ingress_decides_whether_a_load_balancer_gets_in(staging: Client) -> None:
    for ingress, status in (
        ("INGRESS_TRAFFIC_INTERNAL_ONLY", 404),
        ("INGRESS_TRAFFIC_ALL", 200),
        ("INGRESS_TRAFFIC_NONE", 404),
        ("INGRESS_TRAFFIC_INTERNAL_LOAD_BALANCER", 200),
    ):
        run(staging, {"ingress": ingress}, "ingress")
        assert get(staging).status == status


def test_a_revision_that_errs_is_left_behind_by_traffic_to_the_former(
    staging: Client, core: Any
) -> None:
    former = staging.get(RUN)["latestReadyRevision"].rpartition("/")[2]
    run(staging, {"template": {**template(staging), "revision": "netra-backend-bad"}}, "template")
    internet(core, {"netra-backend": {"revisions": {"netra-backend-bad": {"answers": 500}}}})
    assert get(staging).status == 500
    assert closed(staging) == 1011
    back = {"type": "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION", "revision": former, "percent": 100}
    run(staging, {"traffic": [back]}, "traffic")
    assert is_well(staging)
    assert get(staging).json["revision"] == former


def test_traffic_is_shared(staging: Client) -> None:
    former = staging.get(RUN)["latestReadyRevision"].rpartition("/")[2]
    run(staging, {"template": {**template(staging), "revision": "netra-backend-two"}}, "template")
    kind = "TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION"
    shares = [
        {"type": kind, "revision": name, "percent": 50} for name in (former, "netra-backend-two")
    ]
    run(staging, {"traffic": shares}, "traffic")
    seen = {get(staging).json["revision"] for _ in range(40)}
    assert seen == {former, "netra-backend-two"}


def test_who_may_not_grow_answers_429_until_it_may(staging: Client, core: Any) -> None:
    internet(core, {"netra-backend": {"instancesNeeded": 2}})
    assert is_well(staging)
    grown = {"template": {"scaling": {"maxInstanceCount": 1}}}
    run(staging, grown, "template.scaling")
    assert get(staging).status == 429
    with pytest.raises(InvalidStatus, match="429"):
        websocket(staging)
    grown["template"]["scaling"]["maxInstanceCount"] = 5
    run(staging, grown, "template.scaling")
    assert is_well(staging)


def test_its_answers_take_as_long_as_they_are_told_to(staging: Client, core: Any) -> None:
    internet(core, {"netra-backend": {"delay": 0.05}})
    assert is_well(staging)


def test_without_its_connector_it_does_not_reach_the_database(staging: Client, core: Any) -> None:
    def state(value: str) -> None:
        name = CONNECTOR.removeprefix("/v1/")
        core.call(lambda world: world.sections["vpcaccess"].bodies[name].update(state=value))

    state("ERROR")
    assert "10.20.0.3:5432: timed out" in reason(staging)
    assert closed(staging) == 1011
    another = {"network": "staging-vpc", "ipCidrRange": "10.2.0.0/28", "maxInstances": 3}
    connectors = CONNECTOR.rpartition("/")[0]
    staging.post(connectors, {**another, "minInstances": 2}, connectorId="another")
    access = {"vpcAccess": {"connector": f"{REGION}/connectors/another"}}
    run(staging, {"template": access}, "template.vpcAccess")
    assert is_well(staging)


def test_without_a_way_into_the_network_it_does_not_reach_the_database(staging: Client) -> None:
    without = {name: it for name, it in template(staging).items() if name != "vpcAccess"}
    before = template(staging)
    run(staging, {"template": without}, "template")
    assert "timed out" in reason(staging)
    interface = {"networkInterfaces": [{"network": "staging-vpc", "subnetwork": "a"}]}
    run(staging, {"template": {**without, "vpcAccess": interface}}, "template")
    assert is_well(staging)
    run(staging, {"template": before}, "template")
    assert is_well(staging)


def test_without_the_peering_it_does_not_reach_the_database(staging: Client) -> None:
    found = staging.get(PEERING, network=NETWORK)["connections"][0]
    staging.post(f"{PEERING}/{found['peering']}", {"consumerNetwork": NETWORK})
    assert "timed out" in reason(staging)
    assert closed(staging) == 1011
    body = {"network": NETWORK, "reservedPeeringRanges": found["reservedPeeringRanges"]}
    staging.post(PEERING, body)
    assert is_well(staging)


def test_a_database_that_is_stopped_is_not_there_until_it_is_started(staging: Client) -> None:
    database(staging, activationPolicy="NEVER")
    assert "timed out" in reason(staging)
    assert closed(staging) == 1011
    database(staging, activationPolicy="ALWAYS")
    assert is_well(staging)


@pytest.mark.parametrize(
    ("state", "said"), [("SUSPENDED", "timed out"), ("MAINTENANCE", "refused")]
)
def test_a_state_of_the_database_that_google_alone_ends(
    staging: Client, core: Any, state: str, said: str
) -> None:
    def become(value: str) -> None:
        def change(world: Any) -> None:
            held = world.sections["sql"].instances[PROJECT]["staging-shared-postgres"]
            held["state"] = value

        core.call(change)

    become(state)
    assert said in reason(staging)
    assert closed(staging) == 1011
    become("RUNNABLE")
    assert is_well(staging)


def test_more_connections_than_slots_leave_open_websockets_be(staging: Client, core: Any) -> None:
    internet(core, {"database": {"connections": 100}})
    assert is_well(staging)
    database(staging, databaseFlags=[{"name": "max_connections", "value": "100"}])
    assert "53300" in reason(staging)
    with websocket(staging) as socket:
        socket.send("still here")
        assert socket.recv(timeout=30) == "still here"
    database(staging, databaseFlags=[{"name": "max_connections", "value": "200"}])
    assert is_well(staging)


def test_a_new_password_is_known_to_revisions_made_since(staging: Client, core: Any) -> None:
    staging.advance(60)
    now = staging.get("/_sandbox/clock")["time"]
    internet(core, {"database": {"sqlstate": "28P01", "since": now}})
    assert "28P01" in reason(staging)
    run(staging, {"template": {**template(staging), "labels": {"a": "b"}}}, "template")
    assert is_well(staging)


def test_it_misses_the_address_of_its_database_if_it_had_one(staging: Client) -> None:
    before = template(staging)
    container = before["containers"][0]
    env = [it for it in container["env"] if it["name"] != "POSTGRES_HOST"]
    run(staging, {"template": {**before, "containers": [{**container, "env": env}]}}, "template")
    assert "POSTGRES_HOST is not set" in reason(staging)
    wrong = [*env, {"name": "POSTGRES_HOST", "value": "10.20.0.99"}]
    run(staging, {"template": {**before, "containers": [{**container, "env": wrong}]}}, "template")
    assert "10.20.0.99: timed out" in reason(staging)
    right = [*env, {"name": "POSTGRES_HOST", "value": "10.20.0.3"}]
    run(staging, {"template": {**before, "containers": [{**container, "env": right}]}}, "template")
    assert is_well(staging)


def test_a_revision_that_never_was_ready_serves_nobody(client: Client) -> None:
    spot = road(client, {"image": "x:sandbox-missing"})
    assert get(client, "/health", "a.example", spot).status == 503
