from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import googleapiclient
import pytest
import requests

from tests.gcp_sandbox.dns.conftest import CloudDns, rrset


@pytest.fixture(scope="module")
def discovery() -> Any:
    folder = Path(googleapiclient.__file__).parent / "discovery_cache" / "documents"
    return json.loads((folder / "dns.v1.json").read_text(encoding="utf-8"))


def test_a_new_public_zone_has_four_servers_of_one_letter_and_ns_and_soa(cloud: CloudDns) -> None:
    zone = cloud.get(cloud.zone("example.com."))
    letters = {server.removeprefix("ns-cloud-")[0] for server in zone["nameServers"]}
    assert len(zone["nameServers"]) == 4
    assert len(letters) == 1
    ns, soa = cloud.sets(f"/managedZones/{zone['name']}")
    assert (ns["type"], soa["type"]) == ("NS", "SOA")
    assert ns["rrdatas"] == zone["nameServers"]
    assert soa["rrdatas"][0].split()[2:] == ["1", "21600", "3600", "259200", "300"]


def test_a_zone_is_addressed_by_name_or_by_number(cloud: CloudDns) -> None:
    zone = cloud.get(cloud.zone())
    assert cloud.get(f"/managedZones/{zone['id']}") == zone


def test_the_server_adds_what_google_adds(cloud: CloudDns) -> None:
    zone = cloud.get(
        cloud.zone(labels={"env": "staging"}, privateVisibilityConfig={"networks": []})
    )
    assert zone["kind"] == "dns#managedZone"
    assert zone["visibility"] == "public"
    assert zone["cloudLoggingConfig"] == {"kind": "dns#managedZoneCloudLoggingConfig"}
    assert zone["labels"] == {"env": "staging"}
    assert "dnssecConfig" not in zone
    assert "privateVisibilityConfig" not in zone


def test_dnssec_gets_its_default_keys(cloud: CloudDns) -> None:
    config = cloud.get(cloud.zone(dnssecConfig={"state": "on"}))["dnssecConfig"]
    specs = [(it["keyType"], it["algorithm"], it["keyLength"]) for it in config["defaultKeySpecs"]]
    assert specs == [("keySigning", "rsasha256", 2048), ("zoneSigning", "rsasha256", 1024)]
    assert config["nonExistence"] == "nsec3"
    assert config["kind"] == "dns#managedZoneDnsSecConfig"


def test_a_private_zone_is_seen_from_its_networks_and_by_no_one_else(cloud: CloudDns) -> None:
    link = "projects/p/global/networks/default"
    path = cloud.zone(
        "corp.example.",
        visibility="private",
        privateVisibilityConfig={"networks": [{"networkUrl": link}]},
    )
    zone = cloud.get(path)
    network = zone["privateVisibilityConfig"]["networks"][0]
    assert network["networkUrl"] == f"https://www.googleapis.com/compute/v1/{link}"
    assert zone["nameServers"] == ["ns-gcp-private.googledomains.com."]
    cloud.add(path, rrset("a.corp.example.", "A", "10.0.0.1"))
    assert cloud.ask("a.corp.example.").rcode() == 5


def test_a_name_has_room_for_five_zones(cloud: CloudDns) -> None:
    paths = [cloud.zone("example.com.") for _ in range(5)]
    assert len({tuple(cloud.get(path)["nameServers"]) for path in paths}) == 5
    status, body = cloud.call("POST", "/managedZones", {"name": "sixth", "dnsName": "example.com."})
    assert status == 400
    assert body["error"]["errors"][0]["reason"] == "managedZoneDnsNameNotAvailable"


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ({"dnsName": "example.com."}, "required"),
        ({"name": "z"}, "required"),
        ({"name": "Z", "dnsName": "example.com."}, "invalid"),
        ({"name": "z", "dnsName": "example.com"}, "invalid"),
        ({"name": "z", "dnsName": "*.example.com."}, "invalid"),
        ({"name": "z", "dnsName": 5}, "invalid"),
        ({"name": "z", "dnsName": "example.com.", "visibility": "secret"}, "invalid"),
        ({"name": "z", "dnsName": "example.com.", "labels": {"A b": "c"}}, "invalid"),
        ({"name": "z", "dnsName": "example.com.", "dnssecConfig": {"state": "maybe"}}, "invalid"),
        ("nonsense", "required"),
    ],
)
def test_a_broken_zone_is_refused(cloud: CloudDns, body: Any, reason: str) -> None:
    status, answer = cloud.call("POST", "/managedZones", body)
    assert (status, answer["error"]["errors"][0]["reason"]) == (400, reason)


def test_a_second_zone_of_one_name_is_refused(cloud: CloudDns) -> None:
    cloud.call("POST", "/managedZones", {"name": "z", "dnsName": "example.com."})
    status, body = cloud.call("POST", "/managedZones", {"name": "z", "dnsName": "example.org."})
    assert (status, body["error"]["errors"][0]["reason"]) == (409, "alreadyExists")


def test_patch_merges_and_answers_an_operation_with_both_values(cloud: CloudDns) -> None:
    path = cloud.zone(labels={"a": "1"}, description="old")
    status, operation = cloud.call("PATCH", path, {"labels": {"b": "2"}})
    assert status == 200
    assert operation["kind"] == "dns#operation"
    assert operation["zoneContext"]["oldValue"]["labels"] == {"a": "1"}
    assert operation["zoneContext"]["newValue"]["labels"] == {"a": "1", "b": "2"}
    assert cloud.get(path)["description"] == "old"
    cloud.sandbox.world.clock.advance(60)
    assert cloud.get(f"{path}/operations/{operation['id']}")["status"] == "done"
    assert [it["id"] for it in cloud.get(f"{path}/operations")["operations"]] == [operation["id"]]


def test_put_replaces_what_can_be_changed(cloud: CloudDns) -> None:
    path = cloud.zone(labels={"a": "1"}, description="old")
    before = cloud.get(path)
    cloud.call("PUT", path, {"name": before["name"], "dnsName": before["dnsName"]})
    after = cloud.get(path)
    assert "labels" not in after
    assert after["description"] == ""
    assert (after["id"], after["nameServers"]) == (before["id"], before["nameServers"])


@pytest.mark.parametrize(
    "body", [{"dnsName": "example.org."}, {"name": "other"}, {"visibility": "private"}]
)
def test_identity_cannot_be_changed(cloud: CloudDns, body: Any) -> None:
    status, answer = cloud.call("PATCH", cloud.zone(), body)
    assert (status, answer["error"]["errors"][0]["reason"]) == (400, "immutableField")


def test_dnssec_keys_cannot_be_changed_while_it_is_on(cloud: CloudDns) -> None:
    path = cloud.zone(dnssecConfig={"state": "on"})
    status, answer = cloud.call("PATCH", path, {"dnssecConfig": {"nonExistence": "nsec"}})
    assert (status, answer["error"]["errors"][0]["reason"]) == (400, "immutableField")
    assert cloud.call("PATCH", path, {"dnssecConfig": {"state": "off"}})[0] == 200
    assert cloud.call("PATCH", path, {"dnssecConfig": {"nonExistence": "nsec"}})[0] == 200


def test_only_an_empty_zone_can_be_deleted(cloud: CloudDns) -> None:
    path = cloud.zone()
    cloud.add(path, rrset("www.example.com.", "A", "192.0.2.1"))
    status, body = cloud.call("DELETE", path)
    assert (status, body["error"]["errors"][0]["reason"]) == (400, "containerNotEmpty")
    assert cloud.change(path, (), [rrset("www.example.com.", "A", "192.0.2.1")])[0] == 200
    assert cloud.call("DELETE", path) == (200, {})
    status, body = cloud.call("GET", path)
    assert status == 404
    assert body["error"]["message"].startswith("The 'parameters.managedZone' resource named ")


def test_zones_are_listed_by_name_in_pages_and_by_dns_name(cloud: CloudDns) -> None:
    for number in range(3):
        cloud.zone(f"example{number}.com.")
    first = cloud.get("/managedZones", maxResults=2)
    second = cloud.get("/managedZones", maxResults=2, pageToken=first["nextPageToken"])
    listed = [it["dnsName"] for it in first["managedZones"] + second["managedZones"]]
    assert listed == ["example0.com.", "example1.com.", "example2.com."]
    assert "nextPageToken" not in second
    only = cloud.get("/managedZones", dnsName="example1.com.")["managedZones"]
    assert [it["dnsName"] for it in only] == ["example1.com."]


def test_fields_choose_what_is_answered(cloud: CloudDns) -> None:
    assert cloud.get(cloud.zone(), fields="dnsName") == {"dnsName": "example.com."}


def test_a_project_tells_every_quota_of_the_schema(cloud: CloudDns, discovery: Any) -> None:
    project = cloud.get("")
    quota = project["quota"]
    assert set(quota) == set(discovery["schemas"]["Quota"]["properties"])
    assert quota["rrsetAdditionsPerChange"] == 1000
    assert quota["totalRrdataSizePerChange"] == 100_000
    assert int(project["number"])


def test_every_field_of_a_zone_that_google_documents_comes_back(
    cloud: CloudDns, discovery: Any
) -> None:
    link = {"networkUrl": "https://www.googleapis.com/compute/v1/projects/p/global/networks/n"}
    given = {
        "description": "all of it",
        "labels": {"a": "b"},
        "nameServerSet": "set",
        "visibility": "private",
        "privateVisibilityConfig": {
            "networks": [link],
            "gkeClusters": [{"gkeClusterName": "projects/p/locations/l/clusters/c"}],
        },
        "forwardingConfig": {"targetNameServers": [{"ipv4Address": "10.0.0.1"}]},
        "peeringConfig": {"targetNetwork": link},
        "reverseLookupConfig": {},
        "serviceDirectoryConfig": {"namespace": {"namespaceUrl": "u"}},
        "cloudLoggingConfig": {"enableLogging": True},
        "dnssecConfig": {"state": "off"},
    }
    zone = cloud.get(cloud.zone("all.example.", **given))
    assert set(zone) == set(discovery["schemas"]["ManagedZone"]["properties"])
    assert zone["forwardingConfig"]["targetNameServers"] == [
        {
            "forwardingPath": "default",
            "ipv4Address": "10.0.0.1",
            "kind": "dns#managedZoneForwardingConfigNameServerTarget",
        }
    ]


def test_the_same_client_operation_id_acts_once(cloud: CloudDns) -> None:
    body = {"name": "once", "dnsName": "example.com."}
    first = cloud.call("POST", "/managedZones", body, clientOperationId="op-1")
    assert first[0] == 200
    assert cloud.call("POST", "/managedZones", body, clientOperationId="op-1") == first
    other = cloud.call("POST", "/managedZones", {**body, "name": "x"}, clientOperationId="op-1")
    assert other[0] == 409


def test_a_world_taken_up_from_its_state_is_the_same(cloud: CloudDns) -> None:
    path = cloud.zone()
    cloud.add(path, rrset("www.example.com.", "A", "192.0.2.1"))
    cloud.call("PATCH", path, {"description": "changed"})
    section = cloud.sandbox.world.sections["dns"]
    state, comparable = json.loads(json.dumps(section.dump())), section.comparable()
    url = f"{cloud.sandbox.url}/_sandbox/reset"
    requests.post(url, timeout=10).raise_for_status()
    assert section.comparable() == {}
    cloud.sandbox.call(lambda _world: section.load(state))
    assert section.comparable() == comparable
    assert section.dump() == state
