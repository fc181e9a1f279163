"""Connectors from the first apply to the last rollback: they grow, and else another takes over."""

from __future__ import annotations

from typing import Any

import pytest

from remediate.gcp.operations import Operation
from remediate.kinds.bodies.names import counted
from remediate.kinds.registry import kind
from remediate.model.errors import PlanRefused, RemediateError, Stale, Unreachable
from remediate.model.json import Body
from remediate.model.plan import Action, Plan, Risk, Undo
from remediate.model.ref import Ref
from remediate.pipeline.apply import apply, order_of
from remediate.pipeline.observe import observe
from remediate.pipeline.plan import Choices, plan
from tests.pipeline.documents import health_check
from tests.workbench import PROJECT, REGION, Workbench, document, moved, told

REF = Ref("VpcConnector", "inner", REGION)
PATH = f"v1/projects/{PROJECT}/locations/{REGION}/connectors"
SERVICES = f"v2/projects/{PROJECT}/locations/{REGION}/services"
FIRST, SPARE = "10.8.0.0/28", "10.8.0.16/28"


def connector(spare: str | None = SPARE, **changed: Any) -> dict[str, Any]:
    spec = {"network": "vpc", "ipCidrRange": FIRST, "minInstances": 2, "maxInstances": 5, **changed}
    lifecycle = {"replaceCidr": spare} if spare else {}
    return document("VpcConnector", "inner", {k: v for k, v in spec.items() if v}, lifecycle)


def stand(workbench: Workbench, spare: str | None = SPARE, **changed: Any) -> None:
    workbench.write(connector(spare, **changed))
    workbench.apply()


def wish(workbench: Workbench, spare: str | None = SPARE, **changed: Any) -> Plan:
    workbench.write(connector(spare, **changed))
    return workbench.plan()


def refusal(made: Plan) -> str:
    (objection,) = made.objections
    assert (objection.level, objection.ref, objection.allow) == ("deny", REF, "")
    assert made.is_empty
    return objection.message


def live(workbench: Workbench, name: str = "inner") -> Body:
    body = workbench.live(REF.named(name))
    assert body is not None
    return body


def connectors(workbench: Workbench) -> dict[str, Any]:
    """{name: range} of what there is."""
    found: Any = workbench.send("GET", PATH).get("connectors", [])
    return {body["name"].rpartition("/")[2]: body["ipCidrRange"] for body in found}


def replaced(workbench: Workbench, **changed: Any) -> str:
    """Shrink, and give the name of the connector that took over."""
    workbench.write(connector(**{"maxInstances": 4, **changed}))
    made = workbench.apply()
    (difference,) = made.differences
    assert difference.action is Action.REPLACE
    return difference.live.name


def fail_next(workbench: Workbench, method: str = "POST") -> None:
    fault: Body = {"match": f"{method} *connectors*", "times": 1}
    workbench.send("POST", "_sandbox/faults/failed-operation", fault)


def grow(workbench: Workbench, most: int) -> None:
    """Somebody else at work."""
    path = f"{PATH}/inner?updateMask=minInstances,maxInstances"
    workbench.send("PATCH", path, {"minInstances": 2, "maxInstances": most})


def run_service(workbench: Workbench, name: str, connector: str = "inner") -> None:
    """Somebody else's, which sends its traffic through a connector."""
    link = f"projects/{PROJECT}/locations/{REGION}/connectors/{connector}"
    template: Body = {"containers": [{"image": "hello"}], "vpcAccess": {"connector": link}}
    workbench.send("POST", f"{SERVICES}?serviceId={name}", {"template": template})


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
    assert [call for call in workbench.calls() if call[0] != "GET"] == [("PATCH", f"/{PATH}/inner")]
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
    with pytest.raises(RemediateError):
        workbench.apply()
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
    with pytest.raises(Stale, match=r"'maxInstances': 5.* live is .*'maxInstances': 9"):
        apply(order, google.chance.ulid(google.clock.now()), google, workbench.store, ledger, ())
    assert live(workbench)["maxInstances"] == 9


def test_somebody_elses_growth_just_after_the_write_is_told(workbench: Workbench) -> None:
    stand(workbench)
    workbench.write(connector(maxInstances=7))
    wait = workbench.google.wait

    def meddle(operation: Operation, timeout: float = 60) -> Body:
        done = wait(operation, timeout)
        grow(workbench, 9)
        return done

    workbench.google.wait = meddle  # type: ignore[method-assign] # the moment between two calls
    with pytest.raises(Stale, match="/maxInstances is 9, and 7 was written"):
        workbench.apply()
    assert live(workbench)["maxInstances"] == 9
    assert "maxInstances is 9, and was 5" in workbench.plan_back().objections[0].message


def test_one_that_somebody_uses_is_not_set_aside(workbench: Workbench) -> None:
    going = connector()
    going["lifecycle"] |= {"onRemove": "delete"}
    workbench.write(going, health_check())
    workbench.apply()
    run_service(workbench, "web")
    workbench.write(health_check())
    (objection,) = workbench.plan(prune=True).objections
    assert (objection.rule, objection.ref) == ("in-use", REF)
    assert f"in use by project {PROJECT}" in objection.message
    workbench.apply(prune=True, allow=[f"in-use:{REF}=web goes next"])
    assert REF in workbench.ledger.resources


def test_going_back_leaves_one_that_a_service_has_come_to_use(workbench: Workbench) -> None:
    stand(workbench)
    run_service(workbench, "web")
    made = workbench.roll_back()
    assert made.is_empty
    assert f"{REF} stays, since RunService/{REGION}/web uses it" in made.notes


def service(name: str = "web") -> dict[str, Any]:
    template = {"containers": [{"image": "hello"}], "vpcAccess": {"connector": "inner"}}
    return document("RunService", name, {"template": template})


def way_out(workbench: Workbench, name: str = "web") -> str:
    """The connector that a service sends its traffic through."""
    body: Any = workbench.live(Ref("RunService", name, REGION))
    return str(body["template"]["vpcAccess"]["connector"]).rpartition("/")[2]


def test_services_are_moved_over_to_what_takes_its_place_and_back(workbench: Workbench) -> None:
    workbench.write(connector(), service())
    workbench.apply()
    assert way_out(workbench) == "inner"
    workbench.write(connector(maxInstances=4), service())
    made = workbench.apply()
    assert sorted(told(made)) == [("replace", str(REF)), ("update", f"RunService/{REGION}/web")]
    assert [step.live.kind for step in made.steps] == ["VpcConnector", "RunService"]
    new = made.steps[0].live.name
    assert way_out(workbench) == new
    assert connectors(workbench) == {"inner": FIRST, new: SPARE}
    assert workbench.plan().is_empty
    workbench.roll_back()
    assert way_out(workbench) == "inner"
    assert connectors(workbench) == {"inner": FIRST}


def test_a_service_and_its_connector_go_together_without_a_word(workbench: Workbench) -> None:
    gone = {"onRemove": "delete"}
    workbench.write({**connector(), "lifecycle": gone}, {**service(), "lifecycle": gone})
    workbench.apply()
    workbench.write()
    rules = {objection.rule for objection in workbench.plan(prune=True).objections}
    assert "in-use" not in rules


def test_what_was_left_behind_goes_with_gc_and_its_range_is_free_again(
    workbench: Workbench,
) -> None:
    workbench.write(connector(), service())
    workbench.apply()
    workbench.write(connector(maxInstances=4), service())
    new = workbench.apply().steps[0].live.name
    assert workbench.plan_gc(retention=0).differences[0].live == REF
    workbench.gc(retention=0)
    assert connectors(workbench) == {new: SPARE}
    workbench.write(connector(maxInstances=3), service())
    newest = workbench.apply().steps[0].live.name
    assert connectors(workbench) == {new: SPARE, newest: FIRST}
    assert way_out(workbench) == newest
    assert workbench.plan().is_empty


def test_what_gc_has_deleted_is_made_again_where_it_was(workbench: Workbench) -> None:
    stand(workbench)
    before = live(workbench)
    new = replaced(workbench)
    workbench.gc(retention=0)
    workbench.roll_back()
    assert live(workbench) == before
    assert connectors(workbench) == {"inner": FIRST, new: SPARE}
    workbench.roll_back()
    assert connectors(workbench) == {new: SPARE}


def test_gc_leaves_what_a_service_still_uses(workbench: Workbench) -> None:
    stand(workbench)
    run_service(workbench, "stranger")
    replaced(workbench)
    made = workbench.plan_gc(retention=0)
    assert made.is_empty
    assert any("inner stays, since" in note for note in made.notes)


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


@pytest.mark.parametrize("fault", ["lost", "reset", "503"])
@pytest.mark.parametrize("method", ["POST", "PATCH"])
def test_a_write_without_an_answer_is_never_sent_twice_and_the_next_apply_ends_it(
    workbench: Workbench, method: str, fault: str
) -> None:
    """The API knows no request ids, so nobody can tell a second request from the first."""
    if method == "PATCH":
        stand(workbench)
    match: Body = {"match": f"{method} *connectors*", "times": 1}
    workbench.send("POST", f"_sandbox/faults/{fault}", match)
    workbench.write(connector(maxInstances=7))
    workbench.forget_calls()
    with pytest.raises(Unreachable):
        workbench.apply()
    assert [verb for verb, _path in workbench.calls() if verb != "GET"].count(method) == 1
    workbench.apply()
    assert live(workbench)["maxInstances"] == 7
    assert workbench.plan().is_empty
