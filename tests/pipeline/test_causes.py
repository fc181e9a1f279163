"""Three-way truth, field by field: what the YAML moved, what live moved, and what both did."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.model.plan import Cause, Plan
from remediate.pipeline.choices import Choices
from remediate.pipeline.drift import look
from remediate.report.human import plan_text
from remediate.report.machine import plan_json
from remediate.report.readback import read_plan
from tests.pipeline.documents import health_check, sets, url_map, zone
from tests.pipeline.somebody import GLOBAL, ZONES, Hand, env, run, run_by_hand, www_by_hand
from tests.workbench import Workbench

CHECK = f"{GLOBAL}/healthChecks/alive"
P, D, C = Cause.PENDING, Cause.DRIFT, Cause.CONFLICT


def causes(made: Plan) -> dict[str, tuple[Cause, Any]]:
    """Of every changed field who moved it, and what was last applied."""
    return {
        change.pointer: (change.cause, change.applied)
        for difference in made.differences
        for change in difference.changes
    }


@pytest.fixture
def applied(workbench: Workbench) -> Workbench:
    """Ten seconds between probes, five for an answer, as they were applied."""
    workbench.write(health_check(checkIntervalSec=10, timeoutSec=5, description="ours"))
    workbench.apply()
    return workbench


def test_a_field_that_left_the_yaml_is_pending_and_goes_back_to_its_default(
    applied: Workbench,
) -> None:
    applied.write(health_check(timeoutSec=5, description="ours"))
    assert causes(applied.plan()) == {"/checkIntervalSec": (P, None)}
    applied.apply()
    live = applied.live("HealthCheck/alive")
    assert live is not None
    assert live["checkIntervalSec"] == 5


def test_a_field_that_was_never_set_and_is_not_as_by_default_is_drift(applied: Workbench) -> None:
    applied.send("PATCH", CHECK, {"healthyThreshold": 7})
    assert causes(applied.plan()) == {"/healthyThreshold": (D, None)}


def test_what_both_moved_differently_is_a_conflict_with_what_was_last_applied(
    applied: Workbench,
) -> None:
    applied.send("PATCH", CHECK, {"checkIntervalSec": 30})
    applied.write(health_check(checkIntervalSec=20, timeoutSec=5, description="ours"))
    assert causes(applied.plan()) == {"/checkIntervalSec": (C, 10)}


def test_what_both_moved_to_the_same_is_nothing(applied: Workbench) -> None:
    applied.send("PATCH", CHECK, {"checkIntervalSec": 20})
    applied.write(health_check(checkIntervalSec=20, timeoutSec=5, description="ours"))
    assert causes(applied.plan()) == {}


def test_a_field_that_left_the_yaml_and_was_moved_meanwhile_is_a_conflict(
    applied: Workbench,
) -> None:
    applied.send("PATCH", CHECK, {"checkIntervalSec": 30})
    applied.write(health_check(timeoutSec=5, description="ours"))
    assert causes(applied.plan()) == {"/checkIntervalSec": (C, 10)}


def test_each_field_of_a_resource_has_a_cause_of_its_own_in_text_and_json(
    applied: Workbench,
) -> None:
    applied.send("PATCH", CHECK, {"checkIntervalSec": 30, "description": "theirs"})
    applied.write(health_check(checkIntervalSec=20, timeoutSec=7, description="ours"))
    made = applied.plan()
    assert causes(made) == {
        "/checkIntervalSec": (C, 10),
        "/description": (D, None),
        "/timeoutSec": (P, None),
    }
    text = plan_text(made)
    assert "~   HealthCheck/alive  [conflict]\n" in text
    assert "      /checkIntervalSec: 30 -> 20  [conflict; last applied: 10]\n" in text
    assert "      /description: theirs -> ours  [drift]\n" in text
    assert "      /timeoutSec: 5 -> 7\n" in text
    told = plan_json(made)
    assert causes(read_plan(told)) == causes(made)


def test_where_all_of_a_resource_is_drift_the_heading_alone_says_so(applied: Workbench) -> None:
    applied.send("PATCH", CHECK, {"checkIntervalSec": 30})
    text = plan_text(applied.plan())
    assert "HealthCheck/alive  [drift]\n      /checkIntervalSec: 30 -> 10\n" in text


def test_without_a_ledger_nobody_knows_and_all_is_pending(applied: Workbench) -> None:
    applied.send("PATCH", CHECK, {"checkIntervalSec": 30})
    applied.forget()
    assert causes(applied.plan()) == {"/checkIntervalSec": (P, None)}


def test_a_cause_makes_no_other_digest(applied: Workbench) -> None:
    """Who moved is told by the ledger; what is done about it is the same."""
    applied.send("PATCH", CHECK, {"checkIntervalSec": 30})
    known = applied.plan()
    applied.forget()
    assert applied.plan().digest == known.digest


def test_values_and_ttl_of_a_record_set_have_causes_of_their_own(workbench: Workbench) -> None:
    workbench.write(zone({"www": sets("A", "192.0.2.1")}))
    workbench.apply()
    www_by_hand("A", "192.0.2.9").act(workbench)
    workbench.write(zone({"www": sets("A", "192.0.2.1", ttl=60)}))
    assert causes(workbench.plan()) == {"/ttl": (P, None), "/rrdatas": (D, None)}
    workbench.write(zone({"www": sets("A", "192.0.2.2", ttl=60)}))
    made = workbench.plan()
    assert causes(made) == {"/ttl": (P, None), "/rrdatas": (C, ["192.0.2.1"])}
    assert "[conflict; last applied: 192.0.2.1]" in plan_text(made)


def test_a_secret_that_both_moved_is_never_told(workbench: Workbench) -> None:
    workbench.write(run(env(API_TOKEN="first-secret-of-all")))
    workbench.apply()
    run_by_hand(env(API_TOKEN="theirs-is-a-secret-too")).act(workbench)
    workbench.write(run(env(API_TOKEN="ours-is-another-secret")), url_map())
    made = workbench.plan()
    assert Cause.CONFLICT in {cause for cause, _applied in causes(made).values()}
    said = plan_text(made) + str(plan_json(made))
    assert "secret-" not in said.replace("(secret)", "")
    assert "-secret" not in said


def test_what_somebody_deleted_is_drift_as_a_whole(workbench: Workbench) -> None:
    workbench.write(zone({"www": sets("A", "192.0.2.1")}), health_check())
    workbench.apply()
    workbench.send("DELETE", CHECK)
    assert causes(workbench.plan()) == {"": (D, None)}


def test_in_an_exclusive_zone_what_is_nowhere_written_is_drift_once_that_was_applied(
    workbench: Workbench,
) -> None:
    workbench.write(zone({"www": sets("A", "192.0.2.1")}), health_check())
    workbench.apply()
    workbench.forget()
    body = {"name": "other.example.com.", "type": "A", "ttl": 60, "rrdatas": ["192.0.2.7"]}
    Hand("POST", f"{ZONES}/example/rrsets", body).act(workbench)
    stranger = "DnsZone/example/other.example.com./A"
    for targets, cause in ((), P), (("HealthCheck/*",), P), (("DnsZone/*",), D):
        if targets:  # now there is a ledger, and it knows what was chosen
            workbench.apply(targets=targets)
        made = workbench.plan(prune=True)
        assert {str(each.ref): each.cause for each in made.differences} == {stranger: cause}
        found = look(workbench.google, workbench.load(), workbench.ledger, Choices())
        assert bool(found.compared()[0].moved) is (cause is D)
