"""Cloud Run v2 on the wire, beside what Google's own client says for the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from gcp_sandbox.sandbox import Sandbox
from remediate.gcp.api import Api
from remediate.gcp.errors import AlreadyExists
from remediate.gcp.google import Google
from remediate.model.errors import ApiRefused, Unreachable
from remediate.model.json import Body
from tests.gcp.conftest import PROJECT, Wired
from tests.gcp.server import Asked, Say, Stub, refused

SCOPE = "locations/us-central1"
PARENT = f"projects/{PROJECT}/{SCOPE}"
HERE = f"/v2/{PARENT}/services"
WEB: Body = {"template": {"containers": [{"image": "app"}]}}
BEGUN: Body = {"name": f"{PARENT}/operations/1", "done": False, "metadata": {"name": "web"}}
DONE: Body = {**BEGUN, "done": True}


def query(asked: Asked) -> dict[str, str]:
    return {name: value for name, value in asked.query.items() if name != "prettyPrint"}


def test_services_are_listed_page_by_page(stub: Stub, wire: Wired) -> None:
    stub.says(
        Say(body={"services": [{"name": "a"}], "nextPageToken": "more"}),
        Say(body={"services": [{"name": "b"}]}),
    )
    found = wire.google.api(Api.RUN).list(SCOPE, "services")
    assert [body["name"] for body in found] == ["a", "b"]
    assert [(asked.path, asked.query.get("pageToken")) for asked in stub.asked] == [
        (HERE, None),
        (HERE, "more"),
    ]


def test_a_list_that_lacks_a_region_is_no_list(stub: Stub, wire: Wired) -> None:
    stub.says(Say(body={"services": [], "unreachable": [SCOPE]}))
    with pytest.raises(Unreachable, match="what is missing from the list may exist"):
        wire.google.api(Api.RUN).list(SCOPE, "services")


def test_a_patch_names_its_fields_and_leaves_the_etag_out_of_the_mask(
    stub: Stub, wire: Wired
) -> None:
    stub.says(Say(body=BEGUN), Say(body=BEGUN), Say(body=DONE))
    body: Body = {"labels": {}, "etag": '"1"', **WEB}
    operation = wire.google.run.call("patch", SCOPE, "services", "web", body, "id")
    assert wire.google.wait(operation) == DONE
    sent, *looks = stub.asked
    assert (sent.method, sent.path) == ("PATCH", f"{HERE}/web")
    assert query(sent) == {"updateMask": "labels,template"}
    assert json.loads(sent.body) == body
    assert [asked.path for asked in looks] == [f"/v2/{BEGUN['name']}"] * 2


def test_an_operation_that_fails_says_why(stub: Stub, wire: Wired) -> None:
    error: Body = {"code": 9, "message": "Revision 'web-2' is not ready."}
    stub.says(Say(body={**DONE, "error": error}))
    operation = wire.google.run.call("patch", SCOPE, "services", "web", dict(WEB))
    with pytest.raises(ApiRefused, match=r"400.*Revision 'web-2' is not ready"):
        wire.google.wait(operation)


def test_a_stale_etag_is_somebody_elses_change(stub: Stub, wire: Wired) -> None:
    stub.says(refused(409, "ABORTED", "Conflict for resource 'web'"))
    with pytest.raises(AlreadyExists, match="Conflict for resource"):
        wire.google.run.call("patch", SCOPE, "services", "web", dict(WEB))


def test_a_deletion_compares_the_etag_in_its_query(stub: Stub, wire: Wired) -> None:
    stub.says(Say(body=DONE))
    wire.google.run.call("delete", SCOPE, "services", "web", {"etag": '"1"'})
    (asked,) = stub.asked
    assert (asked.method, query(asked)) == ("DELETE", {"etag": '"1"'})


def test_a_rehearsal_is_tried_again_since_it_changes_nothing(stub: Stub, wire: Wired) -> None:
    stub.says(refused(503, "UNAVAILABLE", "busy"), Say(body=DONE))
    wire.google.run.rehearse("insert", SCOPE, "services", "web", {"name": "web", **WEB})
    assert [query(asked) for asked in stub.asked] == [
        {"serviceId": "web", "validateOnly": "true"},
        {"serviceId": "web", "validateOnly": "true"},
    ]
    assert json.loads(stub.asked[0].body) == WEB


def test_a_write_that_was_never_answered_is_not_sent_again(stub: Stub, wire: Wired) -> None:
    stub.says(refused(503, "UNAVAILABLE", "busy"))
    with pytest.raises(Unreachable):
        wire.google.run.call("patch", SCOPE, "services", "web", dict(WEB))
    assert len(stub.asked) == 1


def test_anything_is_read_by_its_full_name(stub: Stub, wire: Wired) -> None:
    stub.says(Say(body={"name": "r"}), refused(404, "NOT_FOUND", "no such revision"))
    name = f"{PARENT}/services/web/revisions/web-1"
    assert wire.google.run.read(name) == {"name": "r"}
    assert wire.google.run.read(name) is None
    assert stub.asked[0].path == f"/v2/{name}"


def requests(sandbox: Sandbox, google: Google, act: Any) -> list[tuple[str, str, Any]]:
    """Method, path and query of the writes that something makes."""
    assert google.sandbox is not None
    session = google.sandbox._session
    session.post(f"{sandbox.url}/_sandbox/calls:reset", timeout=30)
    act()
    calls = session.get(f"{sandbox.url}/_sandbox/calls", timeout=30).json()["calls"]
    return [(call["method"], call["path"], call.get("body")) for call in calls]


def test_our_wire_asks_for_what_googles_client_asks_for(sandbox: Sandbox, google: Google) -> None:
    run_v2 = pytest.importorskip("google.cloud.run_v2")
    from google.auth.credentials import AnonymousCredentials  # noqa: PLC0415 - of the client's

    client = run_v2.ServicesClient(
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]  # google-auth is untyped
        client_options={"api_endpoint": sandbox.url},
        transport="rest",
    )
    service = run_v2.Service(template={"containers": [{"image": "app"}]})
    named = run_v2.Service(service)
    named.name = f"{PARENT}/services/web"

    def theirs() -> None:
        client.create_service(parent=PARENT, service=service, service_id="web")
        client.update_service({"service": named, "update_mask": "template"})
        client.delete_service(name=named.name)

    def ours() -> None:
        run = google.run
        google.wait(run.insert(SCOPE, "services", {"name": "web", **WEB}, "id"))
        google.wait(run.call("patch", SCOPE, "services", "web", dict(WEB)))
        google.wait(run.call("delete", SCOPE, "services", "web"))

    def writes(act: Any) -> list[tuple[str, str]]:
        found = [call[:2] for call in requests(sandbox, google, act) if call[0] != "GET"]
        return [(method, path.replace("%24alt", "$alt")) for method, path in found]

    assert [plain(call) for call in writes(ours)] == [plain(call) for call in writes(theirs)]


def plain(call: tuple[str, str]) -> tuple[str, str, frozenset[str]]:
    """Without how the client asks for its answers."""
    method, path = call
    bare, _, query = path.partition("?")
    said = {one for one in query.split("&") if one and not one.startswith(("$alt", "prettyPrint"))}
    return method, bare, frozenset(said)
