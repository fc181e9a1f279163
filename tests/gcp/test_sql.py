"""Cloud SQL Admin v1 on the wire."""

from __future__ import annotations

import json

import pytest

from remediate.gcp.api import Api
from remediate.gcp.errors import AlreadyExists
from remediate.gcp.google import LONGER
from remediate.gcp.operations import TIMEOUT, Operation
from remediate.model.errors import ApiRefused, Unreachable
from remediate.model.json import Body
from tests.gcp.conftest import PROJECT, Wired
from tests.gcp.server import Say, Stub, refused

HERE = f"/v1/projects/{PROJECT}"
RUNNING: Body = {
    "kind": "sql#operation",
    "name": "op-1",
    "operationType": "UPDATE",
    "status": "RUNNING",
    "targetId": "shop",
    "targetLink": f"https://sqladmin.googleapis.com{HERE}/instances/shop",
}
DONE: Body = {**RUNNING, "status": "DONE"}


def test_instances_are_listed_page_by_page(stub: Stub, wire: Wired) -> None:
    stub.says(
        Say(body={"items": [{"name": "a"}], "nextPageToken": "more"}),
        Say(body={"items": [{"name": "b"}]}),
    )
    found = wire.google.api(Api.SQL).list("", "instances")
    assert [body["name"] for body in found] == ["a", "b"]
    assert [(asked.path, asked.query.get("pageToken")) for asked in stub.asked] == [
        (f"{HERE}/instances", None),
        (f"{HERE}/instances", "more"),
    ]
    assert stub.asked[0].query["maxResults"] == "1000"


def test_a_list_that_lacks_a_region_is_no_list(stub: Stub, wire: Wired) -> None:
    stub.says(Say(body={"items": [], "warnings": [{"code": "REGION_UNREACHABLE"}]}))
    with pytest.raises(Unreachable, match="what is missing from the list may exist"):
        wire.google.api(Api.SQL).list("", "instances")


def test_one_that_is_not_there_is_absent(stub: Stub, wire: Wired) -> None:
    stub.says(refused(404, "instanceDoesNotExist", "The Cloud SQL instance does not exist."))
    assert wire.google.api(Api.SQL).get("", "instances", "shop") is None


def test_a_patch_sends_its_body_and_its_operation_is_asked_about(stub: Stub, wire: Wired) -> None:
    stub.says(Say(body=RUNNING), Say(body=RUNNING), Say(body=DONE))
    body: Body = {"settings": {"tier": "db-f1-micro", "settingsVersion": "3"}}
    operation = wire.google.api(Api.SQL).call("patch", "", "instances", "shop", body)
    assert wire.google.wait(operation) == DONE
    assert [(asked.method, asked.path) for asked in stub.asked] == [
        ("PATCH", f"{HERE}/instances/shop"),
        ("GET", f"{HERE}/operations/op-1"),
        ("GET", f"{HERE}/operations/op-1"),
    ]
    assert json.loads(stub.asked[0].body) == body


def test_what_a_deletion_asks_for_travels_in_its_url(stub: Stub, wire: Wired) -> None:
    stub.says(Say(body=DONE))
    asks: Body = {"enableFinalBackup": "true", "finalBackupTtlDays": "30"}
    wire.google.api(Api.SQL).call("delete", "", "instances", "shop", asks)
    (asked,) = stub.asked
    assert (asked.method, asked.path) == ("DELETE", f"{HERE}/instances/shop")
    assert asks.items() <= asked.query.items()
    assert not asked.body


def test_an_operation_that_fails_says_of_what_and_why(stub: Stub, wire: Wired) -> None:
    error: Body = {"errors": [{"kind": "sql#operationError", "code": "OUT", "message": "No disk"}]}
    failed: Body = {**DONE, "error": error}
    stub.says(Say(body=failed))
    operation = wire.google.api(Api.SQL).call("patch", "", "instances", "shop", {})
    with pytest.raises(ApiRefused, match=r"UPDATE of instances/shop was refused \(OUT\): No disk"):
        wire.google.wait(operation)


@pytest.mark.parametrize("reason", ["operationInProgress", "instanceAlreadyExists"])
def test_a_conflict_is_told_by_its_reason(stub: Stub, wire: Wired, reason: str) -> None:
    stub.says(refused(409, reason, "One at a time."))
    with pytest.raises(AlreadyExists) as raised:
        wire.google.api(Api.SQL).call("patch", "", "instances", "shop", {})
    assert raised.value.reason == reason
    assert len(stub.asked) == 1


def test_databases_are_waited_for_longer_than_anything_else(
    stub: Stub, wire: Wired, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert LONGER[Api.SQL] > TIMEOUT
    monkeypatch.setitem(LONGER, Api.SQL, 90.0)
    stub.says(Say(body=RUNNING))
    with pytest.raises(Unreachable, match="was not done within 90 s"):
        wire.google.wait(Operation(Api.SQL, "", RUNNING))
