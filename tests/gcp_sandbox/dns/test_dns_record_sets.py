from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from tests.gcp_sandbox.dns.conftest import CloudDns, rrset


@pytest.fixture
def zone(cloud: CloudDns) -> str:
    return cloud.zone("example.com.")


def test_sets_are_listed_apex_first_then_down_the_tree(cloud: CloudDns, zone: str) -> None:
    names = ["b", "a", "z.a", "*.a", "a-b", "_x"]
    cloud.add(zone, *(rrset(f"{name}.example.com.", "A", "192.0.2.1") for name in names))
    cloud.add(zone, rrset("example.com.", "MX", "10 mail.example.com."))
    listed = [(it["name"].removesuffix(".example.com."), it["type"]) for it in cloud.sets(zone)]
    assert listed == [
        *[("example.com.", rrtype) for rrtype in ("MX", "NS", "SOA")],
        *[(name, "A") for name in ("_x", "a", "*.a", "z.a", "a-b", "b")],
    ]


def test_a_list_is_narrowed_by_name_type_and_filter(cloud: CloudDns, zone: str) -> None:
    cloud.add(
        zone,
        rrset("a.example.com.", "A", "192.0.2.1"),
        rrset("a.example.com.", "TXT", '"x"'),
        rrset("b.a.example.com.", "A", "192.0.2.1"),
    )
    assert len(cloud.sets(zone, name="A.example.com.")) == 2
    assert len(cloud.sets(zone, name="a.example.com.", type="A")) == 1
    assert cloud.sets(zone, name="c.example.com.") == []
    assert len(cloud.sets(zone, filter='name="a.example.com."')) == 2
    assert len(cloud.sets(zone, filter='name=has_suffix("a.example.com.") AND type="A"')) == 2
    assert cloud.call("GET", f"{zone}/rrsets", type="A")[0] == 400
    assert cloud.call("GET", f"{zone}/rrsets", filter="nonsense")[0] == 400


def test_a_page_never_has_more_than_a_thousand(cloud: CloudDns, zone: str) -> None:
    sets = [rrset(f"h{n}.example.com.", "A", "192.0.2.1") for n in range(1000)]
    cloud.add(zone, *sets)
    page = cloud.get(f"{zone}/rrsets", maxResults=5000)
    assert len(page["rrsets"]) == 1000
    assert len(cloud.sets(zone)) == 1002


def test_paging_survives_changes_between_pages(cloud: CloudDns, zone: str) -> None:
    kept = [rrset(f"h{n}.example.com.", "A", "192.0.2.1") for n in range(10)]
    cloud.add(zone, *kept)
    first = cloud.get(f"{zone}/rrsets", maxResults=6)
    last = first["rrsets"][-1]
    assert cloud.change(zone, [rrset("a.example.com.", "A", "192.0.2.1")], [last])[0] == 200
    rest = cloud.get(f"{zone}/rrsets", pageToken=first["nextPageToken"])
    names = [it["name"] for it in first["rrsets"] + rest["rrsets"]]
    assert sorted(set(names) - {"example.com."}) == [it["name"] for it in kept]
    assert len(names) == len(set(names)) + 1


def test_one_set_is_created_read_patched_and_deleted(cloud: CloudDns, zone: str) -> None:
    given = rrset("*.example.com.", "A", "192.0.2.1")
    at = f"{zone}/rrsets/{quote('*.example.com.', safe='')}/A"
    status, made = cloud.call("POST", f"{zone}/rrsets", given)
    assert (status, made["kind"]) == (200, "dns#resourceRecordSet")
    assert cloud.get(at) == made
    status, patched = cloud.call("PATCH", at, {"ttl": 60})
    assert status == 200
    assert patched == {**made, "ttl": 60}
    assert cloud.call("DELETE", at) == (200, {})
    assert cloud.call("GET", at)[0] == 404
    assert cloud.call("DELETE", at)[0] == 404


def test_single_calls_follow_the_rules_of_changes(cloud: CloudDns, zone: str) -> None:
    given = rrset("www.example.com.", "A", "192.0.2.1")
    assert cloud.call("POST", f"{zone}/rrsets", given)[0] == 200
    status, body = cloud.call("POST", f"{zone}/rrsets", given)
    assert status == 409
    assert body["error"]["message"] == (
        "The resource 'entity.rrset' named 'www.example.com. (A)' already exists"
    )
    status, body = cloud.call("POST", f"{zone}/rrsets", {**given, "name": ""})
    assert body["error"]["message"] == "Invalid value for 'entity.rrset.name': ''"
    status, body = cloud.call("DELETE", f"{zone}/rrsets/example.com./NS")
    assert body["error"]["errors"][0]["reason"] == "invalidZoneApex"


POLICIES: dict[str, Any] = {
    "wrr": {
        "items": [
            {"weight": 1, "rrdatas": ["192.0.2.1"]},
            {"weight": 2.5, "rrdatas": ["192.0.2.2"]},
        ]
    },
    "geo": {
        "enableFencing": True,
        "items": [
            {"location": "us-east1", "rrdatas": ["192.0.2.1"]},
            {
                "location": "asia-east1",
                "healthCheckedTargets": {"externalEndpoints": ["192.0.2.3"]},
            },
        ],
    },
    "primaryBackup": {
        "primaryTargets": {"externalEndpoints": ["192.0.2.1"]},
        "backupGeoTargets": {"items": [{"location": "us-east1", "rrdatas": ["192.0.2.9"]}]},
        "trickleTraffic": 0.1,
    },
}


def without_kinds(value: Any) -> Any:
    if isinstance(value, list):
        return [without_kinds(item) for item in value]
    if isinstance(value, dict):
        added = {"kind", "signatureRrdatas"}
        return {key: without_kinds(item) for key, item in value.items() if key not in added}
    return value


@pytest.mark.parametrize("form", POLICIES)
def test_a_routing_policy_comes_back_as_given_with_its_kinds(
    cloud: CloudDns, zone: str, form: str
) -> None:
    given = {
        "name": "r.example.com.",
        "type": "A",
        "ttl": 60,
        "routingPolicy": {form: POLICIES[form]},
    }
    cloud.add(zone, given)
    (live,) = cloud.sets(zone, name="r.example.com.")
    assert without_kinds(live) == given
    policy = live["routingPolicy"]
    assert policy["kind"] == "dns#rRSetRoutingPolicy"
    assert policy[form]["kind"] == f"dns#rRSetRoutingPolicy{form[0].upper()}{form[1:]}Policy"
    answer = cloud.ask("r.example.com.").answer[0]
    assert [it.to_text() for it in answer] == ["192.0.2.1"]
    assert cloud.change(zone, [rrset("r.example.com.", "A", "192.0.2.7")], [given])[0] == 200


BALANCER = {"ipAddress": "192.0.2.1", "port": "80", "loadBalancerType": "none"}


def routed(policy: Any, rrtype: str = "A") -> Any:
    return {"name": "r.example.com.", "type": rrtype, "ttl": 60, "routingPolicy": policy}


def test_internal_load_balancers_are_for_private_zones(cloud: CloudDns, zone: str) -> None:
    targets = {"internalLoadBalancers": [BALANCER]}
    given = routed({"wrr": {"items": [{"weight": 1, "healthCheckedTargets": targets}]}})
    told = cloud.refused(zone, [given])
    assert told[:2] == (400, "internalLoadBalancerDisallowedInPublicZone")
    private = cloud.zone(visibility="private")
    cloud.add(private, given)
    (live,) = cloud.sets(private, name="r.example.com.")
    assert without_kinds(live) == given


def test_a_signed_zone_has_plain_data_or_checked_targets_in_an_item_not_both(
    cloud: CloudDns,
) -> None:
    targets = {"externalEndpoints": ["192.0.2.3"]}
    item = {"weight": 1, "rrdatas": ["192.0.2.1"], "healthCheckedTargets": targets}
    given = routed({"wrr": {"items": [item]}})
    cloud.add(cloud.zone(), given)
    signed = cloud.zone("example.com.", dnssecConfig={"state": "on"})
    assert cloud.refused(signed, [given])[:2] == (400, "invalid")


def test_a_forwarding_zone_holds_no_policies(cloud: CloudDns) -> None:
    forwarding = {"targetNameServers": [{"ipv4Address": "10.0.0.53"}]}
    zone = cloud.zone(visibility="private", forwardingConfig=forwarding)
    given = routed({"wrr": {"items": [{"weight": 1, "rrdatas": ["192.0.2.1"]}]}})
    assert cloud.refused(zone, [given])[:2] == (400, "invalid")


def test_health_is_checked_of_addresses_alone(cloud: CloudDns, zone: str) -> None:
    targets = {"externalEndpoints": ["a.example.net."]}
    item = {"weight": 1, "healthCheckedTargets": targets}
    given = routed({"wrr": {"items": [item]}}, "CNAME")
    assert cloud.refused(zone, [given])[:2] == (400, "invalid")


def test_the_items_of_a_policy_name_their_kind(cloud: CloudDns, zone: str) -> None:
    policy = {"geo": POLICIES["geo"]}
    cloud.add(zone, {"name": "r.example.com.", "type": "A", "ttl": 60, "routingPolicy": policy})
    (live,) = cloud.sets(zone, name="r.example.com.")
    item = live["routingPolicy"]["geo"]["items"][0]
    assert item["kind"] == "dns#rRSetRoutingPolicyGeoPolicyGeoPolicyItem"


@pytest.mark.parametrize(
    "policy",
    [
        {},
        {"wrr": POLICIES["wrr"], "geo": POLICIES["geo"]},
        {"wrr": {"items": [{"weight": -1, "rrdatas": ["192.0.2.1"]}]}},
        {"wrr": {"items": [{"weight": 1, "rrdatas": ["bad"]}]}},
        {"geo": {"items": [{"location": "a", "rrdatas": ["192.0.2.1"]}] * 2}},
        {"primaryBackup": {"primaryTargets": {}}},
        {
            "primaryBackup": {
                "primaryTargets": {
                    "externalEndpoints": ["192.0.2.1"],
                    "internalLoadBalancers": [{"ipAddress": "192.0.2.1"}],
                },
                "backupGeoTargets": {"items": [{"location": "a", "rrdatas": ["192.0.2.1"]}]},
            }
        },
        "nonsense",
    ],
)
def test_a_broken_routing_policy_is_refused(cloud: CloudDns, zone: str, policy: Any) -> None:
    given = {"name": "r.example.com.", "type": "A", "ttl": 60, "routingPolicy": policy}
    assert cloud.refused(zone, [given])[:2] == (400, "invalid")
