"""Firewalls, instance groups and security policies: what a load balancer depends on."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conformance.discovery import faults
from tests.gcp_sandbox.client import LINK, PROJECT, Client

GROUP = "zones/us-central1-a/instanceGroups/staging-stream"
BACKEND = "global/backendServices/staging-backend-service"
POLICY = "global/securityPolicies/armor"
DENY = {
    "priority": 10,
    "action": "deny(403)",
    "match": {"versionedExpr": "SRC_IPS_V1", "config": {"srcIpRanges": ["192.0.2.0/24"]}},
}


def test_the_scenarios_health_checks_come_through_its_firewall(staging: Client) -> None:
    (rule,) = staging.get("global/firewalls")["items"]
    assert faults("compute.v1", "Firewall", rule) == []
    assert rule["name"] == "allow-health-checks"
    assert rule["sourceRanges"] == ["35.191.0.0/16", "130.211.0.0/22"]
    assert (rule["direction"], rule["priority"], rule["disabled"]) == ("INGRESS", 1000, False)


def test_a_firewall_is_made_changed_and_taken_away(client: Client) -> None:
    body = {"name": "web", "allowed": [{"IPProtocol": "tcp", "ports": ["80"]}]}
    client.done("POST", "global/firewalls", body)
    made = client.get("global/firewalls/web")
    assert made["network"] == f"{LINK}/global/networks/default"
    assert made["sourceRanges"] == ["0.0.0.0/0"]
    client.done("PATCH", "global/firewalls/web", {"disabled": True, "sourceTags": ["a"]})
    assert client.get("global/firewalls/web")["disabled"] is True
    client.done("DELETE", "global/firewalls/web")
    assert client.call("GET", "global/firewalls/web").status == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"allowed": [{}]},
        {"allowed": [{"IPProtocol": 6}]},
        {"allowed": [{"IPProtocol": "tcp", "ports": ["http"]}]},
        {"allowed": [{"IPProtocol": "tcp"}], "denied": [{"IPProtocol": "tcp"}]},
        {"allowed": [{"IPProtocol": "tcp"}], "sourceRanges": ["10.0.0.0/99"]},
    ],
)
def test_a_firewall_that_makes_no_sense_is_refused(client: Client, wrong: Any) -> None:
    assert client.call("POST", "global/firewalls", {"name": "web"} | wrong).status == 400


def test_a_group_names_its_ports_and_its_instances(staging: Client) -> None:
    group = staging.get(GROUP)
    assert faults("compute.v1", "InstanceGroup", group) == []
    assert group["namedPorts"] == [{"name": "stream", "port": 8000}]
    assert group["size"] == 2
    listed = staging.post(f"{GROUP}/listInstances")
    assert faults("compute.v1", "InstanceGroupsListInstances", listed) == []
    assert [it["instance"].rpartition("/")[2] for it in listed["items"]] == [
        "staging-stream-0",
        "staging-stream-1",
    ]
    aggregated = staging.get("aggregated/instanceGroups")
    assert faults("compute.v1", "InstanceGroupAggregatedList", aggregated) == []


def test_ports_are_named_anew_by_whoever_knows_the_latest(staging: Client) -> None:
    ports = [{"name": "stream", "port": 9000}]
    stale = {"namedPorts": ports, "fingerprint": "AAAAAAAAAAA="}
    assert staging.call("POST", f"{GROUP}/setNamedPorts", stale).status == 412
    fresh = {"namedPorts": ports, "fingerprint": staging.get(GROUP)["fingerprint"]}
    staging.done("POST", f"{GROUP}/setNamedPorts", fresh)
    assert staging.get(GROUP)["namedPorts"] == ports
    wrong = {"namedPorts": [{"name": "stream", "port": 0}]}
    assert staging.call("POST", f"{GROUP}/setNamedPorts", wrong).status == 400


def test_a_group_that_serves_cannot_be_deleted(staging: Client) -> None:
    assert staging.call("DELETE", GROUP).reason == "resourceInUseByAnotherResource"


def test_a_policys_rules_are_ordered_and_end_with_the_default(client: Client) -> None:
    client.done("POST", "global/securityPolicies", {"name": "armor", "rules": [DENY]})
    policy = client.get(POLICY)
    assert faults("compute.v1", "SecurityPolicy", policy) == []
    assert [rule["priority"] for rule in policy["rules"]] == [10, 2**31 - 1]
    assert policy["rules"][1]["action"] == "allow"
    client.done("POST", f"{POLICY}/addRule", DENY | {"priority": 5})
    assert client.call("POST", f"{POLICY}/addRule", DENY).status == 400
    client.done("POST", f"{POLICY}/patchRule", {"action": "allow"}, priority=10)
    assert client.get(f"{POLICY}/getRule", priority=10)["action"] == "allow"
    client.done("POST", f"{POLICY}/removeRule", priority=5)
    assert [rule["priority"] for rule in client.get(POLICY)["rules"]] == [10, 2**31 - 1]
    assert client.call("POST", f"{POLICY}/removeRule", priority=2**31 - 1).status == 400
    assert client.call("GET", f"{POLICY}/getRule", priority=7).status == 400


def test_a_policy_guards_a_backend_until_it_is_detached(staging: Client) -> None:
    staging.done("POST", "global/securityPolicies", {"name": "armor"})
    guard = {"securityPolicy": POLICY}
    staging.done("POST", f"{BACKEND}/setSecurityPolicy", guard)
    assert staging.get(BACKEND)["securityPolicy"] == f"{LINK}/{POLICY}"
    assert staging.call("DELETE", POLICY).reason == "resourceInUseByAnotherResource"
    staging.done("POST", f"{BACKEND}/setSecurityPolicy", {})
    staging.done("DELETE", POLICY)
    assert "securityPolicy" not in staging.get(BACKEND)


anything: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 70000) | st.sampled_from(["", "a", "10.0.0.0/8"]),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["name", "port", "priority", "match", "config"]), inner)
    ),
    max_leaves=6,
)
MEMBERS = {
    "global/firewalls": ["allowed", "denied", "sourceRanges", "logConfig", "priority", "disabled"],
    "zones/z1/instanceGroups": ["namedPorts", "network", "size", "fingerprint"],
    "global/securityPolicies": ["rules", "type", "labels", "fingerprint", "userDefinedFields"],
}
VERBS = ["setNamedPorts", "addRule", "patchRule", "removeRule", "listInstances", "setLabels"]


@pytest.mark.parametrize("collection", MEMBERS)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_no_body_whatever_makes_the_server_fail(client: Client, collection: str, data: Any) -> None:
    client.post("/_sandbox/reset")
    body = data.draw(st.dictionaries(st.sampled_from(MEMBERS[collection]), anything, max_size=3))
    allowed = {"allowed": [{"IPProtocol": "tcp"}]} if collection.endswith("firewalls") else {}
    client.done("POST", collection, {"name": "any"} | allowed)
    for verb, path in (
        ("POST", collection),
        ("PATCH", f"{collection}/any"),
        *(("POST", f"{collection}/any/{verb}") for verb in VERBS),
    ):
        sent = body if verb == "PATCH" else body | {"name": "other"}
        assert client.call(verb, path, sent).status in {200, 400, 403, 404, 405, 412}
    for path in (collection, f"{collection}/any", f"{collection}/other"):
        assert client.call("GET", path).status in {200, 404}
    client.get("/_sandbox/state", comparable=1)


SECRETS = f"/v1/projects/{PROJECT}/secrets"
PEERINGS = "/v1/services/servicenetworking.googleapis.com/connections"
OTHERS = [
    ("POST", f"{SECRETS}?secretId=s"),
    ("POST", f"{SECRETS}/s:addVersion"),
    ("POST", f"{SECRETS}/s/versions/1:disable"),
    ("POST", PEERINGS),
    ("PATCH", f"{PEERINGS}/servicenetworking-googleapis-com"),
    ("POST", f"{PEERINGS}/servicenetworking-googleapis-com"),
]
WORDS = ["replication", "labels", "payload", "network", "reservedPeeringRanges", "consumerNetwork"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(body=st.dictionaries(st.sampled_from(WORDS), anything) | anything)
def test_nor_does_any_body_for_secrets_and_peerings(client: Client, body: Any) -> None:
    client.post("/_sandbox/reset")
    for verb, path in OTHERS:
        assert client.call(verb, path, body).status in {200, 400, 404, 409}
    client.get("/_sandbox/state", comparable=1)
