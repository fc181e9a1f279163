"""What is printed as JSON is as its published schema says, in every state that there is."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from remediate.model.clock import SystemClock
from remediate.stores import journal
from remediate.stores.folder import Folder
from remediate.stores.journal import Kind
from remediate.stores.lock import lock
from tests.cli.conftest import Desk
from tests.cli.half_way import CHECKS, begin, check
from tests.report.test_machine import SCHEMAS, schema


def told(desk: Desk, name: str, *words: str) -> Any:
    """The JSON of a command, once it is as the schema of that name says."""
    document = desk.type(*words, "--json").json
    errors = [error.message for error in Draft202012Validator(schema(name)).iter_errors(document)]
    assert errors == []
    return document


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.json")), ids=lambda path: path.name)
def test_each_schema_is_one_and_is_told_of(path: Path) -> None:
    Draft202012Validator.check_schema(schema(path.name.partition(".")[0]))
    assert f"(schemas/{path.name})" in (SCHEMAS.parent / "outputs.md").read_text()


def test_the_lock_while_it_is_free_held_and_broken(desk: Desk) -> None:
    assert told(desk, "lock", "lock", "status")["looks"] == "free"
    store = Folder(desk.bench.root / ".remediate")
    with lock(store, "staging", "01M8465FZT24Y5D7NC7M0RSQ3Z", SystemClock()):
        assert told(desk, "lock", "lock", "status")["held"] is True
        assert desk.type("lock", "break", "--reason", "it hangs").code == 0
        assert told(desk, "lock", "lock", "status")["reason"] == "it hangs"


def test_holds_by_hand_and_by_a_rollback(desk: Desk) -> None:
    assert told(desk, "holds", "hold", "list")["holds"] == []
    assert desk.type("apply").code == 0
    assert desk.type("rollback", "--snapshot", "latest").code == 0
    for words in (("--until", "2h", "Address/*"), ()):
        assert desk.type("hold", "set", *words).code == 0
    held = told(desk, "holds", "hold", "list")["holds"]
    assert [bool(each["rollback_to"]) for each in held] == [True, False, False]
    assert [bool(each["until"]) for each in held] == [True, True, False]


def test_a_run_and_its_audit_when_it_died_was_gone_on_with_and_was_altered(desk: Desk) -> None:
    begin(desk, after=True)
    store = desk.bench.store
    run = journal.runs(store)[-1]

    def audit() -> Any:
        assert told(desk, "run", "show", run)["run"] == run
        return told(desk, "audit", "show", run, "--verify")

    assert audit()["goes_on"] is True
    assert desk.type("apply", "--resume", run).code == 0
    assert audit()["whole"] is True
    first = store.root / store.list(f"runs/{run}/")[0]
    first.write_bytes(first.read_bytes().replace(b'"apply"', b'"gc"'))
    document = told(desk, "audit", "show", run, "--verify")
    assert (document["whole"], document["verb"]) == (False, None)


def test_drift_where_it_is_unknown_where_there_is_none_and_of_each_sort(desk: Desk) -> None:
    desk.bench.reset()
    desk.bench.write(check("one", timeoutSec=4))
    assert told(desk, "drift", "drift")["known"] is False
    assert desk.type("apply").code == 0
    assert told(desk, "drift", "drift")["drifted"] is False
    desk.bench.write(check("one", timeoutSec=2))
    desk.bench.send("PATCH", f"{CHECKS}/one", {"checkIntervalSec": 77, "timeoutSec": 3})
    moved = told(desk, "drift", "drift")
    assert [each["cause"] for each in moved["fields"]] == ["drift", "conflict"]
    desk.bench.send("DELETE", f"{CHECKS}/one")
    assert told(desk, "drift", "drift")["fields"][0]["live"] is None


def test_drift_that_is_written_into_the_yaml(desk: Desk) -> None:
    desk.bench.reset("staging")
    assert desk.type("apply").code == 0
    desk.bench.send("PATCH", f"{CHECKS}/staging-stream-health", {"checkIntervalSec": 77})
    ref = "HealthCheck/staging-stream-health"
    assert told(desk, "accepted", "drift", "--accept", ref)["files"]


def test_every_kind_of_record_is_known_to_the_schema_of_a_run() -> None:
    kinds = schema("run")["properties"]["records"]["items"]["properties"]["kind"]["enum"]
    assert set(kinds) == {*map(str, Kind)}
