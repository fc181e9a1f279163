"""One waiter for what Google does after it has answered."""

from __future__ import annotations

import pytest

from remediate.gcp.errors import NotFound, PreconditionFailed
from remediate.gcp.operations import Operation
from remediate.model.errors import ApiRefused, Unreachable
from remediate.model.json import Body
from tests.gcp.conftest import PROJECT, Wired
from tests.gcp.server import Say, Stub, refused

RUNNING: Body = {"kind": "compute#operation", "name": "op-1", "status": "RUNNING"}
DONE: Body = {**RUNNING, "status": "DONE"}


@pytest.mark.parametrize("scope", ["global", "regions/us-central1", "zones/us-central1-a"])
def test_a_compute_operation_is_waited_for_where_it_lives(
    stub: Stub, wire: Wired, scope: str
) -> None:
    stub.says(Say(body=RUNNING), Say(body=RUNNING), Say(body=DONE))
    operation = wire.google.compute.insert(scope, "networkEndpointGroups", {"name": "n"}, "id")
    assert wire.google.wait(operation) == DONE
    assert [(asked.method, asked.path) for asked in stub.asked[1:]] == [
        ("POST", f"/compute/v1/projects/{PROJECT}/{scope}/operations/op-1/wait")
    ] * 2
    assert len(wire.clock.slept) == 1


def test_what_is_done_at_once_is_not_asked_about(stub: Stub, wire: Wired) -> None:
    stub.says(Say(body=DONE))
    operation = wire.google.compute.insert("global", "urlMaps", {"name": "x"}, "id")
    assert wire.google.wait(operation) == DONE
    assert len(stub.asked) == 1


@pytest.mark.parametrize(("status", "kind"), [(400, ApiRefused), (412, PreconditionFailed)])
def test_an_operation_that_fails_says_why_in_one_line(
    stub: Stub, wire: Wired, status: int, kind: type[ApiRefused]
) -> None:
    failed: Body = {
        **DONE,
        "operationType": "insert",
        "targetLink": f"https://www.googleapis.com/compute/v1/projects/{PROJECT}/global/urlMaps/x",
        "httpErrorStatusCode": status,
        "error": {
            "errors": [
                {"code": "RESOURCE_IN_USE", "message": "It is\nin use"},
                {"code": "OTHER"},
            ]
        },
    }
    stub.says(Say(body=failed))
    operation = wire.google.compute.insert("global", "urlMaps", {"name": "x"}, "id")
    with pytest.raises(kind) as raised:
        wire.google.wait(operation)
    assert str(raised.value) == (
        f"insert of global/urlMaps/x was refused ({status} RESOURCE_IN_USE): It is in use; OTHER"
    )
    assert raised.value.reason == "RESOURCE_IN_USE"


def test_an_operation_that_never_ends_is_given_up_in_time(stub: Stub, wire: Wired) -> None:
    stub.says(Say(body=RUNNING))
    operation = wire.google.compute.insert("global", "urlMaps", {"name": "x"}, "id")
    with pytest.raises(Unreachable, match=r"op-1 was not done within 60 s.*RUNNING") as raised:
        wire.google.wait(operation, timeout=60)
    assert "may still end well" in raised.value.hint
    assert wire.clock.monotonic() <= 60


def test_a_dns_change_is_waited_for_in_its_zone(stub: Stub, wire: Wired) -> None:
    pending: Body = {"kind": "dns#change", "id": "7", "status": "pending"}
    stub.says(Say(body=pending), Say(body=pending), Say(body={**pending, "status": "done"}))
    operation = wire.google.dns.change("z", [], [], "id")
    assert wire.google.wait(operation)["status"] == "done"
    assert stub.asked[-1].path == f"/dns/v1/projects/{PROJECT}/managedZones/z/changes/7"


def test_a_patched_zone_is_waited_for_by_its_operation(stub: Stub, wire: Wired) -> None:
    pending: Body = {"kind": "dns#operation", "id": "u-u", "status": "pending"}
    stub.says(Say(body=pending), Say(body={**pending, "status": "done"}))
    wire.google.wait(wire.google.dns.call("patch", "", "managedZones", "z", {}, "id"))
    assert stub.asked[-1].path == f"/dns/v1/projects/{PROJECT}/managedZones/z/operations/u-u"


def test_another_process_can_go_on_waiting(stub: Stub, wire: Wired) -> None:
    stub.says(Say(body=RUNNING))
    operation = wire.google.compute.insert("regions/r", "addresses", {"name": "a"}, "id")
    revived = Operation.from_json(operation.to_json())
    stub.says(Say(body=DONE))
    assert wire.google.wait(revived) == DONE
    assert stub.asked[-1].path.endswith("/regions/r/operations/op-1/wait")


def test_an_operation_that_google_has_forgotten_is_not_taken_as_done(
    stub: Stub, wire: Wired
) -> None:
    stub.says(refused(404, "notFound", "The resource 'operations/op-1' was not found"))
    stored = {"dialect": "compute", "where": "global", "name": "op-1"}
    with pytest.raises(NotFound):
        wire.google.wait(Operation.from_json(stored))
