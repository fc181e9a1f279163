"""`sandbox inject`, `status` and `clear`, of a sandbox that runs and of the embedded one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Desk
from tests.cli.typed import typed

WIDEST = 80


@pytest.fixture
def staging(desk: Desk) -> Desk:
    desk.bench.reset("staging")
    return desk


def test_faults_are_injected_listed_and_cleared(staging: Desk) -> None:
    before = staging.bench.state()
    said = staging.type("sandbox", "inject", "sql-suspended", "lb-forwarding-rule-missing")
    assert said.code == 0, said
    assert said.out.splitlines() == [
        "injected sql-suspended: the database is suspended over billing",
        "injected lb-forwarding-rule-missing: nothing listens on the load balancer's",
        "    address",
    ]
    listed = staging.type("sandbox", "status").out
    assert listed.startswith("in force sql-suspended\n")
    assert listed.endswith("2 of 44 faults in force\n")
    every = staging.type("sandbox", "status", "--all").out
    assert "\nobs-api-denied\n" in every
    assert max(map(len, every.splitlines())) <= WIDEST
    cleared = staging.type("sandbox", "clear")
    assert cleared.out == "cleared sql-suspended, lb-forwarding-rule-missing\n"
    assert staging.bench.state() == before
    assert staging.type("sandbox", "clear").out == "no fault was in force\n"
    assert staging.type("sandbox", "status").out == "none of 44 faults in force\n"


def test_what_was_so_already_is_told(staging: Desk) -> None:
    said = staging.type("sandbox", "inject", "lb-address-released", "lb-forwarding-rule-missing")
    assert said.code == 9  # the address, whose rule would be gone, is no more
    said = staging.type("sandbox", "clear")
    said = staging.type("sandbox", "inject", "lb-forwarding-rule-missing", "lb-address-released")
    assert "forwardingRules/staging-https' was not found" in " ".join(said.out.split())
    assert max(map(len, said.out.splitlines())) <= WIDEST


def test_an_unknown_fault_is_invalid_and_the_nearest_named(staging: Desk) -> None:
    said = staging.type("sandbox", "inject", "sql-suspend")
    assert said.code == 9, said
    assert "Did you mean sql-suspended" in " ".join(said.err.split())
    assert "remediate sandbox status --all" in " ".join(said.err.split())


def test_a_fault_on_the_wire_is_listed(staging: Desk) -> None:
    staging.fault("503", "GET /dns/*", times=3)
    listed = staging.type("sandbox", "status").out
    assert listed.splitlines()[0] == "on the wire: 503 for GET /dns/*, 3 times"


def test_the_embedded_sandbox_keeps_its_faults_from_one_command_to_the_next(tmp_path: Path) -> None:
    here = ["-C", str(tmp_path)]
    assert typed("sandbox", "reset", "--scenario", "staging", *here).code == 0
    assert typed("sandbox", "inject", "vpc-connector-error", *here).code == 0
    assert typed("sandbox", "status", *here).out.startswith("in force vpc-connector-error\n")
    assert typed("sandbox", "clear", *here).out == "cleared vpc-connector-error\n"
    assert typed("sandbox", "status", "--sandbox", *here).out == "none of 44 faults in force\n"
