"""The stream's instances, as health checks and clients find them."""

from __future__ import annotations

from typing import Any

import pytest
from websockets.exceptions import ConnectionClosedError

from tests.gcp_sandbox.backends.test_application import SQL, database, internet
from tests.gcp_sandbox.client import Client
from tests.gcp_sandbox.front.visitor import get, websocket

STREAM = "global/backendServices/staging-stream-backend"
GROUP = "zones/us-central1-a/instanceGroups/staging-stream"
FIREWALL = "global/firewalls/allow-health-checks"
HEALTH = "global/healthChecks/staging-stream-health"


def states(client: Client) -> set[str]:
    told = client.post(f"{STREAM}/getHealth", {"group": GROUP})["healthStatus"]
    return {it["healthState"] for it in told}


def patched(client: Client, path: str, change: dict[str, Any]) -> None:
    known = client.get(path)
    mark = {"fingerprint": known["fingerprint"]} if "fingerprint" in known else {}
    client.done("PATCH", path, {**mark, **change})


def check(client: Client, state: str, status: int) -> None:
    assert (states(client), get(client, "/stream/health").status) == ({state}, status)


def test_they_stream(staging: Client) -> None:
    check(staging, "HEALTHY", 200)
    with websocket(staging, "/stream/live") as socket:
        socket.send("hello")
        assert socket.recv(timeout=30) == "hello"
    assert get(staging, "/stream/health").json == {"status": "ok"}
    assert get(staging, "/stream").status == 426


def test_without_the_rule_of_the_firewall_they_are_unhealthy(staging: Client) -> None:
    rule = staging.get(FIREWALL)
    staging.done("DELETE", FIREWALL)
    check(staging, "UNHEALTHY", 503)
    kept = {it: rule[it] for it in ("name", "network", "allowed", "sourceRanges", "direction")}
    staging.done("POST", "global/firewalls", kept)
    check(staging, "HEALTHY", 200)


@pytest.mark.parametrize(
    "change",
    [
        {"disabled": True},
        {"sourceRanges": ["35.191.0.0/16"]},
        {"allowed": [{"IPProtocol": "tcp", "ports": ["9000-9100"]}]},
        {"allowed": [{"IPProtocol": "udp"}]},
    ],
)
def test_a_rule_that_lets_too_little_through(staging: Client, change: dict[str, Any]) -> None:
    before = staging.get(FIREWALL)
    patched(staging, FIREWALL, change)
    check(staging, "UNHEALTHY", 503)
    patched(staging, FIREWALL, {name: before.get(name, False) for name in change})
    check(staging, "HEALTHY", 200)


def test_a_denial_of_higher_priority_wins(staging: Client) -> None:
    network = staging.get(FIREWALL)["network"]
    deny = {"denied": [{"IPProtocol": "all"}], "sourceRanges": ["0.0.0.0/0"], "network": network}
    staging.done("POST", "global/firewalls", {"name": "deny", "priority": 10, **deny})
    check(staging, "UNHEALTHY", 503)
    patched(staging, "global/firewalls/deny", {"priority": 2000})
    check(staging, "HEALTHY", 200)
    elsewhere = {**deny, "network": "global/networks/another"}
    staging.done("POST", "global/firewalls", {"name": "other", "priority": 10, **elsewhere})
    check(staging, "HEALTHY", 200)


def test_a_port_name_that_the_group_lacks_leads_nowhere_however_healthy(staging: Client) -> None:
    patched(staging, STREAM, {"portName": "wrong"})
    check(staging, "HEALTHY", 502)
    patched(staging, STREAM, {"portName": "stream"})
    check(staging, "HEALTHY", 200)


def test_a_health_check_must_ask_where_somebody_answers(staging: Client) -> None:
    for change in ({"port": 8001}, {"requestPath": "/nothing"}):
        patched(staging, HEALTH, {"httpHealthCheck": change})
        check(staging, "UNHEALTHY", 503)
        patched(staging, HEALTH, {"httpHealthCheck": {"port": 8000, "requestPath": "/health"}})
        check(staging, "HEALTHY", 200)


def test_a_stream_is_cut_without_a_word_at_the_services_timeout(staging: Client) -> None:
    patched(staging, STREAM, {"timeoutSec": 1})
    with websocket(staging, "/stream") as socket:
        with pytest.raises(ConnectionClosedError) as gone:
            socket.recv(timeout=30)
        assert (gone.value.rcvd, socket.close_code) == (None, 1006)


def test_a_stream_ends_when_the_clock_passes_the_timeout(staging: Client) -> None:
    with websocket(staging, "/stream") as socket:
        staging.advance(3500)
        socket.send("still here")
        assert socket.recv(timeout=30) == "still here"
        staging.advance(200)
        with pytest.raises(ConnectionClosedError):
            socket.recv(timeout=30)
        assert socket.close_code == 1006


def test_where_their_health_depends_on_the_database_they_go_down_with_it(
    staging: Client, core: Any
) -> None:
    assert staging.get(SQL)["state"] == "RUNNABLE"
    database(staging, activationPolicy="NEVER")
    check(staging, "HEALTHY", 200)
    internet(core, {"streamDependsOnDatabase": True})
    check(staging, "UNHEALTHY", 503)
    database(staging, activationPolicy="ALWAYS")
    check(staging, "HEALTHY", 200)


def test_what_a_scenario_says_of_an_instance_holds_if_it_is_worse(
    staging: Client, core: Any
) -> None:
    core.call(
        lambda world: world.sections["compute"].health[GROUP][0].update(healthState="UNHEALTHY")
    )
    assert states(staging) == {"HEALTHY", "UNHEALTHY"}
