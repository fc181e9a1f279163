"""What an apply has changed is seen from outside before it goes on, and before success is told."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from remediate.stores import journal
from tests.cli.conftest import Desk
from tests.workbench import document

COMPUTE = "compute/v1/projects/netra-staging/global"
REF = "HealthCheck/alive"


def program(file: Path, *words: str) -> dict[str, Any]:
    """A check that holds as long as a file says so; it counts how often it was asked."""
    text = (
        "import pathlib, sys\n"
        f"file = pathlib.Path({str(file)!r})\n"
        "told = file.read_text()\n"
        "file.with_suffix('.looks').open('a').write('x')\n"
        "sys.exit('bad' in told)"
    )
    return {"command": {"argv": [sys.executable, "-c", text]}, "gates": [*words] or [REF]}


@pytest.fixture
def switch(desk: Desk) -> Path:
    """What the check reads: it holds."""
    file = desk.bench.root / "switch.txt"
    file.write_text("good")
    return file


def lay_out(
    desk: Desk, checks: Mapping[str, Any], *more: Mapping[str, Any], seconds: int = 7
) -> None:
    desk.bench.reset()
    spec = {"type": "TCP", "checkIntervalSec": seconds, "tcpHealthCheck": {"port": 80}}
    desk.bench.write(
        document("HealthCheck", "alive", spec), *more, document("Checks", "staging", checks)
    )


def notes(desk: Desk) -> list[dict[str, Any]]:
    """What the last run has noted of its gates."""
    story = journal.read(desk.bench.store, journal.runs(desk.bench.store)[-1])
    return [dict(record.facts) for record in story.records if record.kind == "noted"]


def test_the_incident_is_applied_until_the_caches_have_the_new_names(desk: Desk) -> None:
    assert desk.type("verify", "--check", "dns").code == 3  # and every resolver keeps that
    said = desk.type("apply")
    assert said.code == 0, said
    assert "waiting for dns" in said.told
    assert "as it should be after " in said.told
    assert desk.type("verify", "--check", "dns", "--check", "tls", "--check", "https").code == 0
    assert notes(desk)[0] == {"gates": "after wave 1", "checks": ["dns"], "failing": []}
    assert notes(desk)[-1]["gates"] == "at the end"


def test_a_plan_tells_its_gates_and_for_how_long_they_may_hold_it_back(desk: Desk) -> None:
    gates = "Gates    then up to 60 min more, until dns, https, tls hold"
    assert gates in desk.type("plan").out.splitlines()
    ours = desk.type("plan", "--json").json["remediate"]["summary"]
    assert (ours["gates"], ours["gates_s"]) == (["dns", "https", "tls"], 3600)
    lay_out(desk, {"ours": program(desk.bench.root / "x")})
    assert "\nGates" not in desk.type("plan").out  # commands are allowed to an apply alone


def test_a_gate_that_does_not_hold_ends_in_3_and_all_of_it_can_be_taken_back(
    desk: Desk, switch: Path
) -> None:
    lay_out(desk, {"ours": program(switch)})
    before = desk.bench.state()
    switch.write_text("bad")
    said = desk.type("apply", "--allow-commands")
    assert said.code == 3, said
    assert "what a visitor must see does not hold after 5 minutes: ours: " in said.told
    on = " ".join(said.told.split()).partition("--resume ")[2]
    assert on.split()[1] == "--allow-commands"  # it was said of the run, and is said again
    assert "--allow-commands" in " ".join(desk.type("plan").out.split())
    assert notes(desk)[-1]["failing"] == ["ours"]
    back = desk.type("rollback", "--snapshot", "latest")
    assert back.code == 0, back
    assert desk.bench.state() == before


def test_with_on_failure_rollback_it_ends_in_8_and_is_as_before(desk: Desk, switch: Path) -> None:
    lay_out(desk, {"ours": program(switch)})
    before = desk.bench.state()
    switch.write_text("bad")
    said = desk.type("apply", "--allow-commands", "--on-failure", "rollback")
    assert said.code == 8, said
    assert "remediate apply --on-failure rollback --allow-commands" in " ".join(said.told.split())
    assert desk.bench.state() == before


def test_a_run_that_a_gate_has_ended_is_gone_on_with_and_looks_again(
    desk: Desk, switch: Path
) -> None:
    lay_out(desk, {"ours": program(switch)})
    switch.write_text("bad")
    assert desk.type("apply", "--allow-commands").code == 3
    again = desk.type("apply", "--resume", "latest", "--allow-commands")
    assert again.code == 3, again
    switch.write_text("good")
    on = desk.type("apply", "--resume", "latest", "--allow-commands")
    assert on.code == 0, on
    assert on.out.startswith("Applied: nothing more was left to change (1 step, run")
    assert "as it should be: ours" in on.told
    assert notes(desk)[-1] == {"gates": "at the end", "checks": ["ours"], "failing": []}


def test_what_held_before_has_to_hold_before_the_next_wave(desk: Desk, switch: Path) -> None:
    """The backend service comes a wave after its health check."""
    link = {"healthChecks": ["alive"], "loadBalancingScheme": "EXTERNAL_MANAGED"}
    service = document("BackendService", "web", {**link, "protocol": "HTTP"})
    breaks = program(switch)
    argv = breaks["command"]["argv"]
    argv[2] = argv[2].replace("sys.exit(", "file.write_text('bad')\nsys.exit(")
    lay_out(desk, {"ours": breaks}, service)
    said = desk.type("apply", "--allow-commands")
    assert said.code == 3, said
    assert desk.bench.live(REF) is not None
    assert desk.bench.live("BackendService/web") is None
    assert "1 of 2 steps are done" in said.told


def test_a_check_of_something_else_is_not_even_run(desk: Desk, switch: Path) -> None:
    address = document("Address", "edge", {"addressType": "EXTERNAL"})
    lay_out(desk, {"ours": program(switch, "Address/*")}, address)
    switch.write_text("bad")
    assert desk.type("apply", "--allow-commands", "--target", "HealthCheck/*").code == 0
    assert not switch.with_suffix(".looks").exists()
    assert notes(desk) == []


def test_a_command_is_no_gate_unless_commands_are_allowed(desk: Desk, switch: Path) -> None:
    lay_out(desk, {"ours": program(switch)})
    switch.write_text("bad")
    assert desk.type("apply").code == 0
    assert not switch.with_suffix(".looks").exists()


def test_a_warning_holds_nothing_back(desk: Desk, switch: Path) -> None:
    lay_out(desk, {"ours": {**program(switch), "severity": "warn"}})
    switch.write_text("bad")
    assert desk.type("apply", "--allow-commands").code == 0


def test_neither_a_rollback_nor_gc_has_gates(desk: Desk, switch: Path) -> None:
    lay_out(desk, {"ours": program(switch)})
    assert desk.type("apply", "--allow-commands").code == 0
    switch.write_text("bad")
    looks = switch.with_suffix(".looks").read_text()
    assert desk.type("rollback", "--snapshot", "latest").code == 0
    assert switch.with_suffix(".looks").read_text() == looks


def test_a_wait_of_the_resources_own_is_the_limit_where_it_is_longer(
    desk: Desk, switch: Path
) -> None:
    lay_out(desk, {"ours": program(switch)})
    file = desk.bench.root / "desired" / "staging" / "all.yaml"
    found = [json.loads(each) for each in file.read_text().split("\n---\n")]
    found[1]["lifecycle"] = {"wait": {"timeout": "20m"}}
    file.write_text("\n---\n".join(map(json.dumps, found)))
    switch.write_text("bad")
    said = desk.type("apply", "--allow-commands")
    assert said.code == 3, said
    assert "does not hold after 20 minutes" in said.told
