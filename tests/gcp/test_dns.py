"""Cloud DNS over a real socket, the sandbox at the other end."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.gcp.dns import BASE_URL, RECORD_FIELDS, DnsConnection
from remediate.gcp.errors import AlreadyExists, NotFound, PreconditionFailed
from remediate.gcp.google import Google
from remediate.model.json import Body, Json
from tests.gcp.conftest import PROJECT, Wired
from tests.gcp.server import Say, Stub

A: Body = {"name": "a.z.example.", "type": "A", "ttl": 300, "rrdatas": ["192.0.2.1"]}


@pytest.fixture
def zone(google: Google) -> str:
    body: Body = {"name": "z", "dnsName": "z.example.", "description": "a zone"}
    google.wait(google.dns.insert("", "managedZones", body, google.request_id()))
    return "z"


def fault(google: Google, kind: str, match: str) -> None:
    assert google.sandbox
    google.sandbox.inject(kind, match)


def test_the_connection_has_the_address_of_googles_own_client() -> None:
    from google.cloud.dns._http import Connection  # noqa: PLC0415 - heavy, and only here

    assert DnsConnection.API_URL_TEMPLATE == Connection.API_URL_TEMPLATE
    assert DnsConnection.API_VERSION == Connection.API_VERSION
    assert BASE_URL == Connection.DEFAULT_API_ENDPOINT


def test_only_what_the_server_writes_is_left_out_of_a_record_set() -> None:
    cache = files("googleapiclient.discovery_cache") / "documents/dns.v1.json"
    schema = json.loads(cache.read_text())["schemas"]["ResourceRecordSet"]["properties"]
    assert schema.keys() - set(RECORD_FIELDS.split(",")) == {"kind", "signatureRrdatas"}


def test_a_zone_is_made_changed_and_deleted(google: Google, zone: str) -> None:
    (made,) = google.dns.list("", "managedZones")
    assert (made["name"], made["dnsName"]) == ("z", "z.example.")
    done = google.wait(
        google.dns.call(
            "patch", "", "managedZones", zone, {"description": "new"}, google.request_id()
        )
    )
    assert done["status"] == "done"
    assert (google.dns.get("", "managedZones", zone) or {})["description"] == "new"
    google.wait(google.dns.call("delete", "", "managedZones", zone, None, google.request_id()))
    assert google.dns.get("", "managedZones", zone) is None


def test_record_sets_are_changed_all_or_none(google: Google, zone: str) -> None:
    operation = google.dns.change(zone, [A], [], google.request_id())
    assert google.wait(operation)["status"] == "done"
    live = google.dns.record_set(zone, "a.z.example.", "A")
    assert live
    assert {**live, **A} == live
    new = {**A, "ttl": 60}
    with pytest.raises(PreconditionFailed):
        google.dns.change(zone, [new], [{**A, "ttl": 1}], google.request_id())
    google.wait(google.dns.change(zone, [new], [live], google.request_id()))
    assert (google.dns.record_set(zone, "a.z.example.", "A") or {})["ttl"] == 60


def test_a_listed_record_set_can_be_deleted_as_it_was_listed(google: Google, zone: str) -> None:
    google.wait(google.dns.change(zone, [A], [], google.request_id()))
    listed = [one for page in google.dns.record_sets(zone) for one in page if one["type"] == "A"]
    assert listed == [A]
    google.wait(google.dns.change(zone, [], listed, google.request_id()))
    assert google.dns.record_set(zone, "a.z.example.", "A") is None


def test_a_large_zone_is_read_page_by_page(sandbox: Sandbox, google: Google, zone: str) -> None:
    for start in range(0, 2000, 1000):
        sets = [{**A, "name": f"h{n}.z.example."} for n in range(start, start + 1000)]
        google.dns.change(zone, sets, [], google.request_id())
    assert google.sandbox
    sandbox.service.calls.clear()
    pages = google.dns.record_sets(zone)
    assert len(google.sandbox.calls()) == 0  # lazy
    assert len(next(pages)) == 1000
    assert len(google.sandbox.calls()) == 1
    assert sum(map(len, pages)) == 1002  # the apex has NS and SOA
    assert len(google.sandbox.calls()) == 3


def test_the_record_sets_of_no_zone_are_an_error(google: Google) -> None:
    with pytest.raises(NotFound, match="managedZone"):
        next(google.dns.record_sets("nope"))
    with pytest.raises(NotFound):
        google.dns.record_set("nope", "a.", "A")


@pytest.mark.parametrize("kind", ["lost", "half", "503", "reset", "html"])
def test_a_change_is_made_once_whatever_happens_to_its_answer(
    google: Google, zone: str, kind: str
) -> None:
    fault(google, kind, "POST */changes*")
    operation = google.dns.change(zone, [A], [], google.request_id())
    assert google.wait(operation)["additions"]
    assert google.dns.record_set(zone, "a.z.example.", "A")
    assert operation.name == "1"


def test_a_change_of_a_policy_is_known_again_though_google_adds_to_it(
    google: Google, zone: str
) -> None:
    items: Json = [{"weight": 1.0, "rrdatas": ["192.0.2.1"]}]
    routed: Body = {"name": "r.z.example.", "type": "A", "ttl": 60}
    fault(google, "lost", "POST */changes*")
    google.dns.change(
        zone, [{**routed, "routingPolicy": {"wrr": {"items": items}}}], [], google.request_id()
    )
    found = google.dns.record_set(zone, "r.z.example.", "A")
    assert found is not None
    assert "rrdatas" not in found


def test_the_same_change_by_somebody_else_is_not_taken_for_ours(google: Google, zone: str) -> None:
    google.dns.change(zone, [A], [], google.request_id())
    with pytest.raises(AlreadyExists):
        google.dns.change(zone, [A], [], google.request_id())


def test_after_a_lost_answer_another_change_is_not_taken_for_ours(
    google: Google, zone: str
) -> None:
    google.dns.change(zone, [A], [], google.request_id())
    fault(google, "reset", "POST */changes*")
    with pytest.raises(AlreadyExists):
        google.dns.change(zone, [{**A, "ttl": 5}], [], google.request_id())


@pytest.mark.parametrize("kind", ["lost", "reset"])
def test_a_zone_is_made_and_deleted_once_whatever_happens_to_the_answer(
    google: Google, kind: str
) -> None:
    fault(google, kind, "POST */managedZones*")
    body: Body = {"name": "y", "dnsName": "y.example.", "description": ""}
    assert google.dns.insert("", "managedZones", body, google.request_id()).body["name"] == "y"
    fault(google, kind, "DELETE */managedZones*")
    google.dns.call("delete", "", "managedZones", "y", None, google.request_id())
    assert google.dns.list("", "managedZones") == []
    with pytest.raises(NotFound):
        google.dns.call("delete", "", "managedZones", "y", None, google.request_id())


def test_the_quota_is_the_projects_own(google: Google) -> None:
    quota = google.dns.quota()
    assert quota["rrsetAdditionsPerChange"] == 1000
    assert quota["totalRrdataSizePerChange"] == 100_000


def test_the_quota_is_asked_with_our_patience(google: Google) -> None:
    fault(google, "503", "GET /dns/v1/projects/*")
    assert google.dns.quota()


def test_names_cannot_leave_their_place_in_a_url(stub: Stub, wire: Wired) -> None:
    stub.says(Say(body={"rrsets": []}))
    wire.google.dns.record_set("../../x?y#z", "*.a.", "A")
    (asked,) = stub.asked
    assert asked.path == f"/dns/v1/projects/{PROJECT}/managedZones/..%2F..%2Fx%3Fy%23z/rrsets"
    assert asked.query["name"] == "*.a."
