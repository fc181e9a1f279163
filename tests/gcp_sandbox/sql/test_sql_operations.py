"""Operations of Cloud SQL take minutes, on the sandbox's clock, and exclude one another."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gcp_sandbox.sandbox import Sandbox
from tests.gcp_sandbox.client import Client, connect
from tests.gcp_sandbox.sql.bodies import DB, SQL, body

SLOW = 100.0
"""A factor under which nothing ends within a test unless its clock is advanced."""


@pytest.fixture(scope="module")
def slow() -> Iterator[Sandbox]:
    with Sandbox(operation_time=SLOW) as running:
        yield running


@pytest.fixture
def client(slow: Sandbox) -> Iterator[Client]:
    connected = connect(slow)
    connected.post("/_sandbox/reset")
    yield connected
    connected.close()


@pytest.fixture
def db(client: Client) -> Client:
    client.post(f"{SQL}/instances", body())
    finish(client)
    return client


def finish(client: Client) -> None:
    client.advance(200 * SLOW)


def fault(client: Client, kind: str, match: str) -> None:
    client.post("/_sandbox/faults/f", {"kind": kind, "match": match, "times": 1})


def test_an_operation_waits_runs_and_is_done(client: Client) -> None:
    begun = client.post(f"{SQL}/instances", body())
    assert (begun["kind"], begun["status"]) == ("sql#operation", "PENDING")
    assert (begun["operationType"], begun["targetId"]) == ("CREATE", "db")
    assert begun["targetLink"] == f"https://sqladmin.googleapis.com{DB}"
    path = f"{SQL}/operations/{begun['name']}"
    assert client.get(path) == begun
    assert client.get(DB)["state"] == "PENDING_CREATE"
    assert "ipAddresses" not in client.get(DB)
    client.advance(20 * SLOW)
    assert client.get(path)["status"] == "RUNNING"
    finish(client)
    done = client.get(path)
    assert done["status"] == "DONE"
    assert done["insertTime"] < done["startTime"] < done["endTime"]
    assert client.get(DB)["state"] == "RUNNABLE"


@pytest.mark.parametrize(
    ("method", "path", "given"),
    [
        ("PATCH", DB, {"settings": {"tier": "db-f1-micro"}}),
        ("PUT", DB, {"settings": {"tier": "db-f1-micro", "settingsVersion": "1"}}),
        ("DELETE", DB, None),
        ("POST", f"{DB}/restart", None),
        ("POST", f"{DB}/backupRuns", {}),
    ],
)
def test_an_instance_does_one_thing_at_a_time(
    db: Client, method: str, path: str, given: Any
) -> None:
    db.call("PATCH", DB, {"settings": {"userLabels": {"a": "1"}}})
    answer = db.call(method, path, given)
    assert (answer.status, answer.reason) == (409, "operationInProgress")
    finish(db)
    given = {**given, "settings": {**given["settings"]}} if given and "settings" in given else given
    if given and "settingsVersion" in given.get("settings", {}):
        given["settings"]["settingsVersion"] = "2"
    assert db.call(method, path, given).status == 200


def test_other_instances_are_not_waited_for(db: Client) -> None:
    db.call("POST", f"{DB}/restart")
    assert db.call("POST", f"{SQL}/instances", body("other")).status == 200


def test_settings_take_effect_when_the_operation_is_done(db: Client) -> None:
    db.call("PATCH", DB, {"settings": {"tier": "db-f1-micro"}})
    during = db.get(DB)
    assert during["state"] == "MAINTENANCE"
    assert (during["settings"]["tier"], during["settings"]["settingsVersion"]) == (
        "db-g1-small",
        "1",
    )
    finish(db)
    after = db.get(DB)
    assert (after["state"], after["settings"]["tier"]) == ("RUNNABLE", "db-f1-micro")


def test_labels_change_without_a_restart(db: Client) -> None:
    db.call("PATCH", DB, {"settings": {"userLabels": {"a": "1"}}})
    assert db.get(DB)["state"] == "RUNNABLE"


def test_an_instance_is_there_until_its_deletion_is_done(db: Client) -> None:
    db.call("DELETE", DB)
    assert db.get(DB)["state"] == "PENDING_DELETE"
    finish(db)
    assert db.call("GET", DB).status == 404


def test_a_failed_operation_says_so_and_changes_nothing(db: Client) -> None:
    before = db.get(DB)
    fault(db, "failed-operation", f"PATCH {DB}")
    begun = db.call("PATCH", DB, {"settings": {"tier": "db-f1-micro"}}).body
    finish(db)
    ended = db.get(f"{SQL}/operations/{begun['name']}")
    assert ended["status"] == "DONE"
    assert ended["error"]["errors"][0]["code"] == "INTERNAL_ERROR"
    assert db.get(DB) == before


def test_a_failed_creation_leaves_a_failed_instance(client: Client) -> None:
    fault(client, "failed-operation", f"POST {SQL}/instances")
    client.post(f"{SQL}/instances", body())
    finish(client)
    assert client.get(DB)["state"] == "FAILED"
    assert client.call("DELETE", DB).status == 200


def test_operations_are_listed_newest_first(db: Client) -> None:
    db.call("POST", f"{DB}/restart")
    db.call("POST", f"{SQL}/instances", body("other"))
    kinds = [it["operationType"] for it in db.get(f"{SQL}/operations", instance="db")["items"]]
    assert kinds == ["RESTART", "CREATE"]
    first = db.get(f"{SQL}/operations", maxResults=1)
    assert first["items"][0]["targetId"] == "other"
    second = db.get(f"{SQL}/operations", maxResults=1, pageToken=first["nextPageToken"])
    assert second["items"][0]["operationType"] == "RESTART"
    assert db.call("GET", f"{SQL}/operations/nonsense").status == 404


def test_a_backup_is_made_listed_and_deleted(db: Client) -> None:
    begun = db.post(f"{DB}/backupRuns", {"description": "before the change"})
    assert begun["operationType"] == "BACKUP_VOLUME"
    identity = begun["backupContext"]["backupId"]
    assert db.get(f"{DB}/backupRuns/{identity}")["status"] == "ENQUEUED"
    finish(db)
    run = db.get(f"{DB}/backupRuns/{identity}")
    assert (run["status"], run["type"]) == ("SUCCESSFUL", "ON_DEMAND")
    assert run["description"] == "before the change"
    assert db.get(f"{DB}/backupRuns")["items"] == [run]
    assert db.call("DELETE", f"{DB}/backupRuns/{identity}").status == 200
    finish(db)
    assert db.get(f"{DB}/backupRuns") == {"kind": "sql#backupRunsList"}
    assert db.call("GET", f"{DB}/backupRuns/{identity}").reason == "backupRunDoesNotExist"
