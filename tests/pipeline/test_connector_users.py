"""Who uses a connector: services move over to what takes its place, and gc asks them first."""

from __future__ import annotations

from tests.pipeline.connectors import (
    FIRST,
    REF,
    SPARE,
    connector,
    connectors,
    live,
    replaced,
    run_service,
    service,
    stand,
    way_out,
)
from tests.pipeline.documents import health_check
from tests.workbench import PROJECT, REGION, Workbench, told


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


def test_traffic_goes_back_when_the_connector_of_its_revision_is_there_again(
    workbench: Workbench,
) -> None:
    workbench.write(connector(), service())
    workbench.apply()
    workbench.write(connector(maxInstances=4), service())
    new = workbench.apply().steps[0].live.name
    workbench.roll_back()
    again = workbench.roll_back().steps
    assert [step.fields for step in again] == [(), ("traffic",), ("template",), ("traffic",)]
    assert again[0].live.name == new == way_out(workbench)
    assert again[1].after_steps == ("1",)
    assert workbench.plan().is_empty


def test_a_service_that_nobody_declares_stays_where_it_is_and_is_named(
    workbench: Workbench,
) -> None:
    workbench.write(connector(), service())
    workbench.apply()
    run_service(workbench, "stranger")
    workbench.write(connector(maxInstances=4), service())
    said = f"{REF} stays, since RunService/{REGION}/stranger uses it"
    assert said in workbench.apply().notes
    assert said in workbench.plan().notes
    assert workbench.gc(retention=0).is_empty
    assert way_out(workbench, "stranger") == "inner"


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
