"""Certificates, maps, entries and authorizations: made, read, changed, refused, removed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from gcp_sandbox.authority import Authority
from gcp_sandbox.chance import Chance
from gcp_sandbox.clock import Clock
from gcp_sandbox.sandbox import Sandbox
from gcp_sandbox.world import World
from tests.gcp_sandbox.certificatemanager.bodies import (
    DOMAIN,
    NUMBERED,
    PARENT,
    ask,
    certificate,
    create,
    get,
)
from tests.gcp_sandbox.client import PROJECT, Client, connect

MAP = f"{PARENT}/certificateMaps/m"
ISSUANCE = {
    "certificateAuthorityConfig": {"certificateAuthorityServiceConfig": {"caPool": "p"}},
    "keyAlgorithm": "ECDSA_P256",
    "lifetime": "2592000s",
    "rotationWindowPercentage": 34,
}


@pytest.fixture(scope="session")
def pair() -> dict[str, str]:
    """A certificate of one's own with its key."""
    clock = Clock()
    issued = Authority(World(clock, Chance())).issue(
        [DOMAIN], clock.now(), clock.now() + timedelta(days=30)
    )
    return {"pemCertificate": issued.chain, "pemPrivateKey": issued.key}


@pytest.fixture
def mapped(client: Client) -> Client:
    """A map `m` with an entry `e` for a certificate `c`."""
    certificate(client)
    create(client, "certificateMaps/m", {"description": "the edge"})
    entry = {"hostname": DOMAIN, "certificates": [f"{PARENT}/certificates/c"]}
    create(client, "certificateMapEntries/e", entry, MAP)
    return client


def patch(client: Client, name: str, body: Any, mask: str | None = None) -> Any:
    query = {"updateMask": mask} if mask else {}
    return client.call("PATCH", f"/v1/{PARENT}/{name}", body, **query)


def delete(client: Client, name: str) -> Any:
    return client.call("DELETE", f"/v1/{PARENT}/{name}")


def test_an_operation_tells_what_it_does() -> None:
    with Sandbox(operation_time=1000) as running:
        slow = connect(running)
        begun = ask(slow, "certificateMaps/m", {}).body
        assert begun["done"] is False
        assert begun["name"].startswith(f"{PARENT}/operations/")
        assert begun["metadata"]["target"] == MAP
        assert begun["metadata"]["verb"] == "create"
        assert slow.call("GET", f"/v1/{MAP}").status == 404
        assert ask(slow, "certificateMaps/m", {}).body["error"]["status"] == "ABORTED"
        slow.advance(400)
        ended = slow.get(f"/v1/{begun['name']}")
        assert ended["done"]
        assert ended["metadata"]["endTime"] > ended["metadata"]["createTime"]
        assert ended["response"]["@type"].endswith("certificatemanager.v1.CertificateMap")
        assert slow.get(f"/v1/{MAP}")["name"] == MAP
        slow.close()


def test_an_authorization_says_the_record_that_it_wants(client: Client) -> None:
    made = create(client, "dnsAuthorizations/a", {"domain": "Staging.example.com"})
    assert (made["domain"], made["type"]) == (DOMAIN, "FIXED_RECORD")
    record = made["dnsResourceRecord"]
    assert (record["name"], record["type"]) == (f"_acme-challenge.{DOMAIN}.", "CNAME")
    assert record["data"].endswith(".authorize.certificatemanager.goog.")
    regional = PARENT.replace("global", "us-central1")
    other = create(client, "dnsAuthorizations/a", {"domain": DOMAIN}, regional)
    assert other["type"] == "PER_PROJECT_RECORD"
    assert other["dnsResourceRecord"]["name"].startswith("_acme-challenge_")


def test_references_are_answered_with_the_projects_number(client: Client) -> None:
    create(client, "dnsAuthorizations/a", {"domain": DOMAIN})
    for spelling in (
        f"{PARENT}/dnsAuthorizations/a",
        f"{NUMBERED}/dnsAuthorizations/a",
        f"//certificatemanager.googleapis.com/{PARENT}/dnsAuthorizations/a",
        f"https://certificatemanager.googleapis.com/v1/{PARENT}/dnsAuthorizations/a",
    ):
        made = certificate(client, DOMAIN, f"*.{DOMAIN}", dnsAuthorizations=[spelling])
        assert made["name"] == f"{PARENT}/certificates/c"
        assert made["managed"]["dnsAuthorizations"] == [f"{NUMBERED}/dnsAuthorizations/a"]
        assert client.get(f"/v1/{NUMBERED}/certificates/c")["name"] == made["name"]
        assert delete(client, "certificates/c").status == 200


def test_enums_come_as_numbers_to_those_who_ask_so(client: Client) -> None:
    create(client, "dnsAuthorizations/a", {"domain": DOMAIN, "type": 1})
    query = {"$alt": "json;enum-encoding=int"}
    assert get(client, "dnsAuthorizations/a", **query)["type"] == 1
    assert get(client, "dnsAuthorizations/a")["type"] == "FIXED_RECORD"
    certificate(client)
    managed = get(client, "certificates/c", **query)["managed"]
    assert managed["state"] == 1
    assert managed["authorizationAttemptInfo"][0]["state"] == 1


def test_a_certificate_of_ones_own_is_read_but_not_repeated(
    client: Client, pair: dict[str, str]
) -> None:
    made = create(client, "certificates/own", {"selfManaged": pair, "scope": "DEFAULT"})
    assert made["selfManaged"] == {}
    assert made["sanDnsnames"] == [DOMAIN]
    assert made["pemCertificate"] == pair["pemCertificate"]
    assert "scope" not in made
    assert pair["pemPrivateKey"][40:80] not in str(client.get("/_sandbox/state"))
    assert patch(client, "certificates/own", {"selfManaged": pair}).status == 200
    swapped = {"pemCertificate": pair["pemCertificate"], "pemPrivateKey": "nonsense"}
    refused = patch(client, "certificates/own", {"selfManaged": swapped}, "self_managed")
    assert refused.status == 400


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("certificates/x", {}),
        ("certificates/x", {"managed": {"domains": []}}),
        ("certificates/x", {"managed": {"domains": ["not a name"]}}),
        ("certificates/x", {"managed": {"domains": [DOMAIN, DOMAIN]}}),
        ("certificates/x", {"managed": {"domains": [f"h{n}.example.com" for n in range(101)]}}),
        ("certificates/x", {"managed": {"domains": ["*.example.com"]}}),
        ("certificates/x", {"managed": {"domains": [DOMAIN], "dnsAuthorizations": ["a"]}}),
        ("certificates/x", {"selfManaged": {"pemCertificate": "x", "pemPrivateKey": "y"}}),
        ("certificates/x", {"selfManaged": {}, "managed": {"domains": [DOMAIN]}}),
        ("certificates/x", {"nonsense": 1}),
        ("certificates/x", {"scope": "SOMEWHERE"}),
        ("certificates/1x", {"managed": {"domains": [DOMAIN]}}),
        ("certificates/", {"managed": {"domains": [DOMAIN]}}),
        ("dnsAuthorizations/x", {"domain": "*.example.com"}),
        ("dnsAuthorizations/x", {}),
        ("certificateIssuanceConfigs/x", {**ISSUANCE, "rotationWindowPercentage": 100}),
        ("certificateIssuanceConfigs/x", {"lifetime": "1s"}),
    ],
)
def test_bad_input_is_refused(client: Client, name: str, body: Any) -> None:
    answer = ask(client, name, body)
    assert answer.status == 400, answer.body
    assert answer.body["error"]["status"] == "INVALID_ARGUMENT"


@pytest.mark.parametrize(
    "entry",
    [
        {"certificates": [f"{PARENT}/certificates/c"]},
        {"hostname": "x.example.com"},
        {"hostname": "x.example.com", "matcher": "PRIMARY", "certificates": ["c"]},
        {"hostname": "x.example.com", "certificates": [f"{PARENT}/certificateMaps/m"]},
        {"hostname": "x.example.com", "certificates": [f"{PARENT}/certificates/c"] * 5},
    ],
)
def test_bad_entries_are_refused(mapped: Client, entry: Any) -> None:
    assert ask(mapped, "certificateMapEntries/x", entry, MAP).status == 400


def test_what_is_not_there_is_not_found(mapped: Client) -> None:
    gone = mapped.call("GET", f"/v1/{PARENT}/certificates/x")
    assert gone.status == 404
    assert gone.message == f"Resource '{PARENT}/certificates/x' was not found"
    entry = {"matcher": "PRIMARY", "certificates": [f"{PARENT}/certificates/x"]}
    assert ask(mapped, "certificateMapEntries/x", entry, MAP).status == 404
    entry["certificates"] = [f"{PARENT}/certificates/c"]
    assert ask(mapped, "certificateMapEntries/x", entry, f"{MAP}x").status == 404
    assert delete(mapped, "certificates/x").status == 404


def test_one_name_and_one_host_name_only_once(mapped: Client) -> None:
    body = {"managed": {"domains": [DOMAIN]}}
    assert ask(mapped, "certificates/c", body).status == 409
    entry = {"hostname": DOMAIN, "certificates": [f"{PARENT}/certificates/c"]}
    again = ask(mapped, "certificateMapEntries/other", entry, MAP)
    assert (again.status, again.body["error"]["status"]) == (409, "ALREADY_EXISTS")


def test_a_mask_says_what_changes(mapped: Client) -> None:
    body = {"description": "new", "labels": {"a": "1"}}
    assert patch(mapped, "certificates/c", body, "labels").status == 200
    found = get(mapped, "certificates/c")
    assert found["labels"] == {"a": "1"}
    assert "description" not in found
    assert patch(mapped, "certificates/c", {"description": "new"}).status == 200
    assert get(mapped, "certificates/c")["labels"] == {"a": "1"}
    assert patch(mapped, "certificates/c", {}, "labels").status == 200
    assert "labels" not in get(mapped, "certificates/c")


@pytest.mark.parametrize(
    ("name", "body", "mask"),
    [
        ("certificates/c", {"scope": "ALL_REGIONS"}, "scope"),
        ("certificates/c", {"managed": {"domains": ["x.example.com"]}}, None),
        ("certificates/c", {"selfManaged": {"pemCertificate": "x"}}, "selfManaged"),
        ("certificates/c", {"description": "x"}, "nonsense"),
        ("certificateMaps/m/certificateMapEntries/e", {"hostname": "x.example.com"}, "hostname"),
    ],
)
def test_what_never_changes_is_refused(
    mapped: Client, name: str, body: Any, mask: str | None
) -> None:
    before = get(mapped, name)
    answer = patch(mapped, name, body, mask)
    assert answer.status == 400
    assert get(mapped, name) == before


def test_an_entry_changes_its_certificates(mapped: Client, pair: dict[str, str]) -> None:
    create(mapped, "certificates/own", {"selfManaged": pair})
    name = "certificateMaps/m/certificateMapEntries/e"
    assert get(mapped, name)["state"] == "PENDING"
    body = {"certificates": [f"{PARENT}/certificates/own"]}
    assert patch(mapped, name, body, "certificates").status == 200
    assert get(mapped, name)["certificates"] == [f"{NUMBERED}/certificates/own"]
    mapped.advance(121)
    assert get(mapped, name)["state"] == "ACTIVE"


def test_what_is_in_use_tells_by_whom_and_stays(mapped: Client) -> None:
    user = f"{NUMBERED}/certificateMaps/m/certificateMapEntries/e"
    used = get(mapped, "certificates/c")["usedBy"]
    assert used == [{"name": f"//certificatemanager.googleapis.com/{user}"}]
    for name in ("certificates/c", "certificateMaps/m"):
        refused = delete(mapped, name)
        assert refused.status == 400
        assert refused.body["error"]["status"] == "FAILED_PRECONDITION"
        assert "certificateMapEntries/e" in refused.message
    for name in ("certificateMaps/m/certificateMapEntries/e", "certificateMaps/m"):
        assert delete(mapped, name).body["response"]["@type"].endswith("Empty")
    assert delete(mapped, "certificates/c").status == 200


def test_an_authorization_or_config_in_use_stays(client: Client) -> None:
    create(client, "dnsAuthorizations/a", {"domain": DOMAIN})
    create(client, "certificateIssuanceConfigs/i", ISSUANCE)
    certificate(client, dnsAuthorizations=[f"{PARENT}/dnsAuthorizations/a"])
    private = {"domains": [DOMAIN], "issuanceConfig": f"{PARENT}/certificateIssuanceConfigs/i"}
    made = create(client, "certificates/private", {"managed": private})
    assert made["managed"]["issuanceConfig"] == f"{NUMBERED}/certificateIssuanceConfigs/i"
    assert delete(client, "dnsAuthorizations/a").status == 400
    assert delete(client, "certificateIssuanceConfigs/i").status == 400


def test_a_map_tells_its_load_balancers_and_stays_while_it_has_one(staging: Client) -> None:
    create(staging, "certificateMaps/m", {})
    proxy = "global/targetHttpsProxies/staging-https-proxy"
    link = {"certificateMap": f"//certificatemanager.googleapis.com/{MAP}"}
    staging.done("POST", f"{proxy}/setCertificateMap", link)
    (target,) = get(staging, "certificateMaps/m")["gclbTargets"]
    assert target["targetHttpsProxy"].endswith(f"/{proxy}")
    assert target["ipConfigs"] == [{"ipAddress": "203.0.113.10", "ports": [443]}]
    assert delete(staging, "certificateMaps/m").status == 400
    staging.done("POST", f"{proxy}/setCertificateMap", {"certificateMap": ""})
    assert delete(staging, "certificateMaps/m").status == 200


def test_a_load_balancer_cannot_have_a_map_that_is_not_there(staging: Client) -> None:
    proxy = "global/targetHttpsProxies/staging-https-proxy"
    link = {"certificateMap": f"//certificatemanager.googleapis.com/{MAP}"}
    answer = staging.call("POST", f"{proxy}/setCertificateMap", link)
    assert (answer.status, answer.reason) == (404, "notFound")


def test_lists_go_by_location_and_page(client: Client) -> None:
    for identity in ("b", "a", "c"):
        create(client, f"certificateMaps/{identity}", {})
    first = client.get(f"/v1/{PARENT}/certificateMaps", pageSize=2)
    assert [it["name"][-1] for it in first["certificateMaps"]] == ["a", "b"]
    token = first["nextPageToken"]
    rest = client.get(f"/v1/{PARENT}/certificateMaps", pageSize=2, pageToken=token)
    assert [it["name"][-1] for it in rest["certificateMaps"]] == ["c"]
    body = {"managed": {"domains": [DOMAIN]}}
    create(client, "certificates/r", body, PARENT.replace("global", "us-central1"))
    assert client.get(f"/v1/{PARENT}/certificates") == {}
    everywhere = f"/v1/projects/{PROJECT}/locations/-/certificates"
    assert len(client.get(everywhere)["certificates"]) == 1
    other = "/v1/projects/other/locations/-/certificates"
    assert client.get(other) == {}
    elsewhere = ask(client, "certificateMaps/x", {}, PARENT.replace("global", "us-central1"))
    assert elsewhere.status == 400


def test_a_failed_operation_changes_nothing(client: Client) -> None:
    fault = {"kind": "failed-operation", "match": "POST *certificateMaps*", "times": 1}
    client.post("/_sandbox/faults/f", fault)
    ended = ask(client, "certificateMaps/m", {}).body
    assert ended["error"]["code"] == 13
    assert client.call("GET", f"/v1/{MAP}").status == 404


def test_a_state_file_brings_everything_back(tmp_path: Any) -> None:
    path = tmp_path / "state.json"
    with Sandbox(state=path, operation_time=0, seed=1) as running:
        client = connect(running)
        certificate(client)
        before = client.get("/_sandbox/state?comparable=1")
        client.close()
    with Sandbox(state=path, operation_time=0, seed=1) as running:
        client = connect(running)
        assert client.get("/_sandbox/state?comparable=1") == before
        assert get(client, "certificates/c")["managed"]["state"] == "PROVISIONING"
        client.close()


def test_what_another_project_holds_is_taken_to_exist(client: Client) -> None:
    theirs = "projects/elsewhere/locations/global"
    found = certificate(client, issuanceConfig=f"{theirs}/certificateIssuanceConfigs/i")
    assert found["managed"]["issuanceConfig"].endswith("/certificateIssuanceConfigs/i")
    create(client, "certificateMaps/m", {})
    entry = {"hostname": DOMAIN, "certificates": [f"{theirs}/certificates/c"]}
    create(client, "certificateMapEntries/e", entry, f"{PARENT}/certificateMaps/m")
    lacking = {"matcher": "PRIMARY", "certificates": [f"{PARENT}/certificates/none"]}
    assert (
        ask(client, "certificateMapEntries/f", lacking, f"{PARENT}/certificateMaps/m").status == 404
    )
