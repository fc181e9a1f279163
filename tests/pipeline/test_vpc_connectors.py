"""Connectors from the first apply to the last rollback: they grow, and else another takes over."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from remediate.gcp.google import Google
from remediate.gcp.operations import Operation
from remediate.kinds.bodies.names import counted
from remediate.kinds.registry import kind
from remediate.model.errors import CheckFailed, PlanRefused, RemediateError, Stale
from remediate.model.json import Body
from remediate.model.plan import Action, Risk, Undo
from remediate.pipeline.apply import apply, order_of
from remediate.pipeline.choices import Choices
from remediate.pipeline.observe import observe
from remediate.pipeline.plan import plan
from tests.pipeline.connectors import (
    FIRST,
    PATH,
    REF,
    SPARE,
    connector,
    connectors,
    fail_next,
    grow,
    live,
    refusal,
    replaced,
    stand,
    wish,
)
from tests.workbench import Workbench, moved


def test_it_is_created_and_nothing_is_left_to_do(workbench: Workbench) -> None:
    stand(workbench)
    assert live(workbench)["state"] == "READY"
    assert workbench.plan().is_empty
    workbench.forget()
    assert workbench.plan().is_empty


def test_throughput_is_compared_where_it_is_written(workbench: Workbench) -> None:
    throughput: dict[str, Any] = {"minInstances": None, "maxInstances": None, "maxThroughput": 500}
    stand(workbench, **throughput)
    assert live(workbench)["maxInstances"] == 5
    assert workbench.plan().is_empty
    assert wish(workbench, minInstances=None, maxInstances=5).is_empty
    workbench.apply()
    assert wish(workbench, **throughput).is_empty


def test_it_grows_by_one_patch_that_holds_both_ends(workbench: Workbench) -> None:
    stand(workbench)
    workbench.write(connector(maxInstances=7))
    workbench.forget_calls()
    made = workbench.apply()
    (step,) = made.steps
    assert [change.pointer for change in step.changes] == ["/maxInstances"]
    assert step.fields == ("maxInstances", "minInstances")
    written = [call for call in workbench.calls() if call[0] != "GET" and "testIam" not in call[1]]
    assert written == [("PATCH", f"/{PATH}/inner")]
    assert (live(workbench)["minInstances"], live(workbench)["maxInstances"]) == (2, 7)
    assert workbench.plan().is_empty


def test_growing_cannot_be_undone_in_place_and_says_so(workbench: Workbench) -> None:
    stand(workbench)
    (step,) = wish(workbench, maxInstances=7).steps
    assert (step.undo, step.risk) == (Undo.APPROXIMATE, Risk.HIGH)
    assert "cannot shrink: going back means a new connector" in step.undo_why
    (machines,) = wish(workbench, machineType="e2-standard-4").steps
    assert machines.undo is Undo.EXACT


def test_protection_forbids_a_replacement_and_not_growing(workbench: Workbench) -> None:
    stand(workbench)
    guarded = connector(maxInstances=7)
    guarded["lifecycle"] |= {"protect": True}
    workbench.write(guarded)
    assert workbench.plan().objections == []
    guarded["spec"]["maxInstances"] = 4
    workbench.write(guarded)
    assert [o.rule for o in workbench.plan().objections] == ["protected"]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"maxInstances": 4}, "maxInstances cannot shrink from 5 to 4"),
        ({"minInstances": None, "maxInstances": None, "maxThroughput": 400}, "/maxThroughput"),
    ],
)
def test_without_a_range_of_its_own_nothing_can_be_put_beside_it(
    workbench: Workbench, changed: dict[str, Any], why: str
) -> None:
    stand(workbench)
    said = refusal(wish(workbench, spare=None, **changed))
    assert why in said
    assert "needs a free /28 of its own: write it to lifecycle.replaceCidr" in said
    with pytest.raises(PlanRefused):
        workbench.apply()


def test_what_would_shrink_is_replaced_in_the_spare_range(workbench: Workbench) -> None:
    stand(workbench)
    new = replaced(workbench)
    assert counted(new, kind("VpcConnector").naming) <= 20
    assert connectors(workbench) == {"inner": FIRST, new: SPARE}
    assert live(workbench, new)["maxInstances"] == 4
    assert workbench.plan().is_empty
    workbench.forget()
    assert workbench.plan().is_empty


def test_the_one_in_the_spare_range_grows_in_place(workbench: Workbench) -> None:
    stand(workbench)
    new = replaced(workbench)
    workbench.write(connector(maxInstances=9))
    (difference,) = workbench.apply().differences
    assert (difference.action, difference.live.name) == (Action.UPDATE, new)
    assert workbench.plan().is_empty


def test_while_both_ranges_are_taken_nothing_more_can_be_replaced(workbench: Workbench) -> None:
    stand(workbench)
    new = replaced(workbench)
    said = refusal(wish(workbench, maxInstances=3))
    assert f"both {FIRST} and {SPARE} are taken" in said
    workbench.send("DELETE", f"{PATH}/inner")
    workbench.write(connector(maxInstances=3))
    (difference,) = workbench.apply().differences
    assert difference.replaces == REF.named(new)
    assert connectors(workbench)[difference.live.name] == FIRST
    assert workbench.plan().is_empty


def test_a_new_range_in_the_yaml_is_room_enough(workbench: Workbench) -> None:
    stand(workbench, spare=None)
    workbench.write(connector(None, ipCidrRange="10.8.1.0/28"))
    (difference,) = workbench.apply().differences
    assert difference.action is Action.REPLACE
    assert connectors(workbench) == {"inner": FIRST, difference.live.name: "10.8.1.0/28"}
    assert workbench.plan().is_empty


def test_what_failed_is_replaced_though_no_field_differs(workbench: Workbench) -> None:
    workbench.write(connector())
    fail_next(workbench)
    with pytest.raises(CheckFailed, match="failed to get healthy") as failed:
        workbench.apply()
    assert "is in state ERROR and never comes back" in str(failed.value)
    assert live(workbench)["state"] == "ERROR"
    made = wish(workbench, spare=None)
    assert "ERROR" in refusal(made)
    assert "lifecycle.replaceCidr" in refusal(made)
    workbench.write(connector())
    (difference,) = workbench.apply().differences
    assert difference.action is Action.REPLACE
    assert connectors(workbench) == {"inner": FIRST, difference.live.name: SPARE}
    assert workbench.plan().is_empty


def test_a_growth_that_fails_leaves_what_only_another_one_can_mend(workbench: Workbench) -> None:
    stand(workbench)
    workbench.write(connector(maxInstances=7))
    fail_next(workbench, "PATCH")
    with pytest.raises(RemediateError):
        workbench.apply()
    assert live(workbench)["state"] == "ERROR"
    (difference,) = workbench.apply().differences
    assert difference.action is Action.REPLACE
    assert workbench.plan().is_empty


def test_going_back_from_a_replacement_is_exact(workbench: Workbench) -> None:
    stand(workbench)
    before = workbench.state()
    replaced(workbench)
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}
    workbench.write(connector())
    assert workbench.plan().is_empty


def test_what_has_grown_stays_grown_unless_a_new_one_takes_over(workbench: Workbench) -> None:
    stand(workbench)
    workbench.write(connector(maxInstances=7))
    workbench.apply()
    (objection,) = workbench.plan_back().objections
    assert "cannot shrink" in objection.message
    assert "lifecycle.replaceCidr" in objection.message
    with pytest.raises(PlanRefused):
        workbench.roll_back()
    workbench.roll_back(allow=[f"irreversible:{REF}=it may stay large"])
    assert live(workbench)["maxInstances"] == 7
    assert replaced(workbench, maxInstances=5) in connectors(workbench)


def test_other_machines_are_patched_back(workbench: Workbench) -> None:
    stand(workbench)
    before = workbench.state()
    workbench.write(connector(machineType="e2-standard-4"))
    workbench.apply()
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}


def test_of_a_growth_on_other_machines_the_machines_go_back(workbench: Workbench) -> None:
    stand(workbench)
    workbench.write(connector(maxInstances=7, machineType="e2-standard-4"))
    workbench.apply()
    workbench.roll_back(allow=[f"irreversible:{REF}=it may stay large"])
    assert live(workbench)["machineType"] == "e2-micro"
    assert live(workbench)["maxInstances"] == 7


def test_a_creation_is_taken_back_whole(workbench: Workbench) -> None:
    before = workbench.state()
    stand(workbench)
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}


def test_somebody_elses_growth_between_plan_and_write_is_left(workbench: Workbench) -> None:
    stand(workbench)
    workbench.write(connector(maxInstances=7))
    google, desired, ledger = workbench.google, workbench.load(), workbench.ledger
    seen = observe(google, desired, ledger.resources)
    order = order_of("apply", plan(desired, seen, ledger, Choices()), desired, seen)
    grow(workbench, 9)
    with pytest.raises(Stale, match=r"/maxInstances was 5, and is 9"):
        apply(order, google.chance.ulid(google.clock.now()), google, workbench.store, ledger, ())
    assert live(workbench)["maxInstances"] == 9


def test_somebody_elses_growth_just_after_the_write_is_told(
    workbench: Workbench, monkeypatch: pytest.MonkeyPatch
) -> None:
    stand(workbench)
    workbench.write(connector(maxInstances=7))
    wait = Google.wait

    def meddle(google: Google, operation: Operation, timeout: float | None = None) -> Body:
        done = wait(google, operation, timeout)
        grow(workbench, 9)
        return done

    monkeypatch.setattr(Google, "wait", meddle)
    with pytest.raises(Stale, match="/maxInstances is 9, and 7 was written"):
        workbench.apply()
    assert live(workbench)["maxInstances"] == 9
    assert "maxInstances is 9, and was 5" in workbench.plan_back().objections[0].message


def test_a_creation_that_failed_is_taken_back(workbench: Workbench) -> None:
    before = workbench.state()
    workbench.write(connector())
    fail_next(workbench)
    with pytest.raises(RemediateError):
        workbench.apply()
    workbench.roll_back()
    assert moved(before, workbench.state()) == {}


def test_one_that_is_only_observed_is_never_replaced(workbench: Workbench) -> None:
    workbench.write(connector())
    fail_next(workbench)
    with pytest.raises(RemediateError):
        workbench.apply()
    watched = connector()
    watched["lifecycle"] |= {"ownership": "observe"}
    workbench.write(watched)
    made = workbench.plan()
    assert made.is_empty
    assert made.objections == []
    assert f"{REF} is not ready: ERROR" in made.notes


def test_none_is_created_where_another_one_is(workbench: Workbench) -> None:
    other = connector(spare=None)
    other["metadata"] = {"name": "other"}
    workbench.write(connector(spare=None), other)
    (objection,) = workbench.plan().objections
    assert objection.rule == "no-room"
    assert "where VpcConnector/us-central1/inner is" in objection.message
    workbench.write(connector(spare=None))
    workbench.apply()
    workbench.write(other)
    assert [objection.rule for objection in workbench.plan().objections] == ["no-room"]
    other["lifecycle"] = {"replaceCidr": SPARE}
    workbench.write(other)
    workbench.apply()
    assert connectors(workbench) == {"inner": FIRST, "other": SPARE}
    assert workbench.plan().is_empty


@pytest.mark.parametrize(("fault", "times"), [("lost", 1), ("reset", 2), ("503", 2)])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_write_without_an_answer_is_sent_again_only_once_it_was_seen_to_have_had_no_effect(
    workbench: Workbench, method: str, fault: str, times: int
) -> None:
    """The API knows no request ids, so nobody can tell a second request from the first."""
    if method == "PATCH":
        stand(workbench)
    match: Body = {"match": f"{method} *connectors*", "times": 1}
    workbench.send("POST", f"_sandbox/faults/{fault}", match)
    workbench.write(connector(maxInstances=7))
    workbench.forget_calls()
    workbench.apply()
    sent = [verb for verb, path in workbench.calls() if "connectors" in path]
    tries = [at for at, verb in enumerate(sent) if verb == method]
    assert len(tries) == times
    assert all("GET" in sent[one:after] for one, after in pairwise(tries))
    assert live(workbench)["maxInstances"] == 7
    assert workbench.plan().is_empty
