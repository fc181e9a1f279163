"""`diagnose`, typed: the incident named, the next command typed, green in the time it told."""

from __future__ import annotations

import json
import shlex
from typing import Any

import jsonschema
import pytest

from tests.cli.conftest import Desk
from tests.workbench import PROJECT, REPOSITORY

SCHEMA = json.loads((REPOSITORY / "docs/reference/schemas/diagnosis.schema.json").read_text())

RECORD = (
    f"dns/v1/projects/{PROJECT}/managedZones/netrasystems-staging/rrsets"
    "/api-staging.netrasystems.ai./A"
)
GOOD = {
    "name": "api-staging.netrasystems.ai.",
    "type": "A",
    "ttl": 300,
    "rrdatas": ["203.0.113.10"],
}


@pytest.fixture
def staging(desk: Desk) -> Desk:
    """Healthy, until something is injected."""
    desk.bench.send("POST", "_sandbox/scenario/staging")
    return desk


def inject(desk: Desk, *faults: str) -> None:
    for fault in faults:
        desk.bench.send("POST", f"_sandbox/faults/{fault}")


def diagnosed(desk: Desk) -> Any:
    said = desk.type("diagnose", "--json")
    found = json.loads(said.out)
    jsonschema.validate(found, SCHEMA)
    assert said.code == (3 if found["broken"] else 0)
    return found


def test_what_is_healthy_ends_in_nought(staging: Desk) -> None:
    said = staging.type("diagnose")
    assert said.code == 0
    assert said.out.splitlines()[0].endswith(": well")


def test_the_incident_is_named_with_the_command_that_mends_it(desk: Desk) -> None:
    said = desk.type("diagnose")
    assert said.code == 3
    assert "ROOT 1/2: dns.record FAILED" in said.out
    assert "ROOT 2/2: lb.certificate FAILED" in said.out
    assert len(said.out.splitlines()) <= 24


def test_our_own_view_alone_ends_in_nought(staging: Desk) -> None:
    inject(staging, "obs-one-resolver-down")
    found = diagnosed(staging)
    assert [root["layer"] for root in found["roots"]] == ["observer"]


def test_the_command_it_tells_mends_it(staging: Desk) -> None:
    inject(staging, "dns-record-missing")
    (root,) = diagnosed(staging)["roots"]
    line = shlex.split(root["fix"]["command"])
    assert line[:2] == ["remediate", "apply"]
    assert staging.type(*line[1:], "--yes").code == 0
    staging.bench.send("POST", "_sandbox/clock:advance", {"seconds": 300})
    assert diagnosed(staging)["roots"] == []


@pytest.mark.parametrize("fault", ["dns-record-missing", "dns-record-wrong-ip"])
def test_it_is_green_in_the_time_it_tells(staging: Desk, fault: str) -> None:
    """By when the last cache has forgotten, whenever it was filled."""
    inject(staging, fault)
    for seconds in (100, 70):
        diagnosed(staging)
        staging.bench.send("POST", "_sandbox/clock:advance", {"seconds": seconds})
    (root,) = diagnosed(staging)["roots"]
    predicted = root["fix"]["eta_s"]
    if fault == "dns-record-wrong-ip":
        staging.bench.send("DELETE", RECORD)
    staging.bench.send("POST", RECORD.partition("/api")[0], GOOD)
    (waiting,) = diagnosed(staging)["roots"]
    assert (waiting["layer"], waiting["fix"]["action"]) == ("dns.propagation", "wait")
    margin = max(5, predicted / 10)
    staging.bench.send("POST", "_sandbox/clock:advance", {"seconds": predicted - margin})
    assert diagnosed(staging)["broken"]
    staging.bench.send("POST", "_sandbox/clock:advance", {"seconds": 2 * margin})
    assert not diagnosed(staging)["broken"]


def test_one_layer_is_told_whole(staging: Desk) -> None:
    inject(staging, "sql-suspended")
    said = staging.type("diagnose", "--why", "sql.instance")
    assert said.code == 3
    assert "is SUSPENDED (BILLING_ISSUE)" in said.out
    assert "above it: http.by_ip" in said.out


def test_a_layer_that_there_is_not_is_refused(staging: Desk) -> None:
    said = staging.type("diagnose", "--why", "lb.certifcate")
    assert said.code == 9
    assert "lb.certificate" in said.err
