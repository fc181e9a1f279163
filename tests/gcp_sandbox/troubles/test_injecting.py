"""Faults by name: brought about, listed, and taken back as if they had never been."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from gcp_sandbox.sandbox import Sandbox
from gcp_sandbox.troubles.entries import entries
from tests.gcp_sandbox.client import COMPUTE, PROJECT, Client, connect

FAULTS = "/_sandbox/faults"
RECORD = (
    f"/dns/v1/projects/{PROJECT}/managedZones/netrasystems-staging"
    "/rrsets/api-staging.netrasystems.ai./A"
)
ZONE = f"/dns/v1/projects/{PROJECT}/managedZones/netrasystems-staging"
CONNECTOR = f"/v1/projects/{PROJECT}/locations/us-central1/connectors/staging-connector"


def inject(client: Client, identity: str) -> Any:
    return client.post(f"{FAULTS}/{identity}")


def clear(client: Client) -> Any:
    answer = client.call("DELETE", FAULTS)
    assert answer.status == 200
    return answer.body


def world(client: Client) -> Any:
    return client.get("/_sandbox/state", comparable=1)


@pytest.mark.parametrize("identity", entries())
def test_a_fault_is_taken_back_to_the_letter(staging: Client, identity: str) -> None:
    before = world(staging)
    assert inject(staging, identity)["already"] == []
    (told,) = staging.get(FAULTS)["inForce"]
    assert told["id"] == identity
    assert clear(staging) == {"cleared": [identity]}
    assert staging.get(FAULTS)["inForce"] == []
    assert world(staging) == before


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(st.lists(st.sampled_from(list(entries())), unique=True, min_size=2, max_size=5))
def test_several_faults_in_any_order_go_together_or_say_why_not(
    client: Client, several: list[str]
) -> None:
    client.post("/_sandbox/scenario/staging")
    before = world(client)
    done = []
    for identity in several:
        here = world(client)
        answer = client.call("POST", f"{FAULTS}/{identity}", {})
        assert answer.status in {200, 409}, answer.body
        if answer.status == 200:
            done.append(identity)
        else:
            assert f"{identity} cannot be injected here: " in answer.message
            assert world(client) == here
    assert clear(client) == {"cleared": done}
    assert world(client) == before


def test_injecting_twice_is_injecting_once(staging: Client) -> None:
    inject(staging, "dns-record-missing")
    once = world(staging)
    assert inject(staging, "dns-record-missing")["already"] == [
        "dns-record-missing is in force already"
    ]
    assert world(staging) == once


def test_what_another_fault_has_taken_away_is_told(staging: Client) -> None:
    inject(staging, "lb-forwarding-rule-missing")
    already = inject(staging, "lb-address-released")["already"]
    assert [why.partition("forwardingRules/")[2] for why in already] == [
        "staging-https' was not found",
        "staging-http' was not found",
    ]
    inject(staging, "run-deleted")
    refused = staging.call("POST", f"{FAULTS}/run-invoker-missing", {})
    assert refused.status == 409
    assert "netra-backend" in refused.message


def test_what_a_plain_call_has_broken_another_mends(staging: Client) -> None:
    inject(staging, "dns-record-missing")
    assert staging.call("GET", RECORD).status == 404
    body = {"name": "api-staging.netrasystems.ai.", "type": "A", "ttl": 300}
    staging.post(RECORD.partition("/api-")[0], body | {"rrdatas": ["203.0.113.10"]})
    assert staging.get(RECORD)["rrdatas"] == ["203.0.113.10"]
    clear(staging)
    assert staging.get(RECORD)["rrdatas"] == ["203.0.113.10"]


OTHER_WAYS = {
    "an alias is made": (
        "POST",
        f"{ZONE}/rrsets",
        {"name": "new.netrasystems.ai.", "type": "CNAME", "ttl": 60, "rrdatas": ["a.example.org."]},
    ),
    "the record is deleted": ("DELETE", RECORD, None),
    "a certificate is made": (
        "POST",
        f"{COMPUTE}/global/sslCertificates",
        {"name": "another", "type": "MANAGED", "managed": {"domains": ["x.netrasystems.ai"]}},
    ),
    "the backend service waits for less": (
        "PATCH",
        f"{COMPUTE}/global/backendServices/staging-backend-service",
        {"description": "changed by somebody"},
    ),
    "a connector is made": (
        "POST",
        f"{CONNECTOR.rpartition('/')[0]}?connectorId=second",
        {
            "network": "staging-vpc",
            "ipCidrRange": "10.9.0.0/28",
            "minInstances": 2,
            "maxInstances": 3,
        },
    ),
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=30)
@given(
    st.lists(st.sampled_from(list(entries())), unique=True, min_size=1, max_size=3),
    st.sampled_from(list(OTHER_WAYS)),
    st.integers(0, 3),
)
def test_what_others_change_while_faults_are_in_force_stays(
    client: Client, several: list[str], change: str, place: int
) -> None:
    """Whatever was done by plain calls before a fault, between two, or after them."""
    method, path, body = OTHER_WAYS[change]
    client.post("/_sandbox/scenario/staging")
    steps = [("POST", f"{FAULTS}/{identity}", {}) for identity in several]
    steps.insert(min(place, len(steps)), (method, path, body))
    told = [client.call(*step) for step in steps]
    assume(all(answer.status < 300 for answer in told))
    clear(client)
    found = told_of(client)
    client.post("/_sandbox/scenario/staging")
    client.call(method, path, body)
    assert found == told_of(client)


def told_of(client: Client) -> Any:
    """What every list says, without what changes by itself."""
    paths = [f"{ZONE}/rrsets", f"{COMPUTE}/global/sslCertificates", CONNECTOR.rpartition("/")[0]]
    paths += [f"{COMPUTE}/global/{kind}" for kind in ("backendServices", "urlMaps", "addresses")]
    return [_lasting(client.get(path)) for path in paths]


def _is_serial(told: Any) -> bool:
    return isinstance(told, dict) and told.get("type") == "SOA"


PASSING = {"fingerprint", "creationTimestamp", "id", "expireTime", "certificate", "selfLinkWithId"}


def _lasting(told: Any) -> Any:
    if isinstance(told, list):
        return [_lasting(each) for each in told if not _is_serial(each)]
    if not isinstance(told, dict):
        return told
    return {name: _lasting(value) for name, value in told.items() if name not in PASSING}


def test_objects_that_were_kept_meanwhile_stay(staging: Client) -> None:
    inject(staging, "vpc-connector-error")
    staging.post("/storage/v1/b", {"name": "runs"}, project=PROJECT)
    assert staging.get(CONNECTOR)["state"] == "ERROR"
    clear(staging)
    assert staging.get(CONNECTOR)["state"] == "READY"
    assert staging.get("/storage/v1/b/runs")["name"] == "runs"


def test_injecting_is_no_call_of_a_client(staging: Client) -> None:
    staging.post("/_sandbox/calls:reset")
    inject(staging, "cert-missing-intermediate")
    assert staging.get("/_sandbox/calls") == {"calls": []}


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("sql-suspend", "sql-suspended"), ("peering", "sql-peering-gone"), ("armor", "armor-denies")],
)
def test_an_unknown_fault_names_the_nearest(staging: Client, wrong: str, meant: str) -> None:
    answer = staging.call("POST", f"{FAULTS}/{wrong}", {})
    assert answer.status == 400
    assert meant in answer.message


def test_faults_on_the_wire_are_listed_beside_and_cleared_too(staging: Client) -> None:
    staging.post(f"{FAULTS}/later", {"kind": "503", "match": "GET /dns/*", "times": 2})
    (wire,) = staging.get(FAULTS)["wire"]
    assert wire == {"id": "later", "match": "GET /dns/*", "kind": "503", "times": 2}
    assert staging.call("GET", RECORD).status == 503
    assert staging.get(FAULTS)["wire"][0]["times"] == 1
    clear(staging)
    assert staging.get(FAULTS)["wire"] == []
    assert staging.call("GET", RECORD).status == 200


@pytest.mark.parametrize("identity", ["sql-suspended", "vpc-connector-error", "cert-untrusted"])
def test_where_its_subject_is_not_there_a_fault_cannot_be(client: Client, identity: str) -> None:
    before = world(client)
    answer = client.call("POST", f"{FAULTS}/{identity}", {})
    assert answer.status == 409
    assert answer.message.startswith(f"{identity} cannot be injected here: ")
    assert client.get(FAULTS)["inForce"] == []
    assert world(client) == before


def test_a_fault_outlives_the_sandbox_that_keeps_its_state(tmp_path: Path) -> None:
    state = tmp_path / "state.json"
    with Sandbox("staging", state=state) as first:
        client = connect(first)
        before = world(client)
        inject(client, "sql-suspended")
        client.close()
    with Sandbox(state=state) as second:
        client = connect(second)
        assert [it["id"] for it in client.get(FAULTS)["inForce"]] == ["sql-suspended"]
        clear(client)
        assert world(client) == before
        client.close()


def test_operations_of_clients_take_their_time_again_afterwards() -> None:
    with Sandbox("staging", operation_time=1.0) as running:
        client = connect(running)
        inject(client, "bs-armor-denies")
        assert running.world.options.operation_time == 1.0
        operation = client.call("DELETE", "global/firewalls/allow-health-checks").body
        assert operation["status"] == "RUNNING"
        client.close()


def test_every_step_is_a_path_that_is_served(core: Sandbox) -> None:
    paths = [
        step["call"].replace("{project}", PROJECT).partition("?")[0].split(" ")
        for entry in entries().values()
        for step in entry.steps
        if "call" in step
    ]
    for method, path in paths:
        core.service.router.find(method, path)
    assert len(paths) > len(entries()) / 2


def test_titles_fit_a_line_and_ids_are_told_apart() -> None:
    assert max(len(entry.title) for entry in entries().values()) <= 76
    assert all(one != two for one, two in pairwise(sorted(it.title for it in entries().values())))


# denied


def test_every_api_is_denied(staging: Client) -> None:
    inject(staging, "obs-api-denied")
    wanted = [
        f"{COMPUTE}/global/urlMaps",
        RECORD.rpartition("/api-")[0],
        CONNECTOR,
        f"/sql/v1beta4/projects/{PROJECT}/instances",
        f"/v2/projects/{PROJECT}/locations/-/services",
        f"/v1/projects/{PROJECT}/secrets",
        f"/v3/projects/{PROJECT}/timeSeries",
    ]
    assert {staging.call("GET", path).status for path in wanted} == {403}
    asked = {"permissions": ["dns.changes.create"]}
    assert staging.post(f"/v3/projects/{PROJECT}:testIamPermissions", asked) == {}
    clear(staging)
    assert all(staging.call("GET", path).status in {200, 400} for path in wanted)
